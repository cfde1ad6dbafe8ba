// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "model/fused/attention.h"
#include "model/fused/fused_record.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"
#include "model/fused/tile_routing.h"
#include "model/kernels/fused_kernels.h"

namespace wavlab {

/// What a pass computes with.
template <class Real>
struct FusedTools {
    const FusedKernels<Real>& kernels;
    const AttentionBackend& attention;
    const float *cosine, *sine;  ///< [T, d_head / 2]
};

/// Forward and backward of one tile, some whole sequences: every step from the tokens to the gradients. On the CPU on
/// one thread; on a GPU a tile is the whole batch. Routing is done in two phases: all routers of a block score the
/// completed sources together, each once; then every router merges what the running sum of its block adds
/// (docs/decisions/0016).
template <class Real>
class FusedPass {
public:
    /// All must outlive this object. `course` null: without routing.
    FusedPass(const FusedShape& shape, const FusedCourse* course, const FusedTensors& model,
              const FusedTools<Real>& tools);

    /// Σ of the tile's losses, in nats: a scalar. tokens, targets: [n] int64, n as `tile` has it. Adds to `gradients`
    /// those of that sum times `weight`.
    at::Tensor run(const at::Tensor& tokens, const at::Tensor& targets, double weight, TileBuffers& tile,
                   FusedTensors& gradients, const Viewer& viewer) const;
    /// The same sum alone.
    at::Tensor evaluate(const at::Tensor& tokens, const at::Tensor& targets, TileBuffers& tile) const;

private:
    const FusedShape& shape_;
    const FusedCourse* course_;
    const FusedTensors& model_;
    const FusedTools<Real>& tools_;
    std::optional<TileRouting<Real>> routing_;

    void embed(const at::Tensor& tokens, TileBuffers& tile) const;
    void forward(TileBuffers& tile, const Viewer& viewer) const;
    void forward_block(std::size_t block, TileBuffers& tile, const Viewer& viewer) const;
    void forward_sublayer(std::int64_t sublayer, TileBuffers& tile, const Viewer& viewer) const;
    void forward_attention(std::int64_t layer, TileBuffers& tile) const;
    void forward_mlp(std::int64_t layer, TileBuffers& tile) const;
    at::Tensor loss(const at::Tensor& targets, TileBuffers& tile) const;
    void loss_backward(const at::Tensor& targets, double weight, TileBuffers& tile, FusedTensors& gradients) const;
    void backward(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
    void backward_routing(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
    void backward_block(std::size_t block, TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const;
    void backward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update_gradient,
                           FusedTensors& gradients) const;
    void backward_attention(std::int64_t layer, TileBuffers& tile, const at::Tensor& update_gradient,
                            FusedTensors& gradients) const;
    void backward_mlp(std::int64_t layer, TileBuffers& tile, const at::Tensor& update_gradient,
                      FusedTensors& gradients) const;
    void add_embedding_gradient(const at::Tensor& tokens, TileBuffers& tile, FusedTensors& gradients) const;
    void add_router_gradients(const TileBuffers& tile, FusedTensors& gradients) const;
};

}  // namespace wavlab
