// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_record.h"

#include <optional>
#include <utility>

#include <ATen/ATen.h>

#include "model/kernels/fused_kernels.h"
#include "model/kernels/linear_combination.h"

namespace wavlab {

FusedRecord::FusedRecord(const FusedShape& shape, const FusedPlan* plan, std::int64_t sequences, std::int64_t length,
                         std::int64_t parts)
    : shape_(shape), plan_(plan), sequences_(sequences), length_(length) {
    const std::int64_t n = sequences * length, d = shape.width;
    const at::TensorOptions wide = shape.wide();
    for (std::int64_t i = 0; i <= shape.sublayers(); ++i) states_.push_back(at::empty({n, d}, wide));
    for (std::int64_t i = 0; i < shape.sublayers(); ++i) updates_.push_back(at::empty({n, d}, wide));
    if (!plan) return;
    sources_ = at::empty({n, plan->sources, d}, wide);
    sums_.resize(updates_.size());
    for (const FusedBlock& block : plan->blocks) {
        scales_.push_back(at::empty({2, n}, wide));
        for (std::int64_t j = 0; j + 1 < block.length; ++j)
            sums_[static_cast<std::size_t>(block.first - 1 + j)] = at::empty({n, d}, wide);
    }
    for (const FusedGroup& group : plan->groups) {
        for (std::int64_t l = 0; l < group.routers; ++l) {
            const bool with_sum = group.block < static_cast<std::int64_t>(plan->blocks.size()) &&
                                  group.first + l >= plan->blocks[static_cast<std::size_t>(group.block)].first;
            weights_.push_back(at::empty({n, group.sources + (with_sum ? 1 : 0)}, wide));
        }
        attributions_.push_back(at::zeros({parts, group.sources, router_lanes}, wide));
    }
    sum_attributions_ = at::zeros({parts, shape.sublayers() + 1}, wide);
}

float* FusedRecord::group_attribution(std::int64_t part, std::size_t group) {
    return attributions_[group][part].mutable_data_ptr<float>();
}

float* FusedRecord::sum_attribution(std::int64_t part) { return sum_attributions_[part].mutable_data_ptr<float>(); }

void FusedRecord::keep_update(std::int64_t sublayer, std::int64_t first_token, const at::Tensor& update) {
    updates_[static_cast<std::size_t>(sublayer - 1)].narrow(0, first_token, update.size(0)).copy_(update);
}

void FusedRecord::keep_tile(std::int64_t first_token, const TileBuffers& tile) {
    for (std::int64_t i = 0; i <= shape_.sublayers(); ++i) {
        at::Tensor state = states_[static_cast<std::size_t>(i)].narrow(0, first_token, tile.tokens);
        at::div_out(state, tile.normalised_of(i + 1), tile.inverse_rms[i].unsqueeze(1));
    }
    if (!plan_) return;
    sources_.narrow(0, first_token, tile.tokens).copy_(tile.sources);
    for (std::size_t i = 0; i < plan_->blocks.size(); ++i) {
        scales_[i].narrow(1, first_token, tile.tokens).copy_(tile.scales[i]);
        for (std::int64_t j = 0; j + 1 < plan_->blocks[i].length; ++j)
            sums_[static_cast<std::size_t>(plan_->blocks[i].first - 1 + j)]
                .narrow(0, first_token, tile.tokens)
                .copy_(tile.sums[i][j]);
    }
    keep_weights(first_token, tile);
}

/// α_i = exp(z_i − maximum) / total.
void FusedRecord::keep_weights(std::int64_t first_token, const TileBuffers& tile) {
    for (std::size_t g = 0; g < plan_->groups.size(); ++g) {
        const FusedGroup& group = plan_->groups[g];
        for (std::int64_t l = 0; l < group.routers; ++l) {
            const std::int64_t router = group.first + l;
            const at::Tensor maximum = tile.maximum[router].unsqueeze(1), inverse = tile.total[router].unsqueeze(1);
            at::Tensor target =
                weights_[static_cast<std::size_t>(router)].narrow(0, first_token, tile.tokens);  // [n, S]
            at::Tensor completed = target.narrow(1, 0, group.sources);
            completed.copy_(tile.logits_of[g].select(2, l).sub(maximum).exp_().mul_(inverse));
            if (target.size(1) > group.sources)
                target.narrow(1, group.sources, 1)
                    .copy_(tile.sum_logit[router].unsqueeze(1).sub(maximum).exp_().mul_(inverse));
        }
    }
}

at::Tensor FusedRecord::batch(const at::Tensor& rows) const { return rows.unflatten(0, {sequences_, length_}); }

at::Tensor FusedRecord::attribution(std::int64_t router) const {
    for (std::size_t g = 0; g < plan_->groups.size(); ++g) {
        const FusedGroup& group = plan_->groups[g];
        if (router - 1 < group.first || router - 1 >= group.first + group.routers) continue;
        const at::Tensor completed = attributions_[g].sum(0).select(1, router - 1 - group.first);  // [C]
        if (weights_[static_cast<std::size_t>(router - 1)].size(1) == group.sources) return completed.clone();
        return at::cat({completed, sum_attributions_.sum(0).narrow(0, router - 1, 1)});
    }
    return {};
}

void FusedRecord::show_router(std::int64_t router, ForwardObserver& observer, const RoutingLayout& layout) const {
    const at::Tensor& weights = weights_[static_cast<std::size_t>(router - 1)];
    const std::vector<Source>& names = layout.routers[static_cast<std::size_t>(router - 1)];
    std::vector<at::Tensor> values;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool partial = names[i].kind == SourceKind::partial;
        values.push_back(batch(partial ? sums_[static_cast<std::size_t>(router - 2)]
                                       : sources_.select(1, static_cast<std::int64_t>(i))));
    }
    observer.on_routing(router, names, values, batch(weights));
}

