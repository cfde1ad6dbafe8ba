// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QMimeData>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include "views/action_registry.h"
#include "views/queue_model.h"
#include "views/queue_panel.h"
#include "views/sweep_table_model.h"
#include "views/sweep_table_panel.h"

namespace wavlab {
namespace {

QueueRow queued(const QString& id, QueueState state = QueueState::waiting) {
    QueueRow row;
    row.id = id;
    row.name = QStringLiteral("run-") + id;
    row.sweep = QStringLiteral("paper");
    row.settings = QStringLiteral("seed = ") + id;
    row.state = state;
    row.total_steps = 200;
    return row;
}

std::vector<QueueRow> some_rows() {
    std::vector<QueueRow> rows{queued("1", QueueState::finished), queued("2", QueueState::running), queued("3"),
                               queued("4"), queued("5", QueueState::failed)};
    rows[0].validation_loss = 1.5;
    rows[1].step = 50;
    rows[4].reason = QStringLiteral("the disk is full");
    return rows;
}

QStringList ids(const QueueModel& model) {
    QStringList list;
    for (const QueueRow& row : model.rows()) list.append(row.id);
    return list;
}

QString shown(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data().toString();
}

TEST(QueueModel, KeepsTheRulesOfAModelThroughEveryChange) {
    QueueModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    std::vector<QueueRow> rows = some_rows();
    model.set_rows(rows);
    const QPersistentModelIndex third(model.index(2, 0));
    std::swap(rows[2], rows[3]);
    model.set_rows(rows);
    EXPECT_EQ(ids(model), QStringList({"1", "2", "4", "3", "5"}));
    EXPECT_EQ(third.row(), 3) << "what is selected stays so";
    rows.erase(rows.begin());
    rows.insert(rows.begin() + 1, queued("9"));
    rows.push_back(queued("10"));
    model.set_rows(rows);
    EXPECT_EQ(ids(model), QStringList({"2", "9", "4", "3", "5", "10"}));
    std::reverse(rows.begin(), rows.end());
    model.set_rows(rows);
    EXPECT_EQ(ids(model), QStringList({"10", "5", "3", "4", "9", "2"}));
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    rows[5].step = 51;
    model.set_rows(rows);
    EXPECT_EQ(changed.size(), 1);
    model.set_rows({});
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(QueueModel, SaysWhereEachRunStands) {
    QueueModel model;
    std::vector<QueueRow> rows = some_rows();
    rows[2].begun = true;
    model.set_rows(rows);
    EXPECT_EQ(shown(model, 0, QueueModel::validation_loss), "1.5000");
    EXPECT_EQ(shown(model, 1, QueueModel::state), "running");
    EXPECT_EQ(shown(model, 1, QueueModel::progress), "50 of 200");
    EXPECT_EQ(model.index(1, QueueModel::progress).data(QueueModel::fraction_role).toDouble(), 0.25);
    EXPECT_EQ(shown(model, 2, QueueModel::state), "interrupted");
    EXPECT_EQ(shown(model, 3, QueueModel::state), "waiting");
    EXPECT_EQ(model.index(4, QueueModel::state).data(Qt::ToolTipRole).toString(), "the disk is full");
}

TEST(QueueModel, OnlyWaitingRunsAreDragged) {
    QueueModel model;
    model.set_rows(some_rows());
    EXPECT_FALSE(model.flags(model.index(1, 0)) & Qt::ItemIsDragEnabled);
    EXPECT_TRUE(model.flags(model.index(2, 0)) & Qt::ItemIsDragEnabled);
    QSignalSpy wanted(&model, &QueueModel::move_wanted);
    const std::unique_ptr<QMimeData> data(model.mimeData({model.index(3, 0)}));
    EXPECT_FALSE(model.dropMimeData(data.get(), Qt::MoveAction, 2, 0, {})) << "the view must remove nothing";
    ASSERT_EQ(wanted.size(), 1);
    EXPECT_EQ(wanted[0][0].toString(), "4");
    EXPECT_EQ(wanted[0][1].toInt(), 2);
    model.set_movable(false);
    EXPECT_FALSE(model.flags(model.index(2, 0)) & Qt::ItemIsDragEnabled);
    EXPECT_FALSE(model.canDropMimeData(data.get(), Qt::MoveAction, 2, 0, {}));
}

TEST(QueuePanel, IsWorkedByKeyboard) {
    QWidget window;
    ActionRegistry actions(&window);
    QStringList triggered;
    for (const char* id : {"queue.work", "queue.up", "queue.down", "queue.remove", "queue.clear"})
        actions.add({id, id, "Does it.", "", QKeySequence(), "", false, false},
                    [&triggered, id] { triggered.append(id); });
    QueueModel model;
    QueuePanel panel(model, actions, {"queue.work", "queue.up", "queue.remove"}, &window);
    panel.set_empty_text("Nothing waits.");
    model.set_rows(some_rows());
    EXPECT_FALSE(panel.table().accessibleName().isEmpty());
    panel.select("4");
    EXPECT_EQ(panel.selected(), QStringList("4"));
    QSignalSpy opened(&panel, &QueuePanel::open_wanted);
    QTest::keyClick(&panel.table(), Qt::Key_Return);
    ASSERT_EQ(opened.size(), 1);
    EXPECT_EQ(opened[0][0].toString(), "4");
    QTest::keyClick(&panel.table(), Qt::Key_Delete);
    EXPECT_EQ(triggered, QStringList("queue.remove"));
    panel.set_notice("Another process works.");
    EXPECT_EQ(panel.notice(), "Another process works.");
}

SweepTable some_table() {
    using enum QueueState;
    std::vector<SweepOutcome> outcomes;
    const auto add = [&](const char* method, std::int64_t layers, std::int64_t seed, QueueState state, double loss) {
        outcomes.push_back({{{"model.method", std::string(method)}, {"model.layers", layers}, {"seed", seed}},
                            seed,
                            state,
                            state == finished ? std::optional(loss) : std::nullopt});
    };
    add("wav", 12, 1, finished, 1.9);
    add("wav", 12, 2, finished, 2.15);
    add("standard", 4, 1, finished, 2.0);
    add("standard", 4, 2, finished, 2.2);
    add("rezero", 48, 1, diverged, 0);
    return sweep_table(outcomes);
}

TEST(SweepTableModel, KeepsTheRulesOfAModelThroughEveryChange) {
    SweepTableModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.set_table(some_table());
    EXPECT_EQ(model.rowCount(), 3);
    ASSERT_EQ(model.columnCount(), 2 + SweepTableModel::column_count);
    EXPECT_EQ(shown(model, 0, 0), "wav");
    EXPECT_EQ(shown(model, 0, 2 + SweepTableModel::loss), "2.0250 ± 0.1768");
    EXPECT_EQ(shown(model, 0, 2 + SweepTableModel::difference), "baseline");
    EXPECT_EQ(shown(model, 1, 2 + SweepTableModel::difference), "+0.0750");
    EXPECT_EQ(shown(model, 1, 2 + SweepTableModel::interval), "-0.2427 … +0.3927");
    EXPECT_EQ(shown(model, 2, 2 + SweepTableModel::left_out), "1 diverged");
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    model.set_baseline(1);
    EXPECT_EQ(shown(model, 0, 2 + SweepTableModel::difference), "-0.0750");
    EXPECT_EQ(reset.size(), 0) << "rows and columns are the same";
    SweepTable turned = some_table();
    std::reverse(turned.begin(), turned.end());
    model.set_table(turned);
    EXPECT_EQ(shown(model, 2, 2 + SweepTableModel::difference), "-0.0750") << "the baseline is a setting, not a row";
    const auto heading = [&](int role) {
        return model.headerData(2 + SweepTableModel::loss, Qt::Horizontal, role).toString();
    };
    EXPECT_EQ(heading(Qt::DisplayRole), "Validation loss");
    model.set_table(turned, LossUnit::bits_per_character);
    EXPECT_EQ(heading(Qt::DisplayRole), "Bits per character");
    EXPECT_TRUE(heading(Qt::ToolTipRole).contains("cannot be compared between tokenizers"));
    model.set_baseline(1);
    EXPECT_EQ(heading(Qt::DisplayRole), "Bits per character") << "the unit stays";
    model.set_table({});
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(SweepTablePanel, SortsAndCopiesAsItIsSorted) {
    SweepTablePanel panel;
    panel.set_sweeps({"first", "paper"});
    EXPECT_EQ(panel.sweep(), "paper");
    panel.set_table(some_table());
    auto* baseline = panel.findChild<QComboBox*>("sweep_baseline");
    ASSERT_TRUE(baseline);
    EXPECT_EQ(baseline->itemText(1), "standard, layers 4");
    panel.table().sortByColumn(1, Qt::AscendingOrder);  // numbers, not text: 4 comes before 12
    EXPECT_EQ(shown(*panel.table().model(), 0, 1), "4");
    EXPECT_EQ(shown(*panel.table().model(), 2, 1), "48");
    panel.table().sortByColumn(2 + SweepTableModel::loss, Qt::DescendingOrder);
    EXPECT_EQ(shown(*panel.table().model(), 2, 0), "rezero") << "what has no mean comes last";
    panel.copy(TableFormat::csv);
    const QStringList lines = QGuiApplication::clipboard()->text().split(QLatin1Char('\n'));
    EXPECT_TRUE(lines[0].startsWith("model.method,model.layers,n,mean,sd"));
    EXPECT_TRUE(lines[1].startsWith("standard,4,2,2.1,"));
    EXPECT_TRUE(panel.text(TableFormat::latex).contains("\\begin{tabular}"));
    EXPECT_TRUE(panel.text(TableFormat::markdown).startsWith("| model.method |"));
    QSignalSpy chosen(&panel, &SweepTablePanel::sweep_chosen);
    panel.choose("first");
    EXPECT_EQ(chosen.size(), 1);
    panel.set_sweeps({"first", "paper", "third"});
    EXPECT_EQ(panel.sweep(), "first") << "the choice stays";
}

}  // namespace
}  // namespace wavlab
