// SPDX-License-Identifier: GPL-3.0-or-later
// Routing over time and compared, the depth map, and what they have in common.
#include <cmath>
#include <cstdio>
#include <memory>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QComboBox>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/comparison_picker.h"
#include "views/figure_export.h"
#include "views/frame_history.h"
#include "views/heatmap.h"
#include "views/routing_grid.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

SyntheticRun other_run() {
    SyntheticRun run;
    run.name = "other";
    run.method = "attnres_block";
    run.record_every = 7;
    return run;
}

std::vector<DrawnRun> drawn(std::vector<std::shared_ptr<RunRecord>> records) {
    std::vector<DrawnRun> runs;
    for (std::size_t i = 0; i < records.size(); ++i) runs.push_back({records[i], int(i), i == 0});
    return runs;
}

std::unique_ptr<CanvasPlot> shown_plot(const char* id, std::vector<std::shared_ptr<RunRecord>> records,
                                       const QJsonObject& state) {
    test_application();
    std::unique_ptr<CanvasPlot> plot(static_cast<CanvasPlot*>(PlotRegistry::find(id)->make(nullptr)));
    plot->resize(640, 420);
    plot->set_runs(drawn(std::move(records)));
    plot->set_state(state);
    plot->show();
    QCoreApplication::processEvents();
    plot->canvas();
    return plot;
}

const Heatmap& map_of(CanvasPlot& plot) {
    QCustomPlot& canvas = plot.canvas();
    for (int i = 0; i < canvas.plottableCount(); ++i)
        if (auto* map = dynamic_cast<Heatmap*>(canvas.plottable(i)))
            if (map->keyAxis() == canvas.xAxis) return *map;
    throw WorkError("no heatmap");
}

QPointF at(CanvasPlot& plot, double x, double y) {
    QCustomPlot& canvas = plot.canvas();
    return {canvas.xAxis->coordToPixel(x), canvas.yAxis->coordToPixel(y)};
}

