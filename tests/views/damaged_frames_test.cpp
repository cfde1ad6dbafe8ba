// SPDX-License-Identifier: GPL-3.0-or-later
// Frames that are in the store and cannot be read: the views say so, and why, where the frame would be.
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QTest>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/sqlite.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_export.h"
#include "views/heatmap.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

constexpr const char* kinds[] = {"routing", "details", "depth"};

/// A stored run of 60 steps with a record at every tenth, some of them damaged.
class DamagedFrames : public testing::Test {
protected:
    std::shared_ptr<RunRecord> run_with_damage(const std::string& name, const std::string& where) {
        SyntheticRun run;
        run.name = name;
        run.steps = 60;
        run.record_every = 10;
        std::filesystem::create_directories(folder / name);
        const RunFolder stored{folder / name};
        {
            RunStoreWriter writer(stored.store());
            writer.write(run.started());
            for (std::int64_t step = 0; step <= run.steps; ++step)
                for (const RunEvent& event : run.step_events(step)) writer.write(event);
            RunEnded end;
            end.step = run.steps;
            writer.write(end);
            writer.close();
        }
        if (!where.empty())
            SqliteDatabase(stored.store(), SqliteDatabase::Mode::write)
                .execute(("UPDATE frames SET data = x'01' WHERE " + where).c_str());
        auto record = std::make_shared<RunRecord>(folder / name);
        record->follow_store();
        return record;
    }

    CanvasPlot& show(const char* kind, std::vector<std::shared_ptr<RunRecord>> records, const QJsonObject& state = {}) {
        test_application();
        plot.reset(static_cast<CanvasPlot*>(PlotRegistry::find(kind)->make(nullptr)));
        plot->resize(640, 420);
        plot->set_time_cursor(&cursor);
        std::vector<DrawnRun> runs;
        for (std::size_t i = 0; i < records.size(); ++i) runs.push_back({records[i], int(i), i == 0});
        plot->set_runs(std::move(runs));
        plot->set_state(state);
        plot->show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(plot.get()));
        settle();
        return *plot;
    }

    void settle() {
        QCoreApplication::processEvents();
        plot->canvas().replot(QCustomPlot::rpImmediateRefresh);
    }

    void move_to(std::int64_t step) {
        cursor.set_step(step);
        plot->time_cursor_moved();
        settle();
    }

    bool shows_data() { return plot->canvas().layer("main")->visible(); }

    std::string legend() {
        std::string text;
        const auto* strip = dynamic_cast<const LegendStrip*>(plot->canvas().plotLayout()->element(0, 0));
        for (const LegendStrip::Entry& entry : strip->entries()) text += entry.text.toStdString() + "\n";
        return text;
    }

    const Heatmap& map() {
        for (int i = 0; i < plot->canvas().plottableCount(); ++i)
            if (const auto* map = dynamic_cast<const Heatmap*>(plot->canvas().plottable(i)))
                if (map->keyAxis() == plot->canvas().xAxis) return *map;
        throw WorkError("no heatmap");
    }

    TemporaryFolder folder;
    TimeCursor cursor;
    std::unique_ptr<CanvasPlot> plot;
};

TEST_F(DamagedFrames, AreASentenceWhereTheFrameWouldBe) {
    const auto record = run_with_damage("wav-12", "step = 30");
    for (const char* kind : kinds) {
        show(kind, {record});
        EXPECT_EQ(plot->problem(), "") << kind;
        EXPECT_TRUE(shows_data()) << kind;
        move_to(32);
        EXPECT_THAT(plot->problem().toStdString(), HasSubstr("'wav-12'")) << kind;
        EXPECT_THAT(plot->problem().toStdString(), HasSubstr("The record of step 30 cannot be shown")) << kind;
        EXPECT_THAT(plot->problem().toStdString(), HasSubstr("damaged")) << kind;
        EXPECT_FALSE(shows_data()) << "nothing of another step stands for it, " << kind;
        plot->hover_at(QRectF(plot->canvas().viewport()).center());
        EXPECT_TRUE(plot->hover_lines().isEmpty()) << kind;
        move_to(40);
        EXPECT_EQ(plot->problem(), "") << kind;
        EXPECT_TRUE(shows_data()) << kind;
        move_to(30);
        EXPECT_FALSE(shows_data()) << kind;
        cursor.set_step(std::nullopt);
    }
}

