// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QAction>
#include <QLabel>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>

#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/plot_pane.h"
#include "views/time_bar.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

TEST(TimeBar, MovesTheCursorOverTheRecordedSteps) {
    test_application();
    TimeCursor cursor;
    TimeBar bar(cursor);
    QAction newest;
    bar.set_actions({}, newest);
    auto* slider = bar.findChild<QSlider*>();
    EXPECT_FALSE(slider->isEnabled());
    bar.set_steps({0, 5, 10, 15});
    EXPECT_TRUE(slider->isEnabled());
    EXPECT_EQ(slider->value(), 3) << "the newest is followed";
    EXPECT_TRUE(newest.isChecked());

    slider->setValue(1);
    EXPECT_EQ(cursor.step(), 5);
    EXPECT_FALSE(newest.isChecked());
    bar.set_steps({0, 5, 10, 15, 20});
    EXPECT_EQ(cursor.step(), 5) << "a chosen step stays";
    EXPECT_EQ(slider->value(), 1);
    bar.move(1);
    EXPECT_EQ(cursor.step(), 10);
    bar.move(-7);
    EXPECT_EQ(cursor.step(), 0);
    cursor.set_step(17);
    EXPECT_EQ(slider->value(), 3) << "the nearest at or before";
    EXPECT_EQ(cursor.step(), 17) << "showing it does not move it";

    bar.show();
    QTest::keyClick(slider, Qt::Key_Left);
    EXPECT_EQ(cursor.step(), 10);
    QTest::keyClick(slider, Qt::Key_Home);
    EXPECT_EQ(cursor.step(), 0);
    QTest::keyClick(slider, Qt::Key_PageUp);
    EXPECT_EQ(cursor.step(), 5);
    QTest::keyClick(slider, Qt::Key_End);
    EXPECT_TRUE(cursor.following());
    EXPECT_TRUE(newest.isChecked());
    bar.set_steps({});
    EXPECT_FALSE(slider->isEnabled());
    bar.move(1);
    bar.play();
    EXPECT_FALSE(bar.is_playing());
}

TEST(TimeBar, PlaysToTheEndAndFollowsTheNewestAgain) {
    test_application();
    TimeCursor cursor;
    TimeBar bar(cursor);
    std::vector<std::int64_t> steps;
    for (int i = 0; i <= 40; ++i) steps.push_back(i * 5);
    bar.set_steps(steps);
    bar.set_duration(1);
    bar.show();
    std::vector<std::int64_t> shown;
    QObject::connect(&cursor, &TimeCursor::changed, [&] { shown.push_back(cursor.step().value_or(-1)); });
    QSignalSpy playing(&bar, &TimeBar::playing_changed);
    QTest::keyClick(bar.findChild<QSlider*>(), Qt::Key_Space);
    EXPECT_TRUE(bar.is_playing());
    ASSERT_TRUE(QTest::qWaitFor([&] { return !bar.is_playing(); }, 20'000));
    EXPECT_EQ(playing.count(), 2);
    ASSERT_GE(shown.size(), 3u);
    EXPECT_EQ(shown.front(), 0) << "from the start, as the last step was shown";
    EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end() - 1));
    EXPECT_TRUE(cursor.following());
}

TEST(TimeBar, PlaysOnInARunThatGrowsFasterThanItIsPlayed) {
    test_application();
    TimeCursor cursor;
    TimeBar bar(cursor);
    std::vector<std::int64_t> steps{0, 1, 2, 3, 4, 5};
    bar.set_steps(steps);
    bar.set_duration(60);
    bar.play();
    // Two records a second, and news every few milliseconds.
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            steps.push_back(steps.back() + 1);
            bar.set_steps(steps);
            return cursor.step().value_or(0) >= 2;
        },
        20'000));
    EXPECT_TRUE(bar.is_playing());
}

TEST(TimeBar, MovingTheCursorStopsPlaying) {
    test_application();
    TimeCursor cursor;
    TimeBar bar(cursor);
    bar.set_steps({0, 5, 10, 15});
    bar.set_duration(60);
    bar.play();
    EXPECT_EQ(cursor.step(), 0);
    cursor.set_step(10);
    EXPECT_FALSE(bar.is_playing());
    bar.play();
    EXPECT_EQ(cursor.step(), 10) << "from the shown step";
    bar.pause();
    EXPECT_EQ(cursor.step(), 10);
}

TEST(TimeCursor, MovesAllPlotsOfAWindowAndOnlyThoseThatAreSeen) {
    test_application();
    SyntheticRun later;
    later.name = "later";
    later.record_every = 7;
    const std::vector<DrawnRun> runs{{SyntheticRun().record(), 0, true}, {later.record(), 1, false}};
    TimeCursor cursor;
    for (const char* id : {"routing", "details", "depth"}) {
        PlotPane pane(*PlotRegistry::find(id));
        pane.resize(500, 350);
        pane.set_time_cursor(cursor);
        pane.set_runs(runs);
        cursor.set_step(std::nullopt);
        pane.show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(&pane));
        QCoreApplication::processEvents();
        EXPECT_EQ(pane.plot().shown_step(), 300) << id;
        QSignalSpy replots(&pane.plot().canvas(), &QCustomPlot::afterReplot);
        cursor.set_step(102);
        cursor.set_step(103);
        QCoreApplication::processEvents();
        EXPECT_EQ(pane.plot().shown_step(), 100) << id;
        EXPECT_EQ(replots.count(), 1) << id;
        EXPECT_EQ(pane.plot().state()["step"].toInt(), 103) << "a figure shows the same step, " << id;
        pane.hide();
        cursor.set_step(50);
        QCoreApplication::processEvents();
        EXPECT_EQ(replots.count(), 1) << id;
        pane.show();
        ASSERT_TRUE(QTest::qWaitFor([&] { return replots.count() > 1; })) << id;
        EXPECT_EQ(pane.plot().shown_step(), 50) << id;
    }
}

TEST(TimeCursor, IsALineToDragOnPlotsOverTime) {
    test_application();
    TimeCursor cursor;
    const std::unique_ptr<CanvasPlot> plot(static_cast<CanvasPlot*>(PlotRegistry::find("details")->make(nullptr)));
    plot->resize(500, 350);
    plot->set_time_cursor(&cursor);
    plot->set_runs({{SyntheticRun().record(), 0, true}});
    plot->set_state({{"over", "time"}});
    plot->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(plot.get()));
    QCustomPlot& canvas = plot->canvas();
    const auto at = [&](double step) {
        return QPoint(int(canvas.xAxis->coordToPixel(step)), canvas.axisRect()->center().y());
    };
    cursor.set_step(100);
    plot->time_cursor_moved();
    QCoreApplication::processEvents();
    const QCPRange before = canvas.xAxis->range();
    QTest::mousePress(&canvas, Qt::LeftButton, {}, at(100));
    QTest::mouseMove(&canvas, at(200));
    QTest::mouseRelease(&canvas, Qt::LeftButton, {}, at(200));
    ASSERT_TRUE(cursor.step());
    EXPECT_NEAR(double(*cursor.step()), 200, 3);
    EXPECT_EQ(canvas.xAxis->range().lower, before.lower) << "the axes stay";
}

}  // namespace
}  // namespace wavlab
