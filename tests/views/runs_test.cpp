// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QWidget>

#include "core/experiment.h"
#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/run_filter.h"
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
    EXPECT_EQ(model.data(model.index(1, RunsModel::state), Qt::DisplayRole).toString(), "damaged");
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
    EXPECT_EQ(drawn[0][0].toStringList(), QStringList("/runs/a"));
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
    RunsPanel panel(model, *actions, {}, {});
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

/// A list of four runs: a (wav), b (haares, archived), c (standard, no loss), d (damaged).
struct SomeRuns {
    SomeRuns() {
        model.put(summary("a", "2026-01-04T10:00:00Z", 1.5), 0);
        RunSummary b = summary("b", "2026-01-03T10:00:00Z", 1.25);
        b.method = "haares";
        b.layers = 48;
        Experiment experiment;
        experiment.seed = 7;
        experiment.method["blocks"] = std::int64_t{6};
        b.options = options_of(experiment);
        model.put(b, 1);
        model.set_annotations("/runs/b", {{"old", "paper"}, "first line\nsecond line", true});
        RunSummary c = summary("c two", "2026-01-02T10:00:00Z", 2);
        c.method = "standard";
        c.train_loss = c.validation_loss = std::nullopt;
        c.options = options_of(Experiment());
        model.put(c, 2);
        model.set_annotations("/runs/c two", {{"paper"}, "", false});
        RunSummary d;
        d.folder = "/runs/d";
        d.name = "d";
        model.put(d, 3);
        model.set_problem("/runs/d", "run.db is no run store");
    }
    /// Names of the runs that a filter leaves.
    std::string left(const QString& text) {
        QStringList options{"seed", "method.blocks", "train.precision", "train.batch"};
        const RunFilter filter(text, options);
        problems = filter.problems();
        std::string names;
        for (const RunsModel::Row& row : model.rows())
            if (filter.matches(row)) names += row.summary.name[0];
        return names;
    }
    RunsModel model;
    QStringList problems;
};

TEST(RunFilter, WordsAndTermsNarrowTheList) {
    SomeRuns runs;
    const std::pair<const char*, const char*> expected[] = {
        {"", "abcd"},
        {"  ", "abcd"},
        {"WAV", "a"},
        {"paper", "bc"},
        {"\"c two\"", "c"},
        {"\"second line\"", "b"},
        {"method:wav", "a"},
        {"method:wa", ""},
        {"layers:48", "b"},
        {"depth<48", "acd"},
        {"tag:paper -tag:old", "c"},
        {"tag:pap", ""},
        {"note:second", "b"},
        {"name:\"c two\"", "c"},
        {"data:toy", "abc"},
        {"state:finished", "abc"},
        {"state:damaged", "d"},
        {"loss<1.5", "b"},
        {"loss>=1.35", "ab"},
        {"-loss<1.5", "acd"},
        {"train_loss=1.5", "a"},
        {"seed:7", "b"},
        {"seed>=7", "bc"},
        {"blocks:6", "b"},
        {"method.blocks>4", "b"},
        {"train.precision:fp32 batch:8", "bc"},
        {"precision=bf16", ""},
    };
    for (const auto& [text, names] : expected) {
        EXPECT_EQ(runs.left(text), names) << text;
        EXPECT_TRUE(runs.problems.isEmpty()) << text;
    }
}

TEST(RunFilter, AWrongTermIsToldAndHidesNothing) {
    SomeRuns runs;
    const std::pair<const char*, const char*> expected[] = {
        {"metod:wav", "'metod' is nothing to filter by"}, {"layers:deep", "layers is compared with a number"},
        {"loss<", "A value is missing after loss<"},      {"method<wav", "method is a text: write method:wav"},
        {"state:done", "No run is ever 'done'"},
    };
    for (const auto& [text, sentence] : expected) {
        EXPECT_EQ(runs.left(QString(text) + " tag:paper"), "bc") << text;
        ASSERT_EQ(runs.problems.size(), 1) << text;
        EXPECT_TRUE(runs.problems[0].contains(sentence)) << runs.problems[0].toStdString();
    }
}