TEST(FrameHistory, ReadsCoarselyFirstAndKeepsWhatItHasAsTheRunGrows) {
    std::vector<std::int64_t> all;
    for (int i = 0; i < 1000; ++i) all.push_back(i * 5);
    const std::vector<std::int64_t> few = thinned_steps(all, 300);
    EXPECT_LE(few.size(), 301u);
    EXPECT_GE(few.size(), 150u);
    EXPECT_EQ(few.back(), all.back());
    EXPECT_EQ(thinned_steps({3, 4}, 300), (std::vector<std::int64_t>{3, 4}));
    EXPECT_TRUE(thinned_steps({}, 300).empty());

    std::vector<std::int64_t> read;
    FrameHistory<int> history;
    history.restart([&](std::int64_t step) -> std::optional<int> {
        read.push_back(step);
        return step == 40 ? std::nullopt : std::optional(int(step));
    });
    history.want(few);
    EXPECT_FALSE(history.complete());
    EXPECT_EQ(history.up_to(10'000), nullptr);
    history.advance(std::chrono::milliseconds(0));
    EXPECT_EQ(read.size(), 1u) << "at least one, then the time is over";
    history.finish();
    EXPECT_TRUE(history.complete());
    EXPECT_GT(std::abs(read[1] - read[0]), 1000) << "coarsely first";
    EXPECT_EQ(read.size(), few.size());
    EXPECT_EQ(*history.up_to(25), 20);
    EXPECT_EQ(history.up_to(45), nullptr) << "what was before does not stand for what cannot be read";
    EXPECT_EQ(*history.up_to(65), 60);
    EXPECT_EQ(history.unreadable(), std::vector<std::int64_t>{40});

    const std::size_t before = read.size();
    std::vector<std::int64_t> more = all;
    for (int i = 1000; i < 1100; ++i) more.push_back(i * 5);
    history.want(thinned_steps(more, 300));
    history.finish();
    EXPECT_LE(read.size(), before + 30) << "only the new ones are read";
}

TEST(RoutingGrid, PairsRoutersAndSourcesByName) {
    SyntheticRun deep;
    deep.layers = 16;
    const RoutingLayout first = SyntheticRun().layout(), second = deep.layout();
    const RoutingGrid grid(first, &second);
    ASSERT_EQ(grid.rows().size(), 33u);
    EXPECT_EQ(grid.rows()[32].router[0], 24u) << "the final norm's routers are one row";
    EXPECT_EQ(grid.rows()[32].router[1], 32u);
    EXPECT_FALSE(grid.rows()[25].router[0]);
    EXPECT_EQ(grid.rows()[25].router[1], 25u);
    std::size_t cells = 0;
    for (std::size_t row = 0; row < grid.rows().size(); ++row)
        for (std::size_t column = 0; column < grid.columns().size(); ++column) {
            if (const auto source = grid.source(0, row, column)) {
                ++cells;
                EXPECT_EQ(first.routers[*grid.rows()[row].router[0]][*source], grid.columns()[column]);
            }
            EXPECT_EQ(grid.is_lonely(row, column),
                      grid.source(0, row, column).has_value() != grid.source(1, row, column).has_value());
        }
    EXPECT_EQ(cells, first.cell_count());
}

TEST(RoutingPlot, ShowsTheDifferenceOfTwoRunsAroundZero) {
    const SyntheticRun first, second = other_run();
    auto plot = shown_plot("routing", {first.record(), second.record()}, {{"against", "other"}, {"step", 200}});
    const Heatmap& map = map_of(*plot);
    EXPECT_EQ(map.low(), -map.high());
    // Router 7: embedding, block1, phase1, split1; the other has no details.
    const RoutingLayout layout = first.layout(), other = second.layout();
    const double here = first.routing_frame(200).weight[layout.first_cell(6) + 1];
    const double there = second.routing_frame(196).weight[other.first_cell(6) + 1];
    EXPECT_NEAR(map.value(6, 1), here - there, 1e-6) << "each run at its last record up to the step";
    EXPECT_TRUE(std::isnan(map.value(6, 2)));
    plot->hover_at(at(*plot, 1, 6));
    const QString text = plot->hover_lines().join('\n');
    EXPECT_TRUE(text.contains("wav-12\tstep 200\t" + QString::number(here, 'g', 4))) << text.toStdString();
    EXPECT_TRUE(text.contains("other\tstep 196\t" + QString::number(there, 'g', 4))) << text.toStdString();
    EXPECT_TRUE(text.contains("difference\t"));
    plot->hover_at(at(*plot, 2, 6));
    EXPECT_TRUE(plot->hover_lines().join('\n').contains("in one run only"));

    plot->set_state({{"against", "nobody"}});
    plot->canvas();
    EXPECT_EQ(map_of(*plot).low(), 0) << "a run that is not drawn is not compared with";
    EXPECT_EQ(plot->state()["against"], "nobody") << "until it is drawn again";
}

TEST(RoutingPlot, ShowsTheDifferenceToAnotherStep) {
    const SyntheticRun run;
    auto plot = shown_plot("routing", {run.record()},
                           {{"against_step", 3}, {"step", 300}, {"quantity", "contribution"}, {"fitted", true}});
    const Heatmap& map = map_of(*plot);
    const std::size_t cell = run.layout().first_cell(24) + 1;
    EXPECT_NEAR(map.value(24, 1), run.routing_frame(300).contribution[cell] - run.routing_frame(0).contribution[cell],
                1e-5);
    EXPECT_EQ(map.low(), -map.high());

    // The entry of the picker keeps the step that is shown.
    auto* picker = plot->findChild<ComparisonPicker*>();
    ASSERT_TRUE(picker);
    plot->set_state({{"step", 100}});
    plot->canvas();
    emit picker->activated(2);
    plot->canvas();
    EXPECT_EQ(plot->state()["against_step"].toInt(), 100);
    EXPECT_EQ(map_of(*plot).value(24, 1), 0);
    emit picker->activated(0);
    plot->canvas();
    EXPECT_FALSE(plot->state().contains("against_step"));
}

TEST(RoutingPlot, ShowsOneRouterOverTime) {
    const SyntheticRun run;
    auto plot = shown_plot("routing", {run.record(), other_run().record()}, {{"mode", "time"}, {"router", 7}});
    EXPECT_FALSE(plot->shown_step());
    const Heatmap* map = &map_of(*plot);
    ASSERT_EQ(map->rows(), 4u);
    ASSERT_EQ(map->columns(), 61u);
    const std::size_t cell = run.layout().first_cell(6);
    for (const std::int64_t step : {0, 150, 300})
        for (std::size_t source = 0; source < 4; ++source)
            EXPECT_NEAR(map->value(source, std::size_t(step / 5)), run.routing_frame(step).weight[cell + source], 1e-6);
    plot->hover_at(at(*plot, 150, 2));
    const QString text = plot->hover_lines().join('\n');
    EXPECT_TRUE(text.startsWith("Step 150")) << text.toStdString();
    EXPECT_TRUE(text.contains("phase 1"));
    EXPECT_TRUE(text.contains(QString::number(run.routing_frame(150).weight[cell + 2], 'g', 4)));

    plot->set_state({{"mode", "time"}, {"router", 7}, {"against", "other"}});
    map = &map_of(*plot);
    ASSERT_EQ(map->rows(), 4u);
    EXPECT_NEAR(map->value(1, 20),
                run.routing_frame(100).weight[cell + 1] -
                    other_run().routing_frame(98).weight[other_run().layout().first_cell(6) + 1],
                1e-6);
    EXPECT_TRUE(std::isnan(map->value(2, 20)));
    plot->hover_at(at(*plot, 100, 1));
    EXPECT_TRUE(plot->hover_lines().join('\n').contains("other\tstep 98\t"))
        << plot->hover_lines().join('\n').toStdString();
    plot->set_state({{"mode", "time"}, {"router", 7}, {"against_step", 100}});
    EXPECT_EQ(map_of(*plot).value(1, 20), 0);
    plot->set_state({{"mode", "time"}});
    EXPECT_EQ(map_of(*plot).rows(), run.layout().routers.back().size()) << "the final norm's router, unless chosen";
}

TEST(RoutingPlot, AClickOnARowChoosesTheRouter) {
    auto plot = shown_plot("routing", {SyntheticRun().record()}, {});
    QTest::mouseClick(&plot->canvas(), Qt::LeftButton, {}, at(*plot, 0, 11).toPoint());
    EXPECT_EQ(plot->state()["router"].toInt(), 12);
    auto* mode = plot->findChild<QComboBox*>();
    plot->canvas().xAxis->setRange(1, 2);
    EXPECT_TRUE(plot->state().contains("zoom"));
    mode->setCurrentIndex(1);
    EXPECT_GT(plot->canvas().xAxis->range().size(), 100) << "what was zoomed into is not on these axes";
    EXPECT_EQ(plot->state()["mode"], "time");
    EXPECT_EQ(map_of(*plot).rows(), SyntheticRun().layout().routers[11].size());
}

TEST(DepthPlot, ShowsDepthAndTimeAloneAndDivided) {
    const SyntheticRun run;
    SyntheticRun other = other_run();
    other.layers = 10;
    auto plot = shown_plot("depth", {run.record(), other.record()}, {{"mode", "time"}, {"quantity", "state"}});
    const Heatmap* map = &map_of(*plot);
    ASSERT_EQ(map->rows(), 25u);
    ASSERT_EQ(map->columns(), 61u);
    EXPECT_NEAR(map->value(3, 20), run.depth_frame(100).state_rms[3], 1e-6);
    plot->hover_at(at(*plot, 100, 3));
    EXPECT_TRUE(plot->hover_lines().join('\n').contains("Sublayer 4, mlp 2"))
        << plot->hover_lines().join('\n').toStdString();
    plot->set_state({{"mode", "time"}, {"log", true}});
    EXPECT_GT(map_of(*plot).low(), 0);
    plot->set_state({{"mode", "time"}, {"quantity", "ratio"}});
    EXPECT_EQ(map_of(*plot).rows(), 24u);
    EXPECT_NEAR(map_of(*plot).value(5, 10), run.depth_frame(50).update_rms[5] / run.depth_frame(50).state_rms[5], 1e-6);
    plot->set_state({{"mode", "time"}, {"against", "other"}});
    map = &map_of(*plot);
    EXPECT_NEAR(map->value(3, 20), std::log2(run.depth_frame(100).state_rms[3] / other.depth_frame(98).state_rms[3]),
                1e-5);
    EXPECT_TRUE(std::isnan(map->value(22, 20))) << "the other has fewer sublayers";
    EXPECT_EQ(map->low(), -map->high());
    plot->set_state({});
    EXPECT_EQ(plot->canvas().graphCount(), 2);
    plot->hover_at({plot->canvas().xAxis->coordToPixel(4), double(plot->canvas().axisRect()->center().y())});
    EXPECT_EQ(plot->hover_lines().value(0), "Sublayer 4, mlp 2");
}

TEST(Figures, CompareAndRunOverTimeOrSayWhyNot) {
    test_application();
    SyntheticRun standard = other_run();
    standard.name = "standard-12";
    standard.method = "standard";
    const auto wav = SyntheticRun().record(), other = other_run().record();
    const auto render = [](const char* kind, std::vector<std::shared_ptr<RunRecord>> records, QJsonObject state) {
        FigureOptions options;
        options.state = std::move(state);
        FigureResult result;
        return render_figure({PlotRegistry::find(kind), drawn(std::move(records))}, options, FigureFormat::svg, result);
    };
    EXPECT_TRUE(render("routing", {wav, other}, {{"against", "other"}}).contains("difference"));
    EXPECT_TRUE(render("routing", {wav}, {{"mode", "time"}, {"router", 7}}).contains("Router 7"));
    EXPECT_TRUE(render("depth", {wav, other}, {{"mode", "time"}, {"against", "other"}}).contains("log2"));
    const auto problem = [&](std::vector<std::shared_ptr<RunRecord>> records, QJsonObject state) -> std::string {
        try {
            render("routing", std::move(records), std::move(state));
        } catch (const InputError& error) {
            return error.what();
        }
        return {};
    };
    EXPECT_NE(problem({wav, standard.record()}, {{"against", "standard-12"}}).find("no routing to compare"),
              std::string::npos);
    EXPECT_NE(problem({wav}, {{"against", "other"}}).find("not among"), std::string::npos);
    EXPECT_NE(problem({wav}, {{"mode", "time"}, {"router", 26}}).find("no router 26; it has 1 to 25"),
              std::string::npos);
    EXPECT_NE(problem({wav, other}, {}).find("shows one run"), std::string::npos);
    EXPECT_EQ(
        runs_of_figure(*PlotRegistry::find("routing"), drawn({wav, standard.record(), other}), {{"against", "other"}})
            .size(),
        2u);
}

/// A long run in a store, as a GPU makes them.
std::shared_ptr<RunRecord> long_run(const std::filesystem::path& folder, std::int64_t frames) {
    SyntheticRun run;
    run.layers = 48;
    run.block_size = 24;
    run.steps = frames;
    std::filesystem::create_directories(folder);
    {
        RunStoreWriter writer(RunFolder{folder}.store());
        writer.write(run.started());
        for (std::int64_t step = 0; step < frames; ++step) {
            writer.write(run.routing_frame(step));
            writer.write(run.depth_frame(step));
        }
        RunEnded end;
        end.step = frames - 1;
        writer.write(end);
        writer.close();
    }
    auto record = std::make_shared<RunRecord>(folder);
    record->follow_store();
    return record;
}

TEST(LongRuns, AreReadBitByBitOverTimeAndMoveSmoothly) {
    test_application();
    const TemporaryFolder folder;
    const auto record = long_run(folder / "long", 2000);
    QElapsedTimer timer;
    for (const char* id : {"routing", "depth"}) {
        TimeCursor cursor;
        const std::unique_ptr<CanvasPlot> plot(static_cast<CanvasPlot*>(PlotRegistry::find(id)->make(nullptr)));
        plot->resize(700, 450);
        plot->set_time_cursor(&cursor);
        plot->set_runs(drawn({record}));
        plot->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(plot.get()));
        QCoreApplication::processEvents();

        // Every step that the cursor moves to is read from the store and painted.
        timer.start();
        constexpr int moves = 40;
        for (int i = 0; i < moves; ++i) {
            cursor.set_step(i * 47);
            plot->time_cursor_moved();
            QCoreApplication::processEvents();
        }
        const double move = double(timer.nsecsElapsed()) / 1e6 / moves;
        EXPECT_EQ(plot->shown_step(), (moves - 1) * 47);

        plot->set_state({{"mode", "time"}});
        std::int64_t longest = 0;
        QElapsedTimer whole;
        whole.start();
        QSignalSpy replots(plot->findChild<QCustomPlot*>(), &QCustomPlot::afterReplot);
        int pictures = 0;
        QElapsedTimer since_picture;
        since_picture.start();
        while (since_picture.elapsed() < 500 && whole.elapsed() < 60'000) {
            timer.start();
            QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
            longest = std::max<std::int64_t>(longest, timer.elapsed());
            if (int(replots.count()) == pictures) continue;
            pictures = int(replots.count());
            since_picture.start();
        }
        const qint64 read = whole.elapsed() - since_picture.elapsed();
        const Heatmap& map = map_of(*plot);
        EXPECT_LE(map.columns(), 701u);
        EXPECT_GE(map.columns(), 350u);
        RecordProperty(std::string(id) + "_milliseconds_a_move", std::to_string(move));
        RecordProperty(std::string(id) + "_longest_pause_milliseconds", std::to_string(longest));
        std::printf("%s: %.1f ms a move, longest pause over time %lld ms, all in %lld ms, %d pictures\n", id, move,
                    static_cast<long long>(longest), static_cast<long long>(read), pictures);
        EXPECT_GE(pictures, 2) << id;
        EXPECT_LT(move, 100) << id;
        EXPECT_LT(longest, 500) << id;
    }
}

}  // namespace
}  // namespace wavlab
