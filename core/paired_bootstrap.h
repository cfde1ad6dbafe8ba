// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace wavlab {

inline constexpr std::size_t bootstrap_resamples = 10'000;
inline constexpr std::uint64_t bootstrap_seed = 20'260'606;  ///< fixed: the same values give the same interval

/// The mean of paired differences, with the 95 % percentile interval of its bootstrap.
struct BootstrapDifference {
    std::size_t pairs = 0;
    std::optional<double> mean;  ///< empty without pairs
    std::optional<double> low;   ///< empty for fewer than two pairs
    std::optional<double> high;  ///< likewise
};

/// Draws the differences `bootstrap_resamples` times with replacement; the ends are the quantiles 0.025 and 0.975 of
/// the resamples' means (Efron and Tibshirani 1993, 13.3). Differences that are not finite are left out. The interval
/// of a few pairs is narrower than its 95 %: that of two reaches from one difference to the other.
BootstrapDifference bootstrap_difference(std::span<const double> differences);

}  // namespace wavlab