TEST(ShownRuns, SortNumbersAsNumbersAndWhatIsMissingLast) {
    SomeRuns runs;
    ShownRuns shown(runs.model, nullptr);
    QAbstractItemModelTester tester(&shown, QAbstractItemModelTester::FailureReportingMode::Fatal);
    shown.show_archived(true);
    const auto order = [&](int column, Qt::SortOrder direction) {
        shown.sort(column, direction);
        std::string names;
        for (int row = 0; row < shown.rowCount(); ++row) names += shown.index(row, 0).data().toString()[0].toLatin1();
        return names;
    };
    EXPECT_EQ(order(RunsModel::validation_loss, Qt::AscendingOrder), "bacd");
    EXPECT_EQ(order(RunsModel::validation_loss, Qt::DescendingOrder).substr(0, 2), "ab");
    EXPECT_EQ(order(RunsModel::layers, Qt::DescendingOrder)[0], 'b');
    EXPECT_EQ(order(RunsModel::layers, Qt::DescendingOrder)[3], 'd');
    EXPECT_EQ(order(RunsModel::tags, Qt::AscendingOrder).substr(0, 2), "bc");
    runs.model.set_option_columns({"seed", "method.blocks"});
    EXPECT_EQ(order(RunsModel::column_count, Qt::AscendingOrder).substr(0, 2), "bc");
    EXPECT_EQ(order(RunsModel::column_count + 1, Qt::DescendingOrder)[0], 'b');
    runs.model.set_option_columns({});
}

