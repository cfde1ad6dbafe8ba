// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace wavlab {

double Smoother::add(double value) {
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    sum_ = factor_ * sum_ + (1 - factor_) * value;
    weight_ = factor_ * weight_ + (1 - factor_);
    return sum_ / weight_;
}

std::vector<double> smooth(std::span<const double> values, double factor) {
    Smoother smoother(factor);
    std::vector<double> smoothed;
    smoothed.reserve(values.size());
    for (const double value : values) smoothed.push_back(smoother.add(value));
    return smoothed;
}

std::optional<double> quantile(std::span<const double> values, double fraction) {
    std::vector<double> finite;
    std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
    if (finite.empty()) return std::nullopt;
    std::sort(finite.begin(), finite.end());
    const double position = std::clamp(fraction, 0.0, 1.0) * double(finite.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, finite.size() - 1);
    return std::lerp(finite[below], finite[above], position - double(below));
}

std::optional<std::pair<double, double>> finite_range(std::span<const double> values) {
    std::optional<std::pair<double, double>> range;
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        if (!range) range = {value, value};
        range = {std::min(range->first, value), std::max(range->second, value)};
    }
    return range;
}

namespace {

/// Ranks from 0, ties sharing their mean, minus the mean of all ranks.
std::vector<double> centred_ranks(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
        const double rank = (double(first) + double(last) - double(order.size() - 1)) / 2;
        for (; first <= last; ++first) ranks[order[first]] = rank;
    }
    return ranks;
}

}  // namespace

std::optional<double> rank_correlation(std::span<const double> first, std::span<const double> second) {
    std::vector<double> kept[2];
    for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
        if (!std::isfinite(first[i]) || !std::isfinite(second[i])) continue;
        kept[0].push_back(first[i]);
        kept[1].push_back(second[i]);
    }
    if (kept[0].size() < 3) return std::nullopt;
    const std::vector<double> a = centred_ranks(kept[0]), b = centred_ranks(kept[1]);
    const auto product = [](const std::vector<double>& x, const std::vector<double>& y) {
        return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
    };
    const double squares = product(a, a) * product(b, b);
    if (squares <= 0) return std::nullopt;
    return product(a, b) / std::sqrt(squares);
}

}  // namespace wavlab
