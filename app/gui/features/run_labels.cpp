// SPDX-License-Identifier: GPL-3.0-or-later
// Tags, notes and the archive of the selected runs, and which of the runs in view are drawn.
#include <algorithm>

#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "views/action_registry.h"
#include "views/run_filter.h"
#include "views/run_labels_dialog.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

#include <QTableView>

namespace wavlab {

namespace {

const QString archived_key = QStringLiteral("show_archived_runs");

class RunLabelsFeature : public WindowFeature {
public:
    explicit RunLabelsFeature(MainWindow& window) : WindowFeature(&window), window_(window) {}

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

private:
    void edit(RunLabelsDialog::Part part);
    void archive();
    bool all_archived() const;

    MainWindow& window_;
};

void RunLabelsFeature::add_actions() {
    const QString menu = MainWindow::tr("R&uns");
    ActionRegistry& actions = window_.actions();
    actions.add({"runs.tags", MainWindow::tr("&Tags…"),
                 MainWindow::tr("Gives words to the selected runs, to find them by; F2 in the list."), "",
                 QKeySequence(Qt::Key_F2), menu, true, false},
                [this] { edit(RunLabelsDialog::Part::tags); });
    actions.add({"runs.note",
                 MainWindow::tr("&Note…"),
                 MainWindow::tr("Keeps a text with the selected runs, in their folders."),
                 "",
                 {},
                 menu,
                 false,
                 false},
                [this] { edit(RunLabelsDialog::Part::note); });
    actions.add({"runs.archive",
                 MainWindow::tr("&Archive"),
                 MainWindow::tr("Takes the selected runs out of sight; their folders stay as they are."),
                 "",
                 {},
                 menu,
                 false,
                 false},
                [this] { archive(); });
    QAction& archived = actions.add({"runs.show_archived",
                                     MainWindow::tr("Show a&rchived"),
                                     MainWindow::tr("Lists the archived runs too."),
                                     "",
                                     {},
                                     menu,
                                     false,
                                     true},
                                    [] {});
    connect(&archived, &QAction::toggled, this, [this](bool on) {
        window_settings().setValue(archived_key, on);
        window_.runs_panel().shown_runs().show_archived(on);
    });
    actions.add({"runs.draw_all",
                 MainWindow::tr("&Draw all shown"),
                 MainWindow::tr("Ticks every run that the list shows now."),
                 "",
                 {},
                 menu,
                 true,
                 false},
                [this] { window_.runs_model().draw(window_.runs_panel().shown(), true); });
    actions.add({"runs.draw_none",
                 MainWindow::tr("Dra&w none"),
                 MainWindow::tr("Takes the tick from every run."),
                 "",
                 {},
                 menu,
                 false,
                 false},
                [this] {
                    std::vector<std::filesystem::path> folders;
                    for (const RunsModel::Row& row : window_.runs_model().rows()) folders.push_back(row.summary.folder);
                    window_.runs_model().draw(folders, false);
                });
}

void RunLabelsFeature::add_views() {
    QAction& tags = window_.actions().action(QStringLiteral("runs.tags"));
    tags.setShortcutContext(Qt::WidgetShortcut);  // F2 is the list's alone
    window_.runs_panel().table().addAction(&tags);
    window_.actions()
        .action(QStringLiteral("runs.show_archived"))
        .setChecked(window_settings().value(archived_key).toBool());
    connect(&window_.library(), &RunLibrary::failed, &window_, &MainWindow::show_problem);
    // What is said of a run, and whether it is drawn, decides what can be done.
    connect(&window_.runs_model(), &QAbstractItemModel::dataChanged, this, [this] { refresh_actions(); });
}

void RunLabelsFeature::refresh_actions() {
    ActionRegistry& actions = window_.actions();
    const RunsPanel& panel = window_.runs_panel();
    const bool selected = !panel.selected().empty();
    const QString none = selected ? QString() : MainWindow::tr("Select runs in the list first.");
    for (const char* id : {"runs.tags", "runs.note", "runs.archive"}) actions.set_obstacle(QLatin1String(id), none);
    if (selected && all_archived())
        actions.set_text(QStringLiteral("runs.archive"), MainWindow::tr("Un&archive"), {},
                         MainWindow::tr("Puts the selected runs back among the others."));
    else
        actions.set_text(QStringLiteral("runs.archive"), MainWindow::tr("&Archive"), {},
                         MainWindow::tr("Takes the selected runs out of sight; their folders stay as they are."));
    const std::vector<RunsModel::Row>& rows = window_.runs_model().rows();
    const bool drawn = std::any_of(rows.begin(), rows.end(), [](const RunsModel::Row& row) { return row.drawn; });
    actions.set_obstacle(QStringLiteral("runs.draw_none"), drawn ? QString() : MainWindow::tr("No run is ticked."));
    actions.set_obstacle(QStringLiteral("runs.draw_all"),
                         panel.has_shown() ? QString() : MainWindow::tr("The list shows no run."));
}

bool RunLabelsFeature::all_archived() const {
    for (const std::filesystem::path& folder : window_.runs_panel().selected()) {
        const RunsModel::Row* row = window_.runs_model().find(folder);
        if (!row || !row->annotations.archived) return false;
    }
    return true;
}

void RunLabelsFeature::archive() {
    const std::vector<std::filesystem::path> folders = window_.runs_panel().selected();
    const bool wanted = !all_archived();
    window_.library().annotate(folders, [wanted](RunAnnotations& annotations) { annotations.archived = wanted; });
}

void RunLabelsFeature::edit(RunLabelsDialog::Part part) {
    const std::vector<std::filesystem::path> folders = window_.runs_panel().selected();
    std::vector<RunAnnotations> now;
    for (const std::filesystem::path& folder : folders)
        if (const RunsModel::Row* row = window_.runs_model().find(folder)) now.push_back(row->annotations);
    if (now.empty()) return;
    const QString title = folders.size() == 1
                              ? MainWindow::tr("Tags and note of %1").arg(to_qstring(folders.front().filename()))
                              : MainWindow::tr("Tags and note of %1 runs").arg(folders.size());
    auto* dialog = new RunLabelsDialog(title, now, window_.runs_model().all_tags(), part, &window_);
    connect(dialog, &QDialog::accepted, this,
            [this, dialog, folders] { window_.library().annotate(folders, dialog->change()); });
    dialog->open();
}

const Registration<WindowFeatureDescriptor> registration{
    {"run_labels", 50, [](MainWindow& window) -> WindowFeature* { return new RunLabelsFeature(window); }}};

}  // namespace

}  // namespace wavlab
