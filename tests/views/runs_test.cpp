// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QWidget>

#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

RunSummary summary(const std::string& name, const std::string& started, double loss) {
    RunSummary run;
    run.folder = "/runs/" + name;
    run.name = name;
    run.method = "wav";
    run.layers = 12;
    run.dataset = "toy-stories";
    run.state = RunState::finished;
    run.step = run.total_steps = 300;
    run.train_loss = loss;
    run.validation_loss = loss + 0.1;
    run.started_at = started;
    return run;
}

TEST(RunsModel, KeepsTheRulesOfAModelThroughEveryChange) {
    RunsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.put(summary("a", "2026-01-01T10:00:00Z", 1.5), 0);
    model.put(summary("b", "2026-01-02T10:00:00Z", 1.4), 1);
    EXPECT_EQ(model.rowCount(), 2);
    model.put(summary("a", "2026-01-01T10:00:00Z", 1.25), 5);
    EXPECT_EQ(model.rowCount(), 2);
    EXPECT_EQ(model.find("/runs/a")->style_index, 0) << "a run keeps its style";
    EXPECT_EQ(model.data(model.index(0, RunsModel::train_loss), Qt::DisplayRole).toString(), "1.2500");
    model.set_drawn("/runs/b", true);
    model.set_problem("/runs/b", "run.db is no run store");
    EXPECT_EQ(model.data(model.index(1, RunsModel::state), Qt::DisplayRole).toString(), "not readable");
    model.remove("/runs/a");
    EXPECT_EQ(model.rowCount(), 1);
    model.remove("/runs/none");
    EXPECT_EQ(model.rowCount(), 1);
}

TEST(RunsModel, ATickSaysThatTheRunIsDrawn) {
    RunsModel model;
    model.put(summary("a", "2026-01-01T10:00:00Z", 1.5), 0);
    QSignalSpy drawn(&model, &RunsModel::drawn_changed);
    EXPECT_TRUE(model.setData(model.index(0, RunsModel::name), Qt::Checked, Qt::CheckStateRole));
    ASSERT_EQ(drawn.size(), 1);
    EXPECT_EQ(drawn[0][0].toString(), "/runs/a");
    EXPECT_TRUE(drawn[0][1].toBool());
    EXPECT_TRUE(model.drawn_runs({}).empty()) << "its record is not open";
    model.set_record("/runs/a", std::make_shared<RunRecord>("/runs/a"));
    ASSERT_EQ(model.drawn_runs({}).size(), 1u);
    EXPECT_FALSE(model.drawn_runs({})[0].focused);
    EXPECT_TRUE(model.drawn_runs("/runs/a")[0].focused);
}

TEST(RunsModel, TheFocusedRunIsDrawnWithoutATick) {
    RunsModel model;
    model.put(summary("a", "2026-01-01T10:00:00Z", 1.5), 0);
    model.set_record("/runs/a", std::make_shared<RunRecord>("/runs/a"));
    EXPECT_TRUE(model.drawn_runs({}).empty());
    EXPECT_EQ(model.drawn_runs("/runs/a").size(), 1u);
}

TEST(RunsModel, NonFiniteLossesAreShown) {
    RunsModel model;
    model.put(summary("a", "2026-01-01T10:00:00Z", std::numeric_limits<double>::quiet_NaN()), 0);
    EXPECT_EQ(model.data(model.index(0, RunsModel::train_loss), Qt::DisplayRole).toString(), "nan");
}

TEST(RunsPanel, ListsTheNewestFirstAndTellsTheFocus) {
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    RunsModel model;
    RunsPanel panel(model, *actions, {});
    model.put(summary("old", "2026-01-01T10:00:00Z", 1.5), 0);
    model.put(summary("new", "2026-01-03T10:00:00Z", 1.4), 1);
    model.put(summary("between", "2026-01-02T10:00:00Z", 1.4), 2);
    const QAbstractItemModel* shown = panel.table().model();
    EXPECT_EQ(shown->index(0, 0).data().toString(), "new");
    EXPECT_EQ(shown->index(2, 0).data().toString(), "old");
    QSignalSpy focus(&panel, &RunsPanel::focus_changed);
    panel.set_focus("/runs/between");
    ASSERT_EQ(focus.size(), 1);
    EXPECT_EQ(panel.focus(), "/runs/between");
    model.put(summary("newest", "2026-01-04T10:00:00Z", 1.4), 3);
    EXPECT_EQ(panel.focus(), "/runs/between") << "a new run takes nobody's focus";
    const bool drawn = model.find("/runs/between")->drawn;
    QTest::keyClick(&panel.table(), Qt::Key_Right);
    QTest::keyClick(&panel.table(), Qt::Key_Space);
    EXPECT_NE(model.find("/runs/between")->drawn, drawn) << "the space bar ticks in every column";
}

TEST(RunSummary, FinishedAndDivergedRunsAreNotResumed) {
    RunSummary run = summary("a", "", 1);
    EXPECT_FALSE(is_resumable(run));
    run.state = RunState::stopped;
    EXPECT_TRUE(is_resumable(run));
    run.alive = true;
    EXPECT_FALSE(is_resumable(run));
    run.alive = false;
    run.state = RunState::diverged;
    EXPECT_FALSE(is_resumable(run));
}

}  // namespace
}  // namespace wavlab
