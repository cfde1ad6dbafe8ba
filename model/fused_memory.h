// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "core/experiment.h"

namespace wavlab {

/// About how many bytes training by the fused pass needs on the CPU with this number of threads: parameters, gradients,
/// moments, and the threads' own gradients and buffers. The experiment must be valid. For the plain pass:
/// estimate_cost().
double fused_memory_bytes(const Experiment& experiment, std::int64_t vocabulary, std::int64_t threads);

/// About how many bytes of this device training needs: on a GPU by the fused pass, where it is `fused`, with a recorded
/// step if any are; else by the plain one, as estimate_cost() says.
double training_memory_bytes(const Experiment& experiment, std::int64_t vocabulary, c10::Device device, bool fused);

}  // namespace wavlab
