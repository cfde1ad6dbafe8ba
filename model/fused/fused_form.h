// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

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

/// How the fused pass does what a residual method does.
struct FusedForm {
    std::string obstacle;                 ///< why it cannot; a sentence's end, empty when it can
    std::optional<FusedRouting> routing;  ///< empty: one plain residual stream
};

}  // namespace wavlab
