// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "core/decimation.h"

namespace wavlab {
namespace {

std::vector<double> noisy(std::size_t size, unsigned seed, double share_of_nan = 0) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> noise;
    std::uniform_real_distribution<double> coin;
    std::vector<double> values;
    for (std::size_t i = 0; i < size; ++i)
        values.push_back(coin(generator) < share_of_nan ? std::nan("") : noise(generator));
    return values;
}

Extent brute_force(const std::vector<double>& values, std::size_t first, std::size_t last) {
    Extent extent;
    for (std::size_t i = first; i < last; ++i)
        if (!std::isnan(values[i])) extent.include(values[i]);
    return extent;
}

TEST(MinMaxPyramid, AgreesWithBruteForceWhileTheSeriesGrows) {
    for (const double share : {0.0, 0.1, 0.9}) {
        const std::vector<double> values = noisy(5000, 7, share);
        MinMaxPyramid pyramid;
        std::mt19937 generator(1);
        for (std::size_t size : {0, 1, 15, 16, 17, 127, 128, 129, 1023, 1024, 1025, 1200, 4999, 5000}) {
            const std::span known(values.data(), size);
            pyramid.extend(known);
            EXPECT_EQ(pyramid.size(), size);
            EXPECT_EQ(pyramid.whole(), brute_force(values, 0, size));
            for (int i = 0; i < 300; ++i) {
                std::size_t first = generator() % (size + 1), last = generator() % (size + 1);
                if (first > last) std::swap(first, last);
                EXPECT_EQ(pyramid.extent(known, first, last), brute_force(values, first, last)) << first << " " << last;
            }
        }
    }
}

TEST(MinMaxPyramid, PassesOverWhatIsNotFinite) {
    std::vector<double> values(100, std::nan(""));
    MinMaxPyramid pyramid;
    pyramid.extend(values);
    EXPECT_TRUE(pyramid.whole().empty());
    EXPECT_TRUE(pyramid.extent(values, 3, 90).empty());
    values.push_back(INFINITY);
    values.push_back(2);
    pyramid.extend(values);
    EXPECT_EQ(pyramid.extent(values, 0, values.size()), (Extent{2, 2}));
}

/// Every value lies in the column where its key does, and each column has exactly its values' extremes.
void expect_all_extremes(const std::vector<double>& keys, double factor, const std::vector<double>& values,
                         const ColumnGrid& grid, bool whole) {
    MinMaxPyramid pyramid;
    pyramid.extend(values);
    std::vector<DecimatedColumn> columns;
    decimate(keys, factor, values, pyramid, grid, columns, whole);
    std::size_t found = 0;
    std::size_t before = 0, after = keys.size();
    while (before < keys.size() && keys[before] < grid.edge(0) / factor) ++before;
    while (after > before && !(keys[after - 1] < grid.edge(grid.count()) / factor)) --after;
    if (before > 0) {
        ASSERT_FALSE(columns.empty());
        EXPECT_EQ(columns.front().column, -1);
        EXPECT_EQ(columns.front().first, before - 1);
        ++found;
    }
    for (std::size_t c = 0, i = before; c < grid.count(); ++c) {
        const std::size_t first = i;
        while (i < keys.size() && keys[i] < grid.edge(c + 1) / factor) ++i;
        if (i == first) continue;
        ASSERT_LT(found, columns.size());
        EXPECT_EQ(columns[found].column, std::int64_t(c));
        EXPECT_EQ(columns[found].first, first);
        EXPECT_EQ(columns[found].last, i - 1);
        EXPECT_EQ(columns[found].extent, brute_force(values, first, i));
        ++found;
    }
    if (after < keys.size()) {
        ASSERT_LT(found, columns.size());
        EXPECT_EQ(columns[found].column, std::int64_t(grid.count()));
        EXPECT_EQ(columns[found].first, after);
        ++found;
    }
    EXPECT_EQ(found, columns.size());
}

TEST(Decimation, EveryMinimumAndMaximumOfEveryColumnSurvives) {
    std::mt19937 generator(3);
    std::exponential_distribution<double> gap;
    for (const std::size_t size : {1, 2, 50, 3000, 20'000})
        for (const bool even : {true, false}) {
            std::vector<double> keys;
            double key = 0;
            for (std::size_t i = 0; i < size; ++i) keys.push_back(key += even ? 1 : 1e-6 + gap(generator));
            const std::vector<double> values = noisy(size, unsigned(size), 0.02);
            for (const double factor : {1.0, 8192.0}) {
                const double end = keys.back() * factor;
                for (const std::size_t columns : {1, 7, 640, 3000}) {
                    expect_all_extremes(keys, factor, values, {0, end * 1.02, columns}, even);
                    expect_all_extremes(keys, factor, values, {end * 0.31, end * 0.34 + 1, columns}, even);
                    expect_all_extremes(keys, factor, values, {-end - 1, -end * 0.5, columns}, even);
                    expect_all_extremes(keys, factor, values, {end + 1, end * 2 + 2, columns}, even);
                    expect_all_extremes(keys, factor, values, {factor, end * 1.1 + factor, columns, true}, even);
                }
            }
        }
}

TEST(Decimation, TakesOnlyWhatThePyramidKnows) {
    const std::vector<double> keys = {1, 2, 3, 4}, values = {5, 6, 7, 8};
    MinMaxPyramid pyramid;
    pyramid.extend(std::span(values).first(2));
    std::vector<DecimatedColumn> columns;
    decimate(keys, 1, values, pyramid, {0, 5, 5}, columns);
    ASSERT_EQ(columns.size(), 2u);
    EXPECT_EQ(columns[1].extent, (Extent{6, 6}));
}

}  // namespace
}  // namespace wavlab
