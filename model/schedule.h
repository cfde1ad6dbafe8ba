// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/experiment.h"

namespace wavlab {

/// Learning rate of update `step`, numbered 1..steps (design §3): lr·t/warmup while t ≤ warmup, then
/// min_lr + (lr − min_lr)·(1 + cos(π·(t − warmup)/(steps − warmup)))/2, which is min_lr at the last update.
double learning_rate(std::int64_t step, const TrainSettings& settings);

}  // namespace wavlab
