// SPDX-License-Identifier: GPL-3.0-or-later
// What the user can do, and why not when not.
#include <QActionGroup>
#include <QDockWidget>
#include <QMessageBox>

#include "app/gui/cost_estimator.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "core/build_info.h"
#include "core/run_folder.h"
#include "views/action_registry.h"
#include "views/command_palette.h"
#include "views/dock_desk.h"
#include "views/experiment_form.h"
#include "views/option_editor.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

void MainWindow::add_file_actions() {
    const QString menu = tr("&File");
    actions_->add(
        {"file.open_experiment", tr("&Open experiment…"), tr("Fills the form with an experiment file (.toml)."), "open",
         QKeySequence::Open, menu, false, false},
        [this] { open_experiment_dialog(); });
    actions_->add(
        {"file.save_experiment", tr("&Save experiment as…"), tr("Writes the form as an experiment file (.toml)."),
         "save", QKeySequence::Save, menu, false, false},
        [this] { save_experiment_dialog(); });
    actions_->add({"file.default_experiment",
                   tr("&Default experiment"),
                   tr("Fills the form with the ready default experiment."),
                   "reset",
                   {},
                   menu,
                   false,
                   false},
                  [this] { choose_starting_point(QStringLiteral("ready:default")); });
    actions_->add(
        {"file.open_run", tr("Open &run folder…"), tr("Adds a run that lies anywhere to the list and shows it."),
         "folder", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), menu, true, false},
        [this] { open_run_dialog(); });
    actions_->add({"file.quit", tr("&Quit"), tr("Closes the window; a run that goes is asked about."), "",
                   QKeySequence(Qt::CTRL | Qt::Key_Q), menu, true, false},
                  [this] { close(); });
}

void MainWindow::add_run_actions() {
    const QString menu = tr("&Run");
    actions_->add({"run.start", tr("&Start"), tr("Trains the experiment of the form as a new run."), "start",
                   QKeySequence(Qt::Key_F5), menu, false, false},
                  [this] { start_run(); });
    actions_->add({"run.pause", tr("&Pause"), tr("Pauses the run after the current step."), "pause",
                   QKeySequence(Qt::Key_F6), menu, false, false},
                  [this] {
                      session_->set_paused(!session_->is_paused());
                      refresh_actions();
                  });
    actions_->add({"run.step", tr("S&tep"), tr("Makes one update of the run, then pauses."), "step",
                   QKeySequence(Qt::Key_F7), menu, false, false},
                  [this] {
                      session_->step_once();
                      refresh_actions();
                  });
    actions_->add({"run.stop", tr("Stop and &keep"), tr("Saves a checkpoint and ends the run; it can be resumed."),
                   "stop", QKeySequence(Qt::Key_F8), menu, true, false},
                  [this] {
                      session_->stop(StopRequest::keep);
                      refresh_actions();
                  });
    actions_->add({"run.discard",
                   tr("Stop and &discard…"),
                   tr("Ends the run and removes its folder; asks first."),
                   "discard",
                   {},
                   menu,
                   false,
                   false},
                  [this] { ask_discard(); });
    actions_->add({"run.checkpoint", tr("&Checkpoint"), tr("Saves a checkpoint after the current step."), "checkpoint",
                   QKeySequence(Qt::CTRL | Qt::Key_K), menu, true, false},
                  [this] { session_->checkpoint_now(); });
    actions_->add({"run.evaluate", tr("&Evaluate"), tr("Computes the validation loss after the current step."),
                   "evaluate", QKeySequence(Qt::CTRL | Qt::Key_E), menu, false, false},
                  [this] { session_->evaluate_now(); });
}

void MainWindow::add_export_actions() {
    const QString menu = tr("&Export");
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        const QString id = QString::fromStdString(descriptor.id);
        actions_->add({"export.figure." + id, tr("%1 figure…").arg(translated(descriptor.title)),
                       tr("Writes this plot for print: PDF, SVG or PNG at a width in inches."), "export",
                       &descriptor == &PlotRegistry::all().front() ? QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E)
                                                                   : QKeySequence(),
                       menu, false, false},
                      [this, id] { export_figure_dialog(id); });
    }
    actions_->add({"export.copy_plot", tr("&Copy plot"),
                   tr("Copies the plot that was last used to the clipboard, as it is printed: picture and vectors."),
                   "copy", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), menu, false, false},
                  [this] { copy_plot(); });
    actions_->add({"export.checkpoint_last",
                   tr("&Last checkpoint…"),
                   tr("Writes the model of the run's last checkpoint as safetensors."),
                   "save",
                   {},
                   menu,
                   true,
                   false},
                  [this] { export_checkpoint_dialog("last"); });
    actions_->add({"export.checkpoint_best",
                   tr("&Best checkpoint…"),
                   tr("Writes the model of the checkpoint with the lowest validation loss as safetensors."),
                   "save",
                   {},
                   menu,
                   false,
                   false},
                  [this] { export_checkpoint_dialog("best"); });
}

