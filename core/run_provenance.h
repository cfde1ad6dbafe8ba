// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace wavlab {

struct EarlierStart;
struct Experiment;
struct RunDescription;

/// What made a run's numbers: "seed 1, experiment sha256 ..., data sha256 ..., WAV Lab 0.8 (commit), torch 2.11, cpu,
/// 2 threads", and the weights it began with. Where a resumed run was made by different programs or machines, each of
/// them: "until step 300: WAV Lab 0.8 (commit), torch 2.11, cpu, 2 threads, then WAV Lab 0.9 ...". The same for the
/// same run. `description` is that of the last start, `earlier` what was before it.
std::string run_provenance(const Experiment& experiment, const RunDescription& description,
                           const std::vector<EarlierStart>& earlier);

/// "WAV Lab 0.8 (commit)": the program that writes something now.
std::string program_provenance();

}  // namespace wavlab
