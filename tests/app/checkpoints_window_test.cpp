// SPDX-License-Identifier: GPL-3.0-or-later
// Samples and checkpoints in the real window.
#include <algorithm>

#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QStatusBar>
#include <QTableView>
#include <QTextEdit>

#include "app/gui/features/checkpoints.h"
#include "app/gui/features/samples.h"
#include "app/gui/run_library.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "tests/app/window_fixture.h"
#include "views/checkpoints_model.h"
#include "views/checkpoints_panel.h"
#include "views/dock_desk.h"
#include "views/generate_dialog.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

class CheckpointsWindowTest : public WindowTest {
protected:
    /// A finished run of 40 steps with a checkpoint every 10.
    void train() {
        open_with_fake();
        set("train.steps", std::int64_t{40});
        set("train.checkpoint_every", std::int64_t{10});
        set("train.eval_every", std::int64_t{10});
        run_once();
    }
    void run_once() {
        press("run.start");
        ASSERT_TRUE(wait([&] { return window->session().is_running(); }));
        ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
        ASSERT_TRUE(wait([&] { return model().rowCount() == 4; })) << model().rowCount();
    }
    CheckpointsFeature& feature() { return *window->feature<CheckpointsFeature>(); }
    CheckpointsModel& model() { return feature().model(); }
    QString cell(int row, int column) { return model().index(row, column).data(Qt::DisplayRole).toString(); }
    QString text_of(const char* label) { return window->findChild<QLabel*>(QLatin1String(label))->text(); }
};

TEST_F(CheckpointsWindowTest, ListsCheckpointsWhileTheRunGoes) {
    open_with_fake();
    EXPECT_TRUE(action("checkpoints.evaluate").toolTip().contains("Select a run in the list first."));
    fake.step_seconds = 0.01;
    set("train.steps", std::int64_t{100000});
    set("train.checkpoint_every", std::int64_t{10});
    set("train.eval_every", std::int64_t{10});
    press("run.start");
    ASSERT_TRUE(wait([&] { return model().rowCount() >= 2; }));
    EXPECT_EQ(cell(0, CheckpointsModel::step), "10");
    EXPECT_TRUE(wait([&] { return cell(0, CheckpointsModel::validation_loss) != QString::fromUtf8("–"); }));
    window->desk().dock("checkpoints")->raise();
    EXPECT_FALSE(enabled("checkpoints.delete")) << "the newest of a run that goes";
    EXPECT_TRUE(action("checkpoints.delete").toolTip().contains("needs its newest checkpoint"));
    feature().panel().select({10});
    EXPECT_TRUE(enabled("checkpoints.delete")) << action("checkpoints.delete").toolTip().toStdString();
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    ASSERT_TRUE(wait([&] { return cell(model().rowCount() - 1, CheckpointsModel::marks).contains("last"); }));
}

