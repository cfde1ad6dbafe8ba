// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/sweep_preview.h"

#include <utility>

#include "app/gui/features/queue.h"
#include "app/gui/main_window.h"
#include "views/action_registry.h"
#include "views/experiment_form.h"
#include "views/sweep_preview.h"
#include "views/sweep_summary.h"

namespace wavlab {

namespace {

/// Sweeps up to this many combinations are laid out at once; larger ones on a thread, when typing pauses.
constexpr std::size_t small_sweep = 100;
constexpr int pause_milliseconds = 150;

}  // namespace

SweepPreviewFeature::SweepPreviewFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    pause_.setSingleShot(true);
    pause_.setInterval(pause_milliseconds);
    connect(&pause_, &QTimer::timeout, this, &SweepPreviewFeature::lay_out_now);
    connect(&window, &MainWindow::ready, this, &SweepPreviewFeature::on_ready);
}

void SweepPreviewFeature::add_actions() {
    ActionRegistry& actions = window_.actions();
    actions.add({"edit.several", tr("Several &values"),
                 tr("Several values of the option whose field was last used: a run for each, and for each combination "
                    "with others."),
                 "several", QKeySequence(Qt::CTRL | Qt::Key_L), MainWindow::tr("&Edit"), true, true},
                [this] { toggle_several(); });
    actions.add({"run.enqueue", tr("Add to &queue"),
                 tr("Puts what the form describes into the queue: one run, or all runs of its sweep."), "enqueue",
                 QKeySequence(Qt::SHIFT | Qt::Key_F5), MainWindow::tr("&Run"), true, false},
                [this] { enqueue(); });
    actions.add({"run.show_grid", tr("Show all runs of the s&weep…"),
                 tr("The grid that the form describes as a table: settings, time, memory and problems of every run."),
                 "table", QKeySequence(), MainWindow::tr("&Run"), false, false},
                [this] { show_preview(); });
}

void SweepPreviewFeature::on_ready() {
    ExperimentForm* form = window_.form();
    form->set_sweep_action(window_.actions().action(QStringLiteral("run.enqueue")));
    connect(form, &ExperimentForm::edited, this, &SweepPreviewFeature::on_edited);
    connect(form, &ExperimentForm::current_changed, this, &SweepPreviewFeature::refresh_actions);
    connect(&form->sweep_summary(), &SweepSummary::grid_wanted, this, &SweepPreviewFeature::show_preview);
    connect(window_.estimator(), &CostEstimator::times_changed, this, &SweepPreviewFeature::show);
    window_.estimator()->set_busy([this] {
        const auto* queue = window_.feature<QueueFeature>();
        return queue && queue->is_working();
    });
    on_edited();
}

SweepPreviewFeature::LaidOut SweepPreviewFeature::lay_out_all(const Sweep& sweep, std::int64_t vocabulary) {
    LaidOut found{lay_out_grid(sweep, vocabulary), {}};
    for (const PlannedRun& row : found.grid.rows)
        found.shapes.push_back(row.problem.isEmpty() ? step_shape(row.point.experiment, vocabulary) : StepShape{});
    return found;
}

void SweepPreviewFeature::on_edited() {
    const std::optional<Sweep> sweep = window_.form()->sweep();
    ++request_;
    pending_ = false;
    pause_.stop();
    if (!sweep) {
        take({});
        if (window_.form()->has_several())
            window_.form()->sweep_summary().show_nothing(tr("An option has a problem: see above."));
    } else if (combinations(*sweep) <= small_sweep) {
        lay_out_now();
    } else {
        pending_ = true;
        pause_.start();
        refresh_actions();
    }
}

void SweepPreviewFeature::lay_out_now() {
    const std::optional<Sweep> sweep = window_.form()->sweep();
    if (!sweep) return;
    const std::int64_t vocabulary = window_.estimator()->vocabulary_of(window_.form()->experiment());
    if (combinations(*sweep) <= small_sweep) {
        take(lay_out_all(*sweep, vocabulary));
        return;
    }
    worker_.submit([this, sweep = *sweep, vocabulary, request = request_](std::stop_token) {
        LaidOut found = lay_out_all(sweep, vocabulary);
        post(this, [this, found = std::move(found), request] {
            if (request == request_) take(found);
        });
    });
}

void SweepPreviewFeature::take(LaidOut laid_out) {
    pending_ = false;
    grid_ = std::move(laid_out.grid);
    shapes_ = std::move(laid_out.shapes);
    std::map<std::string, StepShape> distinct;
    for (const StepShape& shape : shapes_)
        if (!shape.key.empty()) distinct.try_emplace(shape.key, shape);
    std::vector<StepShape> to_measure;
    for (auto& [key, shape] : distinct) to_measure.push_back(std::move(shape));
    window_.estimator()->set_shapes(std::move(to_measure));
    show();
    refresh_actions();
    start_queue();
}

void SweepPreviewFeature::show() {
    if (grid_.keys.empty()) {
        if (preview_) preview_->show_grid(grid_);
        return;
    }
    for (std::size_t i = 0; i < grid_.rows.size(); ++i) {
        PlannedRun& row = grid_.rows[i];
        if (!row.problem.isEmpty()) continue;
        const RunTime time = window_.estimator()->time_of(shapes_[i], row.point.experiment.train);
        row.seconds = time.seconds;
        row.is_scaled = time.is_scaled;
    }
    grid_.time_status = window_.estimator()->shapes_status();
    window_.form()->sweep_summary().show_grid(grid_);
    if (preview_) preview_->show_grid(grid_);
}

void SweepPreviewFeature::show_preview() {
    if (!preview_) {
        preview_ = new SweepPreview(&window_);
        preview_->setAttribute(Qt::WA_DeleteOnClose);
    }
    preview_->show_grid(grid_);
    preview_->show();
    preview_->raise();
    preview_->activateWindow();
}

