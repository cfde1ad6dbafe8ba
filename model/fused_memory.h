// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/experiment.h"

namespace wavlab {

/// About how many bytes training by the fused pass needs on the CPU with this number of threads: parameters, gradients,
/// moments, and the threads' own gradients and buffers. The experiment must be valid. For the plain pass:
/// estimate_cost().
double fused_memory_bytes(const Experiment& experiment, std::int64_t vocabulary, std::int64_t threads);

}  // namespace wavlab
