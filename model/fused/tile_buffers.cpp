// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/tile_buffers.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "model/kernels/vector/vector_kernels.h"

namespace wavlab {

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
    stream = at::empty({n, d});
    if (!plan) return;
    sources = at::empty({n, plan->sources, d});
    source_gradients = at::empty({n, plan->sources, d});
    source_inverse_rms = at::empty({n, plan->sources});
    std::int64_t longest = 1, kinds = 1;
    for (const FusedBlock& block : plan->blocks) {
        sums.push_back(at::empty({block.length, n, d}));
        scales.push_back(at::empty({2, n}));
        longest = std::max(longest, block.length);
        kinds = std::max(kinds, block.kinds());
    }
    for (const FusedGroup& group : plan->groups) logits_of.push_back(at::empty({n, group.sources, router_lanes}));
    values = at::empty({longest, n, d});
    for (at::Tensor* numbers : {&maximum, &total, &sum_shares, &sum_logit, &sum_inverse_rms})
        *numbers = at::empty({routers, n});
    bases = at::empty({kinds, n, d});
    sum_gradient = at::empty({n, d});
    scratch = at::empty({scratch_per_source * plan->sources});
    bias_gradient = at::empty({2, router_lanes});
}

}  // namespace wavlab
