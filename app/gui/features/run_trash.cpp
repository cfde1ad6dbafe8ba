// SPDX-License-Identifier: GPL-3.0-or-later
// Deleting runs, and having them back.
#include <algorithm>
#include <map>
#include <vector>

#include <QDialog>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "app/gui/background_worker.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "core/run_trash.h"
#include "views/action_registry.h"
#include "views/quantity_text.h"
#include "views/question.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

class RunTrashFeature : public WindowFeature {
public:
    explicit RunTrashFeature(MainWindow& window)
        : WindowFeature(&window), window_(window), trash_(window.library().folder()), deleted_(trash_.list()) {}

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

private:
    void delete_selected();
    void on_deleted(const std::vector<TrashedRun>& moved, const QStringList& problems);
    void undo();
    void restore(const std::vector<TrashedRun>& runs);
    void show_deleted();
    void ask_empty();
    void look_again();

    MainWindow& window_;
    RunTrash trash_;
    std::vector<TrashedRun> deleted_;    ///< the last first
    std::map<std::string, bool> drawn_;  ///< by name: whether it was drawn when it was deleted
    BackgroundWorker worker_;            ///< last: its tasks use the others
};

void RunTrashFeature::add_actions() {
    const QString menu = MainWindow::tr("R&uns");
    ActionRegistry& actions = window_.actions();
    actions.add({"runs.delete", MainWindow::tr("De&lete"),
                 MainWindow::tr("Moves the selected runs to the deleted ones, from where they can be had back."),
                 "discard", QKeySequence(Qt::Key_Delete), menu, true, false},
                [this] { delete_selected(); });
    actions.add({"runs.undo_delete",
                 MainWindow::tr("Undo d&elete"),
                 MainWindow::tr("Brings back all that was deleted last, at once; Ctrl+Z in the list."),
                 "undo",
                 {},
                 menu,
                 false,
                 false},
                [this] { undo(); });
    actions.add({"runs.deleted",
                 MainWindow::tr("Deleted run&s…"),
                 MainWindow::tr("Lists the deleted runs, and brings back those that are chosen."),
                 "",
                 {},
                 menu,
                 false,
                 false},
                [this] { show_deleted(); });
    actions.add({"runs.empty_trash",
                 MainWindow::tr("E&mpty the deleted runs…"),
                 MainWindow::tr("Destroys the deleted runs to free their space; asks first."),
                 "",
                 {},
                 menu,
                 false,
                 false},
                [this] { ask_empty(); });
}

void RunTrashFeature::add_views() {
    QAction& remove = window_.actions().action(QStringLiteral("runs.delete"));
    remove.setShortcutContext(Qt::WidgetShortcut);  // only while the keyboard is in the list
    window_.runs_panel().table().addAction(&remove);
    connect(&window_.runs_panel(), &RunsPanel::undo_wanted, this, [this] {
        QAction& undo = window_.actions().action(QStringLiteral("runs.undo_delete"));
        if (undo.isEnabled())
            undo.trigger();
        else
            window_.show_information(window_.actions().obstacle(QStringLiteral("runs.undo_delete")));
    });
}

void RunTrashFeature::refresh_actions() {
    ActionRegistry& actions = window_.actions();
    const bool selected = !window_.runs_panel().selected().empty();
    actions.set_obstacle(QStringLiteral("runs.delete"),
                         selected ? QString() : MainWindow::tr("Select runs in the list first."));
    const QString none = deleted_.empty() ? MainWindow::tr("No run has been deleted.") : QString();
    for (const char* id : {"runs.undo_delete", "runs.deleted", "runs.empty_trash"})
        actions.set_obstacle(QLatin1String(id), none);
}

void RunTrashFeature::look_again() {
    deleted_ = trash_.list();
    window_.refresh_actions();
}

void RunTrashFeature::delete_selected() {
    std::vector<fs::path> runs;
    int taken_out = 0;
    for (const fs::path& folder : window_.runs_panel().selected()) {
        if (!window_.library().is_elsewhere(folder)) {
            runs.push_back(folder);
            continue;
        }
        const RunsModel::Row* row = window_.runs_model().find(folder);
        if (row && row->summary.alive) {
            window_.show_problem(MainWindow::tr("%1 is running. Stop it first.").arg(to_qstring(folder.filename())));
            continue;
        }
        window_.library().forget(folder);
        ++taken_out;
    }
    if (taken_out > 0)
        window_.show_information(
            MainWindow::tr("Taken out of the list: %1. What lies outside the runs folder is not deleted.")
                .arg(taken_out));
    if (runs.empty()) return;
    worker_.submit([this, runs](std::stop_token) {
        std::vector<std::string> refused;
        std::vector<TrashedRun> moved;
        const QString failure = failure_of([&] { moved = trash_.remove(runs, refused); });
        QStringList problems;
        for (const std::string& one : refused) problems.append(QString::fromStdString(one));
        if (!failure.isEmpty()) problems.append(failure);
        post(this, [this, moved, problems] { on_deleted(moved, problems); });
    });
}

