// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>
#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "core/run_record.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/action_registry.h"
#include "views/checkpoint_comparison_view.h"
#include "views/checkpoints_model.h"
#include "views/checkpoints_panel.h"
#include "views/evaluate_dialog.h"
#include "views/tensor_changes_model.h"

namespace wavlab {
namespace {

CheckpointSummary checkpoint(std::int64_t step, std::optional<double> loss = {}) {
    return {{step, "/runs/a/checkpoints/" + checkpoint_name(step)}, loss, 1'500'000, false, false};
}

QString cell(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data(Qt::DisplayRole).toString();
}

TEST(CheckpointsModel, KeepsTheRulesOfAModelThroughEveryChange) {
    CheckpointsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.set_checkpoints("/runs/a", {checkpoint(100, 1.5), checkpoint(200)});
    EXPECT_EQ(model.rowCount(), 2);
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    // A run that goes removes the older ones.
    model.set_checkpoints("/runs/a", {checkpoint(50), checkpoint(200), checkpoint(300, 1.25)});
    EXPECT_EQ(model.rowCount(), 3);
    EXPECT_EQ(cell(model, 0, CheckpointsModel::step), "50");
    EXPECT_EQ(cell(model, 2, CheckpointsModel::validation_loss), "1.2500");
    EXPECT_EQ(cell(model, 1, CheckpointsModel::validation_loss), QString::fromUtf8("–"));
    EXPECT_EQ(cell(model, 1, CheckpointsModel::size), "1.5 MB");
    model.set_checkpoints("/runs/a", {});
    EXPECT_EQ(reset.size(), 0);
    model.set_checkpoints("/runs/b", {checkpoint(10)});
    EXPECT_EQ(reset.size(), 1);
}

TEST(CheckpointsModel, MarksAndEvaluationsStandBesideTheRow) {
    CheckpointsModel model;
    CheckpointSummary both = checkpoint(100, 1.5);
    both.best = both.last = true;
    model.set_checkpoints("/runs/a", {both});
    EXPECT_EQ(cell(model, 0, CheckpointsModel::marks), "best, last");
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), "");
    CheckpointEvaluation evaluation;
    model.set_evaluation(both.folder.path, evaluation);
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), QString::fromUtf8("waiting…"));
    evaluation = {CheckpointEvaluation::State::running, 3, 64, 0, 0, 0, {}, {}, {}};
    model.set_evaluation(both.folder.path, evaluation);
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), QString::fromUtf8("3 of 64 windows…"));
    evaluation = {CheckpointEvaluation::State::done, 64, 64, 1.25, 64, 8192, "tale.txt", "cpu", {}};
    model.set_evaluation(both.folder.path, evaluation);
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), "1.2500 on 64 windows of tale.txt");
    EXPECT_TRUE(model.index(0, CheckpointsModel::evaluated).data(Qt::ToolTipRole).toString().contains("8,192 tokens"));
    model.remove_evaluations_of("/runs/b");
    EXPECT_NE(cell(model, 0, CheckpointsModel::evaluated), "");
    model.remove_evaluations_of("/runs/a");
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), "");
    model.set_evaluation(both.folder.path, evaluation);
    model.remove_evaluation(both.folder.path);
    EXPECT_EQ(cell(model, 0, CheckpointsModel::evaluated), "");
}

class CheckpointsPanelTest : public testing::Test {
protected:
    CheckpointsPanelTest() {
        test_application();
        for (const char* id : {"use", "remove"})
            actions->add({id, id, "Help.", "", {}, "&Menu", false, false},
                         [this, id] { done.append(QLatin1String(id)); });
        panel =
            std::make_unique<CheckpointsPanel>(model, *actions, QStringList{"use"}, QStringList{"use", "", "remove"},
                                               TableActions::Keys{"use", "remove"});
        panel->resize(500, 300);
        panel->show();
    }
    std::vector<std::int64_t> steps() {
        std::vector<std::int64_t> found;
        for (const CheckpointFolder& one : panel->selected()) found.push_back(one.step);
        return found;
    }

    QWidget holder;
    std::unique_ptr<ActionRegistry> actions = std::make_unique<ActionRegistry>(&holder);
    CheckpointsModel model;
    QStringList done;
    std::unique_ptr<CheckpointsPanel> panel;
};

using Steps = std::vector<std::int64_t>;

