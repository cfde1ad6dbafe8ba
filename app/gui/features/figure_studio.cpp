// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/figure_studio.h"

#include <algorithm>

#include <QAction>
#include <QEvent>
#include <QFileDialog>

#include <qcustomplot.h>

#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "views/action_registry.h"
#include "views/figure_export.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/theme.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

const Registration<WindowFeatureDescriptor> registration{
    {"figure_studio", 5, [](MainWindow& window) -> WindowFeature* { return new FigureStudioFeature(window); }}};

}  // namespace

FigureStudioFeature::FigureStudioFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    window_.installEventFilter(this);
}

FigureStudioFeature::~FigureStudioFeature() { delete studio_; }

void FigureStudioFeature::add_actions() {
    window_.actions().add(
        {"export.studio", tr("Figure &studio…"),
         tr("Puts plots together to a figure for print, as panels, with a preview; saves it as a file that draws it "
            "again."),
         "export", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F), MainWindow::tr("&Export"), true, false},
        [this] { open(); });
    window_.actions().add({"export.studio.add",
                           tr("&Add this plot to the figure studio"),
                           tr("Adds a panel to the figure that shows what the plot that was last used shows now."),
                           "add",
                           {},
                           MainWindow::tr("&Export"),
                           false,
                           false},
                          [this] {
                              if (PlotPane* pane = window_.current_pane()) add_panel(*pane);
                          });
}

void FigureStudioFeature::add_views() {
    for (PlotPane* pane : window_.panes()) {
        const PlotDescriptor& plot = pane->descriptor();
        auto* add = new QAction(themed_icon(QStringLiteral("add")), tr("Add to the figure studio"), this);
        add->setObjectName(QStringLiteral("add_to_studio.") + QString::fromStdString(plot.id));
        connect(add, &QAction::triggered, this, [this, pane] {
            const QString failure = failure_of([&] { add_panel(*pane); });
            if (!failure.isEmpty()) window_.show_problem(failure);
        });
        // The canvas passes no clicks on to the pane.
        QList<QWidget*> clicked = {pane};
        for (QCustomPlot* canvas : pane->findChildren<QCustomPlot*>()) clicked.append(canvas);
        for (QWidget* widget : clicked) {
            widget->setContextMenuPolicy(Qt::ActionsContextMenu);
            widget->addAction(add);
            widget->addAction(&window_.actions().action("export.figure." + QString::fromStdString(plot.id)));
        }
    }
    connect(&window_, &MainWindow::record_changed, this, [this](const RunRecord& record, const RecordChanges& changes) {
        if (studio_ && changes.any()) studio_->run_changed(record.folder());
    });
    const auto runs_changed = [this] {
        if (studio_) studio_->runs_changed();
    };
    connect(&window_.runs_model(), &QAbstractItemModel::rowsInserted, this, runs_changed);
    connect(&window_.runs_model(), &QAbstractItemModel::rowsRemoved, this, runs_changed);
}

QString FigureStudioFeature::obstacle() const {
    if (!window_.session().library()) return tr("The model part of the program is being loaded.");
    if (window_.runs_model().rows().empty()) return tr("There is no run yet. Press Start to make the first.");
    return {};
}

void FigureStudioFeature::refresh_actions() {
    window_.actions().set_obstacle(QStringLiteral("export.studio"), obstacle());
    QString reason = obstacle();
    if (reason.isEmpty() && window_.runs_model().drawn_runs(window_.focus()).empty())
        reason = tr("No run is drawn. Tick or select one in the list of runs.");
    window_.actions().set_obstacle(QStringLiteral("export.studio.add"), reason);
    for (QAction* add : findChildren<QAction*>()) add->setEnabled(reason.isEmpty());
}

std::string FigureStudioFeature::name_of(const fs::path& folder) const {
    const fs::path runs = fs::absolute(window_.library().folder()).lexically_normal();
    const fs::path whole = fs::absolute(folder).lexically_normal();
    return whole.parent_path() == runs ? whole.filename().string() : whole.string();
}

QStringList FigureStudioFeature::names() const {
    QStringList names;
    for (const RunsModel::Row& row : window_.runs_model().rows())
        names.append(QString::fromStdString(name_of(row.summary.folder)));
    names.sort();
    return names;
}

std::vector<std::string> FigureStudioFeature::shown(const PlotDescriptor& plot, const QJsonObject& state) const {
    std::vector<DrawnRun> drawn = window_.runs_model().drawn_runs(window_.focus());
    // Where a plot shows one of several runs, the first of a figure's is the one.
    if (!plot.several_runs || !plot.modes.empty())
        std::stable_partition(drawn.begin(), drawn.end(), [](const DrawnRun& run) { return run.focused; });
    std::vector<std::string> names;
    for (const DrawnRun& run : runs_of_figure(plot, drawn, state))
        if (plot.several_runs || run.focused) names.push_back(name_of(run.record->folder()));
    return names;
}

