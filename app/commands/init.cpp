// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/experiment_choice.h"
#include "app/model_loader.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct InitArguments {
    ExperimentArguments experiment;
    std::string out;
};

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<InitArguments>();
    arguments->experiment.declare(app);
    app.add_option("--out", arguments->out, "Where to write the model")->type_name("FILE.safetensors")->required();
    return [arguments](const CommandEnvironment&) {
        const Experiment experiment = read_experiment(arguments->experiment);
        load_model_library().write_initial_model(experiment, arguments->out);
        return ExitCode::done;
    };
}

const Registration<CommandDescriptor> registration{{"init", 22, "Write the model at step 0", declare}};

}  // namespace
}  // namespace wavlab
