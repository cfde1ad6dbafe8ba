// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace wavlab {

struct Experiment;
struct RunDescription;

/// What made a run's numbers: "seed 1, experiment sha256 ..., data sha256 ..., WAV Lab 0.8 (commit), torch 2.11, cpu,
/// 2 threads", and the weights it began with. The same for the same run.
std::string run_provenance(const Experiment& experiment, const RunDescription& description);

/// "WAV Lab 0.8 (commit)": the program that writes something now.
std::string program_provenance();

}  // namespace wavlab
