// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/run_event.h"

namespace wavlab {

class RunRecord;

/// What the list of runs says of one run. Made from its record, which need not stay open for it.
struct RunSummary {
    std::filesystem::path folder;
    std::string name;
    std::string method;  ///< id
    std::int64_t layers = 0;
    std::string dataset;
    RunState state = RunState::running;
    std::string reason;
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    std::optional<double> train_loss;
    std::optional<double> validation_loss;
    std::optional<double> best_validation_loss;
    std::optional<double> tokens_per_second;
    std::string started_at;  ///< ISO 8601, UTC
    bool has_checkpoint = false;
    bool alive = false;  ///< some process runs it now
};

/// `alive`: whether its lock is held; a run that says "running" but is not was interrupted.
RunSummary summarise(const RunRecord& record, bool alive);

/// Whether `resume` would go on with it: it is not finished, and no process runs it.
bool is_resumable(const RunSummary& summary);

}  // namespace wavlab
