// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/probe.h"
#include "model/routing/removal.h"

namespace wavlab {

/// One thing that a probe removes: a source of a router, or a family of sources in a band of depth.
struct PlannedRemoval {
    SourceRemoval removal;
    std::int64_t first_router = 1;    ///< from 1; everything before it is as without the removal
    std::optional<std::size_t> cell;  ///< of the layout; empty: a family
    SourceKind family = SourceKind::embedding;

    /// From 1: where it removes something.
    std::vector<std::int64_t> routers() const;
};

/// What to remove: with `cells`, every source of every router (renormalised only where others are left); then every
/// family at all routers and in each of `bands` bands of depth of equal numbers of routers. A family that is all that a
/// router has is left alone there in renormalise mode; rows that would remove nothing, or the same as an earlier one,
/// are left out. Throws InputError for a negative number of bands.
std::vector<PlannedRemoval> plan_removals(const RoutingLayout& layout, bool cells, std::int64_t bands);

}  // namespace wavlab
