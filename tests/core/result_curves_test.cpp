// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/result_curves.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TableRun run_of(const std::string& method, std::int64_t layers, std::int64_t seed, double loss) {
    TableRun run;
    run.name = method + "-" + std::to_string(layers) + "-" + std::to_string(seed);
    run.experiment.seed = seed;
    run.experiment.model.method = method;
    run.experiment.model.layers = layers;
    run.description.added_parameters = method == "standard" ? 0 : 100 * layers;
    run.state = RunState::finished;
    run.step = run.total_steps = 300;
    run.values["val/loss"] = {300, loss};
    run.tokens_per_second = 10'000.0 / double(layers) + double(seed);
    run.memory_bytes = 1e6 * double(layers);
    return run;
}

/// Of three methods; the runs of 48 layers come first, since positions are sorted by number.
std::vector<TableRun> some_runs() {
    return {run_of("wav", 48, 1, 1.5),
            run_of("wav", 6, 1, 2.5),
            run_of("wav", 6, 2, 2.7),
            run_of("wav", 12, 1, 1.9),
            run_of("wav", 12, 2, 2.15),
            run_of("attnres_block", 6, 1, 2.6),
            run_of("attnres_block", 6, 2, 2.75),
            run_of("attnres_block", 12, 1, 2.0),
            run_of("attnres_block", 12, 3, 2.4),
            run_of("standard", 6, 1, 3.0)};
}

const ResultCurve& curve_of(const ResultCurves& curves, const std::string& value) {
    for (const ResultCurve& curve : curves.curves)
        if (curve.values == std::vector<std::string>{value}) return curve;
    throw std::out_of_range(value);
}

