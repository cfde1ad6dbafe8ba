// SPDX-License-Identifier: GPL-3.0-or-later
// Time in the real window: one bar moves all views.
#include <QSlider>

#include "core/run_record.h"
#include "tests/app/window_fixture.h"
#include "views/plot_pane.h"
#include "views/time_bar.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

TEST_F(WindowTest, OneBarMovesAllViewsThroughTime) {
    open_with_fake();
    auto* bar = window->findChild<TimeBar*>();
    ASSERT_TRUE(bar);
    EXPECT_TRUE(bar->isVisible());
    EXPECT_LE(bar->height(), 40);
    EXPECT_FALSE(enabled("time.play"));
    EXPECT_TRUE(action("time.play").toolTip().contains("has not recorded"))
        << action("time.play").toolTip().toStdString();

    set("train.steps", std::int64_t{40});
    set("train.record_every", std::int64_t{1});
    press("run.start");
    ASSERT_TRUE(wait([&] { return !window->session().is_running() && step() == 40; }));
    ASSERT_TRUE(wait([&] { return bar->steps().size() > 10; }));
    EXPECT_TRUE(enabled("time.play"));

    const auto shown = [&](const char* id) -> std::optional<std::int64_t> {
        for (PlotPane* pane : window->panes())
            if (pane->descriptor().id == id) return pane->plot().shown_step();
        return std::nullopt;
    };
    const std::int64_t newest = bar->steps().back();
    ASSERT_TRUE(wait([&] { return shown("routing") == newest; }));
    action("time.first").trigger();
    ASSERT_TRUE(wait([&] { return shown("routing") == bar->steps().front(); }));
    ASSERT_TRUE(wait([&] { return shown("details") == bar->steps().front(); }));
    action("time.next").trigger();
    EXPECT_EQ(window->time_cursor().step(), bar->steps()[1]);
    action("time.previous").trigger();
    EXPECT_EQ(window->time_cursor().step(), bar->steps()[0]);
    EXPECT_FALSE(action("time.newest").isChecked());

    bar->set_duration(1);
    action("time.play").trigger();
    EXPECT_TRUE(bar->is_playing());
    EXPECT_EQ(action("time.play").text(), "Pa&use");
    ASSERT_TRUE(wait([&] { return !bar->is_playing(); }));
    EXPECT_TRUE(window->time_cursor().following());
    EXPECT_TRUE(action("time.newest").isChecked());
    ASSERT_TRUE(wait([&] { return shown("routing") == newest; }));
    for (QWidget* widget : bar->findChildren<QWidget*>())
        if (widget->focusPolicy() != Qt::NoFocus) {
            EXPECT_FALSE(widget->toolTip().isEmpty()) << widget->metaObject()->className();
        }
}

}  // namespace
}  // namespace wavlab
