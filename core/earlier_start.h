// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/run_event.h"

namespace wavlab {

/// A start of a run before its last one: what made the values of its steps, perhaps another program or machine.
struct EarlierStart {
    std::int64_t first_step = 0;  ///< from which it went on; 0: the run's beginning
    std::int64_t last_step = 0;   ///< from which the next start went on
    RunDescription description;
};

}  // namespace wavlab
