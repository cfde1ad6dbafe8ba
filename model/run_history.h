// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "core/run_folder.h"
#include "core/run_origin.h"

namespace wavlab {

/// What a resumed run must know of what it recorded before.
struct RunHistory {
    std::optional<RunOrigin> origin;
    std::map<std::int64_t, double> validation_losses;  ///< by step
    std::set<std::int64_t> sampled_steps;              ///< at which text was drawn
};

/// Reads it from the run's store. Throws InputError when that is no run store.
RunHistory read_history(const RunFolder& run);

}  // namespace wavlab
