// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wavlab {

/// A run that was deleted and can be had back. Runs that were deleted together lie in one folder of the trash.
struct TrashedRun {
    std::filesystem::path folder;  ///< where it lies now: RUNS/.trash/20260102T030405.678Z/NAME
    std::string name;              ///< its name in the runs folder
    std::string deleted_at;        ///< ISO 8601, UTC
    std::string action;            ///< the same for runs that were deleted together, as one action
};

/// Deleted runs of one runs folder. They lie in `.trash` below it, each moved by one rename, so that nothing is copied
/// and a run is always in one place, whole. Only `empty` destroys anything.
class RunTrash {
public:
    explicit RunTrash(std::filesystem::path runs) : runs_(std::move(runs)) {}

    std::filesystem::path folder() const { return runs_ / ".trash"; }
    /// Moves a run that lies directly in the runs folder. Throws InputError when a process works on it, when it lies
    /// elsewhere, or when it cannot be moved.
    TrashedRun remove(const std::filesystem::path& run) const;
    /// Moves several as one action. One that cannot be moved is a sentence in `problems`, and keeps no other back.
    std::vector<TrashedRun> remove(const std::vector<std::filesystem::path>& runs,
                                   std::vector<std::string>& problems) const;
    /// Moves it back under its name, or NAME-2, ... where that is taken. Returns the run's folder. Throws InputError.
    std::filesystem::path restore(const TrashedRun& run) const;
    /// The last deleted first. What cannot be read is left out.
    std::vector<TrashedRun> list() const;
    std::uintmax_t bytes() const;
    /// Destroys all that lies there. Throws WorkError when something stays.
    void empty() const;

private:
    TrashedRun move(const std::filesystem::path& run, std::filesystem::path& place) const;

    std::filesystem::path runs_;
};

}  // namespace wavlab
