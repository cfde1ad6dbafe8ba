// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment form in the real window: undo, sweeps, comparing settings; by real events.
#include <fstream>

#include <QComboBox>
#include <QLabel>
#include <QMenuBar>
#include <QStatusBar>
#include <QTableView>

#include "app/gui/cost_estimator.h"
#include "app/gui/features/sweep_preview.h"
#include "core/ready_experiments.h"
#include "core/sweep.h"
#include "tests/app/window_fixture.h"
#include "views/experiment_difference.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/sweep_preview.h"
#include "views/sweep_summary.h"

namespace wavlab {
namespace {

class FormWindow : public WindowTest {
protected:
    void open_active() {
        open_with_fake();
        QApplication::setActiveWindow(window.get());
        ASSERT_TRUE(wait([&] { return window->is_settled(); }));
    }
    QLineEdit* line(const char* key) {
        return qobject_cast<QLineEdit*>(window->form()->editor(QLatin1String(key))->field());
    }
    void choose(const QString& id) {
        auto* points = window->form()->findChild<QComboBox*>("starting_points");
        const int index = points->findData(id);
        ASSERT_GE(index, 0) << id.toStdString();
        points->setCurrentIndex(index);
        emit points->activated(index);
    }
    QString starting_point() { return window->form()->findChild<QComboBox*>("starting_points")->currentText(); }
};

TEST_F(FormWindow, TheKeysUndoTypingFirstThenTheForm) {
    open_active();
    EXPECT_FALSE(enabled("edit.undo")) << "what it opened with is the beginning";
    EXPECT_TRUE(action("edit.undo").toolTip().contains("No change"));
    QLineEdit* layers = line("model.layers");
    layers->setFocus();
    layers->selectAll();
    QTest::keyClicks(layers, "6");
    EXPECT_EQ(action("edit.undo").text(), "&Undo change of Layers");
    EXPECT_TRUE(starting_point().endsWith("(changed)")) << starting_point().toStdString();
    QLineEdit* width = line("model.width");
    width->setFocus();
    width->selectAll();
    QTest::keyClicks(width, "128");
    EXPECT_EQ(window->form()->experiment().model.mlp_hidden, 512);
    while (width->isUndoAvailable()) QTest::keyClick(width, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(width->text(), "64");
    EXPECT_EQ(window->form()->experiment().model.mlp_hidden, 256);
    QTest::keyClick(width, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(layers->text(), "12") << "then the form's last change";
    EXPECT_FALSE(starting_point().endsWith("(changed)"));
    EXPECT_EQ(action("edit.redo").text(), "&Redo change of Layers");
    window->form()->findChild<QPushButton*>("start_button")->setFocus();
    QTest::keyClick(window->focusWidget(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_EQ(layers->text(), "6");
    QStringList menus;
    for (QAction* menu : window->menuBar()->actions()) menus.append(menu->text());
    EXPECT_EQ(menus.indexOf("&Edit"), menus.indexOf("&File") + 1) << menus.join(' ').toStdString();
}

TEST_F(FormWindow, AnotherExperimentIsOneStep) {
    open_active();
    type("train.lr", "0.002");
    choose("ready:quick");
    EXPECT_EQ(window->form()->experiment().name, "quick");
    EXPECT_TRUE(starting_point().startsWith("Quick look")) << starting_point().toStdString();
    action("edit.undo").trigger();
    EXPECT_EQ(window->form()->experiment().name, "wav-12");
    EXPECT_DOUBLE_EQ(window->form()->experiment().train.lr, 0.002);
    EXPECT_EQ(action("edit.redo").text().left(14), "&Redo filling ");
}

TEST_F(FormWindow, TheFieldInUseTakesSeveralValuesByAKey) {
    open_active();
    EXPECT_FALSE(enabled("run.show_grid"));
    QLineEdit* seed = line("seed");
    seed->setFocus();
    ASSERT_TRUE(wait([&] { return action("edit.several").text() == "Several &values of Seed"; }));
    QTest::keyClick(seed, Qt::Key_L, Qt::ControlModifier);
    ASSERT_TRUE(window->form()->has_several());
    type("seed", "1..3");
    EXPECT_EQ(action("run.enqueue").text().remove('&'), "Add 3 runs to the queue");
    EXPECT_FALSE(enabled("run.start"));
    EXPECT_TRUE(action("run.start").toolTip().contains("several runs"));
    auto* feature = window->feature<SweepPreviewFeature>();
    ASSERT_TRUE(feature);
    ASSERT_TRUE(wait([&] { return feature->grid().seconds().has_value(); }));
    EXPECT_FALSE(feature->grid().is_any_scaled()) << "seeds are of one shape";
    EXPECT_TRUE(window->form()->sweep_summary().text_of("runs").contains("Seed (3)"));
    QTest::mouseClick(window->form()->findChild<QPushButton*>("start_button"), Qt::LeftButton);
    EXPECT_EQ(window->statusBar()->currentMessage(), "3 runs added to the queue.") << message();
    action("run.enqueue").trigger();
    EXPECT_EQ(window->statusBar()->currentMessage(), "All of it is in the queue or done already.");

    type("seed", "1, 1");
    EXPECT_FALSE(enabled("run.enqueue"));
    EXPECT_TRUE(action("run.enqueue").toolTip().contains("twice")) << action("run.enqueue").toolTip().toStdString();
    type("seed", "1, 2");
    action("run.show_grid").trigger();
    auto* preview = window->findChild<SweepPreview*>("sweep_preview");
    ASSERT_TRUE(preview && preview->isVisible());
    EXPECT_EQ(preview->model().rowCount(), 2);
    type("seed", "1..4");
    EXPECT_EQ(preview->model().rowCount(), 4) << "it follows the form";
    preview->close();
}

TEST_F(FormWindow, ReadySweepsStandInTheListAndAreMeasuredByKind) {
    open_active();
    const int before = fake.measured;
    choose("sweep:details");
    ASSERT_TRUE(window->form()->sweep());
    const std::vector<SweepPoint> points = expand(*window->form()->sweep());
    auto* feature = window->feature<SweepPreviewFeature>();
    ASSERT_TRUE(wait([&] { return feature->grid().rows.size() == points.size(); }));
    ASSERT_TRUE(wait([&] { return feature->is_settled(); }, 60));
    EXPECT_TRUE(feature->grid().seconds());
    EXPECT_LT(fake.measured - before, int(points.size())) << "seeds do not change a step's time";
    for (const ReadyExperiment& ready : ready_sweeps()) {
        choose("sweep:" + QString::fromStdString(ready.id));
        ASSERT_TRUE(window->form()->sweep()) << ready.id << window->form()->first_problem().toStdString();
        EXPECT_EQ(window->form()->sweep()->axes, parse_sweep(ready.text, "x", {}).axes) << ready.id;
        EXPECT_EQ(starting_point(), QString::fromStdString(ready.title));
    }
    choose("ready:default");
    EXPECT_FALSE(window->form()->has_several());
    EXPECT_TRUE(enabled("run.start"));
}

TEST_F(FormWindow, OneRunThatCannotBeMadeIsNamed) {
    open_active();
    std::ofstream(folder / "bad.toml") << "name = \"bad\"\n[sweep]\n\"model.heads\" = [4, 5, 2]\nseed = [1, 2]\n";
    window->open(folder / "bad.toml");
    auto* feature = window->feature<SweepPreviewFeature>();
    ASSERT_TRUE(wait([&] { return feature->grid().rows.size() == 6; })) << message();
    EXPECT_EQ(feature->grid().bad_rows(), 2u);
    EXPECT_TRUE(window->form()->sweep_summary().text_of("problem").contains("model.heads = 5"));
    EXPECT_FALSE(enabled("run.enqueue"));
    EXPECT_TRUE(action("run.enqueue").toolTip().contains("model.heads = 5"));
    EXPECT_EQ(starting_point(), "bad.toml");
}

TEST_F(FormWindow, LargeSweepsAreCountedBesideTheWindow) {
    open_active();
    std::ofstream file(folder / "large.toml");
    file << "[sweep]\nseed = [";
    for (int i = 1; i <= 900; ++i) file << i << ", ";
    file << "]\n";
    file.close();
    window->open(folder / "large.toml");
    auto* feature = window->feature<SweepPreviewFeature>();
    ASSERT_TRUE(wait([&] { return feature->grid().rows.size() == 900; })) << message();
    type("seed", "1..20");
    EXPECT_EQ(feature->grid().rows.size(), 20u);
}

TEST_F(FormWindow, SettingsOfRunsAreComparedSideBySide) {
    open_active();
    EXPECT_FALSE(enabled("runs.compare_settings"));
    set("train.steps", std::int64_t{3});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end() && !window->session().is_running(); }));
    const std::filesystem::path first = window->runs_panel().focus();
    set("train.lr", 5e-4);
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->runs_panel().focus() != first && !window->session().is_running(); }));
    window->runs_model().set_drawn(first, true);
    ASSERT_TRUE(wait([&] { return enabled("runs.compare_settings"); }));
    action("runs.compare_settings").trigger();
    auto* dialog = window->findChild<ExperimentDifference*>("experiment_difference");
    ASSERT_TRUE(dialog && dialog->isVisible());
    EXPECT_FALSE(dialog->with_form());
    EXPECT_EQ(dialog->model().columnCount(), 3);
    ASSERT_EQ(dialog->model().rowCount(), 1) << dialog->text().toStdString();
    EXPECT_EQ(dialog->model().index(0, 0).data().toString(), "Learning rate");
    dialog->set_with_form(true);
    type("model.layers", "7");
    EXPECT_EQ(dialog->model().columnCount(), 4);
    EXPECT_EQ(dialog->model().rowCount(), 2);
    dialog->close();
}

}  // namespace
}  // namespace wavlab
