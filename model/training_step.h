// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

#include "model/decoder.h"
#include "model/forward.h"
#include "model/optimizer.h"
#include "model/token_windows.h"

namespace wavlab {

/// The gradient of one step, left in the parameters, and its size. All tensors are on the device.
struct StepGradient {
    at::Tensor loss;   ///< scalar fp32: mean over all microbatches, before the update
    at::Tensor norms;  ///< [trainable] fp32: norm of each parameter's gradient
    at::Tensor norm;   ///< scalar fp32: global norm before clipping
};

/// Makes the steps of a training run: which windows, forward, backward, update.
class TrainingStep {
public:
    /// All must outlive this object.
    TrainingStep(const Decoder& decoder, AdamW& optimizer, const TokenWindows& windows);

    /// Called with every microbatch before it is used (for dumps).
    std::function<void(std::int64_t step, const TokenBatch&)> on_batch;

    /// Forward and backward of all microbatches of `step`. `observer` looks into the first one; may be null.
    StepGradient gradient(std::int64_t step, ForwardObserver* observer);

    /// Makes update `step` from the gradient. If loss or norm is not finite, nothing changes, now and in all later
    /// calls: the run has diverged, and the host may learn of it a step late.
    void update(std::int64_t step, const StepGradient& gradient);

private:
    const Decoder* decoder_;
    AdamW* optimizer_;
    const TokenWindows* windows_;
    at::Tensor blocked_;  ///< scalar fp32: 1 once a step was not finite
};

}  // namespace wavlab
