// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/run_event.h"

namespace wavlab {

/// How the first steps of a run that was repeated compare with what it recorded.
struct RepeatedSteps {
    std::int64_t steps = 0;     ///< the last one that was compared
    std::int64_t compared = 0;  ///< numbers: losses and gradient norms
    std::int64_t equal = 0;     ///< those of the same nine digits, which is the same bits in fp32
    double largest_difference =
        0;                         ///< relative, over all of them; not a number where one is not finite and they differ
    std::string first_difference;  ///< "train/loss at step 2: 4.1 was 4.2"; empty: all are equal
};

/// `metrics`: the CSV of the record (step,name,value). Only losses and gradient norms are compared, up to step `last`.
RepeatedSteps compare_steps(const std::string& metrics, const std::vector<ScalarRecorded>& repeated, std::int64_t last);

/// Why the same bits are not to be expected of a run that is repeated here, to end a sentence with; empty: they are.
/// `deterministic`: as its experiment says.
std::string bits_obstacle(const RunDescription& then, const RunDescription& now, bool deterministic);

}  // namespace wavlab
