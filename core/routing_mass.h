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

/// Shares of weights by RoutingFamily; they add up to 1.
using RoutingMass = std::array<double, routing_families>;

/// What share of its weights each router puts on each family, [routers]. Empty where there is no routing, or the frame
/// is not of this layout.
std::vector<RoutingMass> routing_masses(const RoutingLayout& layout, const RoutingFrame& frame);

/// The mean over all routers. Empty as above.
std::optional<RoutingMass> routing_mass(const RoutingLayout& layout, const RoutingFrame& frame);

}  // namespace wavlab
