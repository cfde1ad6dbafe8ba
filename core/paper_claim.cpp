// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/paper_claim.h"

#include <algorithm>
#include <cmath>

#include "core/run_groups.h"

namespace wavlab {

namespace {

using BySeed = std::map<std::int64_t, double>;

constexpr const char* loss_name = "val/loss";

bool has(const TableRun& run, const std::pair<std::string, std::string>& setting) {
    const std::vector<const Experiment*> one{&run.experiment};
    if (setting.first == "seed") return std::to_string(run.experiment.seed) == setting.second;
    const std::vector<RunGroup> groups = group_runs(one, setting.first);
    return !groups.empty() && !groups.front().settings.empty() &&
           groups.front().settings.front().second == setting.second;
}

std::optional<double> value_of(const TableRun& run, bool parameters) {
    if (parameters) return static_cast<double>(run.description.parameters);
    const auto loss = run.values.find(loss_name);
    if (!run.counts() || loss == run.values.end() || !std::isfinite(loss->second.value)) return std::nullopt;
    return loss->second.value;
}

PaperSettings joined(PaperSettings side, const PaperSettings& where) {
    side.insert(side.end(), where.begin(), where.end());
    return side;
}

/// Runs with one seed count once, by their mean.
BySeed values_by_seed(const std::vector<TableRun>& runs, const PaperSettings& side, const PaperSettings& where,
                      bool parameters) {
    std::map<std::int64_t, std::vector<double>> all;
    for (const std::size_t index : runs_with(runs, joined(side, where)))
        if (const std::optional<double> value = value_of(runs[index], parameters))
            all[runs[index].experiment.seed].push_back(*value);
    BySeed means;
    for (const auto& [seed, values] : all) means[seed] = *group_statistics(values).mean;
    return means;
}

std::vector<double> values_of(const BySeed& by_seed) {
    std::vector<double> values;
    for (const auto& [seed, value] : by_seed) values.push_back(value);
    return values;
}

BySeed minus(const BySeed& a, const BySeed& b) {
    BySeed result;
    for (const auto& [seed, value] : a)
        if (const auto other = b.find(seed); other != b.end()) result[seed] = value - other->second;
    return result;
}

PaperDifference difference(const PaperClaim& claim, const PaperSettings& where, const std::vector<TableRun>& runs) {
    PaperDifference result;
    result.subject = values_by_seed(runs, claim.subject, where, claim.parameters);
    result.baseline = values_by_seed(runs, claim.baseline, where, claim.parameters);
    result.by_seed = minus(result.subject, result.baseline);
    result.subject_statistics = group_statistics(values_of(result.subject));
    result.baseline_statistics = group_statistics(values_of(result.baseline));
    const std::vector<double> differences = values_of(result.by_seed);
    result.statistics = group_statistics(differences);
    result.bootstrap = bootstrap_difference(differences);
    result.lower = static_cast<std::size_t>(
        std::count_if(differences.begin(), differences.end(), [](double value) { return value < 0; }));
    return result;
}

/// Whether a value lies below a limit, as far as its interval tells.
std::optional<bool> is_below(const GroupStatistics& value, double limit) {
    if (!value.mean || !value.interval) return std::nullopt;
    if (*value.mean + *value.interval < limit) return true;
    if (*value.mean - *value.interval > limit) return false;
    return std::nullopt;
}

}  // namespace

std::string to_string(PaperVerdict verdict) {
    switch (verdict) {
        case PaperVerdict::supported:
            return "supported";
        case PaperVerdict::not_supported:
            return "not supported";
        case PaperVerdict::undecided:
            break;
    }
    return "undecided";
}

std::vector<std::size_t> runs_with(const std::vector<TableRun>& runs, const PaperSettings& settings) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < runs.size(); ++i)
        if (std::all_of(settings.begin(), settings.end(), [&](const auto& setting) { return has(runs[i], setting); }))
            found.push_back(i);
    return found;
}

std::vector<std::string> settings_that_differ(const std::vector<TableRun>& runs, const PaperSettings& side,
                                              const PaperSettings& where) {
    std::vector<const Experiment*> experiments;
    for (const std::size_t index : runs_with(runs, joined(side, where))) experiments.push_back(&runs[index].experiment);
    return differing_settings(experiments);
}

PaperAnswer answer(const PaperClaim& claim, const std::vector<TableRun>& runs) {
    PaperAnswer result;
    result.at = difference(claim, claim.where, runs);
    result.statistics = result.at.statistics;
    if (!claim.than.empty()) {
        result.than_at = difference(claim, claim.than, runs);
        result.statistics = group_statistics(values_of(minus(result.at.by_seed, result.than_at->by_seed)));
    }
    if (claim.expect == PaperExpectation::within && result.at.baseline_statistics.mean)
        result.limit = claim.margin * *result.at.baseline_statistics.mean;

    std::optional<bool> below = is_below(result.statistics, result.limit.value_or(0));
    if (claim.parameters && result.limit && result.statistics.mean) below = *result.statistics.mean <= *result.limit;
    if (!below) return result;
    const bool holds = *below == (claim.expect != PaperExpectation::not_lower);
    result.verdict = holds ? PaperVerdict::supported : PaperVerdict::not_supported;
    return result;
}

}  // namespace wavlab
