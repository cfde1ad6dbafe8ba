// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/probe.h"
#include "model/routing/route.h"

namespace wavlab {

/// Sources that routers must do without in a forward pass (ForwardContext::removal), to see what the loss makes of it.
/// The weights α are those that the router gives its actual inputs; only then sources are removed.
struct SourceRemoval {
    Removal mode = Removal::zero;
    /// [routers] the places of the removed sources among those of the router; none: it is left alone.
    std::vector<std::vector<std::size_t>> removed;

    /// Replaces state and weights of a router, from 1: h' = Σ α_i v_i over the kept sources, divided by Σ α_i over them
    /// in renormalise mode; removed sources have the weight 0. Throws WorkError where gradients are recorded, since α
    /// takes no part in them here, and where nothing would be left to renormalise.
    void apply(std::int64_t router, const std::vector<RouteSource>& sources, RoutedState& routed) const;
};

}  // namespace wavlab