void RunTrashFeature::on_deleted(const std::vector<TrashedRun>& moved, const QStringList& problems) {
    for (const TrashedRun& run : moved) {
        const fs::path was = window_.library().folder() / run.name;
        const RunsModel::Row* row = window_.runs_model().find(was);
        drawn_[run.name] = row && row->drawn;
        window_.library().forget(was);
    }
    look_again();
    if (!problems.isEmpty()) {
        window_.show_problem(problems.join(QLatin1Char('\n')));
        return;
    }
    window_.show_offer(moved.size() == 1 ? MainWindow::tr("Deleted %1.").arg(QString::fromStdString(moved.front().name))
                                         : MainWindow::tr("Deleted %1 runs.").arg(moved.size()),
                       window_.actions().action(QStringLiteral("runs.undo_delete")));
}

void RunTrashFeature::undo() {
    std::vector<TrashedRun> last;
    for (const TrashedRun& run : deleted_)
        if (run.action == deleted_.front().action) last.push_back(run);
    restore(last);
}

void RunTrashFeature::restore(const std::vector<TrashedRun>& runs) {
    QStringList names, problems;
    fs::path last;
    for (const TrashedRun& run : runs) {
        const QString problem = failure_of([&] {
            const fs::path folder = trash_.restore(run);
            window_.library().add(folder);
            if (drawn_[run.name]) window_.runs_model().draw({folder}, true);
            last = folder;
            names.append(to_qstring(folder.filename()));
        });
        if (!problem.isEmpty()) problems.append(problem);
    }
    if (!last.empty()) window_.runs_panel().set_focus(last);
    look_again();
    if (!problems.isEmpty()) window_.show_problem(problems.join(QLatin1Char('\n')));
    if (names.isEmpty()) return;
    if (problems.isEmpty()) window_.hide_message();
    window_.show_information(names.size() == 1 ? MainWindow::tr("%1 is back.").arg(names.front())
                                               : MainWindow::tr("%1 runs are back.").arg(names.size()));
}

void RunTrashFeature::show_deleted() {
    look_again();
    auto* dialog = new QDialog(&window_);
    dialog->setObjectName(QStringLiteral("deleted_runs"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(MainWindow::tr("Deleted runs"));
    auto* column = new QVBoxLayout(dialog);
    auto* list = new QTreeWidget(dialog);
    list->setAccessibleName(MainWindow::tr("Deleted runs"));
    list->setHeaderLabels({MainWindow::tr("Run"), MainWindow::tr("Deleted")});
    list->setRootIsDecorated(false);
    list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    const std::vector<TrashedRun> runs = deleted_;
    for (const TrashedRun& run : runs)
        list->addTopLevelItem(new QTreeWidgetItem(
            {QString::fromStdString(run.name), local_time_text(QString::fromStdString(run.deleted_at))}));
    list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    column->addWidget(list);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    QPushButton* back = buttons->addButton(MainWindow::tr("&Bring back"), QDialogButtonBox::AcceptRole);
    back->setEnabled(false);
    connect(list, &QTreeWidget::itemSelectionChanged, back,
            [list, back] { back->setEnabled(!list->selectedItems().isEmpty()); });
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    connect(back, &QPushButton::clicked, this, [this, dialog, list, runs] {
        std::vector<TrashedRun> chosen;
        for (int i = 0; i < list->topLevelItemCount(); ++i)
            if (list->topLevelItem(i)->isSelected()) chosen.push_back(runs[std::size_t(i)]);
        dialog->accept();
        restore(chosen);
    });
    column->addWidget(buttons);
    dialog->resize(420, 320);
    if (list->topLevelItemCount() > 0) list->setCurrentItem(list->topLevelItem(0));
    dialog->open();
}

void RunTrashFeature::ask_empty() {
    worker_.submit([this](std::stop_token) {
        const double bytes = double(trash_.bytes());
        const std::size_t count = trash_.list().size();
        post(this, [this, bytes, count] {
            ask(&window_, QStringLiteral("empty_trash_question"), MainWindow::tr("Destroy the deleted runs?"),
                MainWindow::tr(
                    "%1 deleted runs take %2. Emptying destroys their records and checkpoints; this cannot be "
                    "undone.")
                    .arg(count)
                    .arg(bytes_text(bytes)),
                {{MainWindow::tr("Destroy them"),
                  [this] {
                      worker_.submit([this](std::stop_token) {
                          const QString problem = failure_of([&] { trash_.empty(); });
                          post(this, [this, problem] {
                              if (!problem.isEmpty()) window_.show_problem(problem);
                              look_again();
                              if (problem.isEmpty())
                                  window_.show_information(MainWindow::tr("The deleted runs are destroyed."));
                          });
                      });
                  },
                  true, false}});
        });
    });
}

const Registration<WindowFeatureDescriptor> registration{
    {"run_trash", 55, [](MainWindow& window) -> WindowFeature* { return new RunTrashFeature(window); }}};

}  // namespace

}  // namespace wavlab
