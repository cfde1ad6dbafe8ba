// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/run_groups.h"

namespace wavlab {
namespace {

using testing::ElementsAre;

std::vector<const Experiment*> pointers(const std::vector<Experiment>& runs) {
    std::vector<const Experiment*> result;
    for (const Experiment& run : runs) result.push_back(&run);
    return result;
}

Experiment run_of(std::int64_t layers, std::int64_t seed) {
    Experiment run;
    run.name = "run-" + std::to_string(layers) + "-" + std::to_string(seed);
    run.seed = seed;
    run.model.layers = layers;
    return run;
}

TEST(RunGroups, NameAndSeedAreNoSettings) {
    std::vector<Experiment> runs = {run_of(12, 1), run_of(12, 2)};
    EXPECT_TRUE(differing_settings(pointers(runs)).empty());
    runs.push_back(run_of(24, 1));
    runs.back().train.lr = 0.5;
    EXPECT_THAT(differing_settings(pointers(runs)), ElementsAre("model.layers", "train.lr"));
    EXPECT_TRUE(differing_settings({}).empty());
}

TEST(RunGroups, OptionsOfMethodsCount) {
    std::vector<Experiment> runs = {run_of(12, 1), run_of(12, 2), run_of(12, 3)};
    for (Experiment& run : runs) run.model.method = "unknown";
    runs[0].method["blocks"] = std::int64_t{4};
    runs[1].method["blocks"] = std::int64_t{8};
    EXPECT_THAT(differing_settings(pointers(runs)), ElementsAre("method.blocks"));
    const std::vector<RunGroup> groups = group_runs(pointers(runs), "method.blocks");
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[0].settings.front().second, "");
    EXPECT_THAT(groups[0].members, ElementsAre(2));
    EXPECT_EQ(groups[1].settings.front().second, "4");
    EXPECT_EQ(groups[2].id(), "method.blocks=8");
}

TEST(RunGroups, WhatOnlyAnotherMethodHasIsThatMethodsDifference) {
    std::vector<Experiment> runs = {run_of(12, 1), run_of(12, 1), run_of(12, 2)};
    runs[0].model.method = "standard";
    runs[1].model.method = runs[2].model.method = "wav";
    EXPECT_THAT(differing_settings(pointers(runs)), ElementsAre("model.method"));
    const std::vector<RunGroup> groups = group_runs(pointers(runs), all_settings);
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[0].id(), "model.method=standard");
    EXPECT_THAT(groups[1].members, ElementsAre(1, 2));
}

TEST(RunGroups, AreSortedByValue) {
    const std::vector<Experiment> runs = {run_of(48, 1), run_of(6, 1), run_of(12, 1), run_of(6, 2)};
    const std::vector<RunGroup> groups = group_runs(pointers(runs), "model.layers");
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[0].id(), "model.layers=6");
    EXPECT_THAT(groups[0].members, ElementsAre(1, 3));
    EXPECT_EQ(groups[1].id(), "model.layers=12");
    EXPECT_EQ(groups[2].id(), "model.layers=48");
}

TEST(RunGroups, OfAllSettingsHoldReplicates) {
    std::vector<Experiment> runs = {run_of(12, 1), run_of(24, 1), run_of(12, 2), run_of(24, 2)};
    runs[3].train.batch = 16;
    const std::vector<RunGroup> groups = group_runs(pointers(runs), all_settings);
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[0].id(), "model.layers=12, train.batch=8");
    EXPECT_THAT(groups[0].members, ElementsAre(0, 2));
    EXPECT_EQ(group_runs(pointers({runs[0], runs[2]}), all_settings).size(), 1u);
}

TEST(GroupCurve, AveragesWhatRunsShareAndStopsWithTheShortest) {
    const std::vector<double> steps = {1, 2, 3, 4}, a = {1, 2, 3, 4}, b = {3, 4, 5}, c = {2, 9, 4, 1};
    const SeriesView runs[] = {{steps, a}, {std::span(steps).first(3), b}, {steps, c}, {}};
    const GroupCurve curve = group_curve(runs);
    EXPECT_EQ(curve.n, 3u);
    EXPECT_FALSE(curve.interpolated);
    EXPECT_THAT(curve.positions, ElementsAre(1, 2, 3));
    EXPECT_THAT(curve.mean, ElementsAre(2, 5, 4));
    EXPECT_NEAR(curve.deviation[0], 1, 1e-12);
    EXPECT_NEAR(curve.deviation[1], std::sqrt((9 + 1 + 16) / 2.0), 1e-12);
}

TEST(GroupCurve, TakesOnlySharedPositionsWhereThereAreEnough) {
    const std::vector<double> every = {0, 50, 100, 150, 200}, second = {0, 100, 200}, a = {5, 4, 3, 2, 1},
                              b = {7, 5, 3};
    const SeriesView runs[] = {{every, a}, {second, b}};
    const GroupCurve curve = group_curve(runs);
    EXPECT_FALSE(curve.interpolated);
    EXPECT_THAT(curve.positions, ElementsAre(0, 100, 200));
    EXPECT_THAT(curve.mean, ElementsAre(6, 4, 2));
}

TEST(GroupCurve, ReadsOtherPositionsOffLinearlyInsideEachRunsRange) {
    const std::vector<double> fast = {1, 2, 3, 4, 5, 6}, slow = {1.5, 3.5, 5.5}, a = {6, 5, 4, 3, 2, 1}, b = {10, 8, 6};
    const SeriesView runs[] = {{fast, a}, {slow, b}};
    const GroupCurve curve = group_curve(runs);
    EXPECT_TRUE(curve.interpolated);
    EXPECT_THAT(curve.positions, ElementsAre(2, 3, 4, 5)) << "the range that both runs cover";
    EXPECT_NEAR(curve.mean[0], (5 + 9.5) / 2, 1e-12);
    EXPECT_NEAR(curve.mean[3], (2 + 6.5) / 2, 1e-12);
    const std::vector<double> late = {7, 8};
    const SeriesView apart[] = {{fast, a}, {late, std::span(b).first(2)}};
    EXPECT_TRUE(group_curve(apart).positions.empty());
}

TEST(GroupCurve, AValueThatIsNotFiniteMakesAGap) {
    const std::vector<double> steps = {1, 2, 3}, a = {1, std::nan(""), 3}, b = {1, 2, INFINITY};
    const SeriesView runs[] = {{steps, a}, {steps, b}};
    const GroupCurve curve = group_curve(runs);
    EXPECT_EQ(curve.mean[0], 1);
    EXPECT_TRUE(std::isnan(curve.mean[1]));
    EXPECT_TRUE(std::isnan(curve.mean[2]));
    EXPECT_TRUE(std::isnan(curve.deviation[2]));
}

TEST(GroupCurve, OneRunHasNoDeviationAndNoInterval) {
    const std::vector<double> steps = {1, 2}, a = {4, 3};
    const SeriesView runs[] = {{steps, a}};
    const GroupCurve curve = group_curve(runs);
    EXPECT_EQ(curve.n, 1u);
    EXPECT_EQ(curve.mean, a);
    EXPECT_TRUE(std::isnan(curve.deviation[0]));
    EXPECT_TRUE(std::isnan(interval_factor(1)));
    EXPECT_NEAR(interval_factor(3), 4.302653 / std::sqrt(3.0), 1e-5);
    EXPECT_TRUE(group_curve({}).positions.empty());
}

}  // namespace
}  // namespace wavlab