TEST_F(CheckpointsWindowTest, EvaluatesBesideTheRowAndCanBeCancelled) {
    train();
    action("checkpoints.evaluate").trigger();
    auto* dialog = shown<QDialog>("evaluate_dialog");
    dialog->findChild<QSpinBox*>("evaluate.windows")->setValue(7);
    QTest::mouseClick(dialog->findChild<QPushButton*>("evaluate.start"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return cell(3, CheckpointsModel::evaluated).startsWith("1.2500 on 7 windows"); }))
        << cell(3, CheckpointsModel::evaluated).toStdString();
    EXPECT_TRUE(wait([&] { return feature().idle(); }));

    fake.step_seconds = 0.02;
    window->desk().dock("checkpoints")->raise();
    feature().panel().select({10, 20});
    action("checkpoints.evaluate").trigger();
    dialog = shown<QDialog>("evaluate_dialog");
    dialog->findChild<QSpinBox*>("evaluate.windows")->setValue(100000);
    QTest::mouseClick(dialog->findChild<QPushButton*>("evaluate.start"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return cell(0, CheckpointsModel::evaluated).contains(" of 100,000 windows"); }));
    EXPECT_EQ(cell(1, CheckpointsModel::evaluated), QString::fromUtf8("waiting…"));
    QTest::mouseClick(shown<QToolButton>("checkpoints_cancel"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    EXPECT_EQ(cell(0, CheckpointsModel::evaluated), "");
    EXPECT_EQ(cell(1, CheckpointsModel::evaluated), "");
}

TEST_F(CheckpointsWindowTest, AnEvaluationIsThereAfterARestart) {
    train();
    const std::filesystem::path run = window->focus();
    feature().panel().select({20});
    action("checkpoints.evaluate").trigger();
    auto* dialog = shown<QDialog>("evaluate_dialog");
    dialog->findChild<QSpinBox*>("evaluate.windows")->setValue(7);
    QTest::mouseClick(dialog->findChild<QPushButton*>("evaluate.start"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return cell(1, CheckpointsModel::evaluated).startsWith("1.2500 on 7 windows"); }));
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    const QString said = cell(1, CheckpointsModel::evaluated);
    window.reset();

    open_with_fake();
    window->runs_panel().set_focus(run);
    ASSERT_TRUE(wait([&] { return model().rowCount() == 4; }));
    EXPECT_TRUE(wait([&] { return cell(1, CheckpointsModel::evaluated) == said; }))
        << cell(1, CheckpointsModel::evaluated).toStdString();
    EXPECT_EQ(cell(3, CheckpointsModel::evaluated), "");
    window.reset();

    // Another model under the same name was not evaluated.
    write_text(list_checkpoints(RunFolder{run})[1].model(), "another");
    open_with_fake();
    window->runs_panel().set_focus(run);
    ASSERT_TRUE(wait([&] { return model().rowCount() == 4; }));
    EXPECT_EQ(cell(1, CheckpointsModel::evaluated), "");
}

TEST_F(CheckpointsWindowTest, TheCommandNamesTheCheckpointThatTheRunBeganWith) {
    train();
    const std::filesystem::path parent = window->focus();
    feature().panel().select({20});
    action("checkpoints.start_from").trigger();
    run_once();
    ASSERT_NE(window->focus(), parent);
    const std::filesystem::path copy = RunFolder{window->focus()}.checkpoints() / checkpoint_name(0);
    const std::filesystem::path origin = list_checkpoints(RunFolder{parent})[1].path;
    action("runs.copy_command").trigger();
    EXPECT_TRUE(QApplication::clipboard()->text().endsWith("--from " + to_qstring(origin)))
        << QApplication::clipboard()->text().toStdString();

    std::filesystem::remove_all(origin);
    std::filesystem::create_directories(copy);
    const auto said = [&] { return window->statusBar()->currentMessage(); };
    action("runs.copy_command").trigger();
    EXPECT_TRUE(QApplication::clipboard()->text().endsWith("--from " + to_qstring(copy)));
    EXPECT_TRUE(said().contains("step 20 of wav-12, is no longer there")) << said().toStdString();
    std::filesystem::remove_all(copy);
    action("runs.copy_command").trigger();
    EXPECT_TRUE(QApplication::clipboard()->text().endsWith("--from " + to_qstring(origin)));
    EXPECT_TRUE(said().contains("cannot be run as it is")) << said().toStdString();
}

TEST_F(CheckpointsWindowTest, GeneratesAsItComesStopsAndRepeats) {
    train();
    fake.step_seconds = 0.005;
    action("samples.generate").trigger();
    auto* dialog = shown<GenerateDialog>("generate_dialog");
    EXPECT_EQ(dialog->settings().model, list_checkpoints(RunFolder{window->focus()}).back().model());
    dialog->set_prompt("Once ");
    dialog->findChild<QSpinBox*>("generate.tokens")->setValue(5);
    auto* button = dialog->findChild<QPushButton*>("generate.start");
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return !dialog->is_running(); }));
    EXPECT_EQ(dialog->text(), "Once abcde");

    dialog->findChild<QSpinBox*>("generate.tokens")->setValue(50000);
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return dialog->text().size() > 15; }));
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return !dialog->is_running(); }));
    EXPECT_TRUE(text_of("generate.state").startsWith("stopped after")) << text_of("generate.state").toStdString();
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return dialog->is_running() && dialog->text().size() > 6; }));
    // Closing the window in the midst ends it too.
    window.reset();
}

