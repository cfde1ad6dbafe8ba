// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/checkpoint_choice.h"
#include "app/command.h"
#include "app/experiment_choice.h"
#include "app/model_loader.h"
#include "app/training_console.h"
#include "core/run_folder.h"
#include "core/safetensors.h"
#include "core/tensorboard_log.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct TrainArguments {
    ExperimentArguments experiment{"default", {}};
    const CLI::Option* given_experiment = nullptr;
    std::string run;
    std::string from, step = "last";
    std::string dump_batches;
    std::string tensorboard;
    bool json = false;
};

/// Where no experiment was given, the checkpoint's own.
Experiment choose_experiment(const TrainArguments& arguments, const ModelFile& from) {
    if (arguments.given_experiment->count() > 0) return read_experiment(arguments.experiment);
    const std::string text = SafetensorsFile(from.file).metadata("experiment");
    return read_experiment_text(text, "the experiment in '" + from.file.string() + "'", from.base_folder,
                                arguments.experiment.settings);
}

ExitCode train(const TrainArguments& arguments, const CommandEnvironment& environment) {
    stop_on_signals();
    TrainRequest request;
    if (arguments.from.empty()) {
        request.experiment = read_experiment(arguments.experiment);
    } else {
        const ModelFile from = find_model(arguments.from, environment.runs, arguments.step);
        request.experiment = choose_experiment(arguments, from);
        request.from = from.file;
    }
    request.run_folder = arguments.run.empty() ? new_run_path(environment.runs, request.experiment.name)
                                               : std::filesystem::path(arguments.run);
    request.next_free_name = arguments.run.empty();
    request.dump_batches = arguments.dump_batches;
    const std::unique_ptr<TensorboardLog> tensorboard = make_tensorboard_log(arguments.tensorboard);
    return follow_training(*load_model_library().start_training(request), arguments.json, tensorboard.get());
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<TrainArguments>();
    arguments->given_experiment = arguments->experiment.declare(app);
    CLI::Option* from =
        app.add_option("--from", arguments->from,
                       "Begin with the weights of a checkpoint: a run, a checkpoint folder or a safetensors file. "
                       "Without EXPERIMENT.toml the checkpoint's own experiment is trained")
            ->type_name("CHECKPOINT");
    app.add_option("--step", arguments->step, "Which checkpoint of a run given by --from: a step, last or best")
        ->needs(from)
        ->capture_default_str();
    app.add_option("--run", arguments->run, "This run's own folder")->type_name("FOLDER");
    app.add_option("--dump-batches", arguments->dump_batches,
                   "For checks against other programs: write every step's tokens to this file")
        ->type_name("FILE.safetensors");
    app.add_option("--tensorboard", arguments->tensorboard, tensorboard_option_help)->type_name("DIR");
    app.add_flag("--json", arguments->json, "One JSON object a line");
    return [arguments](const CommandEnvironment& environment) { return train(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"train", 20, "Train a model without a window", declare}};

}  // namespace
}  // namespace wavlab
