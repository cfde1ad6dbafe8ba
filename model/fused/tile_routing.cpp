// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/tile_routing.h"

#include <ATen/ATen.h>

namespace wavlab {

namespace {

template <class Real>
Real* plane(const at::Tensor& planes, std::int64_t index) {
    return numbers<Real>(planes) + index * planes.stride(0);
}

/// The block whose sublayer stands behind this router.
std::size_t block_of(std::int64_t router, const FusedPlan& plan) {
    std::size_t block = 0;
    while (router >= plan.blocks[block].first + plan.blocks[block].length) ++block;
    return block;
}

}  // namespace

template <class Real>
TileRouting<Real>::TileRouting(const FusedShape& shape, const FusedCourse& course, const FusedTensors& model,
                               const FusedKernels<Real>& kernels)
    : shape_(shape), course_(course), model_(model), kernels_(kernels) {}

template <class Real>
SourceRows<Real> TileRouting<Real>::source_rows(const TileBuffers& tile, std::int64_t count) const {
    return {.tokens = tile.tokens,
            .width = shape_.width,
            .count = count,
            .capacity = course_.plan.sources,
            .values = numbers<Real>(tile.sources),
            .inverse_rms = tile.source_inverse_rms.const_data_ptr<float>()};
}

template <class Real>
RouterGroup<Real> TileRouting<Real>::router_group(std::size_t index, TileBuffers& tile) const {
    const FusedPlan& plan = course_.plan;
    const FusedGroup& group = plan.groups[index];
    const bool final = group.block == static_cast<std::int64_t>(plan.blocks.size());
    const std::int64_t block_first = final ? group.first : plan.blocks[static_cast<std::size_t>(group.block)].first - 1;
    return {.routers = group.routers,
            .queries = plane<float>(model_.query, group.first),
            .query_columns = model_.group_columns[index].const_data_ptr<float>(),
            .biases = model_.group_biases[index].const_data_ptr<float>(),
            .logits = tile.logits_of[index].mutable_data_ptr<float>(),
            .maximum = plane<float>(tile.maximum, group.first),
            .total = plane<float>(tile.total, group.first),
            .values = plane<Real>(tile.values, group.first - block_first),
            .scratch = tile.scratch.mutable_data_ptr<float>()};
}

template <class Real>
void TileRouting<Real>::score(std::size_t block, TileBuffers& tile) const {
    const std::vector<FusedGroup>& groups = course_.plan.groups;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (groups[i].block == static_cast<std::int64_t>(block))
            kernels_.score_sources(source_rows(tile, groups[i].sources), router_group(i, tile));
}

template <class Real>
void TileRouting<Real>::score_backward(std::size_t block, TileBuffers& tile, const Viewer& viewer) const {
    const std::vector<FusedGroup>& groups = course_.plan.groups;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (groups[i].block == static_cast<std::int64_t>(block))
            kernels_.score_sources_backward(
                source_rows(tile, groups[i].sources), router_group(i, tile),
                {.sum_shares = plane<float>(tile.sum_shares, groups[i].first),
                 .bias_columns = course_.bias_columns.const_data_ptr<int>(),
                 .sources = numbers<Real>(tile.source_gradients),
                 .queries = plane<float>(tile.query_parts, groups[i].first),
                 .biases = plane<float>(tile.bias_parts, static_cast<std::int64_t>(i)),
                 .attributions = viewer.record ? viewer.record->group_attribution(viewer.thread, i) : nullptr});
}

template <class Real>
RouterBoundary<Real> TileRouting<Real>::boundary(std::int64_t router, TileBuffers& tile) const {
    RouterBoundary<Real> b;
    b.tokens = tile.tokens;
    b.width = shape_.width;
    b.query = plane<float>(model_.query, router - 1);
    b.maximum = plane<float>(tile.maximum, router - 1);
    b.total = plane<float>(tile.total, router - 1);
    b.logit = plane<float>(tile.sum_logit, router - 1);
    b.sum_inverse_rms = plane<float>(tile.sum_inverse_rms, router - 1);
    b.inverse_rms = plane<float>(tile.inverse_rms, router - 1);
    b.values = plane<Real>(tile.values, 0);
    b.normalised = numbers<Real>(tile.normalised_of(router));
    if (router > shape_.sublayers()) return b;
    const std::size_t block = block_of(router, course_.plan);
    const std::int64_t done = router - course_.plan.blocks[block].first;
    b.values = plane<Real>(tile.values, done);
    if (done == 0) return b;
    b.sum = plane<float>(tile.sums[block], done - 1);
    b.update = numbers<Real>(tile.update);
    if (done > 1) b.before = plane<float>(tile.sums[block], done - 2);
    return b;
}

template <class Real>
BlockSources<Real> TileRouting<Real>::block_sources(std::size_t index, TileBuffers& tile) const {
    const FusedBlock& block = course_.plan.blocks[index];
    return {.tokens = tile.tokens,
            .width = shape_.width,
            .length = block.length,
            .details = block.details,
            .capacity = course_.plan.sources,
            .sums = tile.sums[index].const_data_ptr<float>(),
            .update = numbers<Real>(tile.update),
            .coefficients = course_.sum_coefficients[index].const_data_ptr<float>(),
            .matched = block.matched,
            .values = numbers<Real>(tile.sources) + block.sources * shape_.width,
            .inverse_rms = tile.source_inverse_rms.mutable_data_ptr<float>() + block.sources,
            .scales = tile.scales[index].mutable_data_ptr<float>()};
}

template <class Real>
void TileRouting<Real>::merge(std::int64_t router, TileBuffers& tile) const {
    kernels_.merge(boundary(router, tile), eps());
}

template <class Real>
void TileRouting<Real>::merge_backward(std::int64_t router, TileBuffers& tile, const Viewer& viewer) const {
    const RouterBoundary<Real> b = boundary(router, tile);
    RouterBoundaryGradients<Real> to;
    to.normalised = numbers<Real>(tile.normalised_gradient);
    to.state = b.values;  // which the backward pass needs no more
    to.sum_share = plane<float>(tile.sum_shares, router - 1);
    if (b.sum) {
        const FusedBlock& block = course_.plan.blocks[block_of(router, course_.plan)];
        to.sum = tile.sum_gradient.mutable_data_ptr<float>();
        to.first = router == block.first + block.length - 1;  // the last router that reads a running sum of the block
        to.base = plane<Real>(tile.bases, block.kind_of[static_cast<std::size_t>(router - block.first - 1)]);
        to.update = numbers<Real>(tile.update);
        to.query = plane<float>(tile.query_parts, router - 1);
        if (viewer.record) {
            to.attribution = viewer.record->sum_attribution(viewer.thread) + router - 1;
            to.attribution_stride = shape_.sublayers() + 1;
        }
    }
    kernels_.merge_backward(b, to, eps());
}

template <class Real>
void TileRouting<Real>::make_sources(std::size_t block, TileBuffers& tile) const {
    kernels_.make_sources(block_sources(block, tile), eps());
}

template <class Real>
void TileRouting<Real>::make_sources_backward(std::size_t index, TileBuffers& tile) const {
    const FusedBlock& block = course_.plan.blocks[index];
    const std::int64_t offset = block.sources * shape_.width;
    kernels_.make_sources_backward(block_sources(index, tile),
                                   {.kinds = block.kinds(),
                                    .coefficients = course_.update_coefficients[index].const_data_ptr<float>(),
                                    .sources = numbers<Real>(tile.source_gradients) + offset,
                                    .bases = numbers<Real>(tile.bases)});
}

template class TileRouting<float>;
template class TileRouting<Bf16>;

}  // namespace wavlab
