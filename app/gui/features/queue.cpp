// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/queue.h"

#include <algorithm>
#include <set>

#include <QDockWidget>
#include <QTableView>

#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/queue/queue_results.h"
#include "app/queue/queue_runner.h"
#include "core/error.h"
#include "core/run_queue.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/dock_desk.h"
#include "views/message_bar.h"
#include "views/quantity_text.h"
#include "views/question.h"
#include "views/queue_model.h"
#include "views/queue_panel.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {

namespace {

constexpr int work_milliseconds = 100;   // how soon the end of a run is seen
constexpr int show_milliseconds = 400;   // how often progress is shown
constexpr int look_milliseconds = 1000;  // how soon what another process does is seen
constexpr double stop_early_after = 0.5;
const QString stop_early_key = QStringLiteral("queue/stop_early");
const QString autostart_key = QStringLiteral("queue/autostart");

QString qstring(const std::string& text) { return QString::fromStdString(text); }

}  // namespace

QueueFeature::QueueFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    problem_ = failure_of([this] { queue_ = std::make_unique<RunQueue>(window_.library().folder(), "the window"); });
    work_timer_.setInterval(work_milliseconds);
    connect(&work_timer_, &QTimer::timeout, this, &QueueFeature::work);
    look_timer_.setInterval(look_milliseconds);
    connect(&look_timer_, &QTimer::timeout, this, &QueueFeature::look);
    connect(&window, &MainWindow::ready, this, &QueueFeature::on_ready);
}

QueueFeature::~QueueFeature() = default;

void QueueFeature::add_actions() {
    ActionRegistry& actions = window_.actions();
    const QString menu = tr("&Queue");
    actions.add({"queue.work", tr("&Start queue"), tr("Trains the runs of the queue, one after another."), "start",
                 QKeySequence(Qt::CTRL | Qt::Key_F5), menu, false, false},
                [this] { is_working() ? pause() : start(); });
    actions.add({"queue.up", tr("Move &up"), tr("Lets the selected runs of the queue come earlier."), "up",
                 QKeySequence(Qt::ALT | Qt::Key_Up), menu, true, false},
                [this] { move_selected(-1); });
    actions.add({"queue.down", tr("Move &down"), tr("Lets the selected runs of the queue come later."), "down",
                 QKeySequence(Qt::ALT | Qt::Key_Down), menu, false, false},
                [this] { move_selected(1); });
    actions.add({"queue.remove", tr("&Remove from the queue"),
                 tr("Takes the selected runs out of the queue. What they have trained is kept."), "discard",
                 QKeySequence(), menu, false, false},
                [this] { remove_selected(); });
    actions.add({"queue.clear", tr("&Clear what is over"),
                 tr("Takes runs that are finished, diverged, failed or ended early out of the queue. Their folders are "
                    "kept, and so are the results of their sweeps."),
                 "clear", QKeySequence(), menu, false, false},
                [this] {
                    queue_->clear_over();
                    show_queue();
                });
    QAction& early = actions.add({"queue.stop_early", tr("&End hopeless runs early"),
                                  tr("From the middle of its steps on, ends a run whose best validation loss is worse "
                                     "than the median of the other runs' of its sweep at the same step (at least "
                                     "three). Its checkpoint is kept; it does not count for the mean."),
                                  "", QKeySequence(), menu, true, true},
                                 [this] { set_stop_early(stops_early()); });
    early.setChecked(window_settings().value(stop_early_key, false).toBool());
    QAction& autostart = actions.add(
        {"queue.autostart", tr("&Go on when the program starts"),
         tr("Lets an unfinished queue go on by itself when the window opens."), "", QKeySequence(), menu, false, true},
        [this] {
            const QAction& action = window_.actions().action(QStringLiteral("queue.autostart"));
            window_settings().setValue(autostart_key, action.isChecked());
        });
    autostart.setChecked(window_settings().value(autostart_key, false).toBool());
}

void QueueFeature::add_views() {
    model_ = new QueueModel(this);
    panel_ = new QueuePanel(*model_, window_.actions(),
                            {"queue.work", "queue.up", "queue.down", "queue.remove", "queue.clear"}, &window_);
    panel_->set_empty_text(
        tr("Runs that are to be trained one after another wait here. Add the form's experiment by 'Add to queue', or "
           "give one of its options several values first: every combination becomes a run."));
    window_.desk().add(QStringLiteral("queue"), tr("Queue"), tr("What is to be trained, in which order"), panel_,
                       DockPlace::bottom_right);
    connect(panel_, &QueuePanel::selection_changed, this, &QueueFeature::refresh_actions);
    connect(panel_, &QueuePanel::open_wanted, this, &QueueFeature::open);
    connect(model_, &QueueModel::move_wanted, this, &QueueFeature::move_before);
    show_queue();
}

