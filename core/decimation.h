// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace wavlab {

/// The smallest and largest of some numbers; what is not finite is passed over.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        // Comparisons with NaN are false: it changes nothing.
        const bool finite = std::abs(value) <= std::numeric_limits<double>::max();
        low = finite && value < low ? value : low;
        high = finite && value > high ? value : high;
    }
    void include(const Extent& other) {
        low = other.low < low ? other.low : low;
        high = other.high > high ? other.high : high;
    }
    bool empty() const { return !(low <= high); }
    friend bool operator==(const Extent&, const Extent&) = default;
};

/// Minima and maxima over blocks of a series that grows at its end: the first level has one block for 16 values, each
/// further one for 8 blocks below. Any range then costs O(log n), and all levels together an eighth of the series.
class MinMaxPyramid {
public:
    /// How many values it knows.
    std::size_t size() const { return size_; }
    /// Takes in what is new: `values` is the whole series, of which the first `size()` are known.
    void extend(std::span<const double> values);
    void clear();

    /// The extent of values [first, last) of the series that was given to `extend`. Empty when none is a number.
    Extent extent(std::span<const double> values, std::size_t first, std::size_t last) const;
    /// Of everything it knows.
    Extent whole() const { return whole_; }
    /// Another number whenever it knows something else.
    std::uint64_t version() const { return version_; }

private:
    static constexpr std::size_t leaf = 16;
    static constexpr std::size_t fan_out = 8;

    std::size_t size_ = 0;
    std::uint64_t version_ = 0;
    Extent whole_;
    std::vector<std::vector<Extent>> levels_;  ///< of complete blocks only
};

/// What is left of the values that share one column of pixels: all that can be seen of them.
struct DecimatedColumn {
    std::int64_t column = 0;
    std::size_t first = 0;  ///< index of the first value of the column
    std::size_t last = 0;   ///< index of its last value
    Extent extent;          ///< of its values; empty when none is a number

    std::size_t count() const { return last - first + 1; }
};

/// Columns of equal width along an axis: column c holds the keys k with edge(c) <= k < edge(c + 1).
class ColumnGrid {
public:
    /// `count` columns from `low` to `high`, of equal width in the logarithm for a logarithmic axis (0 < low < high).
    ColumnGrid(double low, double high, std::size_t count, bool logarithmic = false);

    std::size_t count() const { return edges_.size() - 1; }
    /// The column's lower edge; edge(count()) is the end of the last.
    double edge(std::size_t column) const { return edges_[column]; }
    /// Where a key lies, in columns; may lie outside of 0..count().
    double place(double key) const;

private:
    bool logarithmic_;
    double low_;
    double per_unit_;
    std::vector<double> edges_;
};

/// Reduces a series to what a grid of columns can show, in O(columns · log n): of each column that holds a value the
/// first, the last, the smallest and the largest. The values just before and after the grid come along as columns of
/// their own (-1 and count()), for the lines that lead to them. `keys` ascend and are multiplied by `key_factor`;
/// values at the same index belong together, and only the first `pyramid.size()` count. `whole_keys`: the keys are
/// whole numbers, so that those without gaps need not be searched.
void decimate(std::span<const double> keys, double key_factor, std::span<const double> values,
              const MinMaxPyramid& pyramid, const ColumnGrid& grid, std::vector<DecimatedColumn>& columns,
              bool whole_keys = false);

}  // namespace wavlab
