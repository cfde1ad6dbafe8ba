// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/fused/fused_plan.h"
#include "model/fused/fused_tensors.h"

namespace wavlab {

/// What one thread needs for one tile of n tokens, made once and used for tile after tile.
struct TileBuffers {
    /// What the backward pass reads of a layer.
    struct Layer {
        at::Tensor attention_normalised, mlp_normalised;  ///< x̂ [n, d]
        at::Tensor joined;                                ///< query, key, value, turned [n, 3d]
        at::Tensor mixed, log_sum_exp;                    ///< attention's result, as LibTorch gives it
        at::Tensor gate_up;                               ///< [n, 2f]
    };

    /// `plan` null: without routing.
    TileBuffers(const FusedShape& shape, const FusedPlan* plan, std::int64_t sequences, std::int64_t length);

    /// Whether they were made for these sizes.
    bool fits(const FusedPlan* plan, std::int64_t wanted_sequences, std::int64_t wanted_length) const;

    std::int64_t sequences, length, tokens;
    std::vector<Layer> layers;
    at::Tensor inverse_rms;          ///< [2L+1, n]: of every norm's input
    at::Tensor final_normalised;     ///< [n, d]
    at::Tensor update;               ///< [n, d]: u_l, and in the backward pass its gradient
    at::Tensor normalised_gradient;  ///< [n, d]
    at::Tensor mixed_gradient;       ///< [n, d]
    at::Tensor joined_gradient;      ///< [n, 3d]
    at::Tensor product;              ///< [n, f]
    at::Tensor logits;               ///< [n, V]
    at::Tensor stream;               ///< [n, d]: without routing, h and then its gradient

    // With routing.
    at::Tensor sources, source_gradients;   ///< [n, sources, d]
    at::Tensor source_inverse_rms;          ///< [n, sources]
    std::vector<at::Tensor> sums;           ///< of each block [length − 1 or 1, n, d]: its running sums
    std::vector<at::Tensor> scales;         ///< of each block [2, n]: of its details
    std::vector<at::Tensor> logits_of;      ///< of each group of routers [n, C, 16]
    at::Tensor values;                      ///< [routers of a block, n, d]: as RouterGroup::values
    at::Tensor maximum, total, sum_shares;  ///< [2L+1, n], as RouterGroup and its gradients have them
    at::Tensor sum_logit, sum_inverse_rms;  ///< [2L+1, n]
    at::Tensor bases;                       ///< [kinds, n, d]
    at::Tensor sum_gradient;                ///< [n, d]
    at::Tensor scratch;                     ///< scratch_per_source numbers a source
    at::Tensor bias_gradient;               ///< [2, 16]
};

}  // namespace wavlab
