// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_trash.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/safe_file.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::size_t stamp_letters = 20;  // 20260102T030405.678Z

/// A name that sorts by time.
std::string stamp_now() {
    const auto now = std::chrono::system_clock::now();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    return fmt::format("{:%Y%m%dT%H%M%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                       milliseconds % 1000);
}

/// "2026-01-02T03:04:05Z" from a stamp; empty when it is none.
std::string time_of(const std::string& stamp) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (stamp.size() < stamp_letters || stamp[8] != 'T' || stamp[15] != '.') return {};
    if (!std::all_of(stamp.begin(), stamp.begin() + 8, is_digit)) return {};
    if (!std::all_of(stamp.begin() + 9, stamp.begin() + 15, is_digit)) return {};
    return stamp.substr(0, 4) + '-' + stamp.substr(4, 2) + '-' + stamp.substr(6, 2) + 'T' + stamp.substr(9, 2) + ':' +
           stamp.substr(11, 2) + ':' + stamp.substr(13, 2) + 'Z';
}

/// A new folder of its own for one deleted run.
fs::path make_place(const fs::path& trash) {
    std::error_code error;
    fs::create_directories(trash, error);
    const std::string stamp = stamp_now();
    constexpr int most_tries = 10'000;
    for (int i = 1; !error && i < most_tries; ++i) {
        // Runs that are deleted at once stay in their order: the number has as many digits as it needs to sort.
        const fs::path place = trash / fmt::format("{}-{:04}", stamp, i);
        if (fs::create_directory(place, error)) return place;
    }
    throw InputError(trash.string() + ": the folder for deleted runs cannot be made: " + error.message());
}

/// A folder has moved already: that the disk cannot promise yet to keep the move is no reason to say that it failed.
void sync_if_possible(const fs::path& path) {
    try {
        sync_path(path);
    } catch (const WorkError&) {
    }
}

}  // namespace

TrashedRun RunTrash::remove(const fs::path& run) const {
    fs::path place;
    return move(run, place);
}

std::vector<TrashedRun> RunTrash::remove(const std::vector<fs::path>& runs, std::vector<std::string>& problems) const {
    std::vector<TrashedRun> moved;
    fs::path place;
    for (const fs::path& run : runs) {
        try {
            moved.push_back(move(run, place));
        } catch (const InputError& error) {
            problems.emplace_back(error.what());
        }
    }
    return moved;
}

/// Moves a run into `place`, which is made when it is empty.
TrashedRun RunTrash::move(const fs::path& run, fs::path& place) const {
    std::error_code error;
    if (!fs::equivalent(run.parent_path(), runs_, error))
        throw InputError(run.string() + ": only runs in the runs folder " + runs_.string() + " can be deleted");
    if (RunLock::is_held(RunFolder{run})) throw InputError(run.string() + ": it is running; stop it first");
    if (place.empty()) place = make_place(folder());
    const fs::path target = place / run.filename();
    fs::rename(run, target, error);
    if (error) {
        std::error_code not_empty;
        if (fs::remove(place, not_empty)) place.clear();
        throw InputError(run.string() + ": it cannot be deleted: " + error.message());
    }
    sync_if_possible(place);
    sync_if_possible(runs_);
    return {target, run.filename().string(), time_of(place.filename().string()), place.filename().string()};
}

fs::path RunTrash::restore(const TrashedRun& run) const {
    std::error_code error;
    if (!fs::exists(run.folder, error)) throw InputError(run.name + ": it is no longer among the deleted runs");
    const fs::path target = new_run_path(runs_, run.name);
    fs::rename(run.folder, target, error);
    if (error) throw InputError(run.name + ": it cannot be moved back: " + error.message());
    fs::remove(run.folder.parent_path(), error);  // once the last of its action is back
    sync_if_possible(runs_);
    return target;
}

std::vector<TrashedRun> RunTrash::list() const {
    std::vector<TrashedRun> found;
    std::error_code error;
    for (fs::directory_iterator place(folder(), error), end; !error && place != end; place.increment(error)) {
        const std::string action = place->path().filename().string();
        const std::string deleted_at = time_of(action);
        if (deleted_at.empty()) continue;
        std::error_code unreadable;
        for (fs::directory_iterator entry(place->path(), unreadable); !unreadable && entry != end;
             entry.increment(unreadable))
            found.push_back({entry->path(), entry->path().filename().string(), deleted_at, action});
    }
    std::sort(found.begin(), found.end(),
              [](const TrashedRun& a, const TrashedRun& b) { return a.folder.string() > b.folder.string(); });
    return found;
}

std::uintmax_t RunTrash::bytes() const {
    std::uintmax_t sum = 0;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator entry(folder(), options, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code unknown;
        if (!entry->is_regular_file(unknown) || entry->is_symlink(unknown)) continue;
        const std::uintmax_t size = entry->file_size(unknown);
        if (!unknown) sum += size;
    }
    return sum;
}

void RunTrash::empty() const {
    std::error_code error;
    fs::remove_all(folder(), error);
    if (error) throw WorkError(folder().string() + ": some deleted runs could not be removed: " + error.message());
}

}  // namespace wavlab
