// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/experiment.h"
#include "model/decoder.h"

namespace wavlab {

/// AdamW (Loshchilov, Hutter 2019) over the trainable parameters of a decoder, in LibTorch's fused form, with weight
/// decay on the decayed ones only. Nothing here waits for the device.
class AdamW {
public:
    static constexpr double epsilon = 1e-8;
    /// Added to the norm when clipping, as in PyTorch's clip_grad_norm_.
    static constexpr double clip_epsilon = 1e-6;

    AdamW(const std::vector<Parameter>& parameters, const TrainSettings& settings);

    void clear_gradients();

    /// The L2 norm of each trainable parameter's gradient, [trainable] fp32, in the order of `slots()`. Parameters
    /// that got no gradient count as zero.
    at::Tensor gradient_norms();

    /// The next step is update `number` (from 1) at learning rate `rate`.
    void prepare(std::int64_t number, double rate);

    /// Makes the update that was prepared: what differs from one to the next lies on the device. Gradients are first
    /// scaled to a global norm of at most grad_clip; `norm` is that norm before, a scalar. Where the scalar `blocked`
    /// is 1 nothing changes.
    void step(const at::Tensor& norm, const at::Tensor& blocked);

    /// A trainable parameter and its moments.
    struct Slot {
        Parameter parameter;
        at::Tensor first;   ///< mean of the gradient, like the parameter
        at::Tensor second;  ///< mean of its square
    };
    std::vector<Slot>& slots() { return slots_; }
    const std::vector<Slot>& slots() const { return slots_; }

private:
    void update_group(bool decayed, const at::Tensor& blocked);

    std::vector<Slot> slots_;
    TrainSettings settings_;
    at::Tensor number_;  ///< scalar fp32: the number of the update, as the fused kernel wants it
    at::Tensor rate_;    ///< scalar, fp32 on a GPU and fp64 on the CPU: likewise
};

}  // namespace wavlab
