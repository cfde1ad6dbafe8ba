// SPDX-License-Identifier: GPL-3.0-or-later
// The routing part of FusedPass: which numbers the vector kernels read and write.
#include <ATen/ATen.h>

#include "model/fused/fused_pass.h"

namespace wavlab {

namespace {

float* plane(const at::Tensor& planes, std::int64_t index) {
    return planes.mutable_data_ptr<float>() + index * planes.stride(0);
}

/// The block whose sublayer stands behind this router.
std::size_t block_of(std::int64_t router, const FusedPlan& plan) {
    std::size_t block = 0;
    while (router >= plan.blocks[block].first + plan.blocks[block].length) ++block;
    return block;
}

}  // namespace

SourceRows FusedPass::source_rows(const TileBuffers& tile, std::int64_t count) const {
    return {.tokens = tile.tokens,
            .width = shape_.width,
            .count = count,
            .capacity = plan_->sources,
            .values = tile.sources.const_data_ptr<float>(),
            .inverse_rms = tile.source_inverse_rms.const_data_ptr<float>()};
}

RouterGroup FusedPass::router_group(std::size_t index, TileBuffers& tile) const {
    const FusedGroup& group = plan_->groups[index];
    const bool final = group.block == static_cast<std::int64_t>(plan_->blocks.size());
    const std::int64_t block_first =
        final ? group.first : plan_->blocks[static_cast<std::size_t>(group.block)].first - 1;
    return {.routers = group.routers,
            .queries = model_.query.const_data_ptr<float>() + group.first * shape_.width,
            .query_columns = model_.group_columns[index].const_data_ptr<float>(),
            .biases = model_.group_biases[index].const_data_ptr<float>(),
            .logits = tile.logits_of[index].mutable_data_ptr<float>(),
            .maximum = plane(tile.maximum, group.first),
            .total = plane(tile.total, group.first),
            .values = plane(tile.values, group.first - block_first),
            .scratch = tile.scratch.mutable_data_ptr<float>()};
}

void FusedPass::score_groups(std::int64_t block, TileBuffers& tile) const {
    for (std::size_t i = 0; i < plan_->groups.size(); ++i)
        if (plan_->groups[i].block == block)
            kernels_.score_sources(source_rows(tile, plan_->groups[i].sources), router_group(i, tile));
}

void FusedPass::score_groups_backward(std::int64_t block, TileBuffers& tile, FusedTensors& gradients,
                                      const Viewer& viewer) const {
    for (std::size_t i = 0; i < plan_->groups.size(); ++i) {
        const FusedGroup& group = plan_->groups[i];
        if (group.block != block) continue;
        tile.bias_gradient.zero_();
        kernels_.score_sources_backward(
            source_rows(tile, group.sources), router_group(i, tile),
            {.sum_shares = plane(tile.sum_shares, group.first),
             .bias_columns = plan_->bias_columns.data(),
             .sources = tile.source_gradients.mutable_data_ptr<float>(),
             .queries = plane(gradients.query, group.first),
             .biases = tile.bias_gradient.mutable_data_ptr<float>(),
             .attributions = viewer.record ? viewer.record->group_attribution(viewer.thread, i) : nullptr});
        gradients.bias.narrow(0, group.first, group.routers).add_(tile.bias_gradient.narrow(1, 0, group.routers).t());
    }
}

/// `router` counts sublayers from 1; 2L+1 stands before the final norm.
RouterBoundary FusedPass::boundary(std::int64_t router, TileBuffers& tile) const {
    RouterBoundary b;
    b.tokens = tile.tokens;
    b.width = shape_.width;
    b.query = plane(model_.query, router - 1);
    b.maximum = plane(tile.maximum, router - 1);
    b.total = plane(tile.total, router - 1);
    b.logit = plane(tile.sum_logit, router - 1);
    b.sum_inverse_rms = plane(tile.sum_inverse_rms, router - 1);
    b.inverse_rms = plane(tile.inverse_rms, router - 1);
    b.values = plane(tile.values, 0);
    if (router > shape_.sublayers()) {
        b.normalised = tile.final_normalised.mutable_data_ptr<float>();
        return b;
    }
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>((router - 1) / 2)];
    b.normalised = (is_attention(router) ? layer.attention_normalised : layer.mlp_normalised).mutable_data_ptr<float>();
    const std::size_t block = block_of(router, *plan_);
    const std::int64_t done = router - plan_->blocks[block].first;
    b.values = plane(tile.values, done);
    if (done == 0) return b;
    b.sum = plane(tile.sums[block], done - 1);
    if (done == 1) return b;
    b.before = plane(tile.sums[block], done - 2);
    b.update = tile.update.const_data_ptr<float>();
    return b;
}

BlockSources FusedPass::block_sources(std::size_t index, TileBuffers& tile) const {
    const FusedBlock& block = plan_->blocks[index];
    return {.tokens = tile.tokens,
            .width = shape_.width,
            .length = block.length,
            .details = block.details,
            .capacity = plan_->sources,
            .sums = tile.sums[index].const_data_ptr<float>(),
            .update = block.length > 1 ? tile.update.const_data_ptr<float>() : nullptr,
            .coefficients = block.sum_coefficients.data(),
            .matched = block.matched,
            .values = tile.sources.mutable_data_ptr<float>() + block.sources * shape_.width,
            .inverse_rms = tile.source_inverse_rms.mutable_data_ptr<float>() + block.sources,
            .scales = tile.scales[index].mutable_data_ptr<float>()};
}

void FusedPass::merge_backward(std::int64_t router, TileBuffers& tile, FusedTensors& gradients,
                               const Viewer& viewer) const {
    const RouterBoundary b = boundary(router, tile);
    RouterBoundaryGradients to;
    to.normalised = tile.normalised_gradient.const_data_ptr<float>();
    to.state = b.values;  // which the backward pass needs no more
    to.sum_share = plane(tile.sum_shares, router - 1);
    if (b.sum) {
        const FusedBlock& block = plan_->blocks[block_of(router, *plan_)];
        to.sum = tile.sum_gradient.mutable_data_ptr<float>();
        to.base = plane(tile.bases, block.kind_of[static_cast<std::size_t>(router - block.first - 1)]);
        to.update = tile.update.mutable_data_ptr<float>();
        to.query = plane(gradients.query, router - 1);
        if (viewer.record) to.attribution = viewer.record->sum_attribution(viewer.thread) + router - 1;
    }
    kernels_.merge_backward(b, to, static_cast<float>(shape_.eps));
}

}  // namespace wavlab
