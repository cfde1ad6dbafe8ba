// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/main_window.h"

#include <algorithm>
#include <utility>

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QScreen>
#include <QStatusBar>
#include <QTableView>
#include <QToolBar>
#include <QToolButton>

#include "app/gui/background_worker.h"
#include "app/gui/cost_estimator.h"
#include "app/gui/paint_governor.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "core/ready_experiments.h"
#include "core/registry.h"
#include "datasets/dataset.h"
#include "datasets/tokenizer.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/cost_panel.h"
#include "views/dock_desk.h"
#include "views/experiment_form.h"
#include "views/message_bar.h"
#include "views/plot_pane.h"
#include "views/quantity_text.h"
#include "views/question.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/status_line.h"
#include "views/theme.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

const QSize usual_size(1440, 900);

/// Where a plot stands by default, the how-manieth it is: the first two above, others behind each other below, or
/// behind the one that it names.
DockPlace place_of(const PlotDescriptor& plot, std::size_t number) {
    if (number < 2) return number == 0 ? DockPlace::top_left : DockPlace::top_right;
    if (plot.beside.empty()) return DockPlace::bottom_left;
    const std::vector<PlotDescriptor>& all = PlotRegistry::all();
    for (std::size_t other = 0; other < number; ++other)
        if (all[other].id == plot.beside) return place_of(all[other], other);
    return DockPlace::bottom_left;
}

}  // namespace

MainWindow::MainWindow(const std::filesystem::path& runs, Session::Loader load)
    : actions_(new ActionRegistry(this)),
      session_(new Session(std::move(load), this)),
      runs_model_(new RunsModel(this)),
      library_(new RunLibrary(*runs_model_, runs, this)),
      desk_(new DockDesk(*this)),
      governor_(new PaintGovernor(this)),
      time_cursor_(new TimeCursor(this)),
      file_worker_(std::make_unique<BackgroundWorker>()) {
    setObjectName(QStringLiteral("main_window"));
    setWindowTitle(tr("WAV Lab"));
    setWindowIcon(QIcon(QStringLiteral(":/icons/wavlab.svg")));
    setAcceptDrops(true);

    add_file_actions();
    actions_->place_menu(tr("&Edit"));
    add_run_actions();
    add_runs_actions();
    add_export_actions();
    make_features();
    make_views();
    add_view_actions();
    make_toolbar();
    make_menus();
    connect(actions_, &ActionRegistry::failed, this, &MainWindow::show_problem);
    connect(session_, &Session::loaded, this, &MainWindow::make_form);
    connect(session_, &Session::load_failed, this, [this](const QString& problem) {
        load_problem_ = problem;
        show_problem(problem);
        refresh_actions();
        if (start_wanted_) emit cannot_start(problem);
    });
    connect(session_, &Session::started, this, &MainWindow::on_started);
    connect(session_, &Session::renamed, this, [this] {
        library_->forget_own();
        on_started();
        library_->refresh();  // the name belongs to the run of another process
    });
    connect(session_, &Session::ended, this, &MainWindow::on_ended);
    connect(session_, &Session::message, this, &MainWindow::show_information);
    connect(runs_panel_, &RunsPanel::focus_changed, this, &MainWindow::on_focus_changed);
    connect(runs_panel_, &RunsPanel::selection_changed, this, &MainWindow::refresh_actions);
    connect(runs_model_, &RunsModel::drawn_changed, this, [this](const QStringList& folders, bool drawn) {
        if (drawn)
            for (const QString& folder : folders) library_->open(to_path(folder));
        if (!focus().empty()) library_->open(focus());  // last, so that it is not the first to be let go
        show_runs();
    });
    connect(library_, &RunLibrary::opened, this, [this] {
        show_runs();
        refresh_actions();
    });
    connect(library_, &RunLibrary::changed, this,
            [this](const std::shared_ptr<RunRecord>& record, const RecordChanges& changes) {
                note(*record, changes);
                for (PlotPane* pane : panes_) pane->flush();
            });
    connect(runs_model_, &QAbstractItemModel::rowsInserted, this, &MainWindow::hint_at_start);
    connect(runs_model_, &QAbstractItemModel::rowsRemoved, this, &MainWindow::hint_at_start);
    // Queued: while its row goes, a run is still among those to draw.
    const auto draw_the_rest = [this] {
        show_runs();
        refresh_actions();
    };
    connect(runs_model_, &QAbstractItemModel::rowsRemoved, this, draw_the_rest, Qt::QueuedConnection);
    tick_timer_.setSingleShot(true);
    connect(&tick_timer_, &QTimer::timeout, this, &MainWindow::tick);
    connect(governor_, &PaintGovernor::user_became_active, this, [this] {
        if (session_->is_running()) tick_timer_.start(0);
    });
    place_window();
    refresh_actions();
    hint_at_start();
    library_->refresh();
    session_->load();
}

