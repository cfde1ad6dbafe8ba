// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/option.h"
#include "core/run_event.h"

namespace wavlab {

class RunRecord;
struct Experiment;
struct RunDigest;

/// What the list of runs says of one run. Made from its digest, or from its record, which need not stay open for it.
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
    std::optional<double> bits_per_character, bits_per_byte;  ///< the best validation loss in these, where defined
    std::optional<double> last_bits_per_character;            ///< the last validation loss
    std::optional<double> tokens_per_second;
    std::string started_at;  ///< ISO 8601, UTC
    bool has_checkpoint = false;
    bool alive = false;  ///< some process runs it now
    /// Of the experiment, by dotted key ("train.batch", "method.blocks"). Null: as it was known before.
    std::shared_ptr<const OptionValues> options;
};

/// `alive`: whether its lock is held; a run that says "running" but is not was interrupted.
RunSummary summarise(const RunRecord& record, bool alive);
RunSummary summarise(const RunDigest& digest);

/// Every option of an experiment that may differ between runs, by dotted key.
std::shared_ptr<const OptionValues> options_of(const Experiment& experiment);

/// Whether `resume` would go on with it: it is not finished, and no process runs it.
bool is_resumable(const RunSummary& summary);

}  // namespace wavlab
