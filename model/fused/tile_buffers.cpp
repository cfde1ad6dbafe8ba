// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/tile_buffers.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "model/kernels/vector/vector_kernels.h"

namespace wavlab {

namespace {

std::int64_t most_kinds(const FusedPlan& plan) {
    std::int64_t kinds = 1;
    for (const FusedBlock& block : plan.blocks) kinds = std::max(kinds, block.kinds());
    return kinds;
}

}  // namespace

TileBuffers::TileBuffers(const FusedShape& shape, const FusedPlan* plan, std::int64_t given_sequences,
                         std::int64_t given_length)
    : sequences(given_sequences), length(given_length), tokens(given_sequences * given_length) {
    const std::int64_t n = tokens, d = shape.width, routers = shape.sublayers() + 1;
    for (std::int64_t i = 0; i < shape.layers; ++i) {
        Layer layer;
        layer.attention_normalised = at::empty({n, d});
        layer.mlp_normalised = at::empty({n, d});
        layer.joined = at::empty({n, 3 * d});
        layer.gate_up = at::empty({n, 2 * shape.hidden});
        layers.push_back(std::move(layer));
    }
    inverse_rms = at::empty({routers, n});
    final_normalised = at::empty({n, d});
    update = at::empty({n, d});
    normalised_gradient = at::empty({n, d});
    mixed_gradient = at::empty({n, d});
    joined_gradient = at::empty({n, 3 * d});
    product = at::empty({n, shape.hidden});
    logits = at::empty({n, shape.vocabulary});
    if (!plan) {
        stream = at::empty({n, d});
        return;
    }
    sources = at::empty({n, plan->sources, d});
    source_gradients = at::empty({n, plan->sources, d});
    source_inverse_rms = at::empty({n, plan->sources});
    std::int64_t longest = 1;
    for (const FusedBlock& block : plan->blocks) {
        sums.push_back(at::empty({std::max<std::int64_t>(1, block.length - 1), n, d}));
        scales.push_back(at::empty({2, n}));
        longest = std::max(longest, block.length);
    }
    for (const FusedGroup& group : plan->groups) logits_of.push_back(at::empty({n, group.sources, router_lanes}));
    values = at::empty({longest, n, d});
    for (at::Tensor* numbers : {&maximum, &total, &sum_shares, &sum_logit, &sum_inverse_rms})
        *numbers = at::empty({routers, n});
    bases = at::empty({most_kinds(*plan), n, d});
    sum_gradient = at::empty({n, d});
    scratch = at::empty({scratch_per_source * plan->sources});
    bias_gradient = at::empty({2, router_lanes});
}

bool TileBuffers::fits(const FusedPlan* plan, std::int64_t wanted_sequences, std::int64_t wanted_length) const {
    if (sequences != wanted_sequences || length != wanted_length) return false;
    // Random signs, which a checkpoint may bring, change what details there are.
    return !plan || (sources.size(1) == plan->sources && bases.size(0) >= most_kinds(*plan));
}

}  // namespace wavlab
