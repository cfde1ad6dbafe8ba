// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace wavlab {

struct RunFolder;

/// Every scalar of the run: as CSV with the columns step,name,value (nine significant digits), or as JSON lines where
/// the target's name ends in .jsonl. Throws InputError for other endings and when the target cannot be written.
void export_metrics(const RunFolder& run, const std::filesystem::path& target);

/// A copy of a checkpoint's model (`step` as in choose_checkpoint), verified first. Throws InputError.
void export_checkpoint(const RunFolder& run, const std::string& step, const std::filesystem::path& target);

}  // namespace wavlab
