// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace wavlab
