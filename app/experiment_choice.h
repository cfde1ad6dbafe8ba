// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wavlab {

/// EXPERIMENT.toml and `--set` of a command line.
struct ExperimentArguments {
    std::string experiment;  ///< a file, or the name of a ready experiment ("default")
    std::vector<std::string> settings;

    /// The option of EXPERIMENT.toml, which tells whether it was given.
    const CLI::Option* declare(CLI::App& app);
};

/// The experiment with its settings applied, checked as a whole. Loads the model module, which knows the methods.
/// Throws InputError.
Experiment read_experiment(const ExperimentArguments& arguments);

/// The same for the text of an experiment. `name` is used in messages; relative paths start at `folder`.
Experiment read_experiment_text(std::string_view text, const std::string& name, const std::filesystem::path& folder,
                                const std::vector<std::string>& settings);

}  // namespace wavlab
