// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/json_lines.h"
#include "core/loss_unit.h"
#include "core/run_annotations.h"
#include "core/run_digest.h"
#include "core/run_folder.h"
#include "datasets/text.h"
#include "datasets/validation_file.h"

namespace wavlab {
namespace {

nlohmann::json json_or_null(const std::optional<double>& value) {
    return value ? json_number(*value) : nlohmann::json();
}

void print_json(const RunDigest& run, const RunAnnotations& annotations) {
    const auto best_in = [&](LossUnit unit) { return loss_in(unit, run.best_validation_loss, run.description); };
    fmt::print("{}\n",
               json_line(nlohmann::json{{"run", run.folder.string()},
                                        {"name", run.name},
                                        {"state", to_string(run.state)},
                                        {"method", run.method},
                                        {"layers", run.layers},
                                        {"dataset", run.dataset},
                                        {"step", run.step},
                                        {"steps", run.total_steps},
                                        {"train_loss", json_or_null(run.train_loss)},
                                        {"validation_loss", json_or_null(run.validation_loss)},
                                        {"best_validation_loss", json_or_null(run.best_validation_loss)},
                                        {"bits_per_character", json_or_null(best_in(LossUnit::bits_per_character))},
                                        {"bits_per_byte", json_or_null(best_in(LossUnit::bits_per_byte))},
                                        {"origin", origin_json(run.description.origin)},
                                        {"tags", annotations.tags},
                                        {"note", annotations.note},
                                        {"archived", annotations.archived}}));
}

std::string loss_text(const std::optional<double>& loss) { return loss ? fmt::format("{:.4f}", *loss) : "-"; }

using Row = std::array<std::string, 8>;

Row row_of(const RunDigest& run) {
    std::string dataset = run.dataset;
    if (dataset.starts_with(file_prefix)) dataset = std::filesystem::path(dataset).filename().string();
    return {run.name,
            to_string(run.state),
            run.method,
            std::to_string(run.layers),
            dataset,
            fmt::format("{}/{}", run.step, run.total_steps),
            loss_text(run.train_loss),
            loss_text(run.validation_loss)};
}

/// Columns as wide as their longest text, counted in characters.
void print_table(const std::vector<Row>& rows) {
    std::array<std::int64_t, std::tuple_size_v<Row>> widths{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], count_characters(row[i]));
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size())
                line.append(static_cast<std::size_t>(widths[i] - count_characters(row[i]) + 2), ' ');
        }
        fmt::print("{}\n", line);
    }
}

/// Tags that cannot be read hide no run.
RunAnnotations annotations_of(const std::filesystem::path& folder) {
    try {
        return read_annotations(RunFolder{folder});
    } catch (const InputError& unreadable) {
        fmt::print(stderr, "wavlab: {}\n", unreadable.what());
        return {};
    }
}

ExitCode list_runs(bool json, const CommandEnvironment& environment) {
    namespace fs = std::filesystem;
    std::vector<fs::path> folders;
    std::error_code problem;
    for (const fs::directory_entry& entry : fs::directory_iterator(environment.runs, problem))
        if (is_run_folder(entry.path())) folders.push_back(entry.path());
    if (problem && problem != std::errc::no_such_file_or_directory)
        throw InputError("the runs folder '" + environment.runs.string() + "' cannot be read: " + problem.message());
    std::sort(folders.begin(), folders.end());
    std::vector<Row> rows{{"name", "state", "method", "layers", "dataset", "step", "train", "validation"}};
    for (const fs::path& folder : folders) {
        try {
            const RunDigest run = read_digest(folder);
            if (!json) {
                rows.push_back(row_of(run));
                continue;
            }
            print_json(run, annotations_of(folder));
        } catch (const InputError& unreadable) {  // one broken folder hides no other run
            fmt::print(stderr, "wavlab: {}\n", unreadable.what());
        }
    }
    if (folders.empty() && !json)
        fmt::print(stderr, "no runs in {}\n", environment.runs.string());
    else if (!json)
        print_table(rows);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto json = std::make_shared<bool>(false);
    app.add_flag("--json", *json, "One JSON object a line");
    return [json](const CommandEnvironment& environment) { return list_runs(*json, environment); };
}

const Registration<CommandDescriptor> registration{{"runs", 30, "List the runs there are", declare}};

}  // namespace
}  // namespace wavlab
