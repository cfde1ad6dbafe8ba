// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/json_lines.h"
#include "core/statistics.h"

namespace wavlab {

namespace {

using json = nlohmann::json;

/// What rows of cells and of families have in common.
void add_numbers(json& row, Removal removal, double alpha, double contribution, const ProbeEffect& effect) {
    row["mode"] = to_string(removal);
    row["alpha"] = json_number(alpha);
    row["contribution"] = json_number(contribution);
    row["delta_loss"] = json_number(effect.delta_loss);
    row["attribution"] = json_number(effect.attribution);
}

}  // namespace

std::string to_string(Removal removal) { return removal == Removal::zero ? "zero" : "renormalise"; }

ProbeAgreement agreement(const ProbeResult& result) {
    std::vector<double> exact, estimate;
    for (const ProbeEffect& effect : result.zero) {
        exact.push_back(effect.delta_loss);
        estimate.push_back(effect.attribution);
    }
    const auto finite = std::count_if(exact.begin(), exact.end(), [](double value) { return std::isfinite(value); });
    return {rank_correlation(result.alpha, exact), rank_correlation(result.contribution, exact),
            rank_correlation(estimate, exact), static_cast<std::size_t>(finite)};
}

std::vector<json> probe_rows(const ProbeResult& result) {
    std::vector<json> rows;
    std::size_t cell = 0;
    for (std::size_t router = 0; router < result.layout.routers.size(); ++router)
        for (const Source& source : result.layout.routers[router]) {
            const bool is_probed = cell < result.zero.size();
            const bool is_alone = result.layout.routers[router].size() == 1;
            for (const Removal removal : {Removal::zero, Removal::renormalise}) {
                if (!is_probed || (is_alone && removal == Removal::renormalise)) continue;
                json row{{"router", router + 1}, {"source", label(source)}};
                const std::vector<ProbeEffect>& effects = removal == Removal::zero ? result.zero : result.renormalise;
                add_numbers(row, removal, result.alpha[cell], result.contribution[cell], effects[cell]);
                rows.push_back(std::move(row));
            }
            ++cell;
        }
    for (const ProbedFamily& family : result.families) {
        const std::string name = kind_label(family.family);
        json row{{"family", name}, {"routers", family.routers}, {"source", name}};
        add_numbers(row, family.removal, family.alpha, family.contribution, family.effect);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace wavlab
