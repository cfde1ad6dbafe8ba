// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_list.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/run_record.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

std::optional<double> validation_loss_at(const RunRecord& record, std::int64_t step) {
    const ScalarSeries* losses = record.scalars("val/loss");
    if (!losses) return std::nullopt;
    const auto found = std::lower_bound(losses->steps.begin(), losses->steps.end(), static_cast<double>(step));
    if (found == losses->steps.end() || *found != static_cast<double>(step)) return std::nullopt;
    return losses->values[static_cast<std::size_t>(found - losses->steps.begin())];
}

/// A run that goes on may remove it meanwhile, so what is gone counts nothing.
std::uintmax_t bytes_in(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        const std::uintmax_t size = entry->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

}  // namespace

std::vector<CheckpointSummary> summarise_checkpoints(const RunRecord& record) {
    std::vector<CheckpointSummary> summaries;
    for (const CheckpointFolder& folder : list_checkpoints(RunFolder{record.folder()}))
        summaries.push_back({folder, validation_loss_at(record, folder.step), bytes_in(folder.path)});
    if (summaries.empty()) return summaries;
    summaries.back().last = true;
    CheckpointSummary* best = nullptr;
    for (CheckpointSummary& one : summaries)
        if (one.validation_loss && std::isfinite(*one.validation_loss) &&
            (!best || *one.validation_loss < *best->validation_loss))
            best = &one;
    if (best) best->best = true;
    return summaries;
}

void remove_checkpoint(const CheckpointFolder& checkpoint) {
    const fs::path doomed =
        checkpoint.path.parent_path() / fmt::format(".{}.removed", checkpoint.path.filename().string());
    std::error_code error;
    fs::remove_all(doomed, error);
    fs::rename(checkpoint.path, doomed, error);
    if (error == std::errc::no_such_file_or_directory) return;
    if (error)
        throw InputError("the checkpoint '" + checkpoint.path.string() + "' cannot be removed: " + error.message());
    fs::remove_all(doomed, error);  // what stays has a name that nothing reads
}

}  // namespace wavlab
