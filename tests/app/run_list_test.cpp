// SPDX-License-Identifier: GPL-3.0-or-later
// The list of runs in the real window: tags, notes, archive, delete and undo.
#include <QDialogButtonBox>
#include <QPlainTextEdit>
#include <QTableView>

#include "app/gui/run_library.h"
#include "core/run_annotations.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/run_trash.h"
#include "core/safe_file.h"
#include "tests/app/window_fixture.h"
#include "views/run_filter.h"
#include "views/run_labels_dialog.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

class RunListTest : public WindowTest {
protected:
    std::filesystem::path make_run(const std::string& name) {
        const std::filesystem::path run = folder / "runs" / name;
        std::filesystem::create_directories(run);
        Experiment experiment;
        experiment.name = name;
        write_file_safely(RunFolder{run}.experiment(), to_toml(experiment));
        RunStoreWriter writer(RunFolder{run}.store());
        RunStarted started;
        started.description.experiment = to_toml(experiment);
        started.description.started_at = "2026-01-02T03:04:05Z";
        started.total_steps = 10;
        writer.write(started);
        for (std::int64_t step = 1; step <= 10; ++step)
            writer.write(ScalarRecorded{step, "train/loss", 2.0 / double(step)});
        writer.write(ScalarRecorded{10, "val/loss", 0.5});
        writer.write(RunEnded{RunState::finished, ExitCode::done, "", 10, false});
        writer.close();
        return run;
    }
    /// Three finished runs, listed.
    void open_with_runs() {
        for (const char* name : {"a", "b", "c"}) make_run(name);
        open_with_fake();
        ASSERT_TRUE(wait([&] { return window->is_settled() && listed() == 3; }));
    }
    int listed() {
        int complete = 0;
        for (const RunsModel::Row& row : window->runs_model().rows()) complete += !row.summary.method.empty();
        return complete;
    }
    const RunsModel::Row* row(const char* name) { return window->runs_model().find(folder / "runs" / name); }
    void select(std::initializer_list<const char*> names) {
        QTableView& table = window->runs_panel().table();
        table.clearSelection();
        for (const char* name : names) {
            const QModelIndex index = window->runs_panel().shown_runs().mapFromSource(
                window->runs_model().index(window->runs_model().row_of(folder / "runs" / name), 0));
            table.selectionModel()->setCurrentIndex(index, QItemSelectionModel::Select | QItemSelectionModel::Rows);
        }
    }
};

TEST_F(RunListTest, TagsAndNotesOfSeveralRunsTravelWithTheirFolders) {
    open_with_runs();
    EXPECT_FALSE(enabled("runs.undo_delete"));
    select({"a", "b"});
    ASSERT_TRUE(enabled("runs.tags"));
    window->runs_panel().table().setFocus();
    QTest::keyClick(&window->runs_panel().table(), Qt::Key_F2);
    RunLabelsDialog* dialog = nullptr;
    ASSERT_TRUE(wait([&] { return (dialog = window->findChild<RunLabelsDialog*>("run_labels_dialog")); }));
    QTest::keyClicks(dialog->findChild<QLineEdit*>("run_labels.tags"), "paper, deep");
    auto* note = dialog->findChild<QPlainTextEdit*>("run_labels.note");
    note->setFocus();
    QTest::keyClicks(note, "one");
    QTest::keyClick(note, Qt::Key_Return);
    QTest::keyClicks(note, "two");
    QTest::mouseClick(dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Save), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return row("b")->annotations.tags.size() == 2; }));
    EXPECT_EQ(read_annotations(RunFolder{folder / "runs" / "a"}).note, "one\ntwo");
    EXPECT_TRUE(row("c")->annotations.empty());

    select({"b", "c"});
    action("runs.note").trigger();
    ASSERT_TRUE(wait(
        [&] { return (dialog = window->findChild<RunLabelsDialog*>("run_labels_dialog")) && dialog->isVisible(); }));
    EXPECT_EQ(dialog->findChild<QLineEdit*>("run_labels.tags")->text(), "") << "no tag is common to both";
    QTest::keyClicks(dialog->findChild<QLineEdit*>("run_labels.tags"), "late");
    dialog->accept();
    ASSERT_TRUE(wait([&] { return row("c")->annotations.tags.size() == 1; }));
    EXPECT_EQ(row("b")->annotations.tags, (std::vector<std::string>{"deep", "late", "paper"}));
    EXPECT_EQ(row("b")->annotations.note, "one\ntwo") << "no note was written";
}

TEST_F(RunListTest, ArchivedRunsAreOutOfSight) {
    open_with_runs();
    select({"a", "c"});
    action("runs.archive").trigger();
    ASSERT_TRUE(wait([&] { return window->runs_panel().shown().size() == 1; }));
    EXPECT_EQ(window->runs_panel().count_text(), "1 of 3");
    action("runs.show_archived").trigger();
    EXPECT_EQ(window->runs_panel().shown().size(), 3u);
    select({"a"});
    EXPECT_EQ(action("runs.archive").text(), "Un&archive");
    action("runs.archive").trigger();
    ASSERT_TRUE(wait([&] { return !row("a")->annotations.archived; }));
    action("runs.show_archived").trigger();
    EXPECT_EQ(window->runs_panel().shown().size(), 2u);
}