void QueueFeature::on_ready() {
    if (!queue_) {
        window_.show_problem(problem_);
        return;
    }
    QueueRunner::Settings settings;
    const QString failure =
        failure_of([&] { settings.devices = queue_devices_here(window_.session().library()->devices()); });
    if (!failure.isEmpty()) window_.show_problem(failure);
    runner_ = std::make_unique<QueueRunner>(
        *queue_, std::move(settings),
        QueueRunner::Listener{[this](const QueuedRun& run, const nlohmann::json&) { follow(run); },
                              {},
                              [this](const QueuedRun& run) {
                                  state_changed_ = true;
                                  if (run.state == QueueState::failed)
                                      window_.show_problem(tr("%1: %2").arg(qstring(run.name), qstring(run.reason)));
                              }});
    look_timer_.start();
    const QString problem = failure_of([this] { runner_->look_again(); });
    if (!problem.isEmpty()) window_.show_problem(problem);
    show_queue();
    offer_unfinished();
}

void QueueFeature::offer_unfinished() {
    if (waiting() == 0 || queue_->held_by_other()) return;
    if (window_settings().value(autostart_key, false).toBool() &&
        window_.actions().obstacle(QStringLiteral("queue.work")).isEmpty()) {
        start();
        return;
    }
    offer_ = waiting() == 1 ? tr("The queue is not finished: 1 run is to come.")
                            : tr("The queue is not finished: %n runs are to come.", nullptr, int(waiting()));
    window_.show_offer(offer_, window_.actions().action(QStringLiteral("queue.work")));
}

bool QueueFeature::is_working() const { return runner_ && runner_->is_working(); }

std::size_t QueueFeature::waiting() const {
    if (!queue_) return 0;
    return std::size_t(std::count_if(queue_->runs().begin(), queue_->runs().end(),
                                     [](const QueuedRun& run) { return !is_over(run.state); }));
}

QString QueueFeature::change_obstacle() const {
    if (!queue_) return problem_;
    if (!runner_) return tr("The model part of the program is being loaded; that takes about a second.");
    if (const auto other = queue_->held_by_other())
        return tr("The queue is being worked through by %1.").arg(qstring(*other));
    return {};
}

QString QueueFeature::enqueue_obstacle() const { return change_obstacle(); }

QString QueueFeature::run_obstacle() const {
    if (!is_working()) return {};
    return tr("The queue is at work. Pause it first, or add this run to it.");
}

int QueueFeature::enqueue(const Sweep& sweep) {
    return take_in(queued_runs(sweep, stops_early() ? std::optional(stop_early_after) : std::nullopt));
}

int QueueFeature::enqueue(const Experiment& experiment) {
    require_valid(experiment, "");
    QueuedRun run;
    run.name = experiment.name;
    run.experiment = to_toml(experiment);
    return take_in({run});
}

int QueueFeature::take_in(std::vector<QueuedRun> runs) {
    if (const QString obstacle = enqueue_obstacle(); !obstacle.isEmpty()) throw InputError(obstacle.toStdString());
    std::set<std::string> before;
    for (const QueuedRun& run : queue_->runs())
        if (!is_over(run.state)) before.insert(run.id);
    taken_in_ = queue_->add(std::move(runs));
    runner_->look_again();
    const auto added = std::count_if(taken_in_.begin(), taken_in_.end(), [&](const std::string& id) {
        const QueuedRun* run = queue_->find(id);
        return run && !is_over(run->state) && !before.contains(id);
    });
    show_queue();
    if (QDockWidget* dock = window_.desk().dock(QStringLiteral("queue"))) {
        dock->show();
        dock->raise();
    }
    window_.refresh_actions();
    return int(added);
}

ExitCode QueueFeature::exit_code() const {
    return queue_ && runner_ ? exit_code_of(*queue_, *runner_, taken_in_) : ExitCode::failed;
}

void QueueFeature::start() {
    closing_ = false;
    if (!offer_.isEmpty() && window_.message_bar().text() == offer_) window_.hide_message();
    runner_->start();
    work_timer_.start();
    work();
    window_.refresh_actions();
}

void QueueFeature::pause() {
    runner_->pause();
    show_queue();
    window_.refresh_actions();
}

