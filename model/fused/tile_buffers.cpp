// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/tile_buffers.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "model/kernels/fused_kernels.h"

namespace wavlab {

namespace {

std::int64_t most_kinds(const FusedPlan& plan) {
    std::int64_t kinds = 1;
    for (const FusedBlock& block : plan.blocks) kinds = std::max(kinds, block.kinds());
    return kinds;
}

}  // namespace

template <>
float* numbers<float>(const at::Tensor& tensor) {
    return tensor.mutable_data_ptr<float>();
}

template <>
Bf16* numbers<Bf16>(const at::Tensor& tensor) {
    return reinterpret_cast<Bf16*>(tensor.mutable_data_ptr<c10::BFloat16>());
}

TileBuffers::TileBuffers(const FusedShape& shape, const FusedPlan* plan, const TileSize& given_size)
    : size(given_size), tokens(given_size.tokens()) {
    const std::int64_t n = tokens, d = shape.width, routers = shape.sublayers() + 1;
    const at::TensorOptions stored = shape.stored(), wide = shape.wide();
    for (std::int64_t i = 0; i < shape.layers; ++i) {
        Layer layer;
        layer.attention_normalised = at::empty({n, d}, stored);
        layer.mlp_normalised = at::empty({n, d}, stored);
        layer.joined = at::empty({n, 3 * d}, stored);
        layer.gate_up = at::empty({n, 2 * shape.hidden}, stored);
        layers.push_back(std::move(layer));
    }
    inverse_rms = at::empty({routers, n}, wide);
    final_normalised = at::empty({n, d}, stored);
    update = at::empty({n, d}, stored);
    normalised_gradient = at::empty({n, d}, stored);
    mixed_gradient = at::empty({n, d}, stored);
    joined_gradient = at::empty({n, 3 * d}, stored);
    product = at::empty({n, shape.hidden}, stored);
    logits = at::empty({n, shape.vocabulary}, wide);
    if (!plan) {
        stream = at::empty({n, d}, stored);
        return;
    }
    sources = at::empty({n, plan->sources, d}, stored);
    source_gradients = at::empty({n, plan->sources, d}, stored);
    source_inverse_rms = at::empty({n, plan->sources}, wide);
    std::int64_t longest = 1;
    for (const FusedBlock& block : plan->blocks) {
        sums.push_back(at::empty({block.length - 1, n, d}, wide));
        scales.push_back(at::empty({2, n}, wide));
        longest = std::max(longest, block.length);
    }
    for (const FusedGroup& group : plan->groups) logits_of.push_back(at::empty({n, group.sources, router_lanes}, wide));
    values = at::empty({longest, n, d}, stored);
    for (at::Tensor* numbers : {&maximum, &total, &sum_shares, &sum_logit, &sum_inverse_rms})
        *numbers = at::empty({routers, n}, wide);
    bases = at::empty({most_kinds(*plan), n, d}, stored);
    sum_gradient = at::empty({n, d}, wide);
    scratch = at::empty({size.scratch}, wide);
    query_parts = at::empty({routers, size.parts, d}, wide);
    bias_parts = at::empty({static_cast<std::int64_t>(plan->groups.size()), size.parts, 2, router_lanes}, wide);
}

bool TileBuffers::fits(const FusedPlan* plan, const TileSize& wanted) const {
    if (size != wanted) return false;
    // Random signs, which a checkpoint may bring, change what details there are.
    return !plan || (sources.size(1) == plan->sources && bases.size(0) >= most_kinds(*plan));
}

const at::Tensor& TileBuffers::normalised_of(std::int64_t sublayer) const {
    if (sublayer > 2 * static_cast<std::int64_t>(layers.size())) return final_normalised;
    const Layer& layer = layers[static_cast<std::size_t>((sublayer - 1) / 2)];
    return is_attention(sublayer) ? layer.attention_normalised : layer.mlp_normalised;
}

}  // namespace wavlab
