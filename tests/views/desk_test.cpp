// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QLabel>
#include <QMainWindow>
#include <QTest>

#include "views/dock_desk.h"

namespace wavlab {
namespace {

class Desk : public testing::Test {
protected:
    Desk() : desk(new DockDesk(window)) {
        const std::pair<const char*, DockPlace> places[] = {
            {"form", DockPlace::left},           {"loss", DockPlace::top_left},     {"routing", DockPlace::top_right},
            {"details", DockPlace::bottom_left}, {"depth", DockPlace::bottom_left}, {"runs", DockPlace::bottom_right}};
        for (const auto& [id, place] : places) desk->add(id, id, "help", new QLabel(id), place);
        window.resize(1200, 800);
        window.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&window));
        desk->reset();
        QCoreApplication::processEvents();
    }
    QPoint corner(const char* id) { return desk->dock(id)->mapTo(&window, QPoint(0, 0)); }

    QMainWindow window;
    DockDesk* desk;
};

TEST_F(Desk, PutsEveryViewInItsPlace) {
    EXPECT_LT(corner("form").x(), corner("loss").x());
    EXPECT_LT(corner("loss").x(), corner("routing").x());
    EXPECT_LT(corner("loss").y(), corner("details").y());
    EXPECT_LT(corner("routing").y(), corner("runs").y());
    EXPECT_EQ(window.tabifiedDockWidgets(desk->dock("details")), QList<QDockWidget*>{desk->dock("depth")});
    EXPECT_FALSE(desk->dock("details")->visibleRegion().isEmpty());
}

TEST_F(Desk, ADoubleClickOnTheHeaderFillsTheWindowAndGivesItBack) {
    QWidget* bar = desk->dock("routing")->titleBarWidget();
    const int width = desk->dock("routing")->width();
    QTest::mouseDClick(bar, Qt::LeftButton, {}, QPoint(20, 5));
    QCoreApplication::processEvents();
    EXPECT_EQ(desk->maximised(), desk->dock("routing"));
    EXPECT_FALSE(desk->dock("loss")->isVisible());
    EXPECT_GT(desk->dock("routing")->width(), 1100);
    QTest::mouseDClick(bar, Qt::LeftButton, {}, QPoint(20, 5));
    QCoreApplication::processEvents();
    EXPECT_EQ(desk->maximised(), nullptr);
    EXPECT_TRUE(desk->dock("loss")->isVisible());
    EXPECT_NEAR(desk->dock("routing")->width(), width, 2);
}

TEST_F(Desk, TheSavedLayoutIsThatWithNothingMaximised) {
    desk->toggle_maximised(*desk->dock("loss"));
    const QByteArray state = desk->state();
    desk->restore();
    desk->dock("runs")->hide();
    EXPECT_TRUE(desk->set_state(state));
    EXPECT_TRUE(desk->dock("runs")->isVisible());
    EXPECT_TRUE(desk->dock("routing")->isVisible());
    EXPECT_FALSE(desk->set_state("nonsense"));
}

TEST_F(Desk, ResetBringsClosedAndFloatingViewsBack) {
    desk->dock("loss")->close();
    desk->dock("runs")->setFloating(true);
    desk->reset();
    QCoreApplication::processEvents();
    EXPECT_TRUE(desk->dock("loss")->isVisible());
    EXPECT_FALSE(desk->dock("runs")->isFloating());
    EXPECT_LT(corner("routing").y(), corner("runs").y());
}

}  // namespace
}  // namespace wavlab
