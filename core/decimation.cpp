// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/decimation.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

Extent extent_of(std::span<const double> values) {
    Extent extent;
    for (const double value : values) extent.include(value);
    return extent;
}

/// The first index from `from` on whose key is not below `edge`. Looks near `guess` first: keys are mostly even.
std::size_t first_at_or_after(std::span<const double> keys, double edge, std::size_t from, std::size_t guess) {
    std::size_t low = from, high = keys.size();
    guess = std::min(std::max(guess, from), high);
    std::size_t reach = 1;
    if (guess < high && keys[guess] < edge) {
        low = guess + 1;
        while (low + reach < high && keys[low + reach] < edge) {
            low += reach + 1;
            reach *= 2;
        }
        high = std::min(high, low + reach + 1);
    } else {
        high = guess;
        while (high >= from + reach + 1 && !(keys[high - reach] < edge)) {
            high -= reach;
            reach *= 2;
        }
        if (high >= from + reach) low = keys[high - reach] < edge ? high - reach + 1 : from;
    }
    return std::size_t(std::lower_bound(keys.begin() + std::ptrdiff_t(low), keys.begin() + std::ptrdiff_t(high), edge) -
                       keys.begin());
}

}  // namespace

void MinMaxPyramid::clear() {
    const std::uint64_t version = version_ + 1;
    *this = {};
    version_ = version;
}

void MinMaxPyramid::extend(std::span<const double> values) {
    if (values.size() > size_) ++version_;
    for (std::size_t i = size_; i < values.size(); ++i) whole_.include(values[i]);
    size_ = std::max(size_, values.size());
    if (size_ / leaf == 0) return;
    if (levels_.empty()) levels_.emplace_back();
    while (levels_[0].size() < size_ / leaf)
        levels_[0].push_back(extent_of(values.subspan(levels_[0].size() * leaf, leaf)));
    for (std::size_t level = 1; levels_[level - 1].size() >= fan_out; ++level) {
        if (levels_.size() == level) levels_.emplace_back();
        const std::vector<Extent>& below = levels_[level - 1];
        std::vector<Extent>& blocks = levels_[level];
        while (blocks.size() < below.size() / fan_out) {
            Extent extent;
            for (std::size_t i = 0; i < fan_out; ++i) extent.include(below[blocks.size() * fan_out + i]);
            blocks.push_back(extent);
        }
    }
}

Extent MinMaxPyramid::extent(std::span<const double> values, std::size_t first, std::size_t last) const {
    Extent extent;
    last = std::min({last, values.size(), size_});
    if (first >= last) return extent;
    // Values up to whole blocks, then on each level blocks up to whole ones of the next.
    std::size_t low = (first + leaf - 1) / leaf, high = last / leaf;
    if (low >= high) return extent_of(values.subspan(first, last - first));
    extent.include(extent_of(values.subspan(first, low * leaf - first)));
    extent.include(extent_of(values.subspan(high * leaf, last - high * leaf)));
    for (std::size_t level = 0; low < high; ++level) {
        const std::vector<Extent>& blocks = levels_[level];
        const std::size_t next_low = (low + fan_out - 1) / fan_out, next_high = high / fan_out;
        if (next_low >= next_high) {
            for (; low < high; ++low) extent.include(blocks[low]);
            break;
        }
        for (; low < next_low * fan_out; ++low) extent.include(blocks[low]);
        for (; high > next_high * fan_out; --high) extent.include(blocks[high - 1]);
        low = next_low;
        high = next_high;
    }
    return extent;
}

ColumnGrid::ColumnGrid(double low, double high, std::size_t count, bool logarithmic) : logarithmic_(logarithmic) {
    count = std::max<std::size_t>(count, 1);
    low_ = logarithmic ? std::log(low) : low;
    const double top = logarithmic ? std::log(high) : high;
    per_unit_ = double(count) / (top - low_);
    edges_.resize(count + 1);
    for (std::size_t i = 0; i <= count; ++i) {
        const double at = low_ + (top - low_) * double(i) / double(count);
        edges_[i] = logarithmic ? std::exp(at) : at;
    }
    edges_.front() = low;
    edges_.back() = high;
}

double ColumnGrid::place(double key) const {
    if (logarithmic_) return key > 0 ? (std::log(key) - low_) * per_unit_ : -std::numeric_limits<double>::infinity();
    return (key - low_) * per_unit_;
}

void decimate(std::span<const double> keys, double key_factor, std::span<const double> values,
              const MinMaxPyramid& pyramid, const ColumnGrid& grid, std::vector<DecimatedColumn>& columns,
              bool whole_keys) {
    columns.clear();
    const std::size_t size = std::min({keys.size(), values.size(), pyramid.size()});
    if (size == 0 || !(key_factor > 0)) return;
    keys = keys.first(size);
    values = values.first(size);
    const auto edge = [&](std::size_t column) { return grid.edge(column) / key_factor; };
    // Ascending whole numbers that span no more than their count have no gaps.
    const double start = keys.front();
    const bool gapless = whole_keys && keys.back() - start == double(size - 1);
    const auto find = [&](double bound, std::size_t least, std::size_t guess) {
        if (!gapless) return first_at_or_after(keys, bound, least, guess);
        return std::size_t(std::clamp(std::ceil(bound - start), double(least), double(size)));
    };
    const auto key = [&](std::size_t index) { return gapless ? start + double(index) : keys[index]; };
    std::size_t from = find(edge(0), 0, size / 2);
    if (from > 0) columns.push_back({-1, from - 1, from - 1, pyramid.extent(values, from - 1, from)});
    std::size_t step = 1;
    const std::size_t count = grid.count();
    for (std::size_t column = 0; column < count && from < size; ++column) {
        if (!(key(from) < edge(column + 1))) {
            // Nothing here; with few values most columns are empty, and the next value's is found at once.
            const double next = grid.place(key(from) * key_factor);
            if (next >= double(count)) break;
            column = std::max(column, std::size_t(std::max(0.0, next - 1)));
            while (column < count && !(key(from) < edge(column + 1))) ++column;
            if (column == count) break;
        }
        const std::size_t end = find(edge(column + 1), from + 1, from + step);
        columns.push_back({std::int64_t(column), from, end - 1, pyramid.extent(values, from, end)});
        step = end - from;
        from = end;
    }
    if (from < size) columns.push_back({std::int64_t(count), from, from, pyramid.extent(values, from, from + 1)});
}

}  // namespace wavlab
