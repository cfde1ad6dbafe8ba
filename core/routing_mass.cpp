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

std::vector<RoutingMass> routing_masses(const RoutingLayout& layout, const RoutingFrame& frame) {
    if (layout.empty() || frame.weight.size() != layout.cell_count()) return {};
    std::vector<RoutingMass> masses(layout.routers.size(), RoutingMass{});
    std::size_t cell = 0;
    for (std::size_t router = 0; router < masses.size(); ++router)
        for (const Source& source : layout.routers[router])
            masses[router][std::size_t(family_of(source.kind))] += frame.weight[cell++];
    return masses;
}

std::optional<RoutingMass> routing_mass(const RoutingLayout& layout, const RoutingFrame& frame) {
    const std::vector<RoutingMass> masses = routing_masses(layout, frame);
    if (masses.empty()) return std::nullopt;
    RoutingMass mean{};
    for (const RoutingMass& mass : masses)
        for (std::size_t family = 0; family < routing_families; ++family) mean[family] += mass[family];
    for (double& one : mean) one /= double(masses.size());
    return mean;
}

}  // namespace wavlab
