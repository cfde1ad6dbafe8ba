// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/time_cursor.h"

#include <algorithm>

namespace wavlab {

std::optional<std::int64_t> recorded_step(const std::vector<std::int64_t>& steps, std::optional<std::int64_t> wanted) {
    if (steps.empty()) return std::nullopt;
    if (!wanted) return steps.back();
    const auto after = std::upper_bound(steps.begin(), steps.end(), *wanted);
    return after == steps.begin() ? steps.front() : *std::prev(after);
}

void TimeCursor::set_step(std::optional<std::int64_t> step) {
    if (step == step_) return;
    step_ = step;
    emit changed();
}

}  // namespace wavlab
