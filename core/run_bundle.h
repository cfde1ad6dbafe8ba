// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "core/run_event.h"

namespace wavlab {

struct CheckpointFolder;
struct RunFolder;

/// Writes all that is needed to repeat a run to a zip archive: experiment.toml, started.json (what the run began with:
/// device, threads, versions, commit, the data's checksum), metrics.csv, the checkpoint, the one of step 0 where the
/// run began with another's weights, and bundle.json, which names the run and has every file's size and SHA-256. No
/// text to train on. False when it was stopped: nothing is written then. Throws InputError where there is no such run
/// or the target cannot be written, WorkError when writing fails.
bool write_bundle(const RunFolder& run, const CheckpointFolder& checkpoint, const std::filesystem::path& target,
                  std::stop_token stop = {});

/// A bundle that was unpacked, every file as bundle.json says.
struct RunBundle {
    std::string run;             ///< the name of the run's folder
    std::string experiment;      ///< TOML, as the run began
    RunDescription description;  ///< of the run's first start
    std::string metrics;         ///< CSV: step,name,value
    std::int64_t checkpoint_step = 0;
    std::filesystem::path model;                     ///< the checkpoint's
    std::optional<std::filesystem::path> beginning;  ///< the model that the run began with, where its seed does not say
};

/// Unpacks into an existing folder, which may be thrown away afterwards. Throws InputError that says what is wrong with
/// the archive.
RunBundle open_bundle(const std::filesystem::path& bundle, const std::filesystem::path& folder);

}  // namespace wavlab