void SweepPreviewFeature::toggle_several() {
    ExperimentForm* form = window_.form();
    const QString key = form->current_key();
    OptionEditor* editor = form->editor(key);
    if (!editor) return;
    editor->set_several(!editor->is_several());
    form->show_field(key);
    refresh_actions();
}

void SweepPreviewFeature::enqueue() {
    auto* queue = window_.feature<QueueFeature>();
    const std::optional<Sweep> sweep = window_.form()->sweep();
    const int added = sweep ? queue->enqueue(*sweep) : queue->enqueue(window_.form()->experiment());
    window_.show_information(added == 0   ? tr("All of it is in the queue or done already.")
                             : added == 1 ? tr("1 run added to the queue.")
                                          : tr("%n runs added to the queue.", nullptr, added));
}

bool SweepPreviewFeature::start_instead() {
    if (!window_.form()->has_several()) return false;
    start_wanted_ = true;
    if (!pending_) start_queue();
    return true;
}

/// Puts the form's sweep into the queue and lets that work, once.
void SweepPreviewFeature::start_queue() {
    if (!std::exchange(start_wanted_, false)) return;
    auto* queue = window_.feature<QueueFeature>();
    QString obstacle = enqueue_obstacle();
    if (obstacle.isEmpty() && window_.session().is_running())
        obstacle = tr("A run of this window is going. Stop it first, or let it end.");
    if (obstacle.isEmpty()) {
        connect(queue, &QueueFeature::over, this, &SweepPreviewFeature::on_queue_over, Qt::UniqueConnection);
        started_ = true;
        obstacle = failure_of([&] {
            enqueue();
            if (!queue->is_working()) queue->start();
        });
    }
    if (obstacle.isEmpty()) return;
    started_ = false;
    window_.show_problem(obstacle);
    emit window_.cannot_start(obstacle);
}

void SweepPreviewFeature::on_queue_over(const QString& problem) {
    const auto* queue = window_.feature<QueueFeature>();
    const bool is_paused = problem.isEmpty() && !queue->is_done();  // by the user, who may let it go on
    if (!started_ || is_paused) return;
    started_ = false;
    RunEnded end;
    end.exit_code = problem.isEmpty() ? queue->exit_code() : ExitCode::failed;
    end.state = end.exit_code == ExitCode::done ? RunState::finished : RunState::failed;
    end.reason = problem.toStdString();
    emit window_.run_over(end);
}

QString SweepPreviewFeature::enqueue_obstacle() const {
    ExperimentForm* form = window_.form();
    if (!form) return tr("The form is not there yet.");
    if (!form->is_valid()) return form->first_problem();
    if (!form->origin().weights.isEmpty())
        return tr(
            "The form begins with the weights of a checkpoint, runs of the queue with those of their seed. Press "
            "Start for this one run, or start from another experiment.");
    const auto* queue = window_.feature<QueueFeature>();
    if (!queue) return tr("This window has no queue.");
    if (form->has_several()) {
        if (pending_) return tr("The runs are being counted.");
        if (!grid_.problem.isEmpty()) return grid_.problem;
        if (grid_.bad_rows() > 0) return tr("Some runs cannot be made. %1").arg(grid_.first_problem());
    }
    return queue->enqueue_obstacle();
}

bool SweepPreviewFeature::is_settled() const {
    return !pending_ && worker_.idle() && window_.estimator() && window_.estimator()->idle();
}

void SweepPreviewFeature::refresh_actions() {
    ActionRegistry& actions = window_.actions();
    ExperimentForm* form = window_.form();
    const bool several = form && form->has_several();

    const ActionDescriptor& known = actions.descriptor(QStringLiteral("run.enqueue"));
    const int runs = several ? int(grid_.rows.size()) : 0;
    const QString text = runs == 0   ? tr("Add to &queue")
                         : runs == 1 ? tr("Add 1 run to the &queue")
                                     : tr("Add %n runs to the &queue", nullptr, runs);
    actions.set_text(QStringLiteral("run.enqueue"), text, known.icon, known.help);
    actions.set_obstacle(QStringLiteral("run.enqueue"), enqueue_obstacle());
    actions.set_obstacle(QStringLiteral("run.show_grid"), !several             ? tr("No option has several values.")
                                                          : grid_.rows.empty() ? tr("There is no run to show yet.")
                                                                               : QString());

    const OptionEditor* editor = form ? form->editor(form->current_key()) : nullptr;
    const ActionDescriptor& several_known = actions.descriptor(QStringLiteral("edit.several"));
    actions.set_text(
        QStringLiteral("edit.several"),
        editor ? tr("Several &values of %1").arg(form->label_of(form->current_key())) : tr("Several &values"),
        several_known.icon, several_known.help);
    QString no_several;
    if (!editor)
        no_several = tr("Use the field of an option first.");
    else if (!editor->several_obstacle().isEmpty())
        no_several = tr("%1 %2.").arg(form->label_of(form->current_key()), editor->several_obstacle());
    actions.set_obstacle(QStringLiteral("edit.several"), no_several);
    actions.action(QStringLiteral("edit.several")).setChecked(editor && editor->is_several());

    const auto* queue = window_.feature<QueueFeature>();
    const bool busy = queue && queue->is_working();
    if (std::exchange(was_busy_, busy) != busy && window_.estimator()) window_.estimator()->refresh();
}

namespace {

const Registration<WindowFeatureDescriptor> registration({"sweep_preview", 11, [](MainWindow& window) {
                                                              return new SweepPreviewFeature(window);
                                                          }});

}  // namespace

}  // namespace wavlab
