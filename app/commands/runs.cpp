// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/json_lines.h"
#include "core/run_folder.h"
#include "core/run_record.h"

namespace wavlab {
namespace {

std::optional<double> last_value(const RunRecord& run, const char* name) {
    const ScalarSeries* series = run.scalars(name);
    return series ? series->last() : std::nullopt;
}

nlohmann::json json_or_null(const std::optional<double>& value) {
    return value ? json_number(*value) : nlohmann::json();
}

void print_json(const RunRecord& run) {
    const Experiment& experiment = run.experiment();
    fmt::print("{}\n", json_line(nlohmann::json{{"run", run.folder().string()},
                                                {"name", run.name()},
                                                {"state", to_string(run.state())},
                                                {"method", experiment.model.method},
                                                {"layers", experiment.model.layers},
                                                {"dataset", experiment.data.dataset},
                                                {"step", run.step()},
                                                {"steps", run.total_steps()},
                                                {"train_loss", json_or_null(last_value(run, "train/loss"))},
                                                {"validation_loss", json_or_null(last_value(run, "val/loss"))}}));
}

std::string loss_text(const std::optional<double>& loss) { return loss ? fmt::format("{:.4f}", *loss) : "-"; }

void print_row(const RunRecord& run) {
    const Experiment& experiment = run.experiment();
    fmt::print("{:<24} {:<12} {:<17} {:>6} {:<24} {:>13} {:>10} {:>10}\n", run.name(), to_string(run.state()),
               experiment.model.method, experiment.model.layers, experiment.data.dataset,
               fmt::format("{}/{}", run.step(), run.total_steps()), loss_text(last_value(run, "train/loss")),
               loss_text(last_value(run, "val/loss")));
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
    if (!json) {
        if (folders.empty())
            fmt::print(stderr, "no runs in {}\n", environment.runs.string());
        else
            fmt::print("{:<24} {:<12} {:<17} {:>6} {:<24} {:>13} {:>10} {:>10}\n", "name", "state", "method", "layers",
                       "dataset", "step", "train", "validation");
    }
    for (const fs::path& folder : folders) {
        try {
            RunRecord run(folder);
            run.follow_store();
            json ? print_json(run) : print_row(run);
        } catch (const InputError& unreadable) {  // one broken folder hides no other run
            fmt::print(stderr, "wavlab: {}\n", unreadable.what());
        }
    }
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
