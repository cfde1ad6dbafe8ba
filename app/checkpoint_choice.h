// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "core/error.h"

namespace wavlab {

class RunRecord;
struct CheckpointFolder;
struct RunFolder;

/// `--step`: a number, "last" or "best" (lowest validation loss among the checkpoints that are there). Throws
/// InputError that lists the steps there are.
CheckpointFolder choose_checkpoint(const RunFolder& run, const std::string& step);

/// A model file and where its experiment's relative paths start.
struct ModelFile {
    std::filesystem::path file;
    std::filesystem::path base_folder;
};

/// RUN_or_CHECKPOINT of a command line: a run (folder or name below `runs`), a checkpoint folder, or a safetensors
/// file. Throws InputError.
ModelFile find_model(const std::string& what, const std::filesystem::path& runs, const std::string& step);

/// Calls `use` with a model file that `choose` gives. A run that goes on removes its older checkpoints: if the file has
/// gone before it was read, it is chosen once more.
template <class Choose, class Use>
auto with_model(Choose choose, Use use) {
    constexpr int most_tries = 5;
    for (int tries = 1;; ++tries) {
        const ModelFile model = choose();
        try {
            return use(model);
        } catch (const InputError&) {
            std::error_code ignored;
            if (tries == most_tries || std::filesystem::exists(model.file, ignored)) throw;
        }
    }
}

}  // namespace wavlab
