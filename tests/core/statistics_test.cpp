// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace wavlab {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Smooth, IsUnbiasedFromTheFirstValue) {
    EXPECT_EQ(smooth(std::vector<double>{}).size(), 0u);
    for (const double value : smooth(std::vector<double>(20, 3.5))) EXPECT_NEAR(value, 3.5, 1e-12);
    const std::vector<double> smoothed = smooth(std::vector<double>{1, 2});
    EXPECT_NEAR(smoothed[1], (0.9 * 1 + 2) / 1.9, 1e-12);
    EXPECT_EQ(smooth(std::vector<double>{5, 7}, 0)[1], 7);
}

TEST(Smooth, ShowsNonFiniteValuesAndGoesOn) {
    const std::vector<double> smoothed = smooth(std::vector<double>{1, nan, infinity, 1});
    EXPECT_NEAR(smoothed[0], 1, 1e-12);
    EXPECT_TRUE(std::isnan(smoothed[1]));
    EXPECT_TRUE(std::isnan(smoothed[2]));
    EXPECT_NEAR(smoothed[3], 1, 1e-12);
    EXPECT_TRUE(std::isnan(smooth(std::vector<double>{nan})[0]));
}

TEST(Quantile, IsLinearBetweenFiniteValues) {
    const std::vector<double> values{4, nan, 1, 3, infinity, 2};
    EXPECT_EQ(quantile(values, 0), 1);
    EXPECT_EQ(quantile(values, 1), 4);
    EXPECT_EQ(quantile(values, 0.5), 2.5);
    EXPECT_EQ(quantile(std::vector<double>{nan}, 0.5), std::nullopt);
    EXPECT_EQ(finite_range(values), std::pair(1.0, 4.0));
    EXPECT_EQ(finite_range(std::vector<double>{}), std::nullopt);
}

}  // namespace
}  // namespace wavlab