void QueueFeature::work() {
    const QString failure = failure_of([this] { runner_->step(); });
    if (!failure.isEmpty()) {
        // Such as a full disk: what goes is saved, and nothing new is begun.
        window_.show_problem(failure);
        failure_of([this] { runner_->pause(); });
    }
    const bool goes_on = runner_->is_working();
    if (!goes_on || state_changed_ || !shown_.isValid() || shown_.elapsed() > show_milliseconds) {
        state_changed_ = false;
        shown_.start();
        show_queue();
    }
    if (goes_on) return;
    work_timer_.stop();
    window_.library().refresh();
    window_.refresh_actions();
    if (closing_)
        window_.close();
    else if (waiting() == 0)
        window_.show_information(tr("The queue is done."));
    emit over(failure);
}

void QueueFeature::look() {
    if (is_working()) return;
    const QString failure = failure_of([this] {
        const bool held = queue_->held_by_other().has_value();
        if (queue_->reload() || held != was_held_by_other_) {
            if (!held) runner_->look_again();
            was_held_by_other_ = held;
            window_.refresh_actions();
        }
        show_queue();  // the list of runs may know more by now
    });
    if (!failure.isEmpty()) panel_->set_notice(failure);
}

void QueueFeature::move_selected(int by) {
    QStringList ids = panel_->selected();
    if (by > 0) std::reverse(ids.begin(), ids.end());  // so that they do not step over one another
    const int count = model_->rowCount();
    for (const QString& id : ids) {
        const int from = model_->row_of(id);
        const int to = from + by;
        if (from < 0 || to < 0 || to >= count || ids.contains(model_->rows()[std::size_t(to)].id)) continue;
        queue_->move(id.toStdString(), std::size_t(to));
        show_queue();
    }
}

void QueueFeature::move_before(const QString& id, int place) {
    const QString failure = failure_of([&] {
        const int from = model_->row_of(id);
        if (from < 0) return;
        queue_->move(id.toStdString(), std::size_t(from < place ? place - 1 : place));
    });
    if (!failure.isEmpty()) window_.show_problem(failure);
    show_queue();
    panel_->select(id);
}

void QueueFeature::remove_selected() {
    std::vector<std::string> ids;
    for (const QString& id : panel_->selected()) ids.push_back(id.toStdString());
    queue_->remove(ids);
    show_queue();
    window_.refresh_actions();
}

void QueueFeature::open(const QString& id) {
    const QueuedRun* run = queue_ ? queue_->find(id.toStdString()) : nullptr;
    if (!run || run->folder.empty()) {
        window_.show_information(tr("This run has not begun yet."));
        return;
    }
    const std::filesystem::path folder = run->folder;
    const QString failure = failure_of([&] { window_.library().add(folder); });
    if (!failure.isEmpty()) return window_.show_problem(failure);
    window_.runs_panel().set_focus(folder);
}

void QueueFeature::follow(const QueuedRun& run) {
    // The views go along with the queue, unless the user looks at another run.
    if (run.folder.empty() || run.folder == followed_) return;
    const bool goes_along = window_.focus().empty() || window_.focus() == followed_;
    if (!is_run_folder(run.folder)) return;
    followed_ = run.folder;
    failure_of([&] { window_.library().add(run.folder); });
    if (goes_along) window_.runs_panel().set_focus(run.folder);
}

bool QueueFeature::stops_early() const {
    return window_.actions().action(QStringLiteral("queue.stop_early")).isChecked();
}

void QueueFeature::set_stop_early(bool on) {
    window_settings().setValue(stop_early_key, on);
    if (!queue_ || queue_->runs().empty()) return;
    queue_->change([&](std::vector<QueuedRun>& runs) {
        for (QueuedRun& run : runs)
            if (!run.sweep.empty() && !is_over(run.state))
                run.stop_early_after = on ? std::optional(stop_early_after) : std::nullopt;
    });
}

bool QueueFeature::may_close() {
    if (!is_working()) return true;
    if (closing_ || runner_->is_pausing()) {
        closing_ = true;
        if (!runner_->is_pausing()) pause();
        if (!is_working()) return true;
        window_.show_information(tr("Saving the runs of the queue; the window closes when that is done."));
        return false;
    }
    ask(&window_, QStringLiteral("close_queue_question"), tr("The queue is at work"),
        tr("The run that goes is stopped with its state saved, and waits with the others: nothing is lost. When the "
           "program starts again, the queue can go on from there."),
        {{tr("Pause the queue and close"),
          [this] {
              closing_ = true;
              pause();
              work();
          },
          false, true}});
    return false;
}

namespace {

const Registration<WindowFeatureDescriptor> registration({"queue", 12,
                                                          [](MainWindow& window) { return new QueueFeature(window); }});

}  // namespace

}  // namespace wavlab
