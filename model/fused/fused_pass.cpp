// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_pass.h"

#include <algorithm>
#include <tuple>

#include <ATen/ATen.h>

namespace wavlab {

namespace {

/// target += aᵀ b
void add_product(at::Tensor& target, const at::Tensor& a, const at::Tensor& b) {
    at::addmm_out(target, target, a.t(), b);
}

/// [n, 3d] as query, key, value, each [B, heads, T, d_head].
std::vector<at::Tensor> split_heads(const at::Tensor& joined, const TileBuffers& tile, std::int64_t heads) {
    const std::int64_t width = joined.size(1) / 3;
    return joined.view({tile.sequences, tile.length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
}

/// [B, heads, T, d_head] as rows [n, d]; copies only if it was stored in that order.
at::Tensor join_heads(const at::Tensor& split, const TileBuffers& tile) {
    return split.transpose(1, 2).reshape({tile.tokens, -1});
}

/// x̂ of a sublayer's norm.
at::Tensor& normalised_of(std::int64_t sublayer, TileBuffers& tile) {
    if (sublayer > 2 * static_cast<std::int64_t>(tile.layers.size())) return tile.final_normalised;
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>((sublayer - 1) / 2)];
    return is_attention(sublayer) ? layer.attention_normalised : layer.mlp_normalised;
}

}  // namespace

FusedPass::FusedPass(const FusedShape& shape, const FusedPlan* plan, const FusedTensors& model,
                     const at::Tensor& cosine, const at::Tensor& sine, const VectorKernels& kernels)
    : shape_(shape),
      plan_(plan),
      model_(model),
      cosine_(cosine.const_data_ptr<float>()),
      sine_(sine.const_data_ptr<float>()),
      kernels_(kernels) {}

double FusedPass::run(const std::int64_t* tokens, const std::int64_t* targets, float weight, TileBuffers& tile,
                      FusedTensors& gradients, const Viewer& viewer) const {
    embed(tokens, tile);
    forward(tile, viewer);
    if (viewer.record) viewer.record->keep_tile(viewer.first_token, tile);
    const double sum = loss(targets, tile);
    loss_backward(targets, weight, tile, gradients);
    backward(tile, gradients, viewer);
    add_embedding_gradient(tokens, tile, gradients);
    return sum;
}

double FusedPass::evaluate(const std::int64_t* tokens, const std::int64_t* targets, TileBuffers& tile) const {
    embed(tokens, tile);
    forward(tile, {});
    return loss(targets, tile);
}

void FusedPass::embed(const std::int64_t* tokens, TileBuffers& tile) const {
    const float* table = model_.embedding.const_data_ptr<float>();
    const std::int64_t d = shape_.width, stride = plan_ ? plan_->sources * d : d;
    float* target = (plan_ ? tile.sources : tile.stream).mutable_data_ptr<float>();
    for (std::int64_t t = 0; t < tile.tokens; ++t) std::copy_n(table + tokens[t] * d, d, target + t * stride);
    if (plan_)
        kernels_.inverse_rms(tile.tokens, d, stride, static_cast<float>(shape_.eps), target, plan_->sources,
                             tile.source_inverse_rms.mutable_data_ptr<float>());
}

void FusedPass::forward(TileBuffers& tile, const Viewer& viewer) const {
    const std::int64_t last = shape_.sublayers() + 1;
    if (plan_) {
        for (std::size_t block = 0; block < plan_->blocks.size(); ++block) forward_block(block, tile, viewer);
        score_groups(static_cast<std::int64_t>(plan_->blocks.size()), tile);
        kernels_.merge(boundary(last, tile), static_cast<float>(shape_.eps));
        return;
    }
    for (std::int64_t sublayer = 1; sublayer <= last; ++sublayer) {
        const float* update = sublayer == 1 ? nullptr : tile.update.const_data_ptr<float>();
        kernels_.add_and_normalise(tile.tokens, shape_.width, static_cast<float>(shape_.eps), update,
                                   tile.stream.mutable_data_ptr<float>(),
                                   normalised_of(sublayer, tile).mutable_data_ptr<float>(),
                                   tile.inverse_rms[sublayer - 1].mutable_data_ptr<float>());
        if (sublayer == last) break;
        forward_sublayer(sublayer, tile, tile.update);
        if (viewer.record) viewer.record->keep_update(sublayer, viewer.first_token, tile.update);
    }
}

void FusedPass::forward_block(std::size_t block, TileBuffers& tile, const Viewer& viewer) const {
    const FusedBlock& course = plan_->blocks[block];
    score_groups(static_cast<std::int64_t>(block), tile);
    for (std::int64_t j = 0; j < course.length; ++j) {
        kernels_.merge(boundary(course.first + j, tile), static_cast<float>(shape_.eps));
        // The first update is the running sum itself.
        const at::Tensor update = j == 0 ? tile.sums[block][0] : tile.update;
        forward_sublayer(course.first + j, tile, update);
        if (viewer.record) viewer.record->keep_update(course.first + j, viewer.first_token, update);
    }
    kernels_.make_sources(block_sources(block, tile), static_cast<float>(shape_.eps));
}

void FusedPass::forward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update) const {
    const std::int64_t layer = (sublayer - 1) / 2;
    if (is_attention(sublayer))
        forward_attention(layer, tile, update);
    else
        forward_mlp(layer, tile, update);
}

void FusedPass::forward_attention(std::int64_t index, TileBuffers& tile, const at::Tensor& update) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    at::mm_out(layer.joined, layer.attention_normalised, weights.qkv.t());
    kernels_.rotate(tile.tokens, tile.length, shape_.heads, shape_.width / shape_.heads, cosine_, sine_,
                    layer.joined.mutable_data_ptr<float>());
    const std::vector<at::Tensor> parts = split_heads(layer.joined, tile, shape_.heads);
    std::tie(layer.mixed, layer.log_sum_exp) =
        at::_scaled_dot_product_flash_attention_for_cpu(parts[0], parts[1], parts[2], 0.0, true);
    at::Tensor target = update;
    at::mm_out(target, join_heads(layer.mixed, tile), weights.out.t());
}

