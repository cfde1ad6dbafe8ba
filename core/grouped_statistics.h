// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace wavlab {

/// Values of one group: how many are finite, their mean and spread.
struct GroupStatistics {
    std::size_t n = 0;                         ///< finite values; others are left out
    std::optional<double> mean;                ///< empty for n = 0
    std::optional<double> standard_deviation;  ///< with n - 1 in the denominator; empty for n < 2
    /// Half the width of the 95% interval of the mean, t_{0.975, n-1} · sd / sqrt(n); empty for n < 2.
    std::optional<double> interval;
};

GroupStatistics group_statistics(std::span<const double> values);

/// Mean of the differences of paired values (a_i - b_i, the pairs share a seed) with its 95% interval (paired t).
/// Pairs with a value that is not finite are left out. The spans have one length.
GroupStatistics paired_difference(std::span<const double> a, std::span<const double> b);

/// The value that Student's t with `degrees` degrees of freedom falls below with this probability (between 0 and 1,
/// both excluded; degrees > 0).
double student_t_quantile(double probability, double degrees);

}  // namespace wavlab