MainWindow::~MainWindow() = default;

void MainWindow::make_features() {
    for (const WindowFeatureDescriptor& descriptor : WindowFeatureRegistry::all()) {
        WindowFeature* feature = descriptor.make(*this);
        feature->setParent(this);
        feature->setObjectName(QStringLiteral("feature.") + QString::fromStdString(descriptor.id));
        features_.push_back(feature);
        feature->add_actions();
    }
}

void MainWindow::make_views() {
    auto* loading = new QLabel(tr("Loading the model part of the program…"), this);
    loading->setAlignment(Qt::AlignCenter);
    loading->setWordWrap(true);
    loading->setMinimumWidth(250);
    desk_->add(QStringLiteral("experiment"), tr("Experiment"),
               tr("What the next run is. Editing it never touches a run that goes."), loading, DockPlace::left);
    std::size_t place = 0;
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        auto* pane = new PlotPane(descriptor, this);
        panes_.push_back(pane);
        const QString title = translated(descriptor.title);
        desk_->add(QString::fromStdString(descriptor.id), title, translated(descriptor.help), pane,
                   place_of(descriptor, place++));
    }
    runs_panel_ = new RunsPanel(*runs_model_, *actions_, tr("R&uns"),
                                {"export.table", "export.metrics", "export.routing", "export.tensorboard",
                                 "export.bundle", "export.checkpoint_last", "export.checkpoint_best"},
                                this);
    runs_panel_->set_empty_text(
        tr("Runs appear here: state, method, losses and speed. Ticked runs are drawn; the selected "
           "one is shown by Routing and Details.\n\nPress Start to make the first."));
    desk_->add(QStringLiteral("runs"), tr("Runs"), tr("All runs. Tick: drawn. Selected: shown by Routing and Details."),
               runs_panel_, DockPlace::bottom_right);
    for (WindowFeature* feature : features_) feature->add_views();
    status_line_ = new StatusLine(*statusBar());
}

void MainWindow::make_toolbar() {
    QToolBar* bar = addToolBar(tr("Controls"));
    bar->setObjectName(QStringLiteral("toolbar.main"));
    bar->setMovable(false);
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    const int side = fontMetrics().height() + 2;
    bar->setIconSize(QSize(side, side));
    for (const char* id : {"run.start", "run.pause", "run.step"}) bar->addAction(&actions_->action(QLatin1String(id)));
    auto* stop = new QToolButton(bar);
    stop->setObjectName(QStringLiteral("toolbar.stop"));
    stop->setPopupMode(QToolButton::MenuButtonPopup);
    stop->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    stop->setDefaultAction(&actions_->action(QStringLiteral("run.stop")));
    stop->addAction(&actions_->action(QStringLiteral("run.discard")));
    bar->addWidget(stop);
    bar->addSeparator();
    bar->addAction(&actions_->action(QStringLiteral("run.checkpoint")));
    bar->addSeparator();
    auto* exports = new QToolButton(bar);
    exports->setObjectName(QStringLiteral("toolbar.export"));
    exports->setText(tr("Export"));
    exports->setIcon(themed_icon(QStringLiteral("export")));
    exports->setToolTip(tr("Figures, tables, metrics and checkpoints as files"));
    exports->setPopupMode(QToolButton::InstantPopup);
    exports->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    auto* menu = new QMenu(exports);
    actions_->fill(*menu, tr("&Export"));
    exports->setMenu(menu);
    bar->addWidget(exports);
    bar->addSeparator();
    bar->addAction(&actions_->action(QStringLiteral("help.palette")));
    bar->setContextMenuPolicy(Qt::PreventContextMenu);

    addToolBarBreak();
    message_toolbar_ = addToolBar(tr("Messages"));
    message_toolbar_->setObjectName(QStringLiteral("toolbar.message"));
    message_toolbar_->setMovable(false);
    message_toolbar_->setContextMenuPolicy(Qt::PreventContextMenu);
    message_bar_ = new MessageBar(message_toolbar_);
    message_bar_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    message_toolbar_->addWidget(message_bar_);
    message_toolbar_->hide();
    connect(message_bar_, &MessageBar::closed, message_toolbar_, &QWidget::hide);
}

