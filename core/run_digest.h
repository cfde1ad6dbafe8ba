// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/option.h"
#include "core/run_event.h"

namespace wavlab {

/// What a list says of a run, read from its store by a few queries that do not depend on the run's length.
struct RunDigest {
    std::filesystem::path folder;
    std::string name;    ///< the folder's
    std::string method;  ///< id; "?" when the recorded experiment cannot be read
    std::int64_t layers = 0;
    std::string dataset;
    OptionValues options;  ///< all that the recorded experiment says, by dotted key: "train.batch", "method.blocks"
    RunState state = RunState::running;
    std::string reason;
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    std::optional<double> train_loss;            ///< the last
    std::optional<double> validation_loss;       ///< the last
    std::optional<double> best_validation_loss;  ///< the smallest that is finite
    std::optional<double> tokens_per_second;     ///< the last
    RunDescription description;                  ///< of its newest start
    bool has_checkpoint = false;
    bool alive = false;  ///< some process runs it now
};

/// The same as a RunRecord would say after `follow_store`, without reading all of it, and without knowing any method:
/// it may be read while the model part of the program is being loaded. Throws InputError when the store
/// cannot be read, or when it holds no run (records were lost).
RunDigest read_digest(const std::filesystem::path& folder);

}  // namespace wavlab
