// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdexcept>

#include <gtest/gtest.h>

#include <QMenu>
#include <QSignalSpy>
#include <QWidget>

#include "core/error.h"
#include "views/action_registry.h"

namespace wavlab {
namespace {

TEST(ActionRegistry, FeedsMenusInTheOrderOfRegistration) {
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    actions->add({"a", "&Alpha", "Does a.", "", {}, "&First", false, false}, [] {});
    actions->add({"b", "Beta", "Does b.", "", {}, "Second", false, false}, [] {});
    actions->add({"c", "Gamma", "Does c.", "", {}, "&First", true, false}, [] {});
    EXPECT_EQ(actions->menus(), QStringList({"&First", "Second"}));
    QMenu menu;
    actions->fill(menu, "&First");
    ASSERT_EQ(menu.actions().size(), 3);
    EXPECT_TRUE(menu.actions()[1]->isSeparator());
    EXPECT_EQ(menu.actions()[2]->objectName(), "c");
}

TEST(ActionRegistry, ADisabledActionSaysWhy) {
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    QAction& start =
        actions->add({"run.start", "&Start", "Trains.", "", QKeySequence(Qt::Key_F5), "Run", false, false}, [] {});
    EXPECT_TRUE(start.toolTip().contains("Trains."));
    EXPECT_TRUE(start.toolTip().contains("F5"));
    actions->set_obstacle("run.start", "A run is going: wav-12. Stop it first.");
    EXPECT_FALSE(start.isEnabled());
    EXPECT_TRUE(start.toolTip().contains("A run is going: wav-12. Stop it first."));
    EXPECT_EQ(actions->obstacle("run.start"), "A run is going: wav-12. Stop it first.");
    actions->set_obstacle("run.start", {});
    EXPECT_TRUE(start.isEnabled());
    EXPECT_TRUE(start.toolTip().contains("Trains."));
}

TEST(ActionRegistry, WhatAHandlerThrowsIsAMessage) {
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    QAction& bad = actions->add({"bad", "Bad", "Fails.", "", {}, "", false, false},
                                [] { throw std::runtime_error("the disk is full"); });
    QSignalSpy failed(actions, &ActionRegistry::failed);
    bad.trigger();
    ASSERT_EQ(failed.size(), 1);
    EXPECT_EQ(failed[0][0].toString(), "the disk is full");
}

TEST(ActionRegistry, AnIdIsTakenOnce) {
    QWidget window;
    auto* actions = new ActionRegistry(&window);
    actions->add({"a", "A", "", "", {}, "", false, false}, [] {});
    EXPECT_THROW(actions->add({"a", "A", "", "", {}, "", false, false}, [] {}), WorkError);
    EXPECT_THROW(actions->action("b"), WorkError);
}

}  // namespace
}  // namespace wavlab
