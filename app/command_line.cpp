// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "core/build_info.h"
#include "core/run_folder.h"

namespace wavlab {
namespace {

int report(const std::string& problem, ExitCode code) {
    std::fprintf(stderr, "wavlab: %s\n", problem.c_str());
    return static_cast<int>(code);
}

/// CLI11's message, as one line.
std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& character : text)
        if (character == '\n') character = ' ';
    return text;
}

/// Whether whoever read stdout through a pipe has gone, as `head` does once it has its lines: that is no error.
bool reader_has_gone() {
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/// The exit code of a command that has ended, unless what it printed got lost.
int check_output(ExitCode code) {
    const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout);
    if (lost && !reader_has_gone() && code == ExitCode::done)
        return report("stdout cannot be written, so what the command printed is not complete", ExitCode::bad_input);
    return static_cast<int>(code);
}

struct CommandLine {
    CLI::App app{"WAV Lab: residual routing in deep Transformers, trained, watched and drawn."};
    std::string runs;
    std::vector<std::pair<CLI::App*, CommandAction>> commands;

    CommandLine() {
        app.name("wavlab");
        app.set_version_flag("--version", std::string("wavlab ") + version() + " (" + commit() + ")");
        app.add_option("--runs", runs, "Where run folders are")
            ->type_name("DIR")
            ->default_str(default_runs_folder().string());
        app.require_subcommand(0, 1);
        for (const CommandDescriptor& command : CommandRegistry::all()) {
            CLI::App* arguments = app.add_subcommand(command.id, command.help);
            arguments->fallthrough();  // --runs may stand after the command too
            commands.emplace_back(arguments, command.declare(*arguments));
        }
        app.footer("`wavlab COMMAND --help` lists a command's arguments. Without a command the window opens.");
    }

    ExitCode run() const {
        CommandEnvironment environment;
        environment.runs = runs.empty() ? default_runs_folder() : std::filesystem::path(runs);
        for (const auto& [arguments, action] : commands)
            if (arguments->parsed()) return action(environment);
        for (const auto& [arguments, action] : commands)
            if (arguments->get_name() == "gui") return action(environment);
        throw InputError("this build has no window; give a command (see `wavlab --help`)");
    }
};

}  // namespace

int run_command_line(int argument_count, char** arguments) {
    try {
        CommandLine line;
        try {
            line.app.parse(argument_count, arguments);
        } catch (const CLI::Success& asked) {  // --help, --version
            return line.app.exit(asked);
        } catch (const CLI::ParseError& problem) {
            return report(one_line(problem.what()) + " (see `wavlab --help`)", ExitCode::bad_input);
        }
        return check_output(line.run());
    } catch (const InputError& problem) {
        return report(problem.what(), ExitCode::bad_input);
    } catch (const std::bad_alloc&) {
        return report("there is not enough memory", ExitCode::failed);
    } catch (const std::system_error& problem) {
        if (std::ferror(stdout)) return check_output(ExitCode::done);  // fmt::print throws then
        return report(problem.what(), ExitCode::failed);
    } catch (const std::exception& problem) {
        return report(problem.what(), ExitCode::failed);
    }
}

}  // namespace wavlab
