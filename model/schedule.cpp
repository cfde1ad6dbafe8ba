// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wavlab {

double learning_rate(std::int64_t step, const TrainSettings& settings) {
    if (step <= settings.warmup) return settings.lr * static_cast<double>(step) / static_cast<double>(settings.warmup);
    const double progress = static_cast<double>(step - settings.warmup) /
                            static_cast<double>(std::max<std::int64_t>(1, settings.steps - settings.warmup));
    const double cosine = std::cos(std::numbers::pi * std::min(1.0, progress));
    return settings.min_lr + 0.5 * (settings.lr - settings.min_lr) * (1.0 + cosine);
}

}  // namespace wavlab
