// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/routing_mass.h"

namespace wavlab {

RoutingFamily family_of(SourceKind kind) {
    switch (kind) {
        case SourceKind::embedding:
            return RoutingFamily::embedding;
        case SourceKind::block:
            return RoutingFamily::summary;
        case SourceKind::partial:
            return RoutingFamily::partial;
        case SourceKind::phase:
        case SourceKind::phase_partial:
            return RoutingFamily::phase;
        case SourceKind::split:
        case SourceKind::split_partial:
            break;
    }
    return RoutingFamily::split;
}

std::string to_string(RoutingFamily family) {
    switch (family) {
        case RoutingFamily::embedding:
            return "embedding";
        case RoutingFamily::summary:
            return "summaries";
        case RoutingFamily::partial:
            return "partial sum";
        case RoutingFamily::phase:
            return "phase";
        case RoutingFamily::split:
            break;
    }
    return "split";
}

std::optional<std::array<double, routing_families>> routing_mass(const RoutingLayout& layout,
                                                                 const RoutingFrame& frame) {
    if (layout.empty() || frame.weight.size() != layout.cell_count()) return std::nullopt;
    std::array<double, routing_families> mass{};
    std::size_t cell = 0;
    for (const std::vector<Source>& sources : layout.routers)
        for (const Source& source : sources) mass[std::size_t(family_of(source.kind))] += frame.weight[cell++];
    for (double& one : mass) one /= double(layout.routers.size());
    return mass;
}

}  // namespace wavlab
