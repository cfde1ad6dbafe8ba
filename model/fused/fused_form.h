// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/block_layout.h"
#include "model/routing/routing_plan.h"

namespace wavlab {

/// What routed methods tell the fused pass: blocks, settings, and the parameters of all routers.
struct FusedRouting {
    BlockLayout blocks;
    RoutingSettings settings;
    const DetailSigns* signs = nullptr;  ///< null unless details are random signs
    at::Tensor query;                    ///< [2L+1, d]
    at::Tensor key_gain;                 ///< [2L+1, d] or undefined
    at::Tensor detail_bias;              ///< [2L+1, 2] or undefined
};

/// What methods tell it that scale every update: h_{l+1} = h_l + λ ⊙ u_l.
struct FusedScales {
    std::string parameter;             ///< its name
    at::Tensor value;                  ///< [rows] or [rows, d]
    std::vector<std::int64_t> row_of;  ///< [2L]: the row of every sublayer
};

/// How the fused pass does what a residual method does.
struct FusedForm {
    std::string obstacle;                 ///< why it cannot; a sentence's end, empty when it can
    std::optional<FusedRouting> routing;  ///< empty: one residual stream
    std::optional<FusedScales> scales;    ///< of that stream; empty: all are 1
};

}  // namespace wavlab
