// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/run_event.h"
#include "core/run_record.h"

namespace wavlab {

/// A run that no model made: its events look like a trainer's, with learning curves, routing that leaves uniformity,
/// and details whose RMS grows with depth. The same settings give the same run.
struct SyntheticRun {
    std::string name = "wav-12";
    std::string method = "wav";  ///< "wav", "attnres_block", "attnres_full", or one without routing
    std::int64_t layers = 12;
    std::int64_t block_size = 6;
    std::int64_t steps = 300;
    std::int64_t record_every = 5;
    std::int64_t evaluate_every = 50;
    double final_loss = 1.2;
    std::vector<std::int64_t> not_finite;  ///< steps whose training loss is NaN
    bool online_details = false;
    std::int64_t seed = 1337;
    bool finished = true;  ///< its record ends as a finished run's

    /// The layout of the routers by design §2.
    RoutingLayout layout() const;
    RunStarted started() const;
    /// What the trainer says at this step (0..steps), in its order.
    std::vector<RunEvent> step_events(std::int64_t step) const;
    RoutingFrame routing_frame(std::int64_t step) const;
    DetailFrame detail_frame(std::int64_t step) const;
    DepthFrame depth_frame(std::int64_t step) const;
    /// The record after all of it.
    std::shared_ptr<RunRecord> record() const;
};

}  // namespace wavlab
