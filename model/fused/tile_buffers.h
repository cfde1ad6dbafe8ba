// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/fused/attention.h"
#include "model/fused/fused_plan.h"
#include "model/fused/fused_tensors.h"

namespace wavlab {

/// The numbers of a tensor as the kernels know them: fp32, or bf16 as Bf16.
template <class Real>
Real* numbers(const at::Tensor& tensor);

/// The sizes of a tile, and what the kernels want for it.
struct TileSize {
    std::int64_t sequences = 0, length = 0;
    std::int64_t parts = 1;    ///< FusedKernels::parts
    std::int64_t scratch = 0;  ///< FusedKernels::scratch_numbers of all sources

    std::int64_t tokens() const { return sequences * length; }
    bool operator==(const TileSize&) const = default;
};

/// What one thread needs for one tile of n tokens, made once and used for tile after tile.
struct TileBuffers {
    /// What the backward pass reads of a layer.
    struct Layer {
        at::Tensor attention_normalised, mlp_normalised;  ///< x̂ [n, d]
        at::Tensor joined;                                ///< query, key, value, turned [n, 3d]
        Attended attended;                                ///< attention's result
        at::Tensor gate_up;                               ///< [n, 2f]
    };

    /// `plan` null: without routing.
    TileBuffers(const FusedShape& shape, const FusedPlan* plan, const TileSize& size);

    /// Whether they were made for these sizes.
    bool fits(const FusedPlan* plan, const TileSize& wanted) const;

    /// x̂ before a sublayer, from 1; of the final norm after the last.
    const at::Tensor& normalised_of(std::int64_t sublayer) const;

    TileSize size;
    std::int64_t tokens;
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
    std::vector<at::Tensor> sums;           ///< of each block [length − 1, n, d]: its running sums, fp32
    std::vector<at::Tensor> scales;         ///< of each block [2, n]: of its details
    std::vector<at::Tensor> logits_of;      ///< of each group of routers [n, C, 16]
    at::Tensor values;                      ///< [routers of a block, n, d]: as RouterGroup::values
    at::Tensor maximum, total, sum_shares;  ///< [2L+1, n], as RouterGroup and its gradients have them
    at::Tensor sum_logit, sum_inverse_rms;  ///< [2L+1, n]
    at::Tensor bases;                       ///< [kinds, n, d]
    at::Tensor sum_gradient;                ///< [n, d]
    at::Tensor scratch;                     ///< [scratch]
    at::Tensor query_parts;                 ///< [2L+1, parts, d]
    at::Tensor bias_parts;                  ///< [groups, parts, 2, 16]
};

}  // namespace wavlab