void FusedPass::forward_mlp(std::int64_t index, TileBuffers& tile, const at::Tensor& update) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    at::mm_out(layer.gate_up, layer.mlp_normalised, weights.gate_up.t());
    kernels_.swiglu(tile.tokens, shape_.hidden, layer.gate_up.const_data_ptr<float>(),
                    tile.product.mutable_data_ptr<float>());
    at::Tensor target = update;
    at::mm_out(target, tile.product, weights.down.t());
}

/// Leaves log probabilities where the logits were.
double FusedPass::loss(const std::int64_t* targets, TileBuffers& tile) const {
    at::mm_out(tile.logits, tile.final_normalised, model_.head.t());
    at::_log_softmax_out(tile.logits, tile.logits, 1, false);
    const float* numbers = tile.logits.const_data_ptr<float>();
    double sum = 0;
    for (std::int64_t t = 0; t < tile.tokens; ++t) sum -= numbers[t * shape_.vocabulary + targets[t]];
    return sum;
}

/// Leaves dL/dx̂ of the final norm in `normalised_gradient`.
void FusedPass::loss_backward(const std::int64_t* targets, float weight, TileBuffers& tile,
                              FusedTensors& gradients) const {
    tile.logits.exp_();
    float* numbers = tile.logits.mutable_data_ptr<float>();
    for (std::int64_t t = 0; t < tile.tokens; ++t) numbers[t * shape_.vocabulary + targets[t]] -= 1.0F;
    tile.logits.mul_(weight);
    at::mm_out(tile.normalised_gradient, tile.logits, model_.head);
    add_product(gradients.head, tile.logits, tile.final_normalised);
}