std::optional<FigurePanel> FigureStudioFeature::panel_of_pane(PlotPane& pane) const {
    const QJsonObject state = pane.plot().state();
    std::vector<std::string> runs = shown(pane.descriptor(), state);
    if (runs.empty()) return std::nullopt;
    return wavlab::panel_of(pane.descriptor(), state, std::move(runs));
}

void FigureStudioFeature::make_window() {
    if (studio_) return;
    runs_ = std::make_unique<FigureRuns>(window_.library().folder(), [this](const fs::path& folder) {
        const RunsModel::Row* row = window_.runs_model().find(folder);
        return row ? row->record : nullptr;
    });
    StudioRuns runs;
    runs.read = [this](const FigureFile& figure) { return read(figure); };
    runs.page_of = [this](const FigureFile& figure) { return runs_->page_of(figure); };
    runs.names = [this] { return names(); };
    runs.shown = [this](const PlotDescriptor& plot, const QJsonObject& state) { return shown(plot, state); };
    studio_ = new FigureStudio(std::move(runs), &window_);
    studio_->installEventFilter(this);
    studio_->set_export_folder(window_settings().value(QStringLiteral("folders/figure")).toString());
    const QByteArray geometry = window_settings().value(QStringLiteral("figure_studio/geometry")).toByteArray();
    if (!geometry.isEmpty()) studio_->restoreGeometry(geometry);
    connect(studio_, &FigureStudio::open_wanted, this, &FigureStudioFeature::choose_file_to_open);
    connect(studio_, &FigureStudio::save_wanted, this, &FigureStudioFeature::choose_file_to_save);
    connect(studio_, &FigureStudio::exported, this,
            [](const QString& folder) { window_settings().setValue(QStringLiteral("folders/figure"), folder); });
}

std::size_t FigureStudioFeature::read(const FigureFile& figure) {
    to_read_ = runs_->unread(figure);
    read_next();
    return to_read_.size();
}

/// One at a time, so that what a pattern matched while it was typed is not read any more.
void FigureStudioFeature::read_next() {
    if (reading_ || to_read_.empty()) return;
    reading_ = true;
    const fs::path folder = to_read_.front();
    window_.library().read(folder, [this, folder](std::shared_ptr<RunRecord> record, const QString&) {
        reading_ = false;
        if (!studio_) return;
        runs_->add(folder, std::move(record));
        const bool is_wanted = !to_read_.empty();
        std::erase(to_read_, folder);
        read_next();
        if (is_wanted) studio_->runs_read(to_read_.size());
    });
}

void FigureStudioFeature::show_window() {
    studio_->show();
    studio_->raise();
    studio_->activateWindow();
}

void FigureStudioFeature::open() {
    if (!studio_) {
        make_window();
        FigureFile figure;
        if (PlotPane* pane = window_.current_pane())
            if (const std::optional<FigurePanel> panel = panel_of_pane(*pane)) figure.panels = {*panel};
        studio_->set_figure(figure);
    }
    show_window();
}

void FigureStudioFeature::add_panel(PlotPane& pane) {
    const std::optional<FigurePanel> panel = panel_of_pane(pane);
    if (!panel) return;
    if (studio_) {
        studio_->add_panel(*panel);
    } else {
        make_window();
        FigureFile figure;
        figure.panels = {*panel};
        studio_->set_figure(figure);
    }
    show_window();
}

void FigureStudioFeature::choose_file_to_open() {
    const FileChoice choice{
        QStringLiteral("figure_file"), {}, tr("Open a figure"), tr("Figures (*.toml);;All files (*)")};
    choose_file(window_, studio_, choice, [this](const fs::path& file) {
        if (!studio_) return;
        const QString failure = failure_of([&] { studio_->open_file(file); });
        if (!failure.isEmpty()) studio_->show_problem(failure);
    });
}

void FigureStudioFeature::choose_file_to_save() {
    const QString name = studio_->file().empty() ? QString::fromStdString(studio_->stem()) + QStringLiteral(".toml")
                                                 : to_qstring(studio_->file());
    const FileChoice choice{QStringLiteral("figure_file"), {},  tr("Save the figure"), tr("Figures (*.toml)"),
                            QFileDialog::AnyFile,          name};
    choose_file(window_, studio_, choice, [this](const fs::path& file) {
        if (!studio_) return;
        const QString failure = failure_of([&] { studio_->save_file(file); });
        if (!failure.isEmpty()) studio_->show_problem(failure);
    });
}

void FigureStudioFeature::interrupt() { interrupted_ = true; }

bool FigureStudioFeature::may_close() {
    if (interrupted_ || !studio_ || !studio_->isVisible() || !studio_->is_modified()) return true;
    show_window();
    studio_->settle_changes([this] {
        if (studio_) studio_->close_at_once();
        window_.close();
    });
    return false;
}

bool FigureStudioFeature::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Hide && !event->spontaneous() && studio_) {
        // A spontaneous one is the window manager's, of a window that is only put away.
        if (watched == &window_)
            studio_->close_at_once();
        else if (watched == studio_)
            window_settings().setValue(QStringLiteral("figure_studio/geometry"), studio_->saveGeometry());
    }
    return WindowFeature::eventFilter(watched, event);
}

}  // namespace wavlab
