// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/experiment.h"

namespace CLI {
class App;
}

namespace wavlab {

/// EXPERIMENT.toml and `--set` of a command line.
struct ExperimentArguments {
    std::string experiment;  ///< a file, or the name of a ready experiment ("default")
    std::vector<std::string> settings;

    void declare(CLI::App& app);
};

/// The experiment with its settings applied, checked as a whole. Loads the model module, which knows the methods.
/// Throws InputError.
Experiment read_experiment(const ExperimentArguments& arguments);

}  // namespace wavlab
