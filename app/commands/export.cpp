// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/run_export.h"
#include "core/routing_export.h"
#include "core/run_folder.h"
#include "core/tensorboard_log.h"

namespace wavlab {
namespace {

struct ExportArguments {
    std::string run;
    std::string step = "last";
    std::string metrics;
    std::string checkpoint;
    std::string routing;
    std::string tensorboard;
    std::string bundle;
};

ExitCode export_results(const ExportArguments& arguments, const CommandEnvironment& environment) {
    if (arguments.metrics.empty() && arguments.checkpoint.empty() && arguments.routing.empty() &&
        arguments.tensorboard.empty() && arguments.bundle.empty())
        throw InputError(
            "export: say what to write: --metrics FILE.csv or FILE.jsonl, --checkpoint FILE.safetensors, --routing "
            "FILE.npz, --tensorboard DIR or --bundle FILE.zip");
    const RunFolder run = find_run(arguments.run, environment.runs);
    if (!arguments.metrics.empty()) export_metrics(run, arguments.metrics);
    if (!arguments.checkpoint.empty()) export_checkpoint(run, arguments.step, arguments.checkpoint);
    if (!arguments.routing.empty()) export_routing(run, arguments.routing);
    if (!arguments.tensorboard.empty()) export_tensorboard(run, arguments.tensorboard);
    if (!arguments.bundle.empty()) export_bundle(run, arguments.step, arguments.bundle);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<ExportArguments>();
    app.add_option("run", arguments->run, "A run folder, or its name under --runs")->type_name("RUN")->required();
    app.add_option("--metrics", arguments->metrics,
                   "Every number of every step, as CSV (step,name,value) or JSON lines")
        ->type_name("FILE.csv|FILE.jsonl");
    app.add_option("--checkpoint", arguments->checkpoint, "The model")->type_name("FILE.safetensors");
    app.add_option("--routing", arguments->routing,
                   "Every recorded frame of routing, details and depth, as arrays for numpy.load")
        ->type_name("FILE.npz");
    app.add_option(
           "--tensorboard", arguments->tensorboard,
           "Numbers, samples and experiment as an event file in DIR/<name of the run>, for tensorboard --logdir "
           "DIR")
        ->type_name("DIR");
    app.add_option("--bundle", arguments->bundle,
                   "All that is needed to repeat the run, but its text; for wavlab verify")
        ->type_name("FILE.zip");
    app.add_option("--step", arguments->step, "Which checkpoint: a step, last or best")->capture_default_str();
    return [arguments](const CommandEnvironment& environment) { return export_results(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{
    {"export", 33, "Write a run's metrics, routing or model to a file", declare}};

}  // namespace
}  // namespace wavlab
