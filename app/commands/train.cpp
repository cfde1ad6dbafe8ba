// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/experiment_choice.h"
#include "app/model_loader.h"
#include "app/training_console.h"
#include "core/run_folder.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct TrainArguments {
    ExperimentArguments experiment{"default", {}};
    std::string run;
    std::string dump_batches;
    bool json = false;
};

ExitCode train(const TrainArguments& arguments, const CommandEnvironment& environment) {
    stop_on_signals();
    TrainRequest request;
    request.experiment = read_experiment(arguments.experiment);
    request.run_folder = arguments.run.empty() ? new_run_path(environment.runs, request.experiment.name)
                                               : std::filesystem::path(arguments.run);
    request.dump_batches = arguments.dump_batches;
    return follow_training(*load_model_library().start_training(request), arguments.json);
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<TrainArguments>();
    arguments->experiment.declare(app);
    app.add_option("--run", arguments->run, "This run's own folder")->type_name("FOLDER");
    app.add_option("--dump-batches", arguments->dump_batches,
                   "For checks against other programs: write every step's tokens to this file")
        ->type_name("FILE.safetensors");
    app.add_flag("--json", arguments->json, "One JSON object a line");
    return [arguments](const CommandEnvironment& environment) { return train(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"train", 20, "Train a model without a window", declare}};

}  // namespace
}  // namespace wavlab
