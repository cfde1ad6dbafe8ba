// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/probe_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"

namespace wavlab {

namespace {

constexpr Removal modes[] = {Removal::zero, Removal::renormalise};

/// Routers from `first` up to, not including, `last`, from 0.
struct Band {
    std::size_t first = 0, last = 0;
};

void plan_cells(const RoutingLayout& layout, std::vector<PlannedRemoval>& plan) {
    std::size_t cell = 0;
    for (std::size_t router = 0; router < layout.routers.size(); ++router)
        for (std::size_t source = 0; source < layout.routers[router].size(); ++source, ++cell)
            for (const Removal mode : modes) {
                if (mode == Removal::renormalise && layout.routers[router].size() == 1) continue;
                PlannedRemoval one{{mode, {}}, static_cast<std::int64_t>(router) + 1, cell, {}};
                one.removal.removed.resize(layout.routers.size());
                one.removal.removed[router] = {source};
                plan.push_back(std::move(one));
            }
}

/// Nothing where there is none of the family in the band.
std::optional<PlannedRemoval> family_in_band(const RoutingLayout& layout, SourceKind family, Band band, Removal mode) {
    PlannedRemoval one{{mode, {}}, 0, std::nullopt, family};
    one.removal.removed.resize(layout.routers.size());
    for (std::size_t router = band.first; router < band.last; ++router) {
        const std::vector<Source>& sources = layout.routers[router];
        std::vector<std::size_t> gone;
        for (std::size_t source = 0; source < sources.size(); ++source)
            if (sources[source].kind == family) gone.push_back(source);
        if (gone.empty() || (mode == Removal::renormalise && gone.size() == sources.size())) continue;
        if (one.first_router == 0) one.first_router = static_cast<std::int64_t>(router) + 1;
        one.removal.removed[router] = std::move(gone);
    }
    return one.first_router > 0 ? std::optional(std::move(one)) : std::nullopt;
}

std::vector<Band> depth_bands(std::size_t routers, std::size_t count) {
    std::vector<Band> bands{{0, routers}};
    for (std::size_t i = 0; i < count; ++i) bands.push_back({i * routers / count, (i + 1) * routers / count});
    return bands;
}

}  // namespace

std::vector<std::int64_t> PlannedRemoval::routers() const {
    std::vector<std::int64_t> numbers;
    for (std::size_t router = 0; router < removal.removed.size(); ++router)
        if (!removal.removed[router].empty()) numbers.push_back(static_cast<std::int64_t>(router) + 1);
    return numbers;
}

std::vector<PlannedRemoval> plan_removals(const RoutingLayout& layout, bool cells, std::int64_t bands) {
    if (bands < 0)
        throw InputError("the number of bands of depth is " + std::to_string(bands) + "; it must be 0 or more");
    std::vector<PlannedRemoval> plan;
    if (cells) plan_cells(layout, plan);
    std::set<SourceKind> families;
    for (const std::vector<Source>& sources : layout.routers)
        for (const Source& source : sources) families.insert(source.kind);
    const std::size_t routers = layout.routers.size();
    // More bands than routers would be empty ones between.
    const std::vector<Band> parts = depth_bands(routers, std::min(static_cast<std::size_t>(bands), routers));
    for (const SourceKind family : families) {
        std::set<std::pair<Removal, std::vector<std::int64_t>>> seen;
        for (const Band& band : parts)
            for (const Removal mode : modes)
                if (std::optional<PlannedRemoval> one = family_in_band(layout, family, band, mode);
                    one && seen.insert({mode, one->routers()}).second)
                    plan.push_back(std::move(*one));
    }
    return plan;
}

}  // namespace wavlab
