// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/run_event.h"

namespace wavlab {

// Event files of TensorBoard: records of TensorFlow (length, its masked CRC-32C, bytes, their masked CRC-32C), each an
// `Event` message (tensorboard/compat/proto/event.proto).

/// The bytes of one record.
std::string tensorboard_record(std::string_view data);

/// How a file begins. What earlier files of the folder hold of `first_step` and later steps counts no more: a run that
/// goes on from a checkpoint writes those again.
std::string tensorboard_opening(std::int64_t first_step, double wall_time);

/// The first step that a run writes from this start on: 0, or the one after the checkpoint.
std::int64_t first_new_step(const RunStarted& started);

/// Turns the events of one run into records, in their order: scalars by their names (`train/loss`), samples as the
/// texts `samples/1`, `samples/2`, ... (one a prompt), and of the start the texts `experiment` (TOML) and `run` (where
/// and with what it was made), and the experiment's options as hyperparameters.
class TensorboardEvents {
public:
    /// The records of this event; empty for events that TensorBoard has no place for. `wall_time`: seconds since 1970.
    std::string encode(const RunEvent& event, double wall_time);

private:
    std::string on(const RunStarted& started, double wall_time);
    std::string on(const ScalarRecorded& scalar, double wall_time);
    std::string on(const SampleDrawn& sample, double wall_time);

    std::map<std::string, std::size_t> prompts_;  ///< numbers, from 1
};

/// When the events of a store happened, as far as it says: the start of each session is recorded; after it come the
/// durations of the training steps, from `train/tokens_per_second`. Evaluations, samples and pauses take no time here.
class RecordedTime {
public:
    /// Seconds since 1970 at this event, the run's events in their order; 0 where the start says no time.
    double at(const RunEvent& event);

private:
    double now_ = 0;
    double tokens_per_step_ = 0;
};

}  // namespace wavlab
