// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/decoder.h"
#include "model/forward.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"
#include "model/kernels/vector/vector_kernels.h"

namespace wavlab {

class ResidualMethod;

/// The fastest vector kernels that LibTorch would use too: ATEN_CPU_CAPABILITY holds for both.
const VectorKernels& chosen_kernels();

/// What the fused pass reads of a decoder.
struct FusedModel {
    const Experiment& experiment;
    std::int64_t vocabulary;
    const DecoderOptions& options;
    const std::vector<Parameter>& parameters;
    const ResidualMethod& method;
    const at::Tensor &rope_cosine, &rope_sine;
};

/// The fused way to a training loss on the CPU in fp32: forward and backward of some sequences after the other, one
/// range of sequences a thread. The gradients are there with the loss; the backward pass only hands them out.
class FusedLoss {
public:
    explicit FusedLoss(const FusedModel& model);

    /// Why it never covers this model: a sentence for the log. Empty when it does.
    const std::string& obstacle() const { return obstacle_; }
    /// Whether it can do this pass: an observer wants no more than it can show, and only of passes with gradients.
    bool covers(const ForwardContext& context) const;
    /// Mean cross-entropy, nats per token: a scalar; where gradients are wanted its backward pass fills those of the
    /// parameters. tokens, targets: [B, T] int64.
    at::Tensor loss(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                    ForwardObserver* observer) const;

    /// The same without autograd: the loss, and the gradients in the order of the parameters.
    struct Result {
        double loss = 0;
        std::vector<at::Tensor> gradients;
        std::vector<at::Tensor> attributions;  ///< what the observer was given, to be scaled like the gradients
    };
    struct Wish {
        const VectorKernels& kernels;
        bool gradients = true;                ///< else the loss alone
        ForwardObserver* observer = nullptr;  ///< only with gradients
    };
    Result compute(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                   const Wish& wish) const;

private:
    FusedShape shape_;
    std::int64_t gradient_bytes_;
    std::string obstacle_;
    bool scaled_ = false;  ///< the pass never has updates as they were before they were scaled
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<TileBuffers>> spare_;  ///< buffers that no thread uses now

    std::int64_t worker_count(std::int64_t sequences) const;
    std::string find_obstacle(const FusedModel& model) const;
    std::unique_ptr<TileBuffers> take_buffers(const FusedPlan* plan, std::int64_t sequences, std::int64_t length) const;
    void give_back(std::unique_ptr<TileBuffers> buffers) const;
};

}  // namespace wavlab
