// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QMainWindow>
#include <QTimer>

#include "app/gui/session.h"
#include "core/experiment.h"
#include "core/run_event.h"
#include "views/plots/plot.h"

class QToolBar;

namespace wavlab {

class ActionRegistry;
class BackgroundWorker;
class CostEstimator;
class DockDesk;
class ExperimentForm;
class MessageBar;
class PaintGovernor;
class PlotPane;
class RunLibrary;
class RunsModel;
class RunsPanel;
class StatusLine;
class TimeCursor;
class WindowFeature;

/// WAV Lab's window: wires the form, the session, the runs and the plots together. What it offers are the actions of
/// its registry.
class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// `runs`: where run folders are. `load`: see Session.
    MainWindow(const std::filesystem::path& runs, Session::Loader load);
    ~MainWindow() override;

    ActionRegistry& actions() { return *actions_; }
    Session& session() { return *session_; }
    RunLibrary& library() { return *library_; }
    /// For files that are written beside the window.
    BackgroundWorker& file_worker() { return *file_worker_; }
    RunsModel& runs_model() { return *runs_model_; }
    RunsPanel& runs_panel() { return *runs_panel_; }
    DockDesk& desk() { return *desk_; }
    StatusLine& status_line() { return *status_line_; }
    MessageBar& message_bar() { return *message_bar_; }
    const std::vector<PlotPane*>& panes() const { return panes_; }
    /// The one that was last used; null when there is none.
    PlotPane* current_pane() const;
    TimeCursor& time_cursor() { return *time_cursor_; }
    /// The feature of this type; null when there is none.
    template <class Feature>
    Feature* feature() const {
        return findChild<Feature*>(QString(), Qt::FindDirectChildrenOnly);
    }
    /// The run that is selected in the list; empty without one.
    std::filesystem::path focus() const;
    /// Everything that can be done now is enabled, everything else says why not.
    void refresh_actions();
    /// Why a run cannot be started now, or empty.
    QString start_obstacle() const;
    /// Null until the model part of the program is loaded: it knows the methods.
    ExperimentForm* form() { return form_; }
    CostEstimator* estimator() { return estimator_; }

    /// Tells the form which datasets, tokenizers and devices there are now.
    void offer_choices();

    /// Opens an experiment file, a text (as the dataset) or a run folder; at once, or as soon as the form is there.
    /// What is wrong with it is shown as a message.
    void open(const std::filesystem::path& path);
    /// Starts the form's experiment as soon as everything is loaded.
    void start_when_ready();
    /// Stops the run, keeping it, and closes the window without asking (SIGINT, SIGTERM).
    void interrupt();

    /// Everything that was asked for is read, measured and can be painted.
    bool is_settled() const;
    /// Brings every plot that can be seen up to date.
    void paint_now();

    void show_problem(const QString& text);
    void show_information(const QString& text);
    /// Something that happened, with a button for what can be done about it.
    void show_offer(const QString& text, QAction& action);
    void hide_message();

signals:
    /// The form is there.
    void ready();
    /// A run is over, everything about it is shown; or the sweep that `start_when_ready` has started.
    void run_over(const RunEnded& end);
    /// `start_when_ready` cannot start: why.
    void cannot_start(const QString& reason);
    /// Another run is selected in the list.
    void focus_changed(const std::filesystem::path& folder);
    /// Other runs are drawn now.
    void runs_shown(const std::vector<DrawnRun>& runs);
    /// Something new is known of a run that is open.
    void record_changed(const RunRecord& record, const RecordChanges& changes);

protected:
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    // main_window.cpp
    void make_features();
    void make_views();
    void make_toolbar();
    void make_menus();
    void make_form();
    void place_window();
    void save_settings();
    void restore_runs();
    void hint_at_start();

    // main_window_actions.cpp: what the user can do
    void add_file_actions();
    void add_run_actions();
    void add_runs_actions();
    void add_export_actions();
    void add_view_actions();
    void refresh_run_actions();
    void refresh_runs_actions();

    QString run_obstacle() const;

    // main_window_run.cpp: the run of this window and the runs in the list
    void start_run();
    void resume_focused();
    void ask_discard();
    void on_started();
    void on_ended();
    void tick();
    void on_focus_changed();
    void show_runs();
    void note(const RunRecord& record, const RecordChanges& changes);
    QString own_name() const;

    // main_window_files.cpp: opening, saving, exporting
    void choose_starting_point(const QString& id);
    void offer_starting_points();
    void remember_experiment(const std::filesystem::path& file);
    void open_now(const std::filesystem::path& path);
    void open_experiment_dialog();
    void open_run_dialog();
    void save_experiment_dialog();
    void choose_data_file(const QString& key);
    void use_settings_of_focused();
    void copy_command_of_focused();
    void open_folder_of_focused();
    void export_figure_dialog(const QString& plot);
    void copy_plot();
    void export_checkpoint_dialog(const std::string& which);

    ActionRegistry* actions_;
    Session* session_;
    RunsModel* runs_model_;
    RunLibrary* library_;
    DockDesk* desk_;
    PaintGovernor* governor_;
    TimeCursor* time_cursor_;
    std::vector<WindowFeature*> features_;
    RunsPanel* runs_panel_ = nullptr;
    StatusLine* status_line_ = nullptr;
    MessageBar* message_bar_ = nullptr;
    QToolBar* message_toolbar_ = nullptr;
    ExperimentForm* form_ = nullptr;
    CostEstimator* estimator_ = nullptr;
    std::vector<PlotPane*> panes_;
    QTimer tick_timer_;
    QString load_problem_;
    std::filesystem::path to_open_;  ///< as soon as the form is there
    bool start_wanted_ = false;
    bool close_wanted_ = false;  ///< when the run has ended
    bool placed_ = false;
    std::unique_ptr<BackgroundWorker> file_worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