void FusedRecord::show_block(std::size_t index, ForwardObserver& observer, const FusedRouting& routing) const {
    const FusedBlock& block = plan_->blocks[index];
    const auto number = static_cast<std::int64_t>(index) + 1;
    std::vector<at::Tensor> updates;
    for (std::int64_t j = 0; j < block.length; ++j)
        updates.push_back(batch(updates_[static_cast<std::size_t>(block.first - 1 + j)]));
    std::optional<ObservedDetail> found[2];
    std::int64_t detail = 0;
    for (const std::int64_t row : {phase_row, split_row}) {
        const std::vector<double> coefficients = block_detail_coefficients(routing, row, number);
        if (coefficients.empty()) continue;
        found[row] = {linear_combination(updates, coefficients), batch(sources_.select(1, block.sources + 1 + detail)),
                      batch(scales_[index][detail].unsqueeze(1))};
        ++detail;
    }
    observer.on_block(number, batch(sources_.select(1, block.sources)), found[phase_row], found[split_row]);
}

std::vector<at::Tensor> FusedRecord::show(ForwardObserver& observer, const FusedRouting* routing,
                                          const RoutingLayout& layout) const {
    std::vector<at::Tensor> attributions;
    std::size_t block = 0;
    for (std::int64_t sublayer = 1; sublayer <= shape_.sublayers() + 1; ++sublayer) {
        if (routing) {
            if (observer.attribution() == Attribution::summed) {
                attributions.push_back(attribution(sublayer));
                observer.on_attribution(sublayer, attributions.back());
            }
            show_router(sublayer, observer, layout);
        }
        observer.on_state(sublayer, batch(states_[static_cast<std::size_t>(sublayer - 1)]));
        if (sublayer > shape_.sublayers()) break;
        observer.on_update(sublayer, batch(updates_[static_cast<std::size_t>(sublayer - 1)]));
        if (routing && routing->blocks.completes_block(sublayer)) show_block(block++, observer, *routing);
    }
    return attributions;
}

}  // namespace wavlab
