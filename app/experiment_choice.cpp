// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/experiment_choice.h"

#include <filesystem>
#include <system_error>

#include <CLI/CLI.hpp>

#include "app/model_loader.h"
#include "core/error.h"
#include "core/ready_experiments.h"
#include "core/safe_file.h"

namespace wavlab {
namespace {

std::string ready_names() {
    std::string names;
    for (const ReadyExperiment& ready : ready_experiments()) names += (names.empty() ? "" : ", ") + ready.id;
    return names;
}

}  // namespace

const CLI::Option* ExperimentArguments::declare(CLI::App& app) {
    const CLI::Option* option =
        app.add_option("experiment", experiment, "An experiment file, or the name of a ready experiment")
            ->type_name("EXPERIMENT.toml")
            ->default_str(experiment)
            ->required(experiment.empty());
    app.add_option("--set", settings, "Change one option, as in --set model.layers=48")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    return option;
}

Experiment read_experiment(const ExperimentArguments& arguments) {
    const std::string& file_or_name = arguments.experiment;
    namespace fs = std::filesystem;
    std::error_code unreadable;  // as good as not there
    const bool is_there = fs::exists(file_or_name, unreadable);
    const ReadyExperiment* ready = is_there ? nullptr : find_ready_experiment(file_or_name);
    if (!ready && !is_there)
        throw InputError("there is neither a file nor a ready experiment '" + file_or_name + "'; ready are " +
                         ready_names());
    // Read before LibTorch is loaded, so that a wrong file is answered at once.
    const std::string text = ready ? std::string(ready->text) : read_file(file_or_name, 1 << 20);
    const fs::path folder = ready ? fs::current_path() : fs::absolute(file_or_name).parent_path();
    return read_experiment_text(text, file_or_name, folder, arguments.settings);
}

Experiment read_experiment_text(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                                const std::vector<std::string>& settings) {
    load_model_library();
    Experiment experiment = parse_experiment(text, name, folder);
    for (const std::string& setting : settings) apply_setting(experiment, setting);
    require_valid(experiment, name);
    return experiment;
}

}  // namespace wavlab