TEST(RunsModel, OptionsThatDifferBetweenRunsHaveColumnsOnRequest) {
    SomeRuns runs;
    QAbstractItemModelTester tester(&runs.model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_EQ(runs.model.differing_options(), QStringList({"method.blocks", "seed"}));
    runs.model.set_option_columns({"seed"});
    EXPECT_EQ(runs.model.columnCount(), RunsModel::column_count + 1);
    EXPECT_EQ(runs.model.index(1, RunsModel::column_count).data().toString(), "7");
    EXPECT_EQ(runs.model.index(0, RunsModel::column_count).data().toString(), "");
    EXPECT_EQ(runs.model.headerData(RunsModel::column_count, Qt::Horizontal, Qt::DisplayRole).toString(), "seed");
    runs.model.set_option_columns({"method.blocks", "seed"});
    EXPECT_EQ(runs.model.index(1, RunsModel::column_count).data().toString(), "6");
    EXPECT_EQ(runs.model.all_tags(), QStringList({"old", "paper"}));
    EXPECT_EQ(runs.model.index(1, RunsModel::note).data().toString(), "first line");
    EXPECT_TRUE(runs.model.index(1, RunsModel::note).data(Qt::ToolTipRole).toString().contains("second line"));
    RunSummary live = summary("b", "2026-01-03T10:00:00Z", 1.0);
    runs.model.put(live, 1);
    EXPECT_EQ(runs.model.index(1, RunsModel::column_count + 1).data().toString(), "7") << "what was known stays";
}

struct Panel {
    Panel() : actions(new ActionRegistry(&window)), panel(runs.model, *actions, "R&uns", {}) {
        panel.resize(700, 300);
        panel.show();
    }
    QLabel* label(const char* name) { return panel.findChild<QLabel*>(QLatin1String(name)); }
    QWidget window;
    SomeRuns runs;
    ActionRegistry* actions;
    RunsPanel panel;
};

TEST(RunsPanel, SaysHowManyAreShownAndNeverShowsAnEmptyListWithoutAWord) {
    Panel p;
    EXPECT_EQ(p.panel.count_text(), "3 of 4") << "the archived one is hidden";
    p.panel.shown_runs().show_archived(true);
    EXPECT_EQ(p.panel.shown().size(), 4u);
    p.panel.shown_runs().show_archived(false);
    QTest::keyClicks(&p.panel.filter(), "nothing like it");
    EXPECT_TRUE(p.label("runs_none_shown")->isVisible());
    EXPECT_TRUE(p.label("runs_none_shown")->text().contains("No run fits the filter, of 4"));
    QTest::keyClick(&p.panel.filter(), Qt::Key_Escape);
    EXPECT_EQ(p.panel.count_text(), "3 of 4");
    p.panel.filter().setText("tag:old");
    EXPECT_TRUE(p.label("runs_none_shown")->text().contains("archived (1)"));
    p.panel.filter().setText("colour:red");
    EXPECT_TRUE(p.label("runs_filter_problem")->isVisible());
    EXPECT_TRUE(p.label("runs_filter_problem")->text().contains("'colour' is nothing to filter by"));
    EXPECT_EQ(p.panel.shown().size(), 3u);
}

TEST(RunsPanel, AFilterUnderstandsAnOptionAsSoonAsARunBringsIt) {
    RunsModel model;
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    RunsPanel panel(model, *actions, "R&uns", {});
    panel.resize(700, 300);
    panel.show();
    model.put(summary("a", "2026-01-01T10:00:00Z", 1.5), 0);  // listed, not read yet
    model.put(summary("b", "2026-01-02T10:00:00Z", 1.4), 1);
    panel.filter().setText("blocks:6");
    EXPECT_TRUE(panel.filter_problem().contains("'blocks' is nothing to filter by"));
    RunSummary read = summary("b", "2026-01-02T10:00:00Z", 1.4);
    read.options = std::make_shared<OptionValues>(OptionValues{{"method.blocks", std::int64_t{6}}});
    model.put(read, 1);
    ASSERT_TRUE(QTest::qWaitFor([&] { return panel.filter_problem().isEmpty(); }));
    EXPECT_EQ(panel.shown().size(), 1u);
    EXPECT_EQ(panel.count_text(), "1 of 2");
    EXPECT_FALSE(panel.findChild<QLabel*>("runs_filter_problem")->isVisible());
}

TEST(RunsPanel, AFilterTakesNobodysFocus) {
    Panel p;
    p.panel.set_focus("/runs/a");
    QSignalSpy focus(&p.panel, &RunsPanel::focus_changed);
    p.panel.filter().setText("paper");
    EXPECT_EQ(p.panel.focus(), "/runs/a");
    EXPECT_TRUE(p.panel.selected().empty());
    p.panel.filter().setText("");
    EXPECT_EQ(p.panel.table().currentIndex().data(RunsModel::folder_role).toString(), "/runs/a");
    EXPECT_EQ(focus.size(), 0);
    p.runs.model.remove("/runs/a");
    EXPECT_EQ(focus.size(), 1);
    EXPECT_EQ(p.panel.focus(), p.panel.selected().at(0)) << "the row that took its place";
}

TEST(RunsPanel, TheSpaceBarTicksAllSelectedRuns) {
    Panel p;
    p.panel.set_focus("/runs/a");
    p.panel.table().selectAll();
    QSignalSpy drawn(&p.runs.model, &RunsModel::drawn_changed);
    QTest::keyClick(&p.panel.table(), Qt::Key_Space);
    ASSERT_EQ(drawn.size(), 1);
    EXPECT_EQ(drawn[0][0].toStringList().size(), 3);
    EXPECT_FALSE(p.runs.model.find("/runs/b")->drawn) << "it is not shown";
    QTest::keyClick(&p.panel.table(), Qt::Key_Space);
    EXPECT_FALSE(p.runs.model.find("/runs/a")->drawn);
}

TEST(RunsPanel, KeepsItsColumnsOverRestarts) {
    QByteArray state;
    {
        Panel p;
        p.runs.model.set_option_columns({"seed"});
        p.panel.table().setColumnHidden(RunsModel::speed, true);
        p.panel.table().sortByColumn(RunsModel::column_count, Qt::AscendingOrder);
        state = p.panel.columns_state();
    }
    Panel p;
    p.panel.set_columns_state(state);
    EXPECT_EQ(p.runs.model.option_columns(), QStringList("seed"));
    EXPECT_TRUE(p.panel.table().isColumnHidden(RunsModel::speed));
    EXPECT_EQ(p.panel.table().horizontalHeader()->sortIndicatorSection(), int(RunsModel::column_count));
    p.panel.set_columns_state("what an earlier version kept");
    EXPECT_EQ(p.runs.model.option_columns(), QStringList("seed"));
}

TEST(RunsPanel, TheHeadersMenuChoosesColumns) {
    Panel p;
    QHeaderView* header = p.panel.table().horizontalHeader();
    emit header->customContextMenuRequested(QPoint(5, 5));
    auto* menu = p.panel.findChild<QMenu*>("runs_header_menu");
    ASSERT_TRUE(menu);
    for (QAction* action : menu->actions()) {
        if (action->text() == "Tokens/s") action->setChecked(false);
        if (action->menu())
            for (QAction* option : action->menu()->actions())
                if (option->text() == "seed") option->setChecked(true);
    }
    menu->close();
    EXPECT_TRUE(p.panel.table().isColumnHidden(RunsModel::speed));
    EXPECT_EQ(p.runs.model.option_columns(), QStringList("seed"));
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
