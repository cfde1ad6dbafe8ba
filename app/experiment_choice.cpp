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

void ExperimentArguments::declare(CLI::App& app) {
    app.add_option("experiment", experiment, "An experiment file, or the name of a ready experiment")
        ->type_name("EXPERIMENT.toml")
        ->default_str(experiment)
        ->required(experiment.empty());
    app.add_option("--set", settings, "Change one option, as in --set model.layers=48")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
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
    load_model_library();

    const fs::path folder = ready ? fs::current_path() : fs::absolute(file_or_name).parent_path();
    Experiment experiment = parse_experiment(text, file_or_name, folder);
    for (const std::string& setting : arguments.settings) apply_setting(experiment, setting);
    require_valid(experiment, file_or_name);
    return experiment;
}

}  // namespace wavlab
