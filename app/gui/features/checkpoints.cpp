// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/checkpoints.h"

#include <algorithm>
#include <utility>

#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QJsonObject>

#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "core/checkpoint_list.h"
#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/checkpoints_model.h"
#include "views/checkpoints_panel.h"
#include "views/dock_desk.h"
#include "views/experiment_form.h"
#include "views/plot_pane.h"
#include "views/quantity_text.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/time_cursor.h"

namespace wavlab {

namespace {

/// Events of a run come in bursts; the list of its checkpoints need not follow each.
constexpr int refresh_milliseconds = 300;

const Registration<WindowFeatureDescriptor> registration{
    {"checkpoints", 39, [](MainWindow& window) -> WindowFeature* { return new CheckpointsFeature(window); }}};

}  // namespace

CheckpointsFeature::CheckpointsFeature(MainWindow& window)
    : WindowFeature(&window), window_(window), model_(new CheckpointsModel(this)) {
    refresh_timer_.setSingleShot(true);
    refresh_timer_.setInterval(refresh_milliseconds);
    connect(&refresh_timer_, &QTimer::timeout, this, &CheckpointsFeature::refresh);
    poll_timer_.setInterval(60);
    connect(&poll_timer_, &QTimer::timeout, this, &CheckpointsFeature::poll_evaluation);
}

CheckpointsFeature::~CheckpointsFeature() {
    compare_stop_.request_stop();
    cancel_evaluations();
}

void CheckpointsFeature::add_action(const QString& id, const QString& text, const QString& help, const QString& icon,
                                    bool begins_group, void (CheckpointsFeature::*handler)()) {
    window_.actions().add({id, text, help, icon, {}, tr("&Checkpoints"), begins_group, false},
                          [this, handler] { (this->*handler)(); });
}

void CheckpointsFeature::add_actions() {
    using Self = CheckpointsFeature;
    add_action(QStringLiteral("checkpoints.evaluate"), tr("&Evaluate…"),
               tr("Computes the loss of the selected checkpoints on the validation part or on a text of your own."),
               QStringLiteral("evaluate"), false, &Self::evaluate);
    add_action(QStringLiteral("checkpoints.compare"), tr("&Compare…"),
               tr("Shows what changed between two checkpoints, of one run or of two: every tensor, routing and loss."),
               QString(), false, &Self::compare);
    add_action(QStringLiteral("checkpoints.start_from"), tr("&Start a run from it"),
               tr("Fills the form with the run's experiment; Start then begins with the weights of this checkpoint."),
               QStringLiteral("start"), false, &Self::start_from);
    add_action(QStringLiteral("checkpoints.export"), tr("E&xport as safetensors…"),
               tr("Writes the model of the selected checkpoint to a file."), QStringLiteral("save"), true,
               &Self::export_file);
    add_action(QStringLiteral("checkpoints.copy_path"), tr("Copy &path"),
               tr("Copies the path of the selected checkpoint's model file."), QStringLiteral("copy"), false,
               &Self::copy_path);
    add_action(QStringLiteral("checkpoints.delete"), tr("&Delete…"),
               tr("Removes the selected checkpoints from the disk; asks first."), QStringLiteral("discard"), true,
               &Self::ask_delete);
}

void CheckpointsFeature::add_views() {
    const QStringList buttons = {"samples.generate", "checkpoints.evaluate", "checkpoints.compare",
                                 "checkpoints.start_from"};
    const QStringList menu = buttons + QStringList{"microscope.open",       "", "checkpoints.export",
                                                   "checkpoints.copy_path", "", "checkpoints.delete"};
    panel_ = new CheckpointsPanel(*model_, window_.actions(), buttons, menu,
                                  {QStringLiteral("samples.generate"), QStringLiteral("checkpoints.delete")}, &window_);
    window_.desk().add(QStringLiteral("checkpoints"), tr("Checkpoints"),
                       tr("The saved states of the selected run: evaluate, compare, generate, start from them."),
                       panel_, DockPlace::bottom_right);
    connect(panel_, &CheckpointsPanel::selection_changed, this, [this] { refresh_actions(); });
    connect(panel_, &CheckpointsPanel::cancel_wanted, this, &CheckpointsFeature::cancel_evaluations);
    connect(&window_, &MainWindow::focus_changed, this, &CheckpointsFeature::refresh);
    connect(&window_, &MainWindow::runs_shown, this, [this] {
        // The focused run's record may be open only now.
        if (focused_record() && model_->run() != window_.focus())
            refresh();
        else
            refresh_soon();
    });
    connect(&window_, &MainWindow::record_changed, this, [this](const RunRecord& record, const RecordChanges& changes) {
        if ((changes.state || changes.scalars) && record.folder() == window_.focus()) refresh_soon();
    });
    connect(&window_, &MainWindow::run_over, this, &CheckpointsFeature::refresh);
    connect(&window_.session(), &Session::started, this, [this] {
        model_->remove_evaluations_of(window_.session().record()->folder());
        evaluations_of_.clear();
    });
    // Another run may take the folder of one that is gone.
    connect(&window_.runs_model(), &QAbstractItemModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) {
                for (int row = first; row <= last; ++row)
                    model_->remove_evaluations_of(window_.runs_model().rows()[std::size_t(row)].summary.folder);
                evaluations_of_.clear();
            });
    refresh();
}

