// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/run_folder.h"

namespace wavlab {

/// What an evaluation of a checkpoint found, kept in `evaluations.json` of the run's folder, so that it travels with
/// the folder.
struct RecordedEvaluation {
    std::int64_t step = 0;  ///< of the checkpoint
    std::string model;      ///< which model it was: `model_identity`
    double loss = 0;        ///< nats per token; may be non-finite
    std::int64_t windows = 0;
    std::int64_t tokens = 0;
    std::string source;  ///< the text
    std::string device;

    friend bool operator==(const RecordedEvaluation&, const RecordedEvaluation&) = default;
};

/// Tells a model file from one that a run wrote later under the same name, by its header alone (which holds checksums
/// of the tensors). Empty when there is no such file.
std::string model_identity(const std::filesystem::path& model);

/// In the order in which they were made; none without a file. Throws InputError when the file is damaged.
std::vector<RecordedEvaluation> read_evaluations(const RunFolder& run);

/// Adds one at the end. It takes the place of an older one of the same step, text and number of windows. A file that
/// cannot be read is kept under another name. Throws InputError and WorkError when it cannot be written.
void record_evaluation(const RunFolder& run, const RecordedEvaluation& evaluation);

}  // namespace wavlab