void MainWindow::add_runs_actions() {
    const QString menu = tr("R&uns");
    actions_->add(
        {"runs.use_settings", tr("&Use these settings"), tr("Fills the form with the selected run's experiment."),
         "settings", QKeySequence(Qt::CTRL | Qt::Key_U), menu, false, false},
        [this] { use_settings_of_focused(); });
    actions_->add({"runs.copy_command",
                   tr("&Copy command"),
                   tr("Copies the command line that makes the same run."),
                   "command",
                   {},
                   menu,
                   false,
                   false},
                  [this] { copy_command_of_focused(); });
    actions_->add({"runs.open_folder",
                   tr("&Open folder"),
                   tr("Shows the run's folder in the file manager."),
                   "folder",
                   {},
                   menu,
                   false,
                   false},
                  [this] { open_folder_of_focused(); });
    actions_->add({"runs.resume",
                   tr("&Resume"),
                   tr("Goes on with the selected run from its last checkpoint."),
                   "start",
                   {},
                   menu,
                   true,
                   false},
                  [this] { resume_focused(); });
}

void MainWindow::add_view_actions() {
    const QString menu = tr("&View");
    for (QDockWidget* dock : desk_->docks()) {
        QAction& action = actions_->add({"view." + dock->objectName().mid(5),
                                         dock->windowTitle(),
                                         tr("Shows or hides this view."),
                                         "",
                                         {},
                                         menu,
                                         false,
                                         true},
                                        [this, dock] {
                                            const bool show = !dock->isVisible();
                                            if (desk_->maximised()) desk_->restore();
                                            dock->setVisible(show);
                                            if (show) dock->raise();
                                        });
        connect(dock, &QDockWidget::visibilityChanged, &action,
                [dock, &action] { action.setChecked(!dock->isHidden()); });
        action.setChecked(true);
    }
    actions_->add({"view.maximise", tr("&Maximise this view"),
                   tr("Fills the window with the view that was last used, or shows all again."), "maximise",
                   QKeySequence(Qt::Key_F11), menu, true, false},
                  [this] {
                      if (desk_->maximised()) {
                          desk_->restore();
                          return;
                      }
                      for (QDockWidget* dock : desk_->docks())
                          if (dock->isAncestorOf(focusWidget()) || dock->widget() == current_pane()) {
                              desk_->toggle_maximised(*dock);
                              return;
                          }
                  });
    actions_->add(
        {"view.reset", tr("&Reset layout"), tr("Puts every view back to its place."), "reset", {}, menu, false, false},
        [this] { desk_->reset(); });
    auto* themes = new QActionGroup(this);
    const Theme now = parse_theme(window_settings().value(QStringLiteral("theme")).toString());
    const std::pair<Theme, QString> choices[] = {
        {Theme::system, tr("S&ystem theme")}, {Theme::light, tr("&Light theme")}, {Theme::dark, tr("&Dark theme")}};
    for (const auto& [theme, text] : choices) {
        QAction& action = actions_->add({"view.theme." + to_string(theme),
                                         text,
                                         tr("Colours of the window; figures are always made for print."),
                                         "",
                                         {},
                                         menu,
                                         theme == Theme::system,
                                         true},
                                        [theme = theme] {
                                            window_settings().setValue(QStringLiteral("theme"), to_string(theme));
                                            apply_theme(theme);
                                        });
        themes->addAction(&action);
        action.setChecked(theme == now);
    }
    actions_->add({"help.palette", tr("&Commands…"), tr("Finds any command by a few letters of its name."), "command",
                   QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), tr("&Help"), false, false},
                  [this] { (new CommandPalette(*actions_, this))->open(); });
    actions_->add({"help.about",
                   tr("&About WAV Lab"),
                   tr("Version, licence and what this program is."),
                   "info",
                   {},
                   tr("&Help"),
                   false,
                   false},
                  [this] {
                      auto* box = new QMessageBox(
                          QMessageBox::Information, tr("About WAV Lab"),
                          tr("<h3>WAV Lab %1</h3><p>A laboratory for residual routing in deep Transformers: WAV "
                             "(arXiv 2606.06564) and everything it is compared with.</p><p>Build %2. Free software, "
                             "GPL-3.0-or-later.</p>")
                              .arg(QLatin1String(version()), QLatin1String(commit())),
                          QMessageBox::Ok, this);
                      box->setAttribute(Qt::WA_DeleteOnClose);
                      box->open();
                  });
}

