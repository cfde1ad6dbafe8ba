// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/run_export.h"
#include "core/run_folder.h"

namespace wavlab {
namespace {

struct ExportArguments {
    std::string run;
    std::string step = "last";
    std::string metrics;
    std::string checkpoint;
};

ExitCode export_results(const ExportArguments& arguments, const CommandEnvironment& environment) {
    if (arguments.metrics.empty() && arguments.checkpoint.empty())
        throw InputError("export: say what to write, --metrics FILE.csv or --checkpoint FILE.safetensors");
    const RunFolder run = find_run(arguments.run, environment.runs);
    if (!arguments.metrics.empty()) export_metrics(run, arguments.metrics);
    if (!arguments.checkpoint.empty()) export_checkpoint(run, arguments.step, arguments.checkpoint);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<ExportArguments>();
    app.add_option("run", arguments->run, "A run folder, or its name under --runs")->type_name("RUN")->required();
    app.add_option("--metrics", arguments->metrics, "Every number of every step: step,name,value")
        ->type_name("FILE.csv");
    app.add_option("--checkpoint", arguments->checkpoint, "The model")->type_name("FILE.safetensors");
    app.add_option("--step", arguments->step, "Which checkpoint: a step, last or best")->capture_default_str();
    return [arguments](const CommandEnvironment& environment) { return export_results(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"export", 33, "Write a run's metrics or model to a file", declare}};

}  // namespace
}  // namespace wavlab