std::shared_ptr<RunRecord> CheckpointsFeature::focused_record() const {
    const std::filesystem::path folder = window_.focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : window_.runs_model().find(folder);
    return row ? row->record : nullptr;
}

void CheckpointsFeature::refresh_soon() {
    if (!refresh_timer_.isActive()) refresh_timer_.start();
}

void CheckpointsFeature::refresh() {
    const std::shared_ptr<RunRecord> record = focused_record();
    if (!record) {
        model_->set_checkpoints({}, {});
        panel_->set_empty_text(window_.focus().empty()
                                   ? tr("The checkpoints of the selected run appear here, with step, validation loss "
                                        "and size.\n\nSelect a run in the list of runs.")
                                   : tr("Opening the run…"));
        refresh_actions();
        return;
    }
    const QString keys =
        window_.actions().action(QStringLiteral("run.checkpoint")).shortcut().toString(QKeySequence::NativeText);
    panel_->set_empty_text(tr("'%1' has no checkpoint. A run saves one every so many steps, when it is stopped and at "
                              "its end.\n\nWhile it goes, Checkpoint (%2) saves one at once.")
                               .arg(QString::fromStdString(record->name()), keys));
    model_->set_checkpoints(record->folder(), summarise_checkpoints(*record));
    read_kept_evaluations();
    show_title(*record);
    refresh_actions();
}

void CheckpointsFeature::show_title(const RunRecord& record) {
    std::uintmax_t bytes = 0;
    for (const CheckpointSummary& one : model_->rows()) bytes += one.bytes;
    const int count = model_->rowCount();
    QString text =
        count == 1
            ? tr("%1: one checkpoint, %2").arg(QString::fromStdString(record.name())).arg(bytes_text(double(bytes)))
            : tr("%1: %2 checkpoints, %3")
                  .arg(QString::fromStdString(record.name()))
                  .arg(count)
                  .arg(bytes_text(double(bytes)));
    if (record.description().origin)
        text += tr("; began with %1").arg(QString::fromStdString(to_string(*record.description().origin)));
    panel_->set_title(text);
}

std::filesystem::path CheckpointsFeature::selected_or_last_model() const {
    if (panel_ && model_->run() == window_.focus())
        if (const std::vector<CheckpointFolder> selected = panel_->selected(); !selected.empty())
            return selected.back().model();
    const std::vector<CheckpointFolder> there = list_checkpoints(RunFolder{window_.focus()});
    return there.empty() ? std::filesystem::path() : there.back().model();
}

void CheckpointsFeature::refresh_actions() {
    if (!panel_) return;
    ActionRegistry& actions = window_.actions();
    const std::vector<CheckpointFolder> selected = panel_->selected();
    QString none;
    if (window_.focus().empty())
        none = tr("Select a run in the list first.");
    else if (model_->rowCount() == 0)
        none = tr("This run has no checkpoint.");
    else if (selected.empty())
        none = tr("Select a checkpoint first.");
    QString no_model = none;
    if (no_model.isEmpty() && !window_.session().library())
        no_model = tr("The model part of the program is being loaded.");
    QString not_one = none;
    if (not_one.isEmpty() && selected.size() > 1) not_one = tr("Select one checkpoint only.");
    QString not_two = none;
    if (not_two.isEmpty() && selected.size() > 2) not_two = tr("Select one or two checkpoints.");
    actions.set_obstacle(QStringLiteral("checkpoints.evaluate"), no_model);
    actions.set_obstacle(QStringLiteral("checkpoints.compare"), not_two);
    actions.set_obstacle(QStringLiteral("checkpoints.start_from"),
                         not_one.isEmpty() && !window_.form() ? tr("The form is not there yet.") : not_one);
    actions.set_obstacle(QStringLiteral("checkpoints.export"), not_one);
    actions.set_obstacle(QStringLiteral("checkpoints.copy_path"), none);
    actions.set_obstacle(QStringLiteral("checkpoints.delete"), none.isEmpty() ? delete_obstacle(selected) : none);
    // The window knows what was saved; here it is known what is still there.
    if (focused_record() && model_->run() == window_.focus() && model_->rowCount() == 0)
        for (const char* id : {"export.checkpoint_last", "export.checkpoint_best"})
            actions.set_obstacle(QLatin1String(id), tr("This run has no checkpoint."));
}

QString CheckpointsFeature::delete_obstacle(const std::vector<CheckpointFolder>& selected) const {
    const RunsModel::Row* row = window_.runs_model().find(window_.focus());
    if (!row || !row->summary.alive || selected.empty()) return {};
    if (selected.back().step != model_->rows().back().folder.step) return {};
    return tr("A run that goes needs its newest checkpoint, to be resumed after a crash. Stop the run first.");
}

