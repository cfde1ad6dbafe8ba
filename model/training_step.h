// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "model/decoder.h"
#include "model/forward.h"
#include "model/optimizer.h"
#include "model/step_graph.h"
#include "model/token_windows.h"

namespace wavlab {

/// The gradient of one step, left in the parameters, and its size. All tensors are on the device.
struct StepGradient {
    at::Tensor loss;   ///< scalar fp32: mean over all microbatches, before the update
    at::Tensor norms;  ///< [trainable] fp32: norm of each parameter's gradient
    at::Tensor norm;   ///< scalar fp32: global norm before clipping

    /// [2] fp32: loss and norm.
    at::Tensor numbers() const;
};

/// Makes the steps of a training run: which windows, forward, backward, update.
class TrainingStep {
public:
    /// So many of the steps that could be replayed are made in the ordinary way first: libraries prepare themselves,
    /// load kernels and choose among them, which cannot be captured.
    static constexpr int warm_up_steps = 3;

    /// All must outlive this object.
    TrainingStep(const Decoder& decoder, AdamW& optimizer, const TokenWindows& windows);

    /// Called with every microbatch before it is used (for dumps).
    std::function<void(std::int64_t step, const TokenBatch&)> on_batch;
    /// Called when steps are made in the ordinary way from here on, because the graph failed; says why, to end a
    /// sentence with.
    std::function<void(const std::string& reason)> on_graph_lost;

    /// Why a step of this run cannot be captured once and replayed, to end a sentence with; empty when it can.
    std::string graph_obstacle() const;
    /// After the first ones, `make` captures a step in this graph and replays it. `graph` may be null: it does not.
    void replay_from(std::unique_ptr<StepGraph> graph);

    /// Makes step `step` and returns its `numbers()`, which the next step may overwrite. Non-finite ones: see `update`.
    at::Tensor make(std::int64_t step);

    /// The same in two parts, for those who look into it. Forward and backward of all microbatches of `step`.
    /// `observer` looks into the first one; may be null.
    StepGradient gradient(std::int64_t step, ForwardObserver* observer);

    /// Makes update `step` from the gradient. If loss or norm is not finite, nothing changes, now and in all later
    /// calls: the run has diverged, and the host may learn of it a step late.
    void update(std::int64_t step, const StepGradient& gradient);

private:
    void choose_windows(std::int64_t step);
    StepGradient gradient_of_windows(std::int64_t step, ForwardObserver* observer);
    void update_prepared(const StepGradient& gradient);
    void make_prepared(std::int64_t step);
    bool replay();
    void capture();

    const Decoder* decoder_;
    AdamW* optimizer_;
    const TokenWindows* windows_;
    // All tensors that outlast a step stay where they are: a graph knows only their addresses.
    at::Tensor starts_;   ///< [accumulate, batch] int64: where the step's windows begin
    at::Tensor blocked_;  ///< scalar fp32: 1 once a step was not finite
    at::Tensor numbers_;  ///< of the last step that was made as a whole
    std::unique_ptr<StepGraph> graph_;
    bool captured_ = false;
    int warm_up_left_ = warm_up_steps;
};

}  // namespace wavlab
