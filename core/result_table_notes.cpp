// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/number_text.h"
#include "core/result_table.h"
#include "core/run_groups.h"
#include "core/table_layout.h"

namespace wavlab {

namespace {

using Texts = std::vector<std::string>;

std::string state_text(const TableRun& run) {
    if (run.ended_early) return fmt::format("ended early at step {} of {}", run.step, run.total_steps);
    if (run.state == RunState::running || run.state == RunState::paused)
        return fmt::format("still at step {} of {}", run.step, run.total_steps);
    if (run.state == RunState::diverged) return fmt::format("diverged at step {}", run.step);
    return fmt::format("{} at step {} of {}", to_string(run.state), run.step, run.total_steps);
}

void add_unfinished(const ResultTable& table, Texts& notes) {
    Texts left_out;
    for (const TableRun& run : table.runs)
        if (!run.counts()) left_out.push_back(run.name + " (" + state_text(run) + ")");
    if (left_out.empty()) return;
    notes.push_back(
        fmt::format("Not counted, {} of {} runs: {}.", left_out.size(), table.runs.size(), fmt::join(left_out, ", ")));
}

/// Finished runs without one of the values.
void add_missing(const ResultTable& table, Texts& notes) {
    for (const std::string& value : table.values) {
        Texts missing;
        for (const TableRun& run : table.runs) {
            if (!run.counts()) continue;
            const auto found = run.values.find(value);
            if (found == run.values.end())
                missing.push_back(run.name);
            else if (!std::isfinite(found->second.value))
                missing.push_back(run.name + " (" + number_text(found->second.value) + ")");
        }
        const std::string at = table.moment.kind == TableMoment::Kind::last ? "" : " at " + to_string(table.moment);
        if (!missing.empty()) notes.push_back(fmt::format("Without {}{}: {}.", value, at, fmt::join(missing, ", ")));
    }
}

/// What of a cell are no replicates of one setting.
void add_mixed(const ResultTable& table, Texts& notes) {
    std::set<std::string> keys;
    Texts repeated;
    for (const std::vector<TableCell>& row : table.cells)
        for (const TableCell& cell : row) {
            std::vector<const Experiment*> counted;
            std::map<std::int64_t, Texts> by_seed;
            for (const std::size_t index : cell.runs) {
                const TableRun& run = table.runs[index];
                if (!run.counts()) continue;
                counted.push_back(&run.experiment);
                by_seed[run.experiment.seed].push_back(run.name);
            }
            for (const std::string& key : differing_settings(counted)) keys.insert(key);
            for (const auto& [seed, names] : by_seed)
                if (names.size() > 1) repeated.push_back(fmt::format("{}", fmt::join(names, " and ")));
        }
    if (!keys.empty())
        notes.push_back(
            fmt::format("Means over different settings: runs of one cell differ in {}.", fmt::join(keys, ", ")));
    if (!repeated.empty())
        notes.push_back(fmt::format("Runs of one cell with the same seed count once, by their mean: {}.",
                                    fmt::join(repeated, "; ")));
}

void add_tokens(const ResultTable& table, Texts& notes) {
    if (table.unit != LossUnit::nats_per_token) return;
    std::set<std::string> tokenizers;
    for (const TableRun& run : table.runs) tokenizers.insert(run.experiment.data.tokenizer);
    if (tokenizers.size() > 1)
        notes.push_back(fmt::format("Losses per token of different tokenizers ({}) cannot be compared.",
                                    fmt::join(tokenizers, ", ")));
}

void explain_differences(const ResultTable& table, Texts& legend) {
    std::size_t fewest = 0;
    for (const std::vector<TableCell>& row : table.cells)
        for (const TableCell& cell : row)
            for (const TableMeasure& one : cell.measures)
                if (one.difference && one.difference->pairs > 1)
                    fewest = fewest == 0 ? one.difference->pairs : std::min(fewest, one.difference->pairs);
    if (fewest == 0) return;
    std::string note = fmt::format(
        "Differences to {} are means over n pairs of runs with the same seed; their 95% interval is the percentile "
        "interval of {} bootstrap resamples of the pairs",
        table.baseline, grouped_digits(std::int64_t(bootstrap_resamples)));
    constexpr std::size_t enough = 6;
    if (fewest < enough) note += fmt::format(", which is too narrow for as few as {} pairs", fewest);
    legend.push_back(note + ".");
}

std::string device_text(const RunDescription& run) {
    return run.device == "cpu" ? fmt::format("cpu with {} thread{}", run.threads, run.threads == 1 ? "" : "s")
                               : run.device;
}

std::set<std::string> devices_of(const ResultTable& table) {
    std::set<std::string> devices;
    for (const TableRun& run : table.runs) {
        if (!run.counts()) continue;
        devices.insert(device_text(run.description));
        for (const EarlierStart& start : run.earlier_starts) devices.insert(device_text(start.description));
    }
    return devices;
}

void explain_cost(const ResultTable& table, Texts& legend) {
    const std::set<std::string> devices = devices_of(table);
    if (devices.empty()) return;
    const bool on_cpu = devices.begin()->starts_with("cpu");
    legend.push_back(fmt::format("Speed is the median over the steps of a run, memory the most of a run{}{}.",
                                 on_cpu ? ", of the whole process" : "",
                                 devices.size() == 1 ? "; on " + *devices.begin() : ""));
    if (devices.size() > 1)
        legend.push_back(fmt::format("Speed and memory cannot be compared: the runs are from different devices ({}).",
                                     fmt::join(devices, "; ")));
}

}  // namespace

void annotate(ResultTable& table) {
    table.notes.clear();
    add_unfinished(table, table.notes);
    add_missing(table, table.notes);
    add_mixed(table, table.notes);
    add_tokens(table, table.notes);
    table.legend.clear();
    explain_differences(table, table.legend);
    table.cost_legend.clear();
    explain_cost(table, table.cost_legend);
}

}  // namespace wavlab