TEST_F(CheckpointsWindowTest, StartsARunFromACheckpointAndShowsWhereItBegan) {
    train();
    feature().panel().select({20});
    action("checkpoints.start_from").trigger();
    EXPECT_TRUE(window->form()->origin().title.contains("with the weights of step 20"));
    set("train.steps", std::int64_t{40});
    run_once();
    ASSERT_TRUE(window->session().record()->description().origin);
    EXPECT_TRUE(wait([&] { return text_of("checkpoints_title").contains("began with step"); }))
        << text_of("checkpoints_title").toStdString();
    EXPECT_NE(window->focus().filename(), "wav-12") << "a run of its own";
}

TEST_F(CheckpointsWindowTest, DeletingAsksOnceAndSaysWhatItMeans) {
    train();
    const std::filesystem::path run = window->focus();
    feature().panel().select({20});
    action("checkpoints.delete").trigger();
    answer("delete_checkpoint_question", "Delete");
    ASSERT_TRUE(wait([&] { return model().rowCount() == 3; }));
    EXPECT_EQ(list_checkpoints(RunFolder{run}).size(), 3u);
    feature().panel().select({10, 30, 40});
    action("checkpoints.delete").trigger();
    const auto* box = shown<QMessageBox>("delete_checkpoint_question");
    EXPECT_TRUE(box->text().contains("its model is gone")) << box->text().toStdString();
    answer("delete_checkpoint_question", "Delete");
    ASSERT_TRUE(wait([&] { return model().rowCount() == 0; }));
    EXPECT_FALSE(window->runs_model().find(run)->summary.has_checkpoint);
    for (const char* id : {"export.checkpoint_last", "samples.generate", "checkpoints.evaluate"})
        EXPECT_FALSE(enabled(id)) << id;
    EXPECT_TRUE(window->findChild<QLabel*>("checkpoints_empty")->text().contains("has no checkpoint"));
}

TEST_F(CheckpointsWindowTest, ARunThatCanBeResumedKeepsSayingFromWhere) {
    open_with_fake();
    fake.step_seconds = 0.01;
    set("train.steps", std::int64_t{1000});
    set("train.checkpoint_every", std::int64_t{10});
    press("run.start");
    ASSERT_TRUE(wait([&] { return model().rowCount() >= 1; }));
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    ASSERT_TRUE(wait([&] { return model().rowCount() >= 2 && enabled("checkpoints.delete"); }));
    feature().panel().select({model().rows().back().folder.step});
    action("checkpoints.delete").trigger();
    const auto* box = shown<QMessageBox>("delete_checkpoint_question");
    EXPECT_TRUE(box->text().contains("It would then go on from step")) << box->text().toStdString();
    answer("delete_checkpoint_question", "Cancel");
}

TEST_F(CheckpointsWindowTest, ComparesTwoOfOneRun) {
    train();
    feature().panel().select({10, 40});
    action("checkpoints.compare").trigger();
    auto* dialog = shown<QDialog>("checkpoint_comparison");
    auto* table = dialog->findChild<QTableView*>("comparison.tensors");
    ASSERT_TRUE(wait([&] { return table->model()->rowCount() == 1; }));
    // (3, 10) and (3, 40)
    EXPECT_EQ(table->model()->index(0, 2).data().toString(), "30");
    EXPECT_TRUE(text_of("comparison.losses").contains("Validation loss"));
    dialog->findChild<QComboBox*>("comparison.second")->setCurrentIndex(3);
    ASSERT_TRUE(wait([&] { return table->model()->rowCount() == 1; }));
    EXPECT_EQ(table->model()->index(0, 1).data().toString(), "0");
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
}

TEST_F(CheckpointsWindowTest, CopiesPathsAndShowsSamplesInTheirDock) {
    train();
    action("checkpoints.copy_path").trigger();
    EXPECT_EQ(QApplication::clipboard()->text().toStdString(),
              list_checkpoints(RunFolder{window->focus()}).back().model().string());
    window->desk().dock("samples")->raise();
    auto* text = shown<QTextEdit>("samples_text");
    EXPECT_TRUE(wait([&] {
        return text->toPlainText().contains("before it drew a text") || text->toPlainText().contains("Sample every");
    })) << text->toPlainText().toStdString();
}

}  // namespace
}  // namespace wavlab
