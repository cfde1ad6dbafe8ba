// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_plan.h"

#include <algorithm>
#include <utility>

#include "model/kernels/fused_kernels.h"
#include "model/routing/route.h"

namespace wavlab {

namespace {

/// c_l of the details that this block has, one row each, with the kind of source that each is.
struct BlockDetails {
    std::vector<std::vector<double>> rows;
    std::vector<SourceKind> kinds;
};

BlockDetails details_of(const FusedRouting& routing, std::int64_t block) {
    BlockDetails details;
    for (const auto& [row, kind] : {std::pair(phase_row, SourceKind::phase), std::pair(split_row, SourceKind::split)}) {
        std::vector<double> coefficients = block_detail_coefficients(routing, row, block);
        if (coefficients.empty()) continue;
        details.rows.push_back(std::move(coefficients));
        details.kinds.push_back(kind);
    }
    return details;
}

/// Σ c_l u_l = Σ_j (c_j − c_{j+1}) S_j, with c_{n+1} = 0.
void add_sum_coefficients(const std::vector<double>& coefficients, std::vector<float>& target) {
    for (std::size_t j = 0; j < coefficients.size(); ++j) {
        const double next = j + 1 < coefficients.size() ? coefficients[j + 1] : 0.0;
        target.push_back(static_cast<float>(coefficients[j] - next));
    }
}

FusedBlock make_block(const FusedRouting& routing, std::int64_t block, const BlockDetails& details) {
    FusedBlock made;
    made.first = routing.blocks.first_sublayer(block);
    made.length = routing.blocks.length(block);
    made.details = static_cast<std::int64_t>(details.rows.size());
    made.matched = routing.settings.match != ScaleMatch::off && routing.settings.detail != DetailKind::duplicate;
    for (const std::vector<double>& row : details.rows) add_sum_coefficients(row, made.sum_coefficients);
    std::vector<std::vector<float>> kinds;
    for (std::int64_t j = 0; j < made.length; ++j) {
        std::vector<float> own;
        for (const std::vector<double>& row : details.rows)
            own.push_back(static_cast<float>(row[static_cast<std::size_t>(j)]));
        const auto known = std::find(kinds.begin(), kinds.end(), own);
        made.kind_of.push_back(known - kinds.begin());
        if (known == kinds.end()) kinds.push_back(own);
    }
    for (const std::vector<float>& kind : kinds)
        made.update_coefficients.insert(made.update_coefficients.end(), kind.begin(), kind.end());
    return made;
}

/// Cuts the routers `first` to `first + routers` into groups.
void add_groups(FusedPlan& plan, std::int64_t first, std::int64_t routers) {
    const auto block = static_cast<std::int64_t>(plan.blocks.size());
    for (std::int64_t done = 0; done < routers; done += router_lanes)
        plan.groups.push_back({first + done, std::min(router_lanes, routers - done), plan.sources, block});
}

}  // namespace

std::int64_t FusedBlock::kinds() const { return *std::max_element(kind_of.begin(), kind_of.end()) + 1; }

std::vector<double> block_detail_coefficients(const FusedRouting& routing, std::int64_t row, std::int64_t block) {
    const RoutingSettings& settings = routing.settings;
    if (!(row == phase_row ? settings.phase : settings.split)) return {};
    std::vector<double> coefficients =
        detail_coefficients(routing.blocks, settings, routing.signs, row, block, routing.blocks.length(block));
    if (settings.detail == DetailKind::duplicate) coefficients.assign(coefficients.size(), 1.0);
    return coefficients;
}

FusedPlan make_fused_plan(const FusedRouting& routing) {
    FusedPlan plan;
    plan.bias_columns = {-1};
    for (std::int64_t block = 1; block <= routing.blocks.block_count(); ++block) {
        const BlockDetails details = details_of(routing, block);
        add_groups(plan, routing.blocks.first_sublayer(block) - 1, routing.blocks.length(block));
        plan.blocks.push_back(make_block(routing, block, details));
        plan.blocks.back().sources = plan.sources;
        plan.sources += 1 + plan.blocks.back().details;
        plan.bias_columns.push_back(-1);
        for (const SourceKind kind : details.kinds)
            plan.bias_columns.push_back(routing.detail_bias.defined() ? detail_bias_column(kind) : -1);
    }
    add_groups(plan, routing.blocks.sublayers(), 1);
    return plan;
}

}  // namespace wavlab
