// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/gui.h"
#include "core/ready_experiments.h"
#include "core/run_folder.h"

namespace wavlab {
namespace {

CommandAction declare(CLI::App& app) {
    struct Arguments {
        std::string open, screenshot;
        bool start = false, exit_when_done = false;
    };
    const auto arguments = std::make_shared<Arguments>();
    app.add_option("open", arguments->open, "An experiment or sweep file (or a ready one) for the form, or a run to show")
        ->type_name("EXPERIMENT.toml or RUN");
    app.add_flag("--start", arguments->start, "Start the run at once; the runs of a sweep go into the queue, which is started");
    app.add_option("--screenshot", arguments->screenshot, "Save a picture of the window at the end of the run or sweep")
        ->type_name("FILE.png");
    app.add_flag("--exit-when-done", arguments->exit_when_done, "Close at the end of the run or sweep, with its exit code");
    return [arguments](const CommandEnvironment& environment) {
        GuiArguments window;
        std::error_code error;
        const bool is_ready =
            (find_ready_experiment(arguments->open) || find_ready_sweep(arguments->open)) &&
            !std::filesystem::exists(arguments->open, error);
        if (is_ready || std::filesystem::is_regular_file(arguments->open, error))
            window.open = arguments->open;
        else if (!arguments->open.empty())
            window.open = find_run(arguments->open, environment.runs).path;
        window.runs = environment.runs;
        window.start = arguments->start;
        window.screenshot = arguments->screenshot;
        window.exit_when_done = arguments->exit_when_done;
        return static_cast<ExitCode>(run_gui(window));
    };
}

const Registration<CommandDescriptor> registration{{"gui", 10, "Open the window (the default)", declare}};

}  // namespace
}  // namespace wavlab
