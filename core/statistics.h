// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace wavlab {

/// Exponential smoothing with bias correction (as in Adam, Kingma and Ba 2015): the weighted mean of the values so far,
/// older ones weighing `factor` per step less. Non-finite values are left out of the means of later points and give NaN
/// at their own.
std::vector<double> smooth(std::span<const double> values, double factor = 0.9);

/// The same for values that arrive one by one.
class Smoother {
public:
    explicit Smoother(double factor = 0.9) : factor_(factor) {}
    double add(double value);

private:
    double factor_;
    double sum_ = 0;
    double weight_ = 0;
};

/// The quantile (0 to 1) of the finite values, linear between neighbours; empty when there are none.
std::optional<double> quantile(std::span<const double> values, double fraction);

/// Smallest and largest finite value; empty when there are none.
std::optional<std::pair<double, double>> finite_range(std::span<const double> values);

/// Spearman's rank correlation of pairs, ties sharing their mean rank; pairs with a non-finite value are left out.
/// Empty for fewer than three pairs and where one side is constant.
std::optional<double> rank_correlation(std::span<const double> first, std::span<const double> second);

}  // namespace wavlab
