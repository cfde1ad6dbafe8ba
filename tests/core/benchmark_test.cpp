// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/benchmark.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace wavlab {
namespace {

using Seconds = std::vector<double>;

TEST(Benchmark, ASpeedIsTheMedianOfRatiosWithinRounds) {
    // The machine was ten times slower in one round: the ratios of medians would be 0.1, those of pairs are not
    // touched.
    EXPECT_DOUBLE_EQ(paired_speed(Seconds{1, 10, 1}, Seconds{2, 20, 2}), 0.5);
    EXPECT_DOUBLE_EQ(paired_speed(Seconds{1, 1, 10}, Seconds{2, 20, 2}), 0.5);
    EXPECT_DOUBLE_EQ(paired_speed(Seconds{3, 3, 3, 3}, Seconds{1, 2, 3, 4}), 1.25);  // between 1.0 and 1.5
    const Seconds own{0.3, 0.7, 0.1};
    EXPECT_EQ(paired_speed(own, own), 1);
}

TEST(Benchmark, NothingMeasuredIsNoNumber) {
    EXPECT_TRUE(std::isnan(paired_speed({}, {})));
    EXPECT_TRUE(std::isnan(median_of({})));
    EXPECT_EQ(median_of(Seconds{3, 1, 2}), 2);
}

TEST(Benchmark, ARowHasTheFieldsOfTheContract) {
    const nlohmann::json json = to_json({"wav", "torch-eager", 48, 8, 1.5, 0.25, 1e9 + 0.25, 0.5});
    EXPECT_EQ(json,
              nlohmann::json::parse(R"({"method": "wav", "implementation": "torch-eager", "layers": 48, "blocks": 8,
                                              "seconds": 1.5, "ratio": 0.25, "peak_bytes": 1000000000})"));
    EXPECT_TRUE(to_json({"wav", "plain", 48, 8, 1.5, 0.25}).at("peak_bytes").is_null());
}

TEST(Benchmark, ADifferenceNamesBothNumbers) {
    const StepFinding expected{4.0, 2.0};
    EXPECT_EQ(difference(expected, expected, "fp32"), "");
    EXPECT_EQ(difference(expected, {4.0003, 2.001}, "fp32"), "");
    EXPECT_EQ(difference(expected, {4.001, 2.0}, "fp32"), "the loss is 4.001 and not 4");
    EXPECT_EQ(difference(expected, {4.0, 2.01}, "fp32"), "the gradient's norm is 2.01 and not 2");
    EXPECT_EQ(difference(expected, {4.001, 2.01}, "bf16"), "");
    EXPECT_NE(difference(expected, {4.1, 2.0}, "bf16"), "");
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_NE(difference(expected, {nan, 2.0}, "fp32"), "");
    EXPECT_NE(difference(expected, {4.0, nan}, "bf16"), "");
    EXPECT_NE(difference({nan, nan}, {nan, nan}, "fp32"), "");
}

}  // namespace
}  // namespace wavlab
