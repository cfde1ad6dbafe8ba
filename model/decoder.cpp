// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/decoder.h"

#include <cmath>
#include <tuple>
#include <utility>

#include <ATen/ATen.h>

#include "core/block_layout.h"
#include "core/error.h"
#include "model/fused/fused_loss.h"
#include "model/initial_values.h"
#include "model/kernels/dropout.h"
#include "model/kernels/precision.h"
#include "model/kernels/rms_norm.h"
#include "model/kernels/rope.h"
#include "model/random.h"
#include "model/routing/method.h"
#include "model/routing/route.h"

namespace wavlab {

namespace {

constexpr double matrix_deviation = 0.02;

/// x Wᵀ in the type of x: master weights are rounded to it first.
at::Tensor project(const at::Tensor& value, const at::Tensor& weight) {
    return at::linear(value, weight.to(value.scalar_type()));
}

}  // namespace

Decoder::Decoder(const Experiment& experiment, std::int64_t vocabulary, DecoderOptions options)
    : experiment_(experiment), vocabulary_(vocabulary), options_(options) {
    const ModelSettings& model = experiment_.model;
    add_backbone();
    method_ = make_method(model.method, {model, resolved_method_options(experiment_),
                                         static_cast<std::uint64_t>(experiment_.seed), options_});
    const std::vector<Parameter>& own = method_->parameters();
    parameters_.insert(parameters_.end(), own.begin(), own.end());
    std::tie(rope_cosine_, rope_sine_) =
        rope_tables(model.context, model.width / model.heads, options_.compute_type, options_.device);
    fused_ = std::make_unique<FusedLoss>(fused_model());
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

at::Tensor Decoder::add_parameter(const std::string& name, const at::Tensor& initial, bool decayed,
                                  std::int64_t sublayer) {
    const auto wanted = at::TensorOptions(options_.device).dtype(options_.parameter_type);
    at::Tensor value = initial.to(wanted);
    value.requires_grad_(true);
    parameters_.push_back({name, value, decayed, true, sublayer});
    return value;
}

at::Tensor Decoder::add_matrix(const std::string& name, std::int64_t rows, std::int64_t columns, double deviation,
                               bool decayed, std::int64_t sublayer) {
    const auto seed = static_cast<std::uint64_t>(experiment_.seed);
    return add_parameter(name, draw_normal({rows, columns}, deviation, seed, name), decayed, sublayer);
}

void Decoder::add_backbone() {
    const ModelSettings& model = experiment_.model;
    const std::int64_t d = model.width, f = model.mlp_hidden;
    // What writes to the stream starts smaller, the more of it there are.
    const double output_deviation = matrix_deviation / std::sqrt(2.0 * static_cast<double>(model.layers));
    embedding_ = add_matrix("embed.weight", vocabulary_, d, matrix_deviation, false, 0);
    for (std::int64_t i = 0; i < model.layers; ++i) {
        const std::int64_t attention = 2 * i + 1, mlp = 2 * i + 2;
        const std::string prefix = "layers." + std::to_string(i) + ".";
        Layer layer;
        layer.attention_norm = add_parameter(prefix + "attn.norm.weight", at::ones({d}), false, attention);
        layer.qkv = add_matrix(prefix + "attn.qkv.weight", 3 * d, d, matrix_deviation, true, attention);
        layer.out = add_matrix(prefix + "attn.out.weight", d, d, output_deviation, true, attention);
        layer.mlp_norm = add_parameter(prefix + "mlp.norm.weight", at::ones({d}), false, mlp);
        layer.gate = add_matrix(prefix + "mlp.gate.weight", f, d, matrix_deviation, true, mlp);
        layer.up = add_matrix(prefix + "mlp.up.weight", f, d, matrix_deviation, true, mlp);
        layer.down = add_matrix(prefix + "mlp.down.weight", d, f, output_deviation, true, mlp);
        layers_.push_back(std::move(layer));
    }
    final_norm_ = add_parameter("final_norm.weight", at::ones({d}), false, 0);
    head_ = add_matrix("head.weight", vocabulary_, d, matrix_deviation, true, 0);
}

const at::Tensor& Decoder::parameter(const std::string& name) const {
    for (const Parameter& parameter : parameters_)
        if (parameter.name == name) return parameter.value;
    throw WorkError("the model has no parameter '" + name + "'");
}

const RoutingLayout& Decoder::routing_layout() const { return method_->routing_layout(); }

std::string Decoder::routing_implementation() const { return fused_obstacle().empty() ? "fused" : "plain"; }

const std::string& Decoder::fused_obstacle() const { return fused_->obstacle(); }

void Decoder::refuse_fused(const std::string& obstacle) { fused_->refuse(obstacle); }

std::string Decoder::fused_description() const { return fused_->description(); }

FusedModel Decoder::fused_model() const {
    return {experiment_, vocabulary_, options_, parameters_, *method_, rope_cosine_, rope_sine_};
}

template <class Real>
std::pair<double, std::vector<at::Tensor>> Decoder::fused_gradients(const at::Tensor& tokens, const at::Tensor& targets,
                                                                    const FusedKernels<Real>& kernels,
                                                                    ForwardObserver* observer) const {
    FusedLoss::Result result = fused_->compute(fused_model(), tokens, targets, kernels, {true, observer});
    return {result.loss.item<double>(), std::move(result.gradients)};
}

template std::pair<double, std::vector<at::Tensor>> Decoder::fused_gradients(const at::Tensor&, const at::Tensor&,
                                                                             const FusedKernels<float>&,
                                                                             ForwardObserver*) const;
template std::pair<double, std::vector<at::Tensor>> Decoder::fused_gradients(const at::Tensor&, const at::Tensor&,
                                                                             const FusedKernels<Bf16>&,
                                                                             ForwardObserver*) const;

ForwardPass::ForwardPass(std::unique_ptr<ResidualStream> stream, ForwardContext& context)
    : stream_(std::move(stream)), context_(&context) {}
ForwardPass::~ForwardPass() = default;
ForwardPass::ForwardPass(ForwardPass&&) noexcept = default;

ForwardPass ForwardPass::branch() const {
    ForwardPass other(stream_->branch(), *context_);
    other.sublayer_ = sublayer_;
    return other;
}

at::Tensor Decoder::forward(const at::Tensor& tokens, ForwardContext& context) const {
    return finish(begin(tokens, context));
}

void Decoder::require_length(const at::Tensor& tokens) const {
    if (tokens.dim() != 2 || tokens.size(1) < 1 || tokens.size(1) > experiment_.model.context)
        throw WorkError("the model reads sequences of 1 to " + std::to_string(experiment_.model.context) + " tokens");
}

ForwardPass Decoder::begin(const at::Tensor& tokens, ForwardContext& context) const {
    require_length(tokens);
    context.next_scale = 0;
    const at::Tensor embedded = at::embedding(embedding_, tokens).to(options_.compute_type);  // x_0 [B, T, d]
    return {method_->begin(apply_dropout(embedded, 0, context), context), context};
}

void Decoder::advance(ForwardPass& pass) const {
    const std::int64_t sublayer = pass.sublayer_++;
    const ForwardContext& context = *pass.context_;
    const at::Tensor state = pass.stream_->input(sublayer);
    if (context.observer) context.observer->on_state(sublayer, state.detach());
    const at::Tensor update = apply_dropout(apply_sublayer(sublayer, state), sublayer, context);
    if (context.observer) context.observer->on_update(sublayer, update.detach());
    pass.stream_->add(sublayer, update);
}

at::Tensor Decoder::finish(ForwardPass pass) const {
    const std::int64_t sublayers = 2 * experiment_.model.layers;
    while (pass.sublayer_ <= sublayers) advance(pass);
    const at::Tensor last = pass.stream_->input(sublayers + 1);
    ForwardObserver* observer = pass.context_->observer;
    if (observer) observer->on_state(sublayers + 1, last.detach());
    return widened(project(rms_norm(last, final_norm_, options_.eps), head_));
}

at::Tensor Decoder::loss(const at::Tensor& tokens, const at::Tensor& targets, ForwardContext& context) const {
    if (fused_->covers(context)) {
        require_length(tokens);
        return fused_->loss(fused_model(), tokens, targets, context.observer);
    }
    const at::Tensor logits = forward(tokens, context);
    return at::cross_entropy_loss(logits.view({-1, vocabulary_}), targets.reshape({-1}));
}

at::Tensor Decoder::apply_sublayer(std::int64_t sublayer, const at::Tensor& state) const {
    const Layer& layer = layers_[static_cast<std::size_t>((sublayer - 1) / 2)];
    if (is_attention(sublayer)) return attention(layer, rms_norm(state, layer.attention_norm, options_.eps));
    return mlp(layer, rms_norm(state, layer.mlp_norm, options_.eps));
}

at::Tensor Decoder::attention(const Layer& layer, const at::Tensor& normalised) const {
    const std::int64_t batch = normalised.size(0), length = normalised.size(1), width = normalised.size(2);
    const std::int64_t heads = experiment_.model.heads;
    const at::Tensor joined = project(normalised, layer.qkv).view({batch, length, 3, heads, width / heads});
    const std::vector<at::Tensor> parts =
        rotate_queries_and_keys(joined, rope_cosine_.narrow(0, 0, length), rope_sine_.narrow(0, 0, length)).unbind(2);
    const at::Tensor mixed = at::scaled_dot_product_attention(parts[0].transpose(1, 2), parts[1].transpose(1, 2),
                                                              parts[2].transpose(1, 2), {}, 0.0, true);
    return project(mixed.transpose(1, 2).reshape({batch, length, width}), layer.out);
}

at::Tensor Decoder::mlp(const Layer& layer, const at::Tensor& normalised) const {
    const at::Tensor gate = project(normalised, layer.gate), up = project(normalised, layer.up);  // [B, T, f]
    return project(at::silu(gate) * up, layer.down);
}

at::Tensor Decoder::apply_dropout(const at::Tensor& value, std::int64_t sublayer, const ForwardContext& context) const {
    const double probability = experiment_.model.dropout;
    if (!context.training || probability <= 0) return value;
    std::uint64_t key = random_key(context.seed, "dropout");
    for (const std::int64_t part : {context.step, context.microbatch, sublayer})
        key = child_key(key, static_cast<std::uint64_t>(part));
    return dropout(value, probability, key);
}

}  // namespace wavlab
