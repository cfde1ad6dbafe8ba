// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/experiment_choice.h"

#include <filesystem>

#include <CLI/CLI.hpp>

#include "app/model_loader.h"
#include "core/embedded_resources.h"
#include "core/error.h"
#include "core/safe_file.h"

namespace wavlab {

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
    const bool is_name = file_or_name.find_first_of("/.") == std::string::npos && !fs::exists(file_or_name);
    const std::string_view ready =
        is_name ? embedded_resource("experiments/" + file_or_name + ".toml") : std::string_view();
    // Before LibTorch is loaded, so that a wrong name is answered at once.
    const std::string text = ready.empty() ? read_file(file_or_name, 1 << 20) : std::string(ready);
    load_model_library();

    const fs::path folder = ready.empty() ? fs::absolute(file_or_name).parent_path() : fs::current_path();
    Experiment experiment = parse_experiment(text, file_or_name, folder);
    for (const std::string& setting : arguments.settings) apply_setting(experiment, setting);
    require_valid(experiment, file_or_name);
    return experiment;
}

}  // namespace wavlab