void MainWindow::make_menus() {
    for (const QString& title : actions_->menus()) {
        QMenu* menu = menuBar()->addMenu(title);
        actions_->fill(*menu, title);
    }
}

void MainWindow::make_form() {
    form_ = new ExperimentForm(actions_->action(QStringLiteral("run.start")), this);
    offer_choices();
    connect(form_, &ExperimentForm::starting_point_chosen, this, &MainWindow::choose_starting_point);
    connect(form_, &ExperimentForm::file_wanted, this, &MainWindow::choose_data_file);
    connect(form_, &ExperimentForm::edited, this, &MainWindow::refresh_actions);
    estimator_ = new CostEstimator(*form_, *session_, this);
    connect(estimator_, &CostEstimator::changed, this, [this] {
        if (estimator_->device() && !session_->is_running())
            status_line_->set_device(QString::fromStdString(estimator_->device()->title),
                                     QString::fromStdString(estimator_->device()->reason));
        refresh_actions();
    });
    QDockWidget* dock = desk_->dock(QStringLiteral("experiment"));
    QWidget* loading = dock->widget();
    dock->setWidget(form_);
    loading->deleteLater();
    offer_starting_points();
    choose_starting_point(QStringLiteral("ready:default"));
    library_->allow_opening();
    restore_runs();
    if (!to_open_.empty()) open_now(std::exchange(to_open_, {}));
    refresh_actions();
    emit ready();
    if (start_wanted_) start_when_ready();
}

void MainWindow::offer_choices() {
    FormChoices choices;
    for (const KnownDataset& dataset : known_datasets()) {
        DatasetChoice choice{QString::fromStdString(dataset.name.id),
                             translated(dataset.name.title),
                             translated(dataset.name.summary),
                             {}};
        for (const Option& option : dataset.descriptor->options)
            choice.options.append(QString::fromStdString(option.key));
        choices.datasets.append(choice);
    }
    for (const TokenizerDescriptor& tokenizer : Registry<TokenizerDescriptor>::all())
        choices.tokenizers.append(
            {QString::fromStdString(tokenizer.id), translated(tokenizer.title), translated(tokenizer.summary)});
    const QString problem = failure_of([&] {
        for (const std::string& device : session_->library()->devices())
            choices.devices.append({QString::fromStdString(device), {}, {}});
    });
    if (!problem.isEmpty()) show_problem(problem);
    form_->set_choices(choices);
}

void MainWindow::hint_at_start() {
    const QString keys = actions_->action(QStringLiteral("run.start")).shortcut().toString(QKeySequence::NativeText);
    const QString hint = runs_model_->rowCount() == 0
                             ? tr("Press Start (%1) to see it live.").arg(keys)
                             : tr("Press Start (%1) to see it live, or select a run in the list.").arg(keys);
    for (PlotPane* pane : panes_) pane->set_hint(hint);
}

void MainWindow::place_window() {
    QSettings settings = window_settings();
    const QRect available = screen() ? screen()->availableGeometry() : QRect(QPoint(0, 0), usual_size);
    if (!restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray())) {
        const QSize size = usual_size.boundedTo(available.size());
        resize(size);
        move(available.center() - QPoint(size.width() / 2, size.height() / 2));
    } else if (!available.contains(geometry())) {  // it was on a larger screen
        resize(size().boundedTo(available.size()));
        move(available.topLeft());
    }
    desk_->reset();
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (placed_) return;
    placed_ = true;
    // Docks take sizes only in a window that is laid out.
    QSettings settings = window_settings();
    const QByteArray layout = settings.value(QStringLiteral("layout")).toByteArray();
    if (layout.isEmpty() || !desk_->set_state(layout)) desk_->reset();
    message_toolbar_->hide();
    runs_panel_->set_columns_state(settings.value(QStringLiteral("runs_columns")).toByteArray());
    for (PlotPane* pane : panes_) {
        const QByteArray state = settings.value(QStringLiteral("plots/") + pane->objectName()).toByteArray();
        if (!state.isEmpty()) pane->plot().set_state(QJsonDocument::fromJson(state).object());
    }
}

