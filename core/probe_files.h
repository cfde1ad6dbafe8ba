// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/probe.h"
#include "core/run_folder.h"

namespace wavlab {

/// The probes that are kept in a run's folder.
struct KeptProbes {
    std::vector<ProbeResult> probes;    ///< by step, then by file name
    std::vector<std::string> problems;  ///< of files that cannot be read: a sentence each, which names the file
};

/// Those in `probes/` of the run's folder, one JSON file each; none without the folder.
KeptProbes read_probes(const RunFolder& run);

/// Keeps a result. It takes the place of an older one of the same model, step, text, number of windows and kind (with
/// or without every single source). Returns the file. Throws InputError and WorkError when it cannot be written, and
/// WorkError for a result that was cancelled.
std::filesystem::path keep_probe(const RunFolder& run, const ProbeResult& result);

}  // namespace wavlab
