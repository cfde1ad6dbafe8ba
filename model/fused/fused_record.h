// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/source.h"
#include "model/forward.h"
#include "model/fused/fused_plan.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"

namespace wavlab {

/// What an observer wants to see of a fused pass, gathered tile by tile and shown when all are done. N = B·T tokens.
class FusedRecord {
public:
    /// `plan` null: without routing; it must outlive this object. `parts`: in which
    /// attributions come, one or more for each thread (FusedKernels::parts).
    FusedRecord(const FusedShape& shape, const FusedPlan* plan, std::int64_t sequences, std::int64_t length,
                std::int64_t parts);

    /// Both may be called by several threads at once, each with other tokens.
    void keep_update(std::int64_t sublayer, std::int64_t first_token, const at::Tensor& update);
    /// After the forward pass of a tile.
    void keep_tile(std::int64_t first_token, const TileBuffers& tile);

    /// Where −α_i v_i·G is added up from this part on: of a group's completed sources [parts, C, 16], and of the
    /// running sums [parts, 2L+1].
    float* group_attribution(std::int64_t part, std::size_t group);
    float* sum_attribution(std::int64_t part);

    /// Calls the observer as the plain pass does. Returns what it was given as attributions, one for each router.
    std::vector<at::Tensor> show(ForwardObserver& observer, const FusedRouting* routing,
                                 const RoutingLayout& layout) const;

private:
    FusedShape shape_;
    const FusedPlan* plan_;
    std::int64_t sequences_, length_;
    std::vector<at::Tensor> states_;        ///< of every sublayer and the final norm [N, d]
    std::vector<at::Tensor> updates_;       ///< of every sublayer [N, d]
    std::vector<at::Tensor> sums_;          ///< the running sum after every sublayer but a block's last [N, d]
    std::vector<at::Tensor> weights_;       ///< of every router [N, S]
    at::Tensor sources_;                    ///< [N, sources, d]
    std::vector<at::Tensor> scales_;        ///< of every block [2, N]
    std::vector<at::Tensor> attributions_;  ///< of every group [parts, C, 16]
    at::Tensor sum_attributions_;           ///< [parts, 2L+1]

    at::Tensor batch(const at::Tensor& rows) const;
    void keep_weights(std::int64_t first_token, const TileBuffers& tile);
    at::Tensor attribution(std::int64_t router) const;
    void show_router(std::int64_t router, ForwardObserver& observer, const RoutingLayout& layout) const;
    void show_block(std::size_t block, ForwardObserver& observer, const FusedRouting& routing) const;
};

}  // namespace wavlab