void MainWindow::save_settings() {
    QSettings settings = window_settings();
    settings.setValue(QStringLiteral("geometry"), saveGeometry());
    settings.setValue(QStringLiteral("layout"), desk_->state());
    settings.setValue(QStringLiteral("runs_columns"), runs_panel_->columns_state());
    for (PlotPane* pane : panes_) {
        QJsonObject state = pane->plot().state();
        for (const char* of_this_run : {"step", "zoom", "against", "against_step"})
            state.remove(QLatin1String(of_this_run));
        settings.setValue(QStringLiteral("plots/") + pane->objectName(),
                          QJsonDocument(state).toJson(QJsonDocument::Compact));
    }
    QStringList drawn;
    for (const RunsModel::Row& row : runs_model_->rows())
        if (row.drawn) drawn.append(to_qstring(row.summary.folder));
    settings.setValue(library_->settings_key("drawn_runs"), drawn);
    settings.setValue(library_->settings_key("focused_run"), to_qstring(focus()));
}

bool MainWindow::is_settled() const {
    return form_ && to_open_.empty() && library_->idle() && estimator_->idle() && !session_->is_running();
}

void MainWindow::paint_now() {
    for (PlotPane* pane : panes_) pane->paint_now();
}

void MainWindow::show_problem(const QString& text) {
    message_bar_->show_message(MessageBar::Kind::problem, text);
    message_toolbar_->show();
}

void MainWindow::show_offer(const QString& text, QAction& action) {
    message_bar_->show_message(MessageBar::Kind::information, text, &action);
    message_toolbar_->show();
}

void MainWindow::hide_message() {
    message_bar_->clear();
    message_toolbar_->hide();
}

void MainWindow::show_information(const QString& text) { statusBar()->showMessage(text, 10000); }

void MainWindow::interrupt() {
    for (WindowFeature* feature : features_) feature->interrupt();
    if (!session_->is_running()) {
        close();
        return;
    }
    close_wanted_ = true;
    session_->stop(StopRequest::interrupt);
    refresh_actions();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    for (WindowFeature* feature : features_)
        if (!feature->may_close()) {
            event->ignore();
            return;
        }
    if (!session_->is_running()) {
        save_settings();
        event->accept();
        return;
    }
    event->ignore();
    if (session_->is_stopping()) {
        close_wanted_ = true;
        show_information(tr("Saving the run; the window closes when that is done."));
        return;
    }
    const std::int64_t unsaved = session_->steps_since_checkpoint();
    const QString text =
        tr("The run '%1' is at step %2 of %3. Keeping it saves a checkpoint first, so that nothing is lost and it "
           "can be resumed. Without one, %4 steps since the last checkpoint would be lost.")
            .arg(own_name())
            .arg(count_text(double(session_->progress().step)))
            .arg(count_text(double(session_->progress().total_steps)))
            .arg(count_text(double(unsaved)));
    ask(this, QStringLiteral("close_question"), tr("A run is going"), text,
        {{tr("Stop, keep and close"),
          [this] {
              close_wanted_ = true;
              session_->stop(StopRequest::keep);
              refresh_actions();
              if (!session_->is_running()) close();  // it ended while the question stood
          },
          false, true},
         {tr("Discard the run and close"),
          [this] {
              close_wanted_ = true;
              session_->stop(StopRequest::discard);
              refresh_actions();
              if (!session_->is_running()) close();
          },
          true, false}});
}

void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && desk_->maximised()) {
        desk_->restore();
        event->accept();
        return;
    }
    QMainWindow::keyPressEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls() && event->mimeData()->urls().constFirst().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    if (!event->mimeData()->hasUrls()) return;
    event->acceptProposedAction();
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile()) open(to_path(url.toLocalFile()));
}

}  // namespace wavlab
