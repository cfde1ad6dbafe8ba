// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/grouped_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace wavlab {
namespace {

// Expected figures are scipy's: stats.t.ppf, numpy.std(ddof=1), stats.ttest_rel(...).confidence_interval().
TEST(GroupedStatistics, QuantilesOfStudentsTAgreeWithScipy) {
    const auto near = [](double probability, double degrees, double expected) {
        EXPECT_NEAR(student_t_quantile(probability, degrees), expected, 1e-12 * std::abs(expected))
            << probability << " " << degrees;
    };
    near(0.975, 1, 12.706204736174694);
    near(0.975, 2, 4.302652729749462);
    near(0.975, 3, 3.1824463052837078);
    near(0.975, 4, 2.7764451051977934);
    near(0.975, 9, 2.262157162798205);
    near(0.975, 29, 2.0452296421327034);
    near(0.975, 1000, 1.9623390808264083);
    near(0.9, 5, 1.475884048824481);
    near(0.025, 3, -3.1824463052837078);
    near(0.9999, 2, 70.70007107496818);
    EXPECT_EQ(student_t_quantile(0.5, 7), 0);
    EXPECT_THROW(student_t_quantile(1, 7), std::exception);
}

TEST(GroupedStatistics, MeanSpreadAndInterval) {
    const std::vector<double> values{1.5, 1.7, 1.4, 1.9};
    const GroupStatistics group = group_statistics(values);
    EXPECT_EQ(group.n, 4u);
    EXPECT_NEAR(*group.mean, 1.625, 1e-15);
    EXPECT_NEAR(*group.standard_deviation, 0.22173557826083448, 1e-14);
    EXPECT_NEAR(*group.interval, 3.1824463052837078 * 0.22173557826083448 / 2, 1e-13);
}

TEST(GroupedStatistics, SmallGroupsSayWhatTheyLack) {
    EXPECT_EQ(group_statistics({}).n, 0u);
    EXPECT_FALSE(group_statistics({}).mean);
    const std::vector<double> one{2.0, std::numeric_limits<double>::quiet_NaN()};
    const GroupStatistics group = group_statistics(one);
    EXPECT_EQ(group.n, 1u);
    EXPECT_EQ(group.mean, 2.0);
    EXPECT_FALSE(group.standard_deviation);
    EXPECT_FALSE(group.interval);
    EXPECT_EQ(group_statistics(std::vector<double>{3, 3, 3}).standard_deviation, 0.0);
}

TEST(GroupedStatistics, PairedDifferenceLeavesOutBrokenPairs) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> a{1.0, 1.2, 1.1, 5.0};
    const std::vector<double> b{1.1, 1.25, 1.3, nan};
    const GroupStatistics difference = paired_difference(a, b);
    EXPECT_EQ(difference.n, 3u);
    EXPECT_NEAR(*difference.mean, -0.35 / 3, 1e-14);
    EXPECT_NEAR(*difference.standard_deviation, 0.07637626158259735, 1e-14);
    EXPECT_NEAR(*difference.interval, 0.18972915167983784, 1e-14);
}

}  // namespace
}  // namespace wavlab
