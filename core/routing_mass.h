// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/run_event.h"
#include "core/source.h"

namespace wavlab {

/// Kinds of sources as masses are told: a running block's details count as details.
enum class RoutingFamily { embedding, summary, partial, phase, split };
inline constexpr std::size_t routing_families = 5;

RoutingFamily family_of(SourceKind kind);
/// "embedding", "summaries", "partial sum", "phase", "split".
std::string to_string(RoutingFamily family);

/// What share of its weights a router puts on each family, a mean over all routers (they add up to 1). Empty where
/// there is no routing, or the frame is not of this layout.
std::optional<std::array<double, routing_families>> routing_mass(const RoutingLayout& layout, const RoutingFrame& frame);

}  // namespace wavlab
