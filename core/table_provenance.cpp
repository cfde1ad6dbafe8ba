// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_provenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/build_info.h"
#include "core/paired_bootstrap.h"
#include "core/result_table.h"
#include "core/sha256.h"

namespace wavlab {

namespace {

std::string run_line(const TableRun& run) {
    const RunDescription& description = run.description;
    std::string text = fmt::format("run {}: {}", run.name, to_string(run.state));
    for (const auto& [name, value] : run.values) text += fmt::format(", {} of step {}", name, value.step);
    text += fmt::format(", seed {}, experiment sha256 {}, data sha256 {}, WAV Lab {} ({}), torch {}, {}, {} thread{}",
                        run.experiment.seed, sha256_hex(description.experiment), description.data_sha256,
                        description.wavlab_version, description.commit, description.torch_version, description.device,
                        description.threads, description.threads == 1 ? "" : "s");
    if (description.origin) text += ", began with the weights of " + to_string(*description.origin);
    return text;
}

}  // namespace

std::vector<std::string> table_provenance(const ResultTable& table) {
    std::vector<std::string> lines{fmt::format("Made by WAV Lab {} ({})", version(), commit())};
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
