// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/model_loader.h"
#include "app/training_console.h"
#include "core/run_folder.h"
#include "core/tensorboard_log.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct ResumeArguments {
    std::string run;
    std::optional<std::int64_t> steps;
    std::string tensorboard;
    bool json = false;
};

ExitCode resume(const ResumeArguments& arguments, const CommandEnvironment& environment) {
    stop_on_signals();
    TrainRequest request;
    const RunFolder run = find_run(arguments.run, environment.runs);
    request.run_folder = run.path;
    request.resume = true;
    request.total_steps = arguments.steps;
    const std::unique_ptr<TensorboardLog> tensorboard = make_tensorboard_log(arguments.tensorboard);
    return follow_training(*load_model_library().start_training(request), arguments.json, tensorboard.get());
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<ResumeArguments>();
    app.add_option("run", arguments->run, "A run folder, or its name under --runs")->type_name("RUN")->required();
    app.add_option("--steps", arguments->steps, "Go on to this step; the schedule changes, and the record says so")
        ->check(CLI::Range(1, 1'000'000'000));
    app.add_option("--tensorboard", arguments->tensorboard, tensorboard_option_help)->type_name("DIR");
    app.add_flag("--json", arguments->json, "One JSON object a line");
    return [arguments](const CommandEnvironment& environment) { return resume(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"resume", 21, "Go on from a run's last checkpoint", declare}};

}  // namespace
}  // namespace wavlab
