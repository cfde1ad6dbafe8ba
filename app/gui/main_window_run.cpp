// SPDX-License-Identifier: GPL-3.0-or-later
// The run of this window, and which runs are shown.
#include <algorithm>

#include <QDockWidget>
#include <QToolBar>

#include "app/gui/cost_estimator.h"
#include "app/gui/main_window.h"
#include "app/gui/paint_governor.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "core/error.h"
#include "core/run_folder.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/experiment_form.h"
#include "views/message_bar.h"
#include "views/plot_pane.h"
#include "views/quantity_text.h"
#include "views/question.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/status_line.h"

namespace wavlab {

namespace {

/// While the run's device is the CPU, the window leaves it alone; a GPU does not mind.
constexpr double quiet_share_on_cpu = 0.035;
constexpr double quiet_share_on_gpu = 0.2;

}  // namespace

std::filesystem::path MainWindow::focus() const { return runs_panel_->focus(); }

QString MainWindow::own_name() const {
    return session_->record() ? QString::fromStdString(session_->record()->name()) : QString();
}

void MainWindow::start_when_ready() {
    start_wanted_ = true;
    if (!form_) return;  // make_form comes back here
    start_wanted_ = false;
    if (std::any_of(features_.begin(), features_.end(),
                    [](WindowFeature* feature) { return feature->start_instead(); }))
        return;
    const QString obstacle = start_obstacle();
    if (obstacle.isEmpty())
        actions_->action(QStringLiteral("run.start")).trigger();
    else
        emit cannot_start(obstacle);
    if (obstacle.isEmpty() && !session_->is_running()) emit cannot_start(message_bar_->text());
}

void MainWindow::start_run() {
    message_bar_->clear();
    message_toolbar_->hide();
    session_->start(form_->experiment(), library_->folder(), to_path(form_->origin().weights));
}

void MainWindow::resume_focused() {
    const std::filesystem::path folder = focus();
    library_->read(folder, [this](std::shared_ptr<RunRecord> record, const QString& problem) {
        if (!record) {
            show_problem(problem);
            return;
        }
        const QString failure = failure_of([&] { session_->resume_run(record); });
        if (!failure.isEmpty()) show_problem(failure);
    });
}

void MainWindow::ask_discard() {
    ask(this, QStringLiteral("discard_question"), tr("Discard the run?"),
        tr("The run '%1' stops and its folder is removed, with its %2 steps, checkpoints and records. This cannot be "
           "undone.")
            .arg(own_name())
            .arg(count_text(double(session_->progress().step))),
        {{tr("Discard the run"),
          [this] {
              session_->stop(StopRequest::discard);
              refresh_actions();
          },
          true, false}});
}

void MainWindow::on_started() {
    const std::shared_ptr<RunRecord>& record = session_->record();
    library_->set_own(record);
    runs_model_->set_drawn(record->folder(), true);
    runs_panel_->set_focus(record->folder());
    const bool on_cpu = !estimator_->device() || estimator_->device()->name == "cpu";
    governor_->set_quiet_share(on_cpu ? quiet_share_on_cpu : quiet_share_on_gpu);
    if (estimator_) estimator_->refresh();
    show_runs();
    refresh_actions();
    tick_timer_.start(0);
}

void MainWindow::tick() {
    if (!session_->record() || !session_->is_running()) return;
    const QString failure = failure_of([&] {
        const RecordChanges changes = session_->drain();
        const std::shared_ptr<RunRecord> record = session_->record();  // another one when its name was taken
        if (changes.any() && session_->is_running()) library_->update_own(true);
        if (changes.description) {
            const RunDescription& description = record->description();
            // As the estimate before the run names it.
            const QString cpu =
                description.threads == 1 ? tr("CPU, 1 thread") : tr("CPU, %1 threads").arg(description.threads);
            status_line_->set_device(description.device == "cpu" ? cpu : QString::fromStdString(description.device),
                                     QString::fromStdString(description.device_reason));
        }
        note(*record, changes);
        if (changes.state || changes.description) refresh_actions();
        for (PlotPane* pane : panes_) pane->flush();
    });
    if (!failure.isEmpty()) show_problem(failure);
    if (!session_->is_running()) return;
    status_line_->show_progress(session_->progress());
    tick_timer_.start(governor_->next_interval());
}

void MainWindow::on_ended() {
    tick_timer_.stop();
    const RunEnded end = *session_->end();
    const QString name = own_name();
    const std::filesystem::path experiment = RunFolder{session_->record()->folder()}.experiment();
    std::error_code error;
    if (end.discarded || !std::filesystem::exists(session_->record()->folder(), error)) {
        library_->forget_own();
    } else {
        library_->update_own(false);
        remember_experiment(experiment);
    }
    QString said = tr("%1 %2 at step %3").arg(name, state_text(end.state), count_text(double(end.step)));
    if (end.discarded) said = tr("%1 discarded").arg(name);
    status_line_->show_idle(said);
    if (!end.reason.empty() && end.state != RunState::stopped && end.state != RunState::interrupted)
        show_problem(tr("%1: %2").arg(name, QString::fromStdString(end.reason)));
    // Other runs that were changed while this one went are found now.
    library_->refresh();
    if (estimator_) estimator_->refresh();
    show_runs();
    refresh_actions();
    emit run_over(end);
    if (close_wanted_) close();
}

void MainWindow::note(const RunRecord& record, const RecordChanges& changes) {
    if (!changes.any()) return;
    for (PlotPane* pane : panes_) pane->note(record, changes);
    emit record_changed(record, changes);
}

void MainWindow::on_focus_changed() {
    const std::filesystem::path folder = focus();
    if (!folder.empty()) library_->open(folder);
    show_runs();
    refresh_actions();
    emit focus_changed(folder);
}

void MainWindow::show_runs() {
    const std::vector<DrawnRun> runs = runs_model_->drawn_runs(focus());
    const QString failure = failure_of([&] {
        for (PlotPane* pane : panes_) pane->set_runs(runs);
        emit runs_shown(runs);
    });
    if (!failure.isEmpty()) show_problem(failure);
}

void MainWindow::restore_runs() {
    QSettings settings = window_settings();
    const QStringList drawn = settings.value(library_->settings_key("drawn_runs")).toStringList();
    const std::filesystem::path focused = to_path(settings.value(library_->settings_key("focused_run")).toString());
    for (const QString& text : drawn) {
        const std::filesystem::path folder = to_path(text);
        if (folder.parent_path() != library_->folder() || !is_run_folder(folder)) continue;
        library_->add(folder);
        runs_model_->set_drawn(folder, true);
        library_->open(folder);
    }
    if (!focused.empty() && focused.parent_path() == library_->folder() && is_run_folder(focused)) {
        library_->add(focused);
        runs_panel_->set_focus(focused);
    }
}

}  // namespace wavlab