QString MainWindow::start_obstacle() const {
    if (!load_problem_.isEmpty()) return load_problem_;
    if (!form_) return tr("The model part of the program is being loaded; that takes about a second.");
    if (form_->has_several()) return tr("The form describes several runs. Add them to the queue instead.");
    if (session_->is_running()) return tr("A run is going: %1. Stop it first.").arg(own_name());
    if (const QString obstacle = run_obstacle(); !obstacle.isEmpty()) return obstacle;
    return form_->first_problem();
}

QString MainWindow::run_obstacle() const {
    for (const WindowFeature* feature : features_)
        if (const QString obstacle = feature->run_obstacle(); !obstacle.isEmpty()) return obstacle;
    return {};
}

void MainWindow::refresh_actions() {
    refresh_run_actions();
    refresh_runs_actions();
    const QString no_form = form_ ? QString() : tr("The form is not there yet.");
    for (const char* id : {"file.save_experiment", "file.default_experiment", "file.open_experiment", "file.open_run"})
        actions_->set_obstacle(QLatin1String(id), no_form);
    for (WindowFeature* feature : features_) feature->refresh_actions();
}

void MainWindow::refresh_run_actions() {
    actions_->set_obstacle(QStringLiteral("run.start"), start_obstacle());
    const bool paused = session_->is_paused();
    if (paused)
        actions_->set_text(QStringLiteral("run.pause"), tr("&Resume"), QStringLiteral("start"),
                           tr("Lets the paused run go on."));
    else
        actions_->set_text(QStringLiteral("run.pause"), tr("&Pause"), QStringLiteral("pause"),
                           tr("Pauses the run after the current step."));
    QString obstacle;
    if (!session_->is_running()) obstacle = tr("No run is going. Press Start first.");
    if (session_->is_stopping()) obstacle = tr("The run is being stopped.");
    for (const char* id : {"run.pause", "run.step", "run.stop", "run.discard", "run.checkpoint", "run.evaluate"})
        actions_->set_obstacle(QLatin1String(id), obstacle);
}

void MainWindow::refresh_runs_actions() {
    const std::filesystem::path folder = focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : runs_model_->find(folder);
    QString obstacle;
    if (!row)
        obstacle = tr("Select a run in the list first.");
    else if (!row->problem.isEmpty())
        obstacle = row->problem;
    for (const char* id : {"runs.use_settings", "runs.copy_command", "runs.open_folder"})
        actions_->set_obstacle(QLatin1String(id), obstacle);

    QString no_checkpoint = obstacle;
    if (row && obstacle.isEmpty() && !row->summary.has_checkpoint)
        no_checkpoint = tr("This run has no checkpoint yet.");
    actions_->set_obstacle(QStringLiteral("export.checkpoint_last"), no_checkpoint);
    actions_->set_obstacle(QStringLiteral("export.checkpoint_best"), no_checkpoint);

    QString no_resume = obstacle;
    if (row && obstacle.isEmpty()) {
        if (!form_)
            no_resume = tr("The model part of the program is being loaded.");
        else if (session_->is_running())
            no_resume = tr("A run is going: %1. Stop it first.").arg(own_name());
        else if (row->summary.alive)
            no_resume = tr("Another process runs it now.");
        else if (!is_resumable(row->summary))
            no_resume = tr("It is %1.").arg(state_text(row->summary.state));
        else
            no_resume = run_obstacle();
    }
    actions_->set_obstacle(QStringLiteral("runs.resume"), no_resume);

    const bool drawn = !runs_model_->drawn_runs(folder).empty();
    const QString no_figure = drawn ? QString() : tr("No run is drawn. Tick or select one in the list of runs.");
    for (const PlotDescriptor& descriptor : PlotRegistry::all())
        actions_->set_obstacle("export.figure." + QString::fromStdString(descriptor.id), no_figure);
    actions_->set_obstacle(QStringLiteral("export.copy_plot"), no_figure);
}

}  // namespace wavlab