TEST_F(RunListTest, ADeletedRunComesBackAlsoAfterARestart) {
    open_with_runs();
    window->runs_model().draw({folder / "runs" / "b"}, true);
    select({"a", "b"});
    window->runs_panel().table().setFocus();
    QTest::keyClick(&window->runs_panel().table(), Qt::Key_Delete);
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 1; }));
    EXPECT_FALSE(std::filesystem::exists(folder / "runs" / "a"));
    EXPECT_NE(message().find("Deleted 2 runs."), std::string::npos) << message();
    QTest::keyClick(&window->runs_panel().table(), Qt::Key_Z, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return listed() == 3; }));
    EXPECT_TRUE(row("b")->drawn) << "as it was";
    EXPECT_EQ(window->runs_panel().selected().size(), 1u) << "Ctrl is held, and yet only one is chosen";
    EXPECT_EQ(message(), "");

    select({"c"});
    action("runs.delete").trigger();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 2; }));
    select({"a", "b"});
    action("runs.delete").trigger();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 0; }));
    window->close();
    open_with_fake();
    ASSERT_TRUE(enabled("runs.undo_delete"));
    action("runs.undo_delete").trigger();
    ASSERT_TRUE(wait([&] { return listed() == 2; }));
    EXPECT_TRUE(row("a") && row("b")) << "one action is undone at once, also by another start of the program";
    EXPECT_TRUE(enabled("runs.undo_delete"));
    action("runs.undo_delete").trigger();
    ASSERT_TRUE(wait([&] { return listed() == 3; }));
    EXPECT_FALSE(enabled("runs.undo_delete"));
}

TEST_F(RunListTest, TheDeletedRunsAreDestroyedOnOrderOnly) {
    open_with_runs();
    select({"a"});
    action("runs.delete").trigger();
    ASSERT_TRUE(wait([&] { return enabled("runs.empty_trash"); }));
    action("runs.empty_trash").trigger();
    answer("empty_trash_question", "Cancel");
    EXPECT_EQ(RunTrash(folder / "runs").list().size(), 1u);
    ASSERT_TRUE(wait([&] { return !window->findChild<QMessageBox*>("empty_trash_question"); }));
    action("runs.empty_trash").trigger();
    answer("empty_trash_question", "Destroy them");
    ASSERT_TRUE(wait([&] { return !enabled("runs.empty_trash"); }));
    EXPECT_TRUE(RunTrash(folder / "runs").list().empty());
}

TEST_F(RunListTest, ARunThatGoesIsNotDeleted) {
    open_with_runs();
    const RunLock lock(RunFolder{folder / "runs" / "a"});
    select({"a"});
    action("runs.delete").trigger();
    ASSERT_TRUE(wait([&] { return message().find("it is running; stop it first") != std::string::npos; })) << message();
    EXPECT_TRUE(is_run_folder(folder / "runs" / "a"));
    EXPECT_TRUE(row("a"));
}

TEST_F(RunListTest, RunsFromElsewhereAreOnlyTakenOutOfTheList) {
    open_with_runs();
    std::filesystem::rename(make_run("d"), folder / "elsewhere");
    window->open(folder / "elsewhere");
    ASSERT_TRUE(wait([&] { return listed() == 4; }));
    action("runs.delete").trigger();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 3; }));
    EXPECT_TRUE(is_run_folder(folder / "elsewhere"));
    EXPECT_TRUE(RunTrash(folder / "runs").list().empty());
}

TEST_F(RunListTest, AFinishedRunWhoseRecordsAreLostIsDamaged) {
    open_with_runs();
    EXPECT_EQ(row("a")->summary.state, RunState::finished);
    std::filesystem::resize_file(RunFolder{folder / "runs" / "a"}.store(), 0);
    ASSERT_TRUE(wait([&] { return !row("a")->problem.isEmpty(); })) << "it is noticed while the window is open";
}

TEST_F(RunListTest, RecordsThatNobodyLooksAtAreLetGo) {
    open_with_runs();
    window->runs_model().draw({folder / "runs" / "a"}, true);
    ASSERT_TRUE(wait([&] { return row("a")->record != nullptr; }));
    for (const char* name : {"d", "e", "f", "g", "h"}) make_run(name);
    ASSERT_TRUE(wait([&] { return listed() == 8; }));
    for (const char* name : {"b", "c", "d", "e", "f", "g"}) {
        window->runs_panel().set_focus(folder / "runs" / name);
        ASSERT_TRUE(wait([&] { return row(name)->record != nullptr; })) << name;
    }
    ASSERT_TRUE(wait([&] { return !row("b")->record; }));
    EXPECT_TRUE(row("g")->record);
    EXPECT_TRUE(row("a")->record) << "it is drawn";
}

TEST_F(RunListTest, TicksAreKeptForEachRunsFolder) {
    open_with_runs();
    window->runs_model().draw({folder / "runs" / "a"}, true);
    window->close();
    const auto elsewhere = [&] {
        window = std::make_unique<MainWindow>(folder / "other", [this]() -> ModelLibrary& { return fake; });
        window->show();
        ASSERT_TRUE(wait([this] { return window->form() != nullptr; }, 60));
    };
    elsewhere();
    window->close();
    open_with_fake();
    ASSERT_TRUE(wait([&] { return listed() == 3 && row("a")->drawn; }));
}

TEST_F(RunListTest, AllRunsInViewAreDrawnAndNone) {
    open_with_runs();
    window->runs_panel().filter().setText("-name:b");
    action("runs.draw_all").trigger();
    EXPECT_TRUE(row("a")->drawn);
    EXPECT_FALSE(row("b")->drawn);
    ASSERT_TRUE(wait([&] { return row("a")->record && row("c")->record; }));
    action("runs.draw_none").trigger();
    EXPECT_FALSE(row("a")->drawn);
    EXPECT_FALSE(enabled("runs.draw_none"));
}

}  // namespace
}  // namespace wavlab
