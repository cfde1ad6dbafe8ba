// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/decoder.h"
#include "model/forward.h"
#include "model/fused/attention.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"
#include "model/kernels/fused_kernels.h"

namespace wavlab {

class ResidualMethod;

/// The fastest vector kernels that LibTorch would use too: ATEN_CPU_CAPABILITY holds for both.
const FusedKernels<float>& chosen_vector_kernels();

/// What the fused pass reads of a decoder.
struct FusedModel {
    const Experiment& experiment;
    std::int64_t vocabulary;
    const DecoderOptions& options;
    const std::vector<Parameter>& parameters;
    const ResidualMethod& method;
    const at::Tensor &rope_cosine, &rope_sine;
};

/// The fused way to a training loss: on the CPU in fp32, forward and backward of some sequences after the other, one
/// range of sequences a thread; on a GPU in fp32 or bf16, the whole batch at once. The gradients are there with the
/// loss; the backward pass only hands them out.
class FusedLoss {
public:
    explicit FusedLoss(const FusedModel& model);

    /// Why it never covers this model: a sentence for the log. Empty when it does.
    const std::string& obstacle() const { return obstacle_; }
    /// From now on it covers nothing, for this reason.
    void refuse(const std::string& obstacle);
    /// How it computes, for the log: kernels, and on a GPU the way to attention, which is timed by the first call.
    std::string description() const;
    /// Whether it can do this pass: an observer wants no more than it can show, and only of passes with gradients.
    bool covers(const ForwardContext& context) const;
    /// Mean cross-entropy, nats per token: a scalar; where gradients are wanted its backward pass fills those of the
    /// parameters. tokens, targets: [B, T] int64.
    at::Tensor loss(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                    ForwardObserver* observer) const;

    /// The same without autograd: the loss, and the gradients in the order of the parameters.
    struct Result {
        at::Tensor loss;  ///< scalar fp64
        std::vector<at::Tensor> gradients;
        std::vector<at::Tensor> attributions;  ///< what the observer was given, to be scaled like the gradients
    };
    struct Wish {
        bool gradients = true;                ///< else the loss alone
        ForwardObserver* observer = nullptr;  ///< only with gradients
    };
    /// By these kernels, whatever the obstacles of this machine are. Throws WorkError where the model is not covered.
    template <class Real>
    Result compute(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                   const FusedKernels<Real>& kernels, const Wish& wish) const;

private:
    FusedShape shape_;
    std::array<std::int64_t, 4> attention_sizes_;  ///< of a step: [B, heads, T, d_head]
    bool deterministic_;
    std::int64_t gradient_bytes_;
    std::string model_obstacle_;  ///< that no kernels could change
    std::string obstacle_;
    bool scaled_ = false;  ///< the pass never has updates as they were before they were scaled
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<TileBuffers>> spare_;  ///< buffers that no thread uses now
    mutable std::shared_ptr<const FusedCourse> course_;        ///< of the last pass
    mutable ChosenAttention attention_;

    /// Buffers as long as a tile needs them, whatever happens to it.
    struct Loan {
        const FusedLoss& owner;
        mutable std::unique_ptr<TileBuffers> buffers;
        ~Loan() { owner.give_back(std::move(buffers)); }
    };

    std::int64_t worker_count(std::int64_t sequences) const;
    std::string find_model_obstacle(const FusedModel& model) const;
    std::string find_obstacle(const FusedModel& model) const;
    Result compute(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                   const Wish& wish) const;
    const ChosenAttention& attention() const;
    std::shared_ptr<const FusedCourse> course_of(const FusedForm& form) const;
    std::unique_ptr<TileBuffers> take_buffers(const FusedPlan* plan, const TileSize& size) const;
    void give_back(std::unique_ptr<TileBuffers> buffers) const;
};

}  // namespace wavlab