std::string error_of(std::vector<TableRun> runs, const ResultRequest& request) {
    try {
        result_curves(std::move(runs), request);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(ResultCurves, AreMeansOverSeedsByDepthAndMethod) {
    const ResultCurves curves = result_curves(some_runs(), {});
    EXPECT_THAT(curves.positions, ElementsAre(6, 12, 48));
    ASSERT_EQ(curves.curves.size(), 3u);
    EXPECT_THAT(curves.curves[0].values, ElementsAre("attnres_block"));
    const ResultCurve& wav = curve_of(curves, "wav");
    ASSERT_EQ(wav.points.size(), 3u);
    const ResultPoint& point = wav.points[1];
    EXPECT_EQ(point.x, 12);
    EXPECT_EQ(point.n, 2u);
    EXPECT_NEAR(point.mean, 2.025, 1e-12);
    EXPECT_NEAR(*point.deviation, 0.25 / std::numbers::sqrt2, 1e-12);
    EXPECT_NEAR(*point.high - point.mean, 12.7062 * 0.125, 1e-4);  // t with one degree of freedom
    EXPECT_THAT(point.by_seed, ElementsAre(Pair(1, 1.9), Pair(2, 2.15)));
    ASSERT_EQ(point.runs.size(), 2u);
    EXPECT_EQ(curves.table.runs[point.runs[0]].name, "wav-12-1");
    EXPECT_EQ(wav.points[2].n, 1u);
    EXPECT_FALSE(wav.points[2].deviation);
    EXPECT_FALSE(wav.points[2].low);
    EXPECT_EQ(curves.baseline(), nullptr);
}

TEST(ResultCurves, AreTheCellsOfTheTable) {
    TableRequest request;
    request.rows = {"model.method"};
    request.columns = {"model.layers"};
    request.baseline = "attnres_block";
    const ResultTable table = result_table(some_runs(), request);
    for (const ResultQuantity quantity : {ResultQuantity::loss, ResultQuantity::difference, ResultQuantity::speed}) {
        ResultRequest of_quantity;
        of_quantity.quantity = quantity;
        const ResultCurves curves = result_curves(some_runs(), of_quantity);
        for (std::size_t row = 0; row < table.rows.size(); ++row)
            for (std::size_t column = 0; column < table.columns.size(); ++column) {
                const TableCell& cell = table.cells[row][column];
                const TableMeasure& measure = cell.measures.front();
                const auto wanted = quantity == ResultQuantity::loss ? measure.statistics.mean
                                    : quantity == ResultQuantity::difference
                                        ? measure.difference ? measure.difference->mean : std::optional<double>()
                                        : cell.tokens_per_second;
                std::optional<double> found;
                for (const ResultPoint& point : curve_of(curves, table.rows[row][0]).points)
                    if (std::to_string(int(point.x)) == table.columns[column][0]) found = point.mean;
                EXPECT_EQ(found, wanted) << table.rows[row][0] << " " << table.columns[column][0];
            }
    }
}

TEST(ResultCurves, DifferencesAreByPairsWithTheSameSeedAndPosition) {
    ResultRequest request;
    request.quantity = ResultQuantity::difference;
    const ResultCurves curves = result_curves(some_runs(), request);
    ASSERT_NE(curves.baseline(), nullptr);
    EXPECT_THAT(curves.baseline()->values, ElementsAre("attnres_block"));
    EXPECT_TRUE(curves.baseline()->empty());
    EXPECT_THAT(curves.curves[0].values, ElementsAre("attnres_block")) << "the same order as without a baseline";
    const ResultCurve& wav = curve_of(curves, "wav");
    ASSERT_EQ(wav.points.size(), 2u) << "nothing to compare with at 48 layers";
    EXPECT_NEAR(wav.points[0].mean, -0.075, 1e-12);
    EXPECT_NEAR(*wav.points[0].low, -0.1, 1e-12);
    EXPECT_NEAR(*wav.points[0].high, -0.05, 1e-12);
    EXPECT_NEAR(*wav.points[0].deviation, 0.05 / std::numbers::sqrt2, 1e-12);
    EXPECT_EQ(wav.points[1].n, 1u) << "seed 2 has no pair";
    EXPECT_NEAR(wav.points[1].mean, -0.1, 1e-12);
    EXPECT_FALSE(wav.points[1].low);

    request.baseline = "standard";
    const ResultCurves others = result_curves(some_runs(), request);
    EXPECT_THAT(others.baseline()->values, ElementsAre("standard"));
    EXPECT_EQ(others.positions, std::vector<double>{6});
    request.baseline = "rezero";
    EXPECT_THAT(error_of(some_runs(), request), HasSubstr("no line of these runs has 'rezero'"));
}

TEST(ResultCurves, TheUsualBaselineHasResults) {
    std::vector<TableRun> runs = some_runs();
    ResultRequest request;
    request.quantity = ResultQuantity::difference;
    for (TableRun& run : runs)
        if (run.experiment.model.method == "attnres_block") run.state = RunState::stopped;
    EXPECT_THAT(result_curves(runs, request).baseline()->values, ElementsAre("standard"));
    runs.pop_back();
    EXPECT_THAT(result_curves(runs, request).baseline()->values, ElementsAre("wav"));
    for (TableRun& run : runs) run.state = RunState::running;
    EXPECT_EQ(result_curves(runs, request).baseline(), nullptr);
}

TEST(ResultCurves, OnlyFinishedRunsCount) {
    std::vector<TableRun> runs = some_runs();
    runs[0].state = RunState::running;
    runs[1].state = RunState::diverged;
    const ResultCurves curves = result_curves(runs, {});
    EXPECT_EQ(curves.unfinished, 2u);
    EXPECT_THAT(curves.positions, ElementsAre(6, 12));
    EXPECT_EQ(curve_of(curves, "wav").points[0].n, 1u);
    ASSERT_FALSE(curves.notes.empty());
    EXPECT_THAT(curves.notes[0], HasSubstr("wav-48-1"));
    for (TableRun& run : runs) run.state = RunState::stopped;
    const ResultCurves none = result_curves(runs, {});
    EXPECT_TRUE(none.positions.empty());
    EXPECT_EQ(none.curves.size(), 3u) << "lines keep their places while runs finish";
}

TEST(ResultCurves, CostsAreThoseOfTheRuns) {
    ResultRequest request;
    request.quantity = ResultQuantity::parameters;
    ResultCurves curves = result_curves(some_runs(), request);
    EXPECT_EQ(curve_of(curves, "wav").points[2].mean, 4800);
    EXPECT_EQ(curve_of(curves, "standard").points[0].mean, 0);
    request.quantity = ResultQuantity::speed;
    curves = result_curves(some_runs(), request);
    EXPECT_NEAR(curve_of(curves, "wav").points[1].mean, 10'000.0 / 12 + 1.5, 1e-9);
    request.quantity = ResultQuantity::memory;
    curves = result_curves(some_runs(), request);
    EXPECT_NEAR(curve_of(curves, "wav").points[2].mean, 48e6, 1e-3);
}

TEST(ResultCurves, WhatLacksTheSettingIsTheSameEverywhere) {
    std::vector<TableRun> runs;
    for (const std::int64_t blocks : {8, 2}) {
        runs.push_back(run_of("wav", 12, blocks, 2.0 + 0.01 * double(blocks)));
        runs.back().experiment.method["blocks"] = blocks;
    }
    runs.push_back(run_of("standard", 12, 1, 2.5));
    ResultRequest request;
    request.x = "method.blocks";
    const ResultCurves curves = result_curves(runs, request);
    EXPECT_THAT(curves.positions, ElementsAre(2, 8));
    const ResultCurve& standard = curve_of(curves, "standard");
    EXPECT_TRUE(standard.points.empty());
    ASSERT_TRUE(standard.without_x);
    EXPECT_EQ(standard.without_x->mean, 2.5);
    EXPECT_FALSE(curve_of(curves, "wav").without_x);
}

TEST(ResultCurves, LinesMayBeOfSeveralSettings) {
    std::vector<TableRun> runs;
    for (const std::int64_t layers : {6, 12})
        for (const std::int64_t blocks : {2, 4}) {
            runs.push_back(run_of("wav", layers, 1, 2 - 0.1 * double(blocks)));
            runs.back().experiment.method["blocks"] = blocks;
            runs.push_back(run_of("attnres_block", layers, 1, 2.1 - 0.1 * double(blocks)));
            runs.back().experiment.method["blocks"] = blocks;
        }
    ResultRequest request;
    request.quantity = ResultQuantity::difference;
    for (const auto& lines : {std::vector<std::string>{"model.method", "method.blocks"}, std::vector<std::string>{}}) {
        request.lines = lines;
        const ResultCurves curves = result_curves(runs, request);
        ASSERT_EQ(curves.curves.size(), 4u);
        EXPECT_THAT(curves.curves[3].values, ElementsAre("wav", "4"));
        ASSERT_EQ(curves.curves[3].points.size(), 2u);
        EXPECT_NEAR(curves.curves[3].points[0].mean, -0.1, 1e-12);
        EXPECT_TRUE(curves.curves[0].is_baseline);
        EXPECT_TRUE(curves.curves[1].is_baseline) << "each number of blocks has its own";
    }
}

TEST(ResultCurves, SettingsThatDifferWithinAPointAreTold) {
    std::vector<TableRun> runs = some_runs();
    runs[3].experiment.train.batch += 1;
    const ResultCurves curves = result_curves(runs, {});
    EXPECT_THAT(curves.notes, testing::Contains(HasSubstr("train.batch")));
}

TEST(ResultCurves, RunsWithoutTheUnitAreLeftOut) {
    std::vector<TableRun> runs = some_runs();
    for (TableRun& run : runs) {
        if (run.experiment.model.method == "standard") continue;
        run.description.validation_tokens = 100;
        run.description.validation_characters = 200;
        run.description.validation_bytes = 200;
    }
    ResultRequest request;
    request.unit = LossUnit::bits_per_character;
    const ResultCurves curves = result_curves(runs, request);
    EXPECT_EQ(curves.without_unit, 1u);
    EXPECT_THAT(curves.notes, testing::Contains(HasSubstr("standard-6-1")));
    EXPECT_NEAR(curve_of(curves, "wav").points[2].mean, 1.5 / std::numbers::ln2 / 2, 1e-12);
    EXPECT_TRUE(result_curves({some_runs().back()}, request).curves.empty());
}

TEST(ResultCurves, RefuseWhatCannotBeDrawn) {
    EXPECT_THAT(error_of({}, {}), HasSubstr("at least one run"));
    ResultRequest request;
    request.x = "model.depth";
    EXPECT_THAT(error_of(some_runs(), request), HasSubstr("x: 'model.depth' is no setting"));
    request.x = "data.dataset";
    EXPECT_THAT(error_of(some_runs(), request), HasSubstr("are no numbers"));
    request.x = "model.layers";
    request.lines = {"model.layers"};
    EXPECT_THAT(error_of(some_runs(), request), HasSubstr("both the positions and the lines"));
    request.lines = {"nothing"};
    EXPECT_THAT(error_of(some_runs(), request), HasSubstr("line: 'nothing'"));
}

TEST(ResultCurves, QuantitiesHaveNames) {
    EXPECT_EQ(parse_result_quantity("difference"), ResultQuantity::difference);
    EXPECT_EQ(parse_result_quantity("memory"), ResultQuantity::memory);
    EXPECT_FALSE(parse_result_quantity("gain"));
}

}  // namespace
}  // namespace wavlab
