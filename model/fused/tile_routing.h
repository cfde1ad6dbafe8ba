// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/fused/fused_plan.h"
#include "model/fused/fused_record.h"
#include "model/fused/fused_tensors.h"
#include "model/fused/tile_buffers.h"
#include "model/kernels/fused_kernels.h"

namespace wavlab {

/// Where a tile's course is recorded; `record` null: nobody looks.
struct Viewer {
    FusedRecord* record = nullptr;
    std::int64_t first_token = 0;  ///< of the tile, in the batch
    std::int64_t thread = 0;
};

/// The routing of one tile: which numbers the kernels read and write. Blocks count from 0, routers as the sublayers
/// behind them, from 1; 2L+1 stands before the final norm.
template <class Real>
class TileRouting {
public:
    /// All must outlive this object.
    TileRouting(const FusedShape& shape, const FusedCourse& course, const FusedTensors& model,
                const FusedKernels<Real>& kernels);

    /// Phase one of the routers of a block; the one before the final norm has the number of blocks.
    void score(std::size_t block, TileBuffers& tile) const;
    /// Phase two of one router.
    void merge(std::int64_t router, TileBuffers& tile) const;
    /// What a block is to later routers. The last update of the block is in `tile.update`.
    void make_sources(std::size_t block, TileBuffers& tile) const;

    /// From the gradient of x̂ to that of the update before the router, which is left in `tile.update`.
    void merge_backward(std::int64_t router, TileBuffers& tile, const Viewer& viewer) const;
    void score_backward(std::size_t block, TileBuffers& tile, const Viewer& viewer) const;
    void make_sources_backward(std::size_t block, TileBuffers& tile) const;

private:
    const FusedShape& shape_;
    const FusedCourse& course_;
    const FusedTensors& model_;
    const FusedKernels<Real>& kernels_;

    SourceRows<Real> source_rows(const TileBuffers& tile, std::int64_t count) const;
    RouterGroup<Real> router_group(std::size_t group, TileBuffers& tile) const;
    RouterBoundary<Real> boundary(std::int64_t router, TileBuffers& tile) const;
    BlockSources<Real> block_sources(std::size_t block, TileBuffers& tile) const;
    float eps() const { return static_cast<float>(shape_.eps); }
};

}  // namespace wavlab
