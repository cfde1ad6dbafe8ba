// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "core/experiment.h"
#include "datasets/token_sequence.h"
#include "model/decoder.h"
#include "model/optimizer.h"
#include "model/token_windows.h"
#include "model/training_step.h"

namespace wavlab {

/// A model that trains on made-up tokens, always the same ones: real steps, for measurements.
class MeasuredModel {
public:
    MeasuredModel(const Experiment& experiment, std::int64_t vocabulary, const DecoderOptions& options);
    MeasuredModel(const MeasuredModel&) = delete;
    MeasuredModel& operator=(const MeasuredModel&) = delete;

    /// Makes the next step as a run does. The device may still be at it. On a GPU this thread should have an OwnStream,
    /// always the same, as steps are replayed from a graph after the first `warm_up_steps()`.
    void train();
    /// Makes the next step without a graph, whose memory nobody counts.
    StepGradient step();
    /// How many calls of `train` there are before all of them take the same time.
    std::int64_t warm_up_steps() const;
    /// Why `train` replays no graph though it could, to end a sentence with; empty: it does, or is not meant to.
    const std::string& lost_graph() const { return lost_graph_; }
    /// The batch of a step, from 1.
    TokenBatch batch(std::int64_t step) const;

    const Decoder& decoder() const { return decoder_; }
    const TokenWindows& windows() const { return windows_; }

private:
    Decoder decoder_;
    AdamW optimizer_;
    TokenSequence text_;
    TokenWindows windows_;
    TrainingStep steps_;
    std::string lost_graph_;
    std::int64_t done_ = 0;
};

/// Where and in which precision an experiment computes on this device.
DecoderOptions measured_options(const Experiment& experiment, at::Device device);

}  // namespace wavlab
