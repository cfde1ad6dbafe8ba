// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "model/fused/fused_form.h"

namespace wavlab {

/// A block of sublayers as the fused pass goes through it. Sources count from 0, the embedding, in the routers' order.
struct FusedBlock {
    std::int64_t first = 1, length = 0;      ///< sublayers, from 1
    std::int64_t sources = 1;                ///< C, completed before it; its own follow
    std::int64_t details = 0;                ///< 0 to 2
    std::vector<float> sum_coefficients;     ///< [details, length]: p = Σ_j e_j S_j of the running sums
    std::vector<float> update_coefficients;  ///< [kinds, details]: c of every kind of update, p = Σ_l c_l u_l
    std::vector<std::int64_t> kind_of;       ///< [length]: which kind each update is
    bool matched = false;                    ///< details are matched to the RMS of the summary

    std::int64_t kinds() const;
    bool operator==(const FusedBlock&) const = default;
};

/// Routers that are scored together, as they read the same completed sources. They count from 0 here.
struct FusedGroup {
    std::int64_t first = 0, routers = 0;
    std::int64_t sources = 1;  ///< C
    std::int64_t block = 0;    ///< from 0; the router before the final norm has the number of blocks

    bool operator==(const FusedGroup&) const = default;
};

/// The course of a routed model: what does not depend on numbers.
struct FusedPlan {
    std::vector<FusedBlock> blocks;
    std::vector<FusedGroup> groups;  ///< in the order of their routers
    std::int64_t sources = 1;        ///< of the last router
    std::vector<int> bias_columns;   ///< [sources]: the column of routing.detail_bias that one adds; -1: none

    bool operator==(const FusedPlan&) const = default;
};

/// c_l of the detail of a row (phase_row or split_row) over a whole block, from 1: p = Σ c_l u_l. Empty where the block
/// has none.
std::vector<double> block_detail_coefficients(const FusedRouting& routing, std::int64_t row, std::int64_t block);

FusedPlan make_fused_plan(const FusedRouting& routing);

}  // namespace wavlab