void FusedPass::backward(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const {
    const std::int64_t last = shape_.sublayers() + 1;
    if (plan_) {
        tile.source_gradients.zero_();
        merge_backward(last, tile, gradients, viewer);
        score_groups_backward(static_cast<std::int64_t>(plan_->blocks.size()), tile, gradients, viewer);
        for (std::size_t block = plan_->blocks.size(); block-- > 0;) backward_block(block, tile, gradients, viewer);
        return;
    }
    tile.stream.zero_();  // from here on its gradient
    for (std::int64_t sublayer = last; sublayer >= 1; --sublayer) {
        if (sublayer < last) backward_sublayer(sublayer, tile, tile.stream, gradients);
        kernels_.normalise_backward(tile.tokens, shape_.width, tile.normalised_gradient.const_data_ptr<float>(),
                                    normalised_of(sublayer, tile).const_data_ptr<float>(),
                                    tile.inverse_rms[sublayer - 1].const_data_ptr<float>(),
                                    tile.stream.mutable_data_ptr<float>());
    }
}

void FusedPass::backward_block(std::size_t block, TileBuffers& tile, FusedTensors& gradients,
                               const Viewer& viewer) const {
    const FusedBlock& course = plan_->blocks[block];
    const BlockSources sources = block_sources(block, tile);
    const std::int64_t offset = course.sources * shape_.width;
    kernels_.make_sources_backward(sources, {.kinds = course.kinds(),
                                             .coefficients = course.update_coefficients.data(),
                                             .sources = tile.source_gradients.const_data_ptr<float>() + offset,
                                             .bases = tile.bases.mutable_data_ptr<float>()});
    tile.sum_gradient.zero_();
    for (std::int64_t j = course.length - 1; j >= 0; --j) {
        // After the last sublayer no router reads the running sum.
        const bool last = j == course.length - 1;
        backward_sublayer(course.first + j, tile, last ? tile.bases[course.kind_of.back()] : tile.update, gradients);
        merge_backward(course.first + j, tile, gradients, viewer);
    }
    score_groups_backward(static_cast<std::int64_t>(block), tile, gradients, viewer);
}

void FusedPass::backward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update_gradient,
                                  FusedTensors& gradients) const {
    const std::int64_t layer = (sublayer - 1) / 2;
    if (is_attention(sublayer))
        backward_attention(layer, tile, update_gradient, gradients);
    else
        backward_mlp(layer, tile, update_gradient, gradients);
}

void FusedPass::backward_attention(std::int64_t index, TileBuffers& tile, const at::Tensor& update_gradient,
                                   FusedTensors& gradients) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    FusedLayer& target = gradients.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    add_product(target.out, update_gradient, join_heads(layer.mixed, tile));
    at::mm_out(tile.mixed_gradient, update_gradient, weights.out);
    const std::vector<at::Tensor> parts = split_heads(layer.joined, tile, shape_.heads);
    const at::Tensor mixed_gradient =
        tile.mixed_gradient.view({tile.sequences, tile.length, shape_.heads, -1}).transpose(1, 2);
    const auto [query, key, value] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        mixed_gradient, parts[0], parts[1], parts[2], layer.mixed, layer.log_sum_exp, 0.0, true);
    kernels_.rotate_back(tile.tokens, tile.length, shape_.heads, shape_.width / shape_.heads, cosine_, sine_,
                         join_heads(query, tile).const_data_ptr<float>(), join_heads(key, tile).const_data_ptr<float>(),
                         join_heads(value, tile).const_data_ptr<float>(),
                         tile.joined_gradient.mutable_data_ptr<float>());
    add_product(target.qkv, tile.joined_gradient, layer.attention_normalised);
    at::mm_out(tile.normalised_gradient, tile.joined_gradient, weights.qkv);
}

void FusedPass::backward_mlp(std::int64_t index, TileBuffers& tile, const at::Tensor& update_gradient,
                             FusedTensors& gradients) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    FusedLayer& target = gradients.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    at::mm_out(tile.product, update_gradient, weights.down);
    kernels_.swiglu_backward(tile.tokens, shape_.hidden, layer.gate_up.mutable_data_ptr<float>(),
                             tile.product.mutable_data_ptr<float>());
    add_product(target.down, update_gradient, tile.product);
    add_product(target.gate_up, layer.gate_up, layer.mlp_normalised);
    at::mm_out(tile.normalised_gradient, layer.gate_up, weights.gate_up);
}

void FusedPass::add_embedding_gradient(const std::int64_t* tokens, TileBuffers& tile, FusedTensors& gradients) const {
    const std::int64_t d = shape_.width, stride = plan_ ? plan_->sources * d : d;
    const float* rows = (plan_ ? tile.source_gradients : tile.stream).const_data_ptr<float>();
    float* table = gradients.embedding.mutable_data_ptr<float>();
    for (std::int64_t t = 0; t < tile.tokens; ++t)
        for (std::int64_t c = 0; c < d; ++c) table[tokens[t] * d + c] += rows[t * stride + c];
}

}  // namespace wavlab
