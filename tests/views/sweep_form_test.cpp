// SPDX-License-Identifier: GPL-3.0-or-later
// Options with several values in the form, and the grid that they make.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "core/method.h"
#include "views/cost_panel.h"
#include "views/experiment_form.h"
#include "views/sweep_preview.h"
#include "views/sweep_summary.h"
#include "views/value_list.h"

namespace wavlab {
namespace {

using Values = std::vector<OptionValue>;

Values whole(std::initializer_list<std::int64_t> numbers) { return Values(numbers.begin(), numbers.end()); }

Option whole_option() {
    return {.key = "n", .label = "N", .default_value = std::int64_t{1}, .minimum = 1, .maximum = 50};
}

TEST(ValueList, ReadsNumbersAndRanges) {
    QString problem;
    EXPECT_EQ(parse_value_list(whole_option(), "1, 2,4..6 ,9", problem), whole({1, 2, 4, 5, 6, 9}));
    EXPECT_EQ(parse_value_list(whole_option(), "-2..0", problem), whole({-2, -1, 0}))
        << "the range is not its business";
    Option real{.key = "r", .default_value = 0.5};
    EXPECT_EQ(parse_value_list(real, "1e-3, 0.5,", problem), (Values{1e-3, 0.5}));
    Option text{.key = "t", .default_value = std::string()};
    EXPECT_EQ(parse_value_list(text, "a, \"b, c\"", problem), (Values{std::string("a"), std::string("b, c")}));
    EXPECT_TRUE(problem.isEmpty());
}

TEST(ValueList, SaysWhatCannotBeRead) {
    QString problem;
    for (const char* bad : {"", " , ", "one", "5..1", "1..x", "1..", "1..100000", "1..9223372036854775807",
                            "-9223372036854775808..9223372036854775807"}) {
        EXPECT_FALSE(parse_value_list(whole_option(), bad, problem)) << bad;
        EXPECT_FALSE(problem.isEmpty()) << bad;
    }
}

TEST(ValueList, WritesWhatItReads) {
    QString problem;
    EXPECT_EQ(value_list_text(whole({1, 2, 3, 5, 7, 8})), "1..3, 5, 7, 8");
    EXPECT_EQ(value_list_text({std::string("a, b"), std::string("c")}), "\"a, b\", c");
    for (const Values& values : {whole({3, 2, 1}), whole({1, 2, 3, 4, 9}), whole({7})})
        EXPECT_EQ(parse_value_list(whole_option(), value_list_text(values), problem), values);
}

class SweepForm : public testing::Test {
protected:
    SweepForm() : start("Start"), queue("Add to queue"), form(start) {
        form.set_sweep_action(queue);
        form.resize(340, 800);
        form.show();
        form.activateWindow();
    }
    OptionEditor& editor(const char* key) { return *form.editor(QLatin1String(key)); }
    void press(const char* key) {
        auto* button = form.findChild<QToolButton*>(QLatin1String(key) + ".several");
        ASSERT_TRUE(button);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void type(const char* key, const QString& text) {
        auto* line = qobject_cast<QLineEdit*>(editor(key).field());
        ASSERT_TRUE(line);
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    QStringList axes() {
        QStringList keys;
        if (const std::optional<Sweep> sweep = form.sweep())
            for (const SweepAxis& axis : sweep->axes) keys.append(QString::fromStdString(axis.key));
        return keys;
    }

    QAction start, queue;
    ExperimentForm form;
};

TEST_F(SweepForm, AnOptionTakesSeveralValuesByItsButton) {
    EXPECT_FALSE(form.sweep());
    press("model.layers");
    ASSERT_TRUE(form.sweep());
    EXPECT_EQ(form.sweep()->axes[0].values, whole({12})) << "it begins with the value that it had";
    type("model.layers", "4, 6..8");
    EXPECT_EQ(form.sweep()->axes[0].values, whole({4, 6, 7, 8}));
    EXPECT_EQ(form.experiment().model.layers, 4);
    EXPECT_TRUE(form.is_valid());
    press("model.layers");
    EXPECT_FALSE(form.sweep());
    EXPECT_EQ(form.experiment().model.layers, 4);
}

TEST_F(SweepForm, ChoicesAndFlagsAreTicked) {
    press("train.deterministic");
    auto boxes = form.findChild<QWidget*>("train.deterministic.values")->findChildren<QCheckBox*>();
    ASSERT_EQ(boxes.size(), 2);
    EXPECT_EQ(form.sweep()->axes[0].values, (Values{false, true})) << "both at once";
    QTest::mouseClick(boxes[1], Qt::LeftButton, {}, QPoint(8, boxes[1]->height() / 2));
    EXPECT_EQ(form.sweep()->axes[0].values, (Values{false}));
    press("model.method");
    boxes = form.findChild<QWidget*>("model.method.values")->findChildren<QCheckBox*>();
    ASSERT_EQ(std::size_t(boxes.size()), MethodRegistry::all().size());
    for (QCheckBox* box : boxes) {
        box->setChecked(true);
        EXPECT_FALSE(box->accessibleName().isEmpty());
    }
    EXPECT_EQ(form.sweep()->axes[1].values.size(), MethodRegistry::all().size());
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options)
            EXPECT_TRUE(form.editor("method." + QString::fromStdString(option.key))) << "options of all methods show";
    for (QCheckBox* box : boxes) box->setChecked(false);
    EXPECT_FALSE(form.is_valid());
    EXPECT_FALSE(form.sweep());
    EXPECT_FALSE(editor("model.method").problem().isEmpty());
}

TEST_F(SweepForm, SaysWhatIsWrongWithAListBesideIt) {
    press("seed");
    type("seed", "1, 2, 2");
    EXPECT_FALSE(form.is_valid());
    EXPECT_TRUE(editor("seed").problem().contains("twice")) << editor("seed").problem().toStdString();
    type("seed", "1, two");
    EXPECT_TRUE(editor("seed").problem().contains("'two'"));
    EXPECT_FALSE(form.sweep());
    type("seed", "1..3");
    EXPECT_TRUE(form.is_valid());
    press("model.layers");
    type("model.layers", "0, 4");
    EXPECT_FALSE(editor("model.layers").problem().isEmpty());
}

TEST_F(SweepForm, HoldsTheSweepItWasGivenAndSavesTheSame) {
    const std::string text =
        "name = \"s\"\n[model]\nmethod = \"standard\"\nwidth = 32\n[method]\nblocks = 2\n[sweep]\n\"train.lr\" = "
        "[1e-3, "
        "2e-3]\n\"model.method\" = [\"wav\", \"standard\"]\n\"method.phase\" = [false, true]\nseed = [1, 2, 3]\n";
    const Sweep sweep = parse_sweep(text, "s.toml", {});
    form.set_sweep(sweep);
    ASSERT_TRUE(form.sweep());
    EXPECT_EQ(form.sweep()->axes, sweep.axes) << "in the order of the file";
    EXPECT_EQ(form.sweep()->base.model.mlp_hidden, 128);
    EXPECT_EQ(std::get<std::int64_t>(form.sweep()->base.method.at("blocks")), 2);
    const std::vector<SweepPoint> expected = expand(sweep), held = expand(*form.sweep());
    const std::vector<SweepPoint> saved = expand(parse_sweep(to_toml(*form.sweep()), "saved.toml", {}));
    ASSERT_EQ(held.size(), expected.size());
    ASSERT_EQ(saved.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(run_identity(held[i].experiment), run_identity(expected[i].experiment));
        EXPECT_EQ(run_identity(saved[i].experiment), run_identity(expected[i].experiment));
        EXPECT_EQ(held[i].experiment.name, expected[i].experiment.name);
    }
    form.set_experiment(Experiment{});
    EXPECT_FALSE(form.has_several());
    EXPECT_EQ(form.experiment().model.method, "wav");
}

TEST_F(SweepForm, TheMlpFollowsEveryWidth) {
    press("model.width");
    type("model.width", "32, 64");
    ASSERT_TRUE(form.sweep());
    const std::vector<SweepPoint> points = expand(*form.sweep());
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].experiment.model.mlp_hidden, 128);
    EXPECT_EQ(points[1].experiment.model.mlp_hidden, 256);
}

TEST_F(SweepForm, WhatHasSeveralValuesIsNeverHidden) {
    FormChoices choices;
    choices.datasets = {{"toy-stories", "Toy stories", "", {"size", "seed"}}};
    form.set_choices(choices);
    press("data.size");
    type("data.size", "1000, 2000");
    form.editor("data.dataset")->set_value(std::string("file:/tmp/x.txt"));
    EXPECT_TRUE(editor("data.size").is_visible());
    EXPECT_FALSE(editor("data.seed").is_visible());
    EXPECT_EQ(axes(), QStringList({"data.size"}));
    form.editor("data.dataset")->set_values({std::string("file:/tmp/x.txt"), std::string("toy-stories")});
    EXPECT_TRUE(editor("data.seed").is_visible());
}

TEST_F(SweepForm, UndoTakesSeveralValuesBack) {
    form.forget_history();
    QUndoStack& steps = form.history().stack();
    const Experiment before = form.experiment();
    press("model.layers");
    type("model.layers", "4, 8");
    press("model.method");
    auto boxes = form.findChild<QWidget*>("model.method.values")->findChildren<QCheckBox*>();
    for (QCheckBox* box : boxes) box->setChecked(true);
    press("method.blocks");
    type("method.blocks", "2, 4");
    const std::optional<Sweep> all = form.sweep();
    ASSERT_TRUE(all);
    EXPECT_EQ(axes(), QStringList({"model.layers", "model.method", "method.blocks"}));
    while (steps.canUndo()) steps.undo();
    EXPECT_FALSE(form.sweep());
    EXPECT_EQ(form.experiment(), before);
    while (steps.canRedo()) steps.redo();
    ASSERT_TRUE(form.sweep());
    EXPECT_EQ(*form.sweep(), *all);
}

TEST_F(SweepForm, TheBigButtonQueuesWhatHasSeveralRuns) {
    auto* button = form.findChild<QPushButton*>("start_button");
    EXPECT_EQ(button->text(), "Start");
    EXPECT_TRUE(form.costs().isVisible());
    press("seed");
    EXPECT_EQ(button->text(), "Add to queue");
    EXPECT_FALSE(form.costs().isVisible());
    EXPECT_TRUE(form.sweep_summary().isVisible());
    QSignalSpy started(&start, &QAction::triggered), queued(&queue, &QAction::triggered);
    QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_EQ(started.size(), 0);
    EXPECT_EQ(queued.size(), 1);
    press("seed");
    QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_EQ(started.size(), 1);
}

TEST_F(SweepForm, TheContextMenuAndTheFieldInUseOfferIt) {
    auto* line = qobject_cast<QLineEdit*>(editor("train.steps").field());
    line->setFocus();
    ASSERT_TRUE(QTest::qWaitFor([&] { return form.current_key() == "train.steps"; }));
    QContextMenuEvent event(QContextMenuEvent::Keyboard, QPoint(2, 2), line->mapToGlobal(QPoint(2, 2)));
    QApplication::sendEvent(line, &event);
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    ASSERT_TRUE(menu);
    QAction* several = nullptr;
    for (QAction* action : menu->actions())
        if (action->isCheckable()) several = action;
    ASSERT_TRUE(several);
    several->trigger();
    menu->close();
    EXPECT_TRUE(editor("train.steps").is_several());
    EXPECT_FALSE(editor("name").several_obstacle().isEmpty()) << "a name cannot be varied";
}

SweepGrid grid_of(const char* axes) {
    return lay_out_grid(parse_sweep(std::string("[model]\nmethod = \"standard\"\n[sweep]\n") + axes, "s.toml", {}), 96);
}

TEST(SweepGrid, CountsRunsOnceAndKeepsThoseThatCannotBeMade) {
    const SweepGrid grid = grid_of(
        "\"model.method\" = [\"standard\", \"wav\"]\n\"method.phase\" = [true, false]\n\"model.heads\" = [4, 5]\n");
    EXPECT_EQ(grid.combinations, 8u);
    EXPECT_EQ(grid.rows.size(), 6u);
    EXPECT_EQ(grid.bad_rows(), 3u);
    EXPECT_TRUE(grid.first_problem().startsWith("Run 2: model.heads = 5: ")) << grid.first_problem().toStdString();
    EXPECT_TRUE(grid.size_text().startsWith("6 of 8: Method (2) × Phase (2) × Heads (2)"))
        << grid.size_text().toStdString();
    EXPECT_GT(grid.memory_bytes(), 0);
    EXPECT_GT(grid.disk_bytes(), grid.rows[0].disk_bytes);
    EXPECT_FALSE(grid.seconds());
}

TEST(SweepModel, IsASoundTableThatFollowsTheSweep) {
    SweepModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    SweepGrid grid = grid_of("\"model.method\" = [\"standard\", \"wav\"]\n\"method.phase\" = [true, false]\n");
    model.set_grid(grid);
    ASSERT_EQ(model.rowCount(), 3);
    EXPECT_EQ(model.headerData(0, Qt::Horizontal, Qt::DisplayRole).toString(), "Method");
    EXPECT_EQ(model.index(0, 1).data().toString(), "–") << "standard has no phase";
    EXPECT_EQ(model.index(2, 1).data().toString(), "false");
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset), changed(&model, &QAbstractItemModel::dataChanged);
    for (PlannedRun& row : grid.rows) row.seconds = 61;
    grid.rows[1].is_scaled = true;
    model.set_grid(grid);
    EXPECT_EQ(reset.size(), 0) << "times come in without losing the selection";
    EXPECT_EQ(changed.size(), 1);
    EXPECT_EQ(model.index(0, 2).data().toString(), "1:01");
    EXPECT_EQ(model.index(1, 2).data().toString(), "about 1:01");
    model.set_grid(grid_of("seed = [1, 2, 3, 4]\n"));
    EXPECT_EQ(model.rowCount(), 4);
    model.set_grid({});
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(SweepPreview, CopiesTheTable) {
    SweepPreview preview(nullptr);
    preview.show_grid(grid_of("seed = [1, 2]\n"));
    for (QPushButton* button : preview.findChildren<QPushButton*>())
        if (button->text().remove('&').startsWith("Copy")) button->click();
    const QStringList lines = QApplication::clipboard()->text().split('\n');
    ASSERT_GE(lines.size(), 3);
    EXPECT_TRUE(lines[0].startsWith("Seed\tTime\t"));
    EXPECT_TRUE(lines[2].startsWith("2\t"));
}

}  // namespace
}  // namespace wavlab