TEST_F(DamagedFrames, AreNoFigure) {
    test_application();
    const auto record = run_with_damage("wav-12", "step = 30");
    for (const char* kind : kinds) {
        FigureOptions options;
        FigureResult result;
        const auto render = [&] {
            render_figure({PlotRegistry::find(kind), {{record, 0, true}}}, options, FigureFormat::svg, result);
        };
        EXPECT_NO_THROW(render()) << kind;
        options.step = 30;
        std::string message;
        try {
            render();
        } catch (const InputError& error) {
            message = error.what();
        }
        EXPECT_THAT(message, HasSubstr("step 30 cannot be shown")) << kind;
    }
}

TEST_F(DamagedFrames, AreHatchedColumnsOverTimeAndASentenceAbove) {
    const auto record = run_with_damage("wav-12", "step IN (30, 40)");
    for (const char* kind : {"routing", "depth"}) {
        for (const char* mode : {"time", "runs"}) {
            if (std::string(kind) == "routing" && std::string(mode) == "runs") continue;
            show(kind, {record}, {{"mode", mode}});
            EXPECT_EQ(plot->problem(), "") << kind;
            EXPECT_TRUE(std::isnan(map().value(1, 3))) << "not what was before, " << kind;
            EXPECT_FALSE(std::isnan(map().value(1, 2))) << kind;
            EXPECT_FALSE(std::isnan(map().value(1, 5))) << kind;
            EXPECT_THAT(legend(), HasSubstr("2 records cannot be shown")) << kind << " " << mode;
            EXPECT_THAT(legend(), HasSubstr("damaged")) << kind;
            QCustomPlot& canvas = plot->canvas();
            plot->hover_at({canvas.xAxis->coordToPixel(30), canvas.yAxis->coordToPixel(1)});
            EXPECT_THAT(plot->hover_lines().join('\n').toStdString(), HasSubstr("step 30 cannot be shown")) << kind;
        }
    }
    show("details", {record}, {{"over", "time"}});
    EXPECT_THAT(legend(), HasSubstr("2 records cannot be shown"));
    int gaps = 0;
    for (const QCPGraphData& point : *plot->canvas().graph(0)->data()) gaps += std::isnan(point.value);
    EXPECT_EQ(gaps, 2) << "the curve has a gap there";
}

TEST_F(DamagedFrames, OfAllStepsAreASentenceOverTimeToo) {
    const auto record = run_with_damage("wav-12", "1");
    const std::pair<const char*, QJsonObject> cases[] = {{"routing", {{"mode", "time"}}},
                                                         {"details", {{"over", "time"}}},
                                                         {"depth", {{"mode", "time"}}},
                                                         {"depth", {{"mode", "runs"}}}};
    for (const auto& [kind, state] : cases) {
        show(kind, {record}, state);
        EXPECT_THAT(plot->problem().toStdString(), HasSubstr("cannot be shown")) << kind;
        EXPECT_FALSE(shows_data()) << kind;
    }
}

TEST_F(DamagedFrames, OfOneOfSeveralRunsLeaveTheOthers) {
    const auto whole = run_with_damage("whole", ""), damaged = run_with_damage("damaged", "1");
    show("depth", {damaged, whole});
    EXPECT_EQ(plot->problem(), "");
    EXPECT_EQ(plot->canvas().graph(0)->dataCount(), 0);
    EXPECT_GT(plot->canvas().graph(1)->dataCount(), 0);
    EXPECT_THAT(legend(), HasSubstr("'damaged': The record of step 60 cannot be shown"));
    show("depth", {damaged, whole}, {{"mode", "runs"}});
    EXPECT_EQ(plot->problem(), "");
    show("routing", {whole, damaged}, {{"against", "damaged"}});
    EXPECT_THAT(plot->problem().toStdString(), HasSubstr("'damaged': The record of step 60"));
}

}  // namespace
}  // namespace wavlab
