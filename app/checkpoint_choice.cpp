// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/checkpoint_choice.h"

#include <charconv>
#include <vector>

#include "core/checkpoint_list.h"
#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_record.h"

namespace wavlab {
namespace {

std::string list_steps(const std::vector<CheckpointFolder>& checkpoints) {
    std::string steps;
    for (const CheckpointFolder& checkpoint : checkpoints)
        steps += (steps.empty() ? "" : ", ") + std::to_string(checkpoint.step);
    return steps;
}

CheckpointFolder best_checkpoint(const RunFolder& run, const std::vector<CheckpointFolder>& checkpoints) {
    RunRecord record(run.path);
    record.follow_store();
    for (const CheckpointSummary& checkpoint : summarise_checkpoints(record))
        if (checkpoint.best) return checkpoint.folder;
    throw InputError("none of the checkpoints of '" + run.path.string() +
                     "' was evaluated, so there is no best one; choose a step: " + list_steps(checkpoints));
}

}  // namespace

CheckpointFolder choose_checkpoint(const RunFolder& run, const std::string& step) {
    const std::vector<CheckpointFolder> checkpoints = list_checkpoints(run);
    if (checkpoints.empty()) throw InputError("the run '" + run.path.string() + "' has no checkpoint yet");
    if (step.empty() || step == "last") return checkpoints.back();
    if (step == "best") return best_checkpoint(run, checkpoints);
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), number);
    if (error != std::errc() || end != step.data() + step.size())
        throw InputError("--step " + step + ": must be a step's number, last or best");
    for (const CheckpointFolder& checkpoint : checkpoints)
        if (checkpoint.step == number) return checkpoint;
    throw InputError("the run '" + run.path.string() + "' has no checkpoint of step " + step + "; it has " +
                     list_steps(checkpoints));
}

ModelFile find_model(const std::string& what, const std::filesystem::path& runs, const std::string& step) {
    namespace fs = std::filesystem;
    const fs::path path(what);
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return {path, fs::absolute(path).parent_path()};
    const CheckpointFolder checkpoint{0, path};
    if (fs::is_regular_file(checkpoint.model(), ignored)) return {checkpoint.model(), fs::absolute(path)};
    const RunFolder run = find_run(what, runs);
    return {choose_checkpoint(run, step).model(), run.path};
}

}  // namespace wavlab
