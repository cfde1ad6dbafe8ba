// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

namespace wavlab {

struct RunFolder;

/// Every scalar of the run: as CSV with the columns step,name,value (nine significant digits), or as JSON lines where
/// the target's name ends in .jsonl. Throws InputError for other endings and when the target cannot be written.
void export_metrics(const RunFolder& run, const std::filesystem::path& target);

/// A copy of a checkpoint's model (`step` as in choose_checkpoint), verified first. Throws InputError.
void export_checkpoint(const RunFolder& run, const std::string& step, const std::filesystem::path& target);

/// The run with one of its checkpoints as a bundle (core/run_bundle.h). False when it was stopped: nothing is written
/// then. Throws InputError and WorkError.
bool export_bundle(const RunFolder& run, const std::string& step, const std::filesystem::path& target,
                   const std::stop_token& stop = {});

}  // namespace wavlab
