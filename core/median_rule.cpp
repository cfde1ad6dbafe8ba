// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/median_rule.h"

#include <cmath>

#include "core/number_text.h"
#include "core/statistics.h"

namespace wavlab {

namespace {

/// The smallest finite loss up to `step`; empty when the run has no evaluation at `step` itself.
std::optional<double> best_at(const EvaluationCurve& curve, std::int64_t step) {
    std::optional<double> best;
    for (const auto& [at, loss] : curve) {
        if (at > step) break;
        if (std::isfinite(loss) && (!best || loss < *best)) best = loss;
        if (at == step) return best;
    }
    return std::nullopt;
}

}  // namespace

std::optional<MedianVerdict> median_verdict(const EvaluationCurve& own, const std::vector<EvaluationCurve>& others) {
    if (own.empty()) return std::nullopt;
    MedianVerdict verdict;
    verdict.step = own.back().first;
    const std::optional<double> best = best_at(own, verdict.step);
    if (!best) return std::nullopt;  // not finite: the trainer sees to that itself
    std::vector<double> bests;
    for (const EvaluationCurve& other : others)
        if (const auto value = best_at(other, verdict.step)) bests.push_back(*value);
    if (bests.size() < fewest_others) return std::nullopt;
    verdict.best = *best;
    verdict.median = *quantile(bests, 0.5);
    verdict.others = bests.size();
    if (!(verdict.best > verdict.median)) return std::nullopt;
    return verdict;
}

std::string to_string(const MedianVerdict& verdict) {
    constexpr int digits = 4;
    return "ended early at step " + std::to_string(verdict.step) + ": its best validation loss, " +
           number_text(verdict.best, digits) + ", is worse than the median of " + std::to_string(verdict.others) +
           " other runs, " + number_text(verdict.median, digits);
}

}  // namespace wavlab
