// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/run_files.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <system_error>

#include "core/error.h"
#include "core/safe_file.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

/// ".NAME" and what follows: nothing that lists runs shows it.
std::string hidden_name(const fs::path& folder, const char* what) {
    std::string name = ".";
    name += folder.filename().string();
    return name += what;
}

/// Temporary folders of this run begin so; the process and a count keep any two of them apart.
std::string temporary_prefix(const fs::path& folder) { return hidden_name(folder, ".new-"); }

std::string temporary_suffix() {
    static std::atomic<int> count{0};
    return std::to_string(getpid()) + "-" + std::to_string(++count);
}

/// Whether the process named in a temporary folder's suffix still works: one that has just made its folder has not
/// locked it yet.
bool is_of_living_process(const std::string& suffix) {
    pid_t process = 0;
    const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), process);
    return error == std::errc() && process > 0 && (kill(process, 0) == 0 || errno == EPERM);
}

fs::path named(const fs::path& folder) { return folder.has_filename() ? folder : folder.parent_path(); }

/// Removes without an exception; what cannot be removed stays under a name that nothing reads.
void remove_quietly(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

/// Discarded runs get such a name before they are removed.
std::string discarded_prefix(const fs::path& folder) { return hidden_name(folder, ".discarded-"); }

/// Folders that killed processes left while making or discarding a run of this name.
void remove_stale_temporaries(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> stale;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.parent_path(), error)) {
        const std::string name = entry.path().filename().string();
        for (const std::string& prefix : {temporary_prefix(folder), discarded_prefix(folder)})
            if (name.starts_with(prefix) && !is_of_living_process(name.substr(prefix.size())) &&
                !RunLock::is_held(RunFolder{entry.path()}))
                stale.push_back(entry.path());
    }
    for (const fs::path& path : stale) remove_quietly(path);
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw InputError("the folder '" + folder.string() + "' cannot be made: " + error.message());
}

}  // namespace

FolderTaken::FolderTaken(const fs::path& folder)
    : InputError("the run folder '" + folder.string() + "' is not empty: choose another one") {}

void require_free_run_folder(const fs::path& folder) {
    const fs::path path = named(fs::absolute(folder));
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) {
        if (!fs::is_directory(path, error)) throw InputError("the run folder '" + path.string() + "' is a file");
        if (!fs::is_empty(path, error) || error) throw FolderTaken(path);
    }
    fs::path parent = path.parent_path();
    while (!fs::exists(parent, error) && parent.has_relative_path()) parent = parent.parent_path();
    if (!fs::is_directory(parent, error))
        throw InputError("the run folder '" + path.string() + "' cannot be made: '" + parent.string() + "' is a file");
    if (access(parent.c_str(), W_OK | X_OK) != 0)
        throw InputError("the run folder '" + path.string() + "' cannot be made: '" + parent.string() + "' is " +
                         (errno == EROFS ? "on a read-only file system" : "not writable"));
}

RunLock make_run_folder(const RunFolder& run, const Experiment& experiment, const RunStarted& started,
                        const std::function<void(const RunFolder&, RunStoreWriter&)>& fill) {
    const fs::path target = named(fs::absolute(run.path));
    make_folder(target.parent_path());
    remove_stale_temporaries(target);
    const RunFolder temporary{target.parent_path() / (temporary_prefix(target) + temporary_suffix())};
    make_folder(temporary.path);
    try {
        RunLock lock(temporary);
        make_folder(temporary.checkpoints());
        make_folder(temporary.samples());
        write_file_safely(temporary.experiment(), to_toml(experiment));
        {
            // Closed before the rename: SQLite names its journal by the path under which it opened the store.
            RunStoreWriter store(temporary.store());
            store.write(started);
            if (fill) fill(temporary, store);
            store.close();
        }
        RunLog(temporary.log()).line("run made");
        try {
            commit_folder(temporary.path, target, ExistingFolder::refuse);
        } catch (const InputError&) {  // another process has made it since it was looked for
            throw FolderTaken(target);
        }
        return lock;
    } catch (...) {
        remove_quietly(temporary.path);
        throw;
    }
}

void remove_leftovers(const RunFolder& run) {
    std::error_code error;
    std::vector<fs::path> leftovers;
    for (const fs::directory_entry& entry : fs::directory_iterator(run.checkpoints(), error))
        if (entry.path().filename().string().starts_with(".")) leftovers.push_back(entry.path());
    for (const fs::path& path : leftovers) remove_quietly(path);
}

void discard_run_folder(const RunFolder& run) {
    const fs::path target = named(fs::absolute(run.path));
    const fs::path doomed = target.parent_path() / (discarded_prefix(target) + temporary_suffix());
    std::error_code error;
    fs::rename(target, doomed, error);
    if (!error) fs::remove_all(doomed, error);
    if (error) throw WorkError("the run folder '" + target.string() + "' cannot be removed: " + error.message());
}

std::vector<CheckpointFolder> superfluous_checkpoints(const std::vector<RatedCheckpoint>& checkpoints,
                                                      std::int64_t keep) {
    std::vector<CheckpointFolder> superfluous;
    if (keep <= 0) return superfluous;
    const RatedCheckpoint* best = nullptr;
    for (const RatedCheckpoint& checkpoint : checkpoints)
        if (checkpoint.validation_loss && (!best || *checkpoint.validation_loss < *best->validation_loss))
            best = &checkpoint;
    std::vector<std::int64_t> steps;
    for (const RatedCheckpoint& checkpoint : checkpoints) steps.push_back(checkpoint.folder.step);
    std::sort(steps.rbegin(), steps.rend());
    if (static_cast<std::int64_t>(steps.size()) <= keep) return superfluous;
    const std::int64_t oldest_kept = steps[static_cast<std::size_t>(keep - 1)];
    for (const RatedCheckpoint& checkpoint : checkpoints)
        if (checkpoint.folder.step < oldest_kept && &checkpoint != best) superfluous.push_back(checkpoint.folder);
    return superfluous;
}

std::string sample_name(std::int64_t step) { return checkpoint_name(step) + ".txt"; }

// Not spdlog: LibTorch brings an fmt of its own, which shadows the one that spdlog was built with.
RunLog::RunLog(const fs::path& file) : stream_(file, std::ios::app) {
    if (!stream_) throw InputError("the log '" + file.string() + "' cannot be written");
}

void RunLog::line(const std::string& text) { stream_ << utc_now() << ' ' << text << std::endl; }

std::string utc_now() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

}  // namespace wavlab
