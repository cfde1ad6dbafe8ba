// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_lock.h"

namespace wavlab {

/// The parts of a run folder (design §6). A folder can be copied to another machine and opened there.
struct RunFolder {
    std::filesystem::path path;

    std::filesystem::path experiment() const { return path / "experiment.toml"; }
    std::filesystem::path store() const { return path / "run.db"; }
    std::filesystem::path checkpoints() const { return path / "checkpoints"; }
    std::filesystem::path samples() const { return path / "samples"; }
    std::filesystem::path log() const { return path / "log.txt"; }
    std::filesystem::path lock() const { return path / "lock"; }
};

/// One complete checkpoint folder of a run: checkpoints/step-00000100.
struct CheckpointFolder {
    std::int64_t step = 0;
    std::filesystem::path path;

    std::filesystem::path model() const { return path / "model.safetensors"; }
    std::filesystem::path state() const { return path / "state.safetensors"; }  ///< optimizer, generators, cursor
};

/// "step-00000100".
std::string checkpoint_name(std::int64_t step);

/// The complete checkpoints of a run, by step. Temporary folders are not among them.
std::vector<CheckpointFolder> list_checkpoints(const RunFolder& run);

bool is_run_folder(const std::filesystem::path& path);

/// $XDG_DATA_HOME/wavlab/runs, else ~/.local/share/wavlab/runs.
std::filesystem::path default_runs_folder();

/// RUN as given on a command line: a run folder, or a name below `runs`. Throws InputError that says what was looked
/// for.
RunFolder find_run(const std::string& run, const std::filesystem::path& runs);

/// A free name for a new run below `runs`: the experiment's name, with -2, -3, ... where it is taken.
std::filesystem::path new_run_path(const std::filesystem::path& runs, const std::string& experiment_name);

/// The lock of a run: who holds it works on the run.
class RunLock : public FileLock {
public:
    /// Throws InputError when another process holds it, or when the lock file cannot be made.
    explicit RunLock(const RunFolder& run);

    /// Whether some process holds the lock of this run now.
    static bool is_held(const RunFolder& run) { return FileLock::is_held(run.lock()); }
};

}  // namespace wavlab
