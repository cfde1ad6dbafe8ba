// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wavlab {

/// An experiment that comes with the program: a file of resources/experiments. Or a sweep: one of resources/sweeps.
struct ReadyExperiment {
    std::string id;           ///< the file's name without .toml: "default", "wav-48"
    std::string title;        ///< its first comment line
    std::string description;  ///< the comment lines after it, as one text; may be empty
    std::string_view text;    ///< TOML, for parse_experiment or parse_sweep
};

/// All of them: the default experiment first, then by id.
const std::vector<ReadyExperiment>& ready_experiments();

/// Null when there is none with this id.
const ReadyExperiment* find_ready_experiment(std::string_view id);

/// The sweeps that come with the program, by id.
const std::vector<ReadyExperiment>& ready_sweeps();

/// Null when there is none with this id.
const ReadyExperiment* find_ready_sweep(std::string_view id);

}  // namespace wavlab
