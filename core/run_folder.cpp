// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_folder.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/error.h"
#include "core/number_text.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::string_view checkpoint_prefix = "step-";
constexpr std::size_t checkpoint_digits = 8;

/// The step of a checkpoint's folder name; empty for other names.
std::optional<std::int64_t> checkpoint_step(const std::string& name) {
    if (!name.starts_with(checkpoint_prefix)) return std::nullopt;
    const std::string digits = name.substr(checkpoint_prefix.size());
    if (digits.size() < checkpoint_digits || digits.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return parse_whole_number(digits);
}

FileLock lock_run(const RunFolder& run) {
    if (std::optional<FileLock> lock = FileLock::try_take(run.lock())) return std::move(*lock);
    throw InputError(run.path.string() + ": another process is working on this run");
}

}  // namespace

std::string checkpoint_name(std::int64_t step) {
    std::string digits = std::to_string(step);
    if (digits.size() < checkpoint_digits) digits.insert(0, checkpoint_digits - digits.size(), '0');
    return std::string(checkpoint_prefix) + digits;
}

std::vector<CheckpointFolder> list_checkpoints(const RunFolder& run) {
    std::vector<CheckpointFolder> checkpoints;
    std::error_code error;
    for (fs::directory_iterator entry(run.checkpoints(), error), end; !error && entry != end; entry.increment(error)) {
        const auto step = checkpoint_step(entry->path().filename().string());
        std::error_code ignored;
        if (step && fs::is_regular_file(entry->path() / "model.safetensors", ignored))
            checkpoints.push_back({*step, entry->path()});
    }
    std::sort(checkpoints.begin(), checkpoints.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
    return checkpoints;
}

bool is_run_folder(const fs::path& path) {
    const RunFolder run{path};
    std::error_code error;
    return fs::is_regular_file(run.experiment(), error) && fs::is_regular_file(run.store(), error);
}

fs::path default_runs_folder() {
    const char* data = std::getenv("XDG_DATA_HOME");
    // The specification asks for relative paths to be ignored.
    if (data && fs::path(data).is_absolute()) return fs::path(data) / "wavlab" / "runs";
    const char* home = std::getenv("HOME");
    return fs::path(home && *home ? home : "/") / ".local" / "share" / "wavlab" / "runs";
}

RunFolder find_run(const std::string& run, const fs::path& runs) {
    if (run.empty()) throw InputError("the name of a run is empty");
    const fs::path given(run);
    if (is_run_folder(given)) return {fs::absolute(given).lexically_normal()};
    if (given.is_relative() && is_run_folder(runs / given)) return {fs::absolute(runs / given).lexically_normal()};
    std::error_code error;
    if (fs::exists(given, error))
        throw InputError(run + ": this is no run (a run folder holds experiment.toml and run.db)");
    throw InputError(run + ": there is no run folder of this name, neither here nor below " + runs.string());
}

fs::path new_run_path(const fs::path& runs, const std::string& experiment_name) {
    fs::path path = runs / experiment_name;
    std::error_code error;
    for (std::int64_t number = 2; fs::exists(fs::symlink_status(path, error)); ++number)
        path = runs / (experiment_name + "-" + std::to_string(number));
    return path;
}

RunLock::RunLock(const RunFolder& run) : FileLock(lock_run(run)) {}

}  // namespace wavlab
