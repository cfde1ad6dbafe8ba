// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <stop_token>

#include "core/experiment.h"
#include "model/model_library.h"

namespace wavlab {

/// Times real steps of an experiment on made-up tokens: a few to warm up, then as many as fit into `limit_seconds`
/// (ten at most). Asked to stop, it returns what it has; `measured_steps` is then 0 if there is nothing.
StepTime time_steps(const Experiment& experiment, std::int64_t vocabulary, double limit_seconds, std::stop_token stop);

}  // namespace wavlab