void CheckpointsFeature::start_from() {
    const std::vector<CheckpointFolder> selected = panel_->selected();
    if (selected.empty() || !window_.form()) return;
    const CheckpointFolder& checkpoint = selected.back();
    const QString run = to_qstring(model_->run().filename());
    Experiment experiment = load_experiment(RunFolder{model_->run()}.experiment());
    const QString step = count_text(double(checkpoint.step));
    FormOrigin origin;
    origin.title = tr("%1, with the weights of step %2").arg(run, step);
    origin.weights = to_qstring(checkpoint.model());
    window_.form()->set_experiment(experiment, origin);
    QDockWidget* dock = window_.desk().dock(QStringLiteral("experiment"));
    dock->show();
    dock->raise();
    window_.show_information(
        tr("Start begins a new run with the weights of %1 at step %2. Change what you like but the model's sizes.")
            .arg(run, step));
}

void CheckpointsFeature::copy_path() {
    QStringList paths;
    for (const CheckpointFolder& one : panel_->selected()) paths.append(to_qstring(one.model()));
    QApplication::clipboard()->setText(paths.join(QLatin1Char('\n')));
    window_.show_information(paths.size() == 1 ? tr("Copied: %1").arg(paths.first())
                                               : tr("Copied %1 paths.").arg(paths.size()));
}

QList<ComparedCheckpoint> CheckpointsFeature::comparable() const {
    QList<ComparedCheckpoint> all;
    const std::filesystem::path focus = window_.focus();
    const auto add = [&](const RunsModel::Row& row) {
        const std::vector<CheckpointFolder> saved = list_checkpoints(RunFolder{row.summary.folder});
        for (auto one = saved.rbegin(); one != saved.rend(); ++one)
            all.append({tr("%1, step %2").arg(QString::fromStdString(row.summary.name), count_text(double(one->step))),
                        one->model(), row.record, one->step});
    };
    if (const RunsModel::Row* row = window_.runs_model().find(focus)) add(*row);
    for (const RunsModel::Row& row : window_.runs_model().rows())
        if (row.drawn && row.summary.folder != focus) add(row);
    return all;
}

void CheckpointsFeature::compare() {
    const std::vector<CheckpointFolder> selected = panel_->selected();
    if (selected.empty()) return;
    const QList<ComparedCheckpoint> all = comparable();
    std::filesystem::path first = selected.front().model();
    std::filesystem::path second = selected.back().model();
    if (selected.size() == 1) {
        // With the newest of its run; the newest itself with the one before.
        const std::vector<CheckpointSummary>& rows = model_->rows();
        if (rows.back().folder.step != selected.front().step)
            second = rows.back().folder.model();
        else if (rows.size() > 1)
            first = rows[rows.size() - 2].folder.model();
    }
    if (!comparison_) {
        comparison_ = new CheckpointComparisonView(&window_);
        connect(comparison_, &CheckpointComparisonView::compare_wanted, this, &CheckpointsFeature::compare_files);
        connect(comparison_, &CheckpointComparisonView::heatmap_wanted, this, &CheckpointsFeature::show_heatmap);
        connect(comparison_, &QDialog::finished, this, [this] { compare_stop_.request_stop(); });
    }
    comparison_->set_checkpoints(all, first, second);
    comparison_->show();
    comparison_->raise();
    comparison_->activateWindow();
}

void CheckpointsFeature::compare_files(const std::filesystem::path& first, const std::filesystem::path& second) {
    compare_stop_.request_stop();
    compare_stop_ = std::stop_source();
    comparison_->show_working();
    comparing_.submit([this, first, second, wanted = compare_stop_.get_token(),
                       source = compare_stop_](std::stop_token thread_stop) mutable {
        const std::stop_callback leave(thread_stop, [&] { source.request_stop(); });
        CheckpointComparison result;
        const QString problem = failure_of([&] {
            if (!wanted.stop_requested()) result = compare_checkpoints(first, second, wanted);
        });
        post(this, [this, wanted, result = std::move(result), problem] {
            if (wanted.stop_requested()) return;
            if (problem.isEmpty())
                comparison_->set_result(result);
            else
                comparison_->fail(problem);
        });
    });
}

void CheckpointsFeature::show_heatmap(const ComparedCheckpoint& first, const ComparedCheckpoint& second) {
    if (!first.record || !second.record) return;
    const bool same_run = first.record == second.record;
    if (!same_run) window_.runs_model().set_drawn(first.record->folder(), true);
    window_.runs_panel().set_focus(second.record->folder());
    window_.time_cursor().set_step(second.step);
    for (PlotPane* pane : window_.panes()) {
        if (pane->descriptor().id != "routing") continue;
        QJsonObject state = pane->plot().state();
        for (const char* key : {"against", "against_step", "zoom"}) state.remove(QLatin1String(key));
        state[QLatin1String("mode")] = QStringLiteral("step");
        if (same_run)
            state[QLatin1String("against_step")] = double(first.step);
        else
            state[QLatin1String("against")] = QString::fromStdString(first.record->name());
        pane->plot().set_state(state);
    }
    QDockWidget* dock = window_.desk().dock(QStringLiteral("routing"));
    if (!dock) return;
    if (window_.desk().maximised()) window_.desk().restore();
    dock->show();
    dock->raise();
}

}  // namespace wavlab
