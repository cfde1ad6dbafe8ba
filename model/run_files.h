// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/experiment.h"
#include "core/run_event.h"
#include "core/run_folder.h"
#include "core/run_store.h"

namespace wavlab {

/// The folder of a new run is there already, with something in it.
class FolderTaken : public InputError {
public:
    explicit FolderTaken(const std::filesystem::path& folder);
};

/// Checks that a new run can be made here: the place is free (or an empty folder) and can be written. Throws
/// FolderTaken, or another InputError.
void require_free_run_folder(const std::filesystem::path& folder);

/// Makes a new run: all of it in a temporary folder beside, then one rename, so that the folder appears complete and
/// locked. `started` becomes the first record of its store; `fill` (may be null) adds more to folder and store. Throws
/// FolderTaken, another InputError or WorkError, and leaves nothing.
RunLock make_run_folder(const RunFolder& run, const Experiment& experiment, const RunStarted& started,
                        const std::function<void(const RunFolder&, RunStoreWriter&)>& fill = nullptr);

/// Removes what a killed process may have left half-done in a run that this process has locked.
void remove_leftovers(const RunFolder& run);

/// Removes a run, so that at no moment a half of it stands under its name.
void discard_run_folder(const RunFolder& run);

/// A checkpoint and the validation loss measured at its step, where there is one.
struct RatedCheckpoint {
    CheckpointFolder folder;
    std::optional<double> validation_loss;
};

/// Which checkpoints may go: all but the newest `keep`, the best and the last. keep = 0: none.
std::vector<CheckpointFolder> superfluous_checkpoints(const std::vector<RatedCheckpoint>& checkpoints,
                                                      std::int64_t keep);

/// "step-00000100.txt".
std::string sample_name(std::int64_t step);

/// The run's log.txt: lines with the time, appended. Never throws after construction; a log that cannot be written
/// stops no run.
class RunLog {
public:
    /// Throws InputError when the file cannot be opened.
    explicit RunLog(const std::filesystem::path& file);
    void line(const std::string& text);

private:
    std::ofstream stream_;
};

/// Now, as ISO 8601 in UTC.
std::string utc_now();

}  // namespace wavlab
