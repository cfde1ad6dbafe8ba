// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wavlab {

/// The evaluations of one run: step and validation loss, ascending.
using EvaluationCurve = std::vector<std::pair<std::int64_t, double>>;

/// A run that the median rule finds hopeless.
struct MedianVerdict {
    std::int64_t step = 0;
    double best = 0;         ///< the run's smallest validation loss up to this step
    double median = 0;       ///< of the other runs' smallest ones up to the same step
    std::size_t others = 0;  ///< how many of them have got there
};

/// So many other runs must have been evaluated at the same step before one is ended.
inline constexpr std::size_t fewest_others = 3;

/// The median stopping rule (Golovin et al., Google Vizier, KDD 2017) with each run's best value so far: at its last
/// evaluation, a run is hopeless when its best validation loss so far is worse than the median of the other runs' best
/// ones up to the same step. Only runs with an evaluation at this very step are compared. Empty: it goes on.
std::optional<MedianVerdict> median_verdict(const EvaluationCurve& own, const std::vector<EvaluationCurve>& others);

/// "ended early at step 100: its best validation loss, 2.31, is worse than the median of 4 other runs, 1.95".
std::string to_string(const MedianVerdict& verdict);

}  // namespace wavlab
