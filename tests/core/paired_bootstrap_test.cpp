// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/paired_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace wavlab {
namespace {

/// The means of all n^n resamples, each as likely as any other, ascending.
std::vector<double> every_mean(const std::vector<double>& values) {
    const std::size_t n = values.size();
    std::size_t count = 1;
    for (std::size_t i = 0; i < n; ++i) count *= n;
    std::vector<double> means;
    for (std::size_t number = 0; number < count; ++number) {
        double sum = 0;
        std::size_t rest = number;
        for (std::size_t i = 0; i < n; ++i, rest /= n) sum += values[rest % n];
        means.push_back(sum / double(n));
    }
    std::sort(means.begin(), means.end());
    return means;
}

/// The value that this part of them does not exceed.
double exact_quantile(const std::vector<double>& ascending, double part) {
    return ascending[std::size_t(part * double(ascending.size()))];
}

TEST(PairedBootstrap, NeedsTwoPairsForAnInterval) {
    const BootstrapDifference none = bootstrap_difference({});
    EXPECT_EQ(none.pairs, 0u);
    EXPECT_FALSE(none.mean || none.low || none.high);
    const BootstrapDifference one = bootstrap_difference(std::vector{-0.25});
    EXPECT_EQ(one.pairs, 1u);
    EXPECT_DOUBLE_EQ(*one.mean, -0.25);
    EXPECT_FALSE(one.low || one.high);
}

TEST(PairedBootstrap, OfEqualDifferencesIsThatDifference) {
    const BootstrapDifference found = bootstrap_difference(std::vector{0.5, 0.5, 0.5, 0.5});
    EXPECT_EQ(found.pairs, 4u);
    EXPECT_DOUBLE_EQ(*found.low, 0.5);
    EXPECT_DOUBLE_EQ(*found.high, 0.5);
}

TEST(PairedBootstrap, OfTwoPairsReachesFromOneToTheOther) {
    // A quarter of the resamples draws the same pair twice: more than the tail of 2.5 %.
    const BootstrapDifference found = bootstrap_difference(std::vector{-0.3, 0.1});
    EXPECT_DOUBLE_EQ(*found.mean, -0.1);
    EXPECT_DOUBLE_EQ(*found.low, -0.3);
    EXPECT_DOUBLE_EQ(*found.high, 0.1);
}

TEST(PairedBootstrap, AgreesWithAllResamplesCounted) {
    for (const std::vector<double>& values :
         {std::vector{-0.031, -0.012, 0.004}, std::vector{1.0, 2.0, 4.0, 8.0},
          std::vector{-0.11, -0.07, -0.02, 0.01, 0.05}, std::vector{0.3, 0.1, 0.4, 0.1, 0.5, 0.9}}) {
        const std::vector<double> means = every_mean(values);
        const BootstrapDifference found = bootstrap_difference(values);
        EXPECT_EQ(found.pairs, values.size());
        // The quantile of so many draws lies between the exact quantiles a little to its left and right.
        constexpr double slack = 0.006;  // four standard errors: 4 · sqrt(0.025 · 0.975 / 10,000)
        EXPECT_GE(*found.low, exact_quantile(means, 0.025 - slack) - 1e-12);
        EXPECT_LE(*found.low, exact_quantile(means, 0.025 + slack) + 1e-12);
        EXPECT_GE(*found.high, exact_quantile(means, 0.975 - slack) - 1e-12);
        EXPECT_LE(*found.high, exact_quantile(means, 0.975 + slack) + 1e-12);
    }
}

TEST(PairedBootstrap, IsThatOfTheNormalDistributionForManyPairs) {
    std::vector<double> values;
    for (int i = 0; i < 400; ++i) values.push_back(std::sin(i * 1.7) + 0.2 * std::cos(i * 0.3));
    double mean = 0, squares = 0;
    for (const double value : values) mean += value / 400;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double half = 1.96 * std::sqrt(squares / 400) / std::sqrt(400.0);
    const BootstrapDifference found = bootstrap_difference(values);
    EXPECT_NEAR(*found.low, mean - half, 0.05 * half);
    EXPECT_NEAR(*found.high, mean + half, 0.05 * half);
}

TEST(PairedBootstrap, IsTheSameEachTimeAndLeavesOutWhatIsNotFinite) {
    const std::vector<double> values{0.2, -0.4, 0.7, 0.1};
    const std::vector<double> holed{0.2, std::nan(""), -0.4, 0.7, std::numeric_limits<double>::infinity(), 0.1};
    const BootstrapDifference first = bootstrap_difference(values), second = bootstrap_difference(holed);
    EXPECT_EQ(first.pairs, second.pairs);
    EXPECT_EQ(*first.low, *second.low);
    EXPECT_EQ(*first.high, *second.high);
}

}  // namespace
}  // namespace wavlab