TEST_F(CheckpointsPanelTest, SelectsTheLastUntilTheUserSelectsOthers) {
    EXPECT_TRUE(steps().empty());
    model.set_checkpoints("/runs/a", {checkpoint(100), checkpoint(200)});
    EXPECT_EQ(steps(), Steps{200});
    model.set_checkpoints("/runs/a", {checkpoint(100), checkpoint(200), checkpoint(300)});
    EXPECT_EQ(steps(), Steps{300});
    panel->select({100, 200});
    EXPECT_EQ(steps(), (Steps{100, 200}));
    model.set_checkpoints("/runs/a", {checkpoint(200), checkpoint(300), checkpoint(400)});
    EXPECT_EQ(steps(), Steps{200});
    model.set_checkpoints("/runs/b", {checkpoint(5), checkpoint(6)});
    EXPECT_EQ(steps(), Steps{6});
}

TEST_F(CheckpointsPanelTest, WorksFromTheKeyboard) {
    model.set_checkpoints("/runs/a", {checkpoint(100), checkpoint(200)});
    panel->table().setFocus();
    QTest::keyClick(&panel->table(), Qt::Key_Return);
    QTest::keyClick(&panel->table(), Qt::Key_Delete);
    EXPECT_EQ(done, (QStringList{"use", "remove"}));
    actions->set_obstacle("remove", "Not now.");
    QTest::keyClick(&panel->table(), Qt::Key_Delete);
    EXPECT_EQ(done.size(), 2);
    // The newest stands first.
    QTest::keyClick(&panel->table(), Qt::Key_Down);
    EXPECT_EQ(steps(), Steps{100});
    QContextMenuEvent key(QContextMenuEvent::Keyboard, QPoint(-5, -5), QPoint());
    QApplication::sendEvent(panel->table().viewport(), &key);
    auto* menu = panel->findChild<QMenu*>("checkpoints_menu");
    ASSERT_TRUE(menu);
    EXPECT_EQ(menu->actions().size(), 3);
    menu->close();
}

TEST_F(CheckpointsPanelTest, ShowsProgressThatCanBeCancelled) {
    model.set_checkpoints("/runs/a", {checkpoint(100)});
    QSignalSpy cancelled(panel.get(), &CheckpointsPanel::cancel_wanted);
    panel->show_progress("Evaluating step 100", 3, 10);
    QTest::mouseClick(panel->findChild<QToolButton*>("checkpoints_cancel"), Qt::LeftButton);
    EXPECT_EQ(cancelled.size(), 1);
    panel->hide_progress();
    EXPECT_FALSE(panel->findChild<QToolButton*>("checkpoints_cancel")->isVisible());
}

TEST(EvaluateDialog, AsksForValidationOrAFile) {
    test_application();
    TemporaryFolder folder;
    std::ofstream(folder / "tale.txt") << "Once";
    auto* dialog = new EvaluateDialog("step 100 of a", 16, 40, 128);
    dialog->show();
    EXPECT_EQ(dialog->choice().windows, 40);
    EXPECT_TRUE(dialog->choice().text.empty());
    EXPECT_EQ(dialog->findChild<QLabel*>("evaluate.note")->text(), "5,120 tokens, the whole validation part");
    auto* start = dialog->findChild<QPushButton*>("evaluate.start");
    EXPECT_TRUE(start->isEnabled());
    QTest::keyClicks(dialog->findChild<QLineEdit*>("evaluate.path"), "/nowhere");
    EXPECT_TRUE(dialog->findChild<QRadioButton*>("evaluate.file")->isChecked());
    EXPECT_FALSE(start->isEnabled());
    EXPECT_EQ(dialog->findChild<QLabel*>("evaluate.note")->text(), "This file is not there.");
    dialog->set_file(QString::fromStdString((folder / "tale.txt").string()));
    EXPECT_TRUE(start->isEnabled());
    EXPECT_EQ(dialog->choice().text, folder / "tale.txt");
    delete dialog;
}

TEST(TensorChangesModel, KeepsTheRulesOfAModelAndSaysNumbers) {
    TensorChangesModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    TensorChange change;
    change.name = "embed.weight";
    change.shape = {64, 32};
    change.first_norm = 2;
    change.second_norm = 2.5;
    change.difference_norm = 0.6123456789;
    change.relative_change = std::numeric_limits<double>::infinity();
    change.cosine = std::numeric_limits<double>::quiet_NaN();
    model.set_changes({change});
    EXPECT_EQ(cell(model, 0, TensorChangesModel::name), "embed.weight");
    EXPECT_EQ(cell(model, 0, TensorChangesModel::shape), QString::fromUtf8("64 × 32"));
    EXPECT_EQ(cell(model, 0, TensorChangesModel::difference_norm), "0.6123");
    EXPECT_EQ(cell(model, 0, TensorChangesModel::relative_change), QString::fromUtf8("∞"));
    EXPECT_EQ(cell(model, 0, TensorChangesModel::cosine), QString::fromUtf8("–"));
    EXPECT_EQ(model.index(0, TensorChangesModel::difference_norm).data(TensorChangesModel::csv_role).toString(),
              "0.612345679");
    model.set_changes({});
    RoutingChangesModel routing;
    QAbstractItemModelTester routing_tester(&routing, QAbstractItemModelTester::FailureReportingMode::Fatal);
    routing.set_changes({{"attn 1", "embedding", 0.5, 0.25}});
    EXPECT_EQ(cell(routing, 0, RoutingChangesModel::change), "-0.2500");
    EXPECT_EQ(routing.index(0, RoutingChangesModel::change).data(RoutingChangesModel::sort_role).toDouble(), 0.25);
}

