// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/error.h"
#include "core/registry.h"

namespace CLI {
class App;
}

namespace wavlab {

/// What every command knows.
struct CommandEnvironment {
    std::filesystem::path runs;  ///< --runs: where run folders are
};

/// Runs a command whose arguments have been read. Throws InputError and WorkError.
using CommandAction = std::function<ExitCode(const CommandEnvironment&)>;

/// One command of `wavlab`; registers itself from its own file.
struct CommandDescriptor {
    std::string id;
    int order = 0;
    std::string help;
    /// Declares the arguments on `arguments` and returns what to do with them.
    std::function<CommandAction(CLI::App& arguments)> declare;
};

using CommandRegistry = Registry<CommandDescriptor>;

}  // namespace wavlab
