// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_provenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/paired_bootstrap.h"
#include "core/result_table.h"
#include "core/run_provenance.h"

namespace wavlab {

namespace {

std::string run_line(const TableRun& run) {
    std::string text = fmt::format("run {}: {}", run.name, to_string(run.state));
    for (const auto& [name, value] : run.values) text += fmt::format(", {} of step {}", name, value.step);
    text += ", " + run_provenance(run.experiment, run.description, run.earlier_starts);
    return text;
}

}  // namespace

std::vector<std::string> table_provenance(const ResultTable& table) {
    std::vector<std::string> lines{"Made by " + program_provenance()};
    std::string what = fmt::format("{} ({}) by {}", fmt::join(table.values, ", "), to_string(table.moment),
                                   fmt::join(table.row_keys, ", "));
    if (!table.column_keys.empty()) what += fmt::format(" and {}", fmt::join(table.column_keys, ", "));
    if (!table.baseline.empty())
        what += fmt::format("; differences to {}, {} bootstrap resamples, seed {}", table.baseline, bootstrap_resamples,
                            bootstrap_seed);
    lines.push_back(what);
    for (const TableRun& run : table.runs) lines.push_back(run_line(run));
    return lines;
}

}  // namespace wavlab
