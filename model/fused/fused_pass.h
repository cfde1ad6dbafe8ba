// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "model/fused/fused_plan.h"
#include "model/fused/fused_record.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"
#include "model/kernels/vector/vector_kernels.h"

namespace wavlab {

/// Where a tile's course is recorded; `record` null: nobody looks.
struct Viewer {
    FusedRecord* record = nullptr;
    std::int64_t first_token = 0;  ///< of the tile, in the batch
    std::int64_t thread = 0;
};

/// Forward and backward of one tile, some whole sequences, on one thread: every step from the tokens to the gradients.
/// Routing is done in two phases: all routers of a block score the completed sources together, each once; then every
/// router merges what the running sum of its block adds (docs/decisions/0016).
class FusedPass {
public:
    /// All must outlive this object. `plan` null: without routing. cosine, sine: [T, d_head / 2].
    FusedPass(const FusedShape& shape, const FusedPlan* plan, const FusedTensors& model, const at::Tensor& cosine,
              const at::Tensor& sine, const VectorKernels& kernels);

    /// Σ of the tile's losses, in nats. tokens, targets: [n], n as `tile` has it. Adds to `gradients` those of that sum
    /// times `weight`.
    double run(const std::int64_t* tokens, const std::int64_t* targets, float weight, TileBuffers& tile,
               FusedTensors& gradients, const Viewer& viewer) const;
    /// The same sum alone.
    double evaluate(const std::int64_t* tokens, const std::int64_t* targets, TileBuffers& tile) const;

private:
    const FusedShape& shape_;
    const FusedPlan* plan_;
    const FusedTensors& model_;
    const float* cosine_;
    const float* sine_;
    const VectorKernels& kernels_;

    void embed(const std::int64_t* tokens, TileBuffers& tile) const;
    void forward(TileBuffers& tile, const Viewer& viewer) const;
    void forward_block(std::size_t block, TileBuffers& tile, const Viewer& viewer) const;
    void forward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update) const;
    void forward_attention(std::int64_t layer, TileBuffers& tile, const at::Tensor& update) const;
    void forward_mlp(std::int64_t layer, TileBuffers& tile, const at::Tensor& update) const;
    double loss(const std::int64_t* targets, TileBuffers& tile) const;
    void loss_backward(const std::int64_t* targets, float weight, TileBuffers& tile, FusedTensors& gradients) const;
    void backward(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
    void backward_block(std::size_t block, TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
    void backward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update_gradient,
                           FusedTensors& gradients) const;
    void backward_attention(std::int64_t layer, TileBuffers& tile, const at::Tensor& update_gradient,
                            FusedTensors& gradients) const;
    void backward_mlp(std::int64_t layer, TileBuffers& tile, const at::Tensor& update_gradient,
                      FusedTensors& gradients) const;
    void add_embedding_gradient(const std::int64_t* tokens, TileBuffers& tile, FusedTensors& gradients) const;

    // Routing (fused_routing.cpp).
    void score_groups(std::int64_t block, TileBuffers& tile) const;
    void score_groups_backward(std::int64_t block, TileBuffers& tile, FusedTensors& gradients,
                               const Viewer& viewer) const;
    SourceRows source_rows(const TileBuffers& tile, std::int64_t count) const;
    RouterGroup router_group(std::size_t group, TileBuffers& tile) const;
    RouterBoundary boundary(std::int64_t router, TileBuffers& tile) const;
    BlockSources block_sources(std::size_t block, TileBuffers& tile) const;
    void merge_backward(std::int64_t router, TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
};

}  // namespace wavlab
