// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/experiment.h"
#include "core/source.h"
#include "model/forward.h"

namespace wavlab {

class FusedLoss;
template <class Real>
struct FusedKernels;
struct FusedModel;
class ResidualMethod;
class ResidualStream;

/// A parameter under its checkpoint name (design §4).
struct Parameter {
    std::string name;
    at::Tensor value;           ///< leaf; master weights, fp32 unless a test asks for fp64
    bool decayed = false;       ///< weight decay applies (qkv, out, gate, up, down, head)
    bool trainable = true;      ///< false: stored, never updated (frozen detail biases, random signs)
    std::int64_t sublayer = 0;  ///< whose f_l it belongs to, from 1; 0: none (embedding, routing, final norm, head)
};

/// How a decoder computes.
struct DecoderOptions {
    at::Device device = at::kCPU;
    at::ScalarType parameter_type = at::kFloat;  ///< fp64 in tests
    at::ScalarType compute_type = at::kFloat;    ///< bf16: matrix products and stored sources in bf16
    double eps = 1e-6;                           ///< of every RMSNorm; 0 in identity tests
    bool fused = true;  ///< the fused pass where it covers the model; false: always the plain one
};

/// A forward pass on its way through depth: it stands before a router, or before what `standard` and its like have
/// there. It may not outlive decoder and context.
class ForwardPass {
public:
    ForwardPass(std::unique_ptr<ResidualStream> stream, ForwardContext& context);
    ~ForwardPass();
    ForwardPass(ForwardPass&&) noexcept;

    /// l, from 1: the next is router l. 2L+1 before the final norm.
    std::int64_t sublayer() const { return sublayer_; }
    /// The same pass up to here, to be continued in another way (as with another `removal` in the context, which both
    /// share) while this one stays where it is.
    ForwardPass branch() const;

private:
    friend class Decoder;
    std::unique_ptr<ResidualStream> stream_;
    ForwardContext* context_;
    std::int64_t sublayer_ = 1;
};

/// The decoder-only Transformer of design §2: RMSNorm pre-norm, RoPE attention, SwiGLU; what enters each sublayer is
/// the residual method's business.
class Decoder {
public:
    /// Initial values are drawn from (experiment.seed, tensor name), the same on every device. The experiment must be
    /// valid (see require_valid).
    Decoder(const Experiment& experiment, std::int64_t vocabulary, DecoderOptions options);
    ~Decoder();
    Decoder(Decoder&&) noexcept;

    /// In the order of the file: embedding, layers, final norm, head, method's own. New values are written into these
    /// tensors in place, without gradient.
    const std::vector<Parameter>& parameters() const { return parameters_; }
    /// Throws WorkError when there is none of this name.
    const at::Tensor& parameter(const std::string& name) const;

    /// tokens [B, T] int64, T up to the experiment's context → logits [B, T, V], fp32 (or fp64). Throws WorkError on
    /// another shape.
    at::Tensor forward(const at::Tensor& tokens, ForwardContext& context) const;
    /// The same in parts: a pass that stands before the first sublayer, ...
    ForwardPass begin(const at::Tensor& tokens, ForwardContext& context) const;
    /// ... goes through one sublayer, ...
    void advance(ForwardPass& pass) const;
    /// ... and through all that are left, to the logits.
    at::Tensor finish(ForwardPass pass) const;
    /// Mean cross-entropy, nats per token: scalar tensor. targets [B, T] int64. By the fused pass where it covers the
    /// model and this call (docs/decisions/0016).
    at::Tensor loss(const at::Tensor& tokens, const at::Tensor& targets, ForwardContext& context) const;

    /// The sources of every router as this model has them; empty without routing.
    const RoutingLayout& routing_layout() const;
    const Experiment& experiment() const { return experiment_; }
    std::int64_t vocabulary() const { return vocabulary_; }
    const DecoderOptions& options() const { return options_; }
    /// For provenance: "plain" or "fused".
    std::string routing_implementation() const;
    /// Why it is not the fused one, to end a sentence with; empty when it is.
    const std::string& fused_obstacle() const;
    /// From now on the plain pass is used, for this reason. A `const` decoder's users may compute meanwhile: to be called
    /// before there are any.
    void refuse_fused(const std::string& obstacle);
    /// How the fused one computes, for the log. On a GPU the first call times what there is to choose from.
    std::string fused_description() const;
    /// The fused pass itself by kernels that are not this machine's choice, for tests: the loss and all gradients in
    /// the order of `parameters()`, undefined where nothing trains. An observer may look on. Throws WorkError where the
    /// model is not covered.
    template <class Real>
    std::pair<double, std::vector<at::Tensor>> fused_gradients(const at::Tensor& tokens, const at::Tensor& targets,
                                                               const FusedKernels<Real>& kernels,
                                                               ForwardObserver* observer = nullptr) const;

private:
    /// The tensors of one layer, which are also in parameters_.
    struct Layer {
        at::Tensor attention_norm, qkv, out;  // [d], [3d, d], [d, d]
        at::Tensor mlp_norm, gate, up, down;  // [d], [f, d], [f, d], [d, f]
    };

    Experiment experiment_;
    std::int64_t vocabulary_;
    DecoderOptions options_;
    std::vector<Parameter> parameters_;
    at::Tensor embedding_, final_norm_, head_;  // [V, d], [d], [V, d]
    std::vector<Layer> layers_;
    std::unique_ptr<ResidualMethod> method_;
    at::Tensor rope_cosine_, rope_sine_;  // [context, d_head / 2]
    std::unique_ptr<FusedLoss> fused_;

    at::Tensor add_parameter(const std::string& name, const at::Tensor& initial, bool decayed, std::int64_t sublayer);
    at::Tensor add_matrix(const std::string& name, std::int64_t rows, std::int64_t columns, double deviation,
                          bool decayed, std::int64_t sublayer);
    void add_backbone();
    void require_length(const at::Tensor& tokens) const;
    FusedModel fused_model() const;
    at::Tensor apply_sublayer(std::int64_t sublayer, const at::Tensor& state) const;
    at::Tensor attention(const Layer& layer, const at::Tensor& normalised) const;
    at::Tensor mlp(const Layer& layer, const at::Tensor& normalised) const;
    at::Tensor apply_dropout(const at::Tensor& value, std::int64_t sublayer, const ForwardContext& context) const;
};

}  // namespace wavlab
