// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/run_folder.h"

namespace wavlab {

class RunRecord;

/// A checkpoint of a run as a list shows it.
struct CheckpointSummary {
    CheckpointFolder folder;
    std::optional<double> validation_loss;  ///< nats per token at its step; empty where that was not evaluated
    std::uintmax_t bytes = 0;               ///< of its files on the disk
    bool best = false;                      ///< the lowest finite validation loss of those that are there
    bool last = false;
};

/// The complete checkpoints that are on the disk now, by step, with what the record knows of them.
std::vector<CheckpointSummary> summarise_checkpoints(const RunRecord& record);

/// Removes a checkpoint, so that at no moment a half of it stands under its name. Throws InputError when it cannot be
/// removed; one that is gone already is no error.
void remove_checkpoint(const CheckpointFolder& checkpoint);

}  // namespace wavlab