ComparedCheckpoint compared(const std::shared_ptr<RunRecord>& record, std::int64_t step) {
    return {QStringLiteral("%1, step %2").arg(QString::fromStdString(record->name())).arg(step),
            "/" + record->name() + "/" + std::to_string(step), record, step};
}

TEST(CompareRouting, TakesTheFramesNearestAtOrBefore) {
    SyntheticRun run;
    run.steps = 100;
    const auto record = run.record();
    const RoutingComparison same = compare_routing(compared(record, 52), compared(record, 100));
    EXPECT_EQ(same.problem, "");
    EXPECT_EQ(same.first_step, 50);
    EXPECT_EQ(same.second_step, 100);
    EXPECT_EQ(same.changes.size(), run.layout().cell_count());
    const RoutingFrame frame = run.routing_frame(50);
    EXPECT_EQ(same.changes.front().first, double(frame.weight.front()));
    EXPECT_EQ(same.changes.back().first, double(frame.weight.back()));

    // Block summaries and embedding are in both methods; details in one only.
    SyntheticRun plain = run;
    plain.method = "attnres_block";
    const RoutingComparison fewer = compare_routing(compared(record, 100), compared(plain.record(), 100));
    EXPECT_EQ(fewer.problem, "");
    EXPECT_LT(fewer.changes.size(), same.changes.size());

    SyntheticRun standard = run;
    standard.method = "standard";
    EXPECT_NE(compare_routing(compared(record, 100), compared(standard.record(), 100)).problem, "");
    ComparedCheckpoint unknown = compared(record, 100);
    unknown.record.reset();
    EXPECT_NE(compare_routing(unknown, compared(record, 100)).problem, "");
}

TEST(CheckpointComparisonView, ComparesFiltersAndCopies) {
    test_application();
    SyntheticRun run;
    run.steps = 100;
    const auto record = run.record();
    CheckpointComparisonView view;
    view.show();
    QSignalSpy wanted(&view, &CheckpointComparisonView::compare_wanted);
    const QList<ComparedCheckpoint> all = {compared(record, 100), compared(record, 50)};
    view.set_checkpoints(all, all[1].model, all[0].model);
    ASSERT_EQ(wanted.size(), 1);
    EXPECT_EQ(wanted[0][0].value<std::filesystem::path>(), all[1].model);
    EXPECT_TRUE(view.findChild<QLabel*>("comparison.losses")->text().contains(QString::fromUtf8("→")));
    CheckpointComparison result;
    TensorChange small;
    small.name = "a.weight";
    small.relative_change = 0.1;
    TensorChange large = small;
    large.name = "b.weight";
    large.relative_change = 0.5;
    result.tensors = {small, large};
    result.only_second = {"routing.query"};
    view.set_result(result);
    auto* table = view.findChild<QTableView*>("comparison.tensors");
    EXPECT_EQ(cell(*table->model(), 0, 0), "b.weight") << "the largest change comes first";
    EXPECT_TRUE(view.findChild<QLabel*>("comparison.whole")->text().contains("Only in the second: routing.query."));
    QTest::keyClicks(view.findChild<QLineEdit*>("comparison.filter"), "A.W");
    EXPECT_EQ(table->model()->rowCount(), 1);
    EXPECT_TRUE(view.csv().startsWith("tensor,relative_change,")) << view.csv().toStdString();
    EXPECT_TRUE(view.csv().contains("a.weight,0.1,"));
    view.findChild<QComboBox*>("comparison.first")->setCurrentIndex(0);
    EXPECT_EQ(wanted.size(), 2);
    EXPECT_EQ(table->model()->rowCount(), 0) << "no stale result";
    view.fail("the file is gone");
    EXPECT_EQ(view.findChild<QLabel*>("comparison.problem")->text(), "the file is gone");
}

}  // namespace
}  // namespace wavlab
