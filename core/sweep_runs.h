// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/median_rule.h"
#include "core/run_event.h"
#include "core/run_folder.h"

namespace wavlab {

/// What a sweep needs to know of a run that lies in the runs folder.
struct SweepRun {
    std::filesystem::path folder;
    RunState state = RunState::running;
    std::string reason;
    bool alive = false;        ///< some process works on it
    bool ended_early = false;  ///< by the rule; not to be resumed
    bool has_origin = false;   ///< it began with weights of another run, so it is not its experiment's run
    EvaluationCurve evaluations;

    std::int64_t step() const { return evaluations.empty() ? 0 : evaluations.back().first; }
    /// The last validation loss; empty when there is none.
    std::optional<double> last_loss() const;
};

/// Reads a run's store. Throws InputError.
SweepRun read_sweep_run(const std::filesystem::path& folder);

/// Notes in a run's folder that the rule has ended it, and how. It counts as long as the run is not finished.
void mark_ended_early(const RunFolder& run, const std::string& reason);
/// The reason; empty without a mark.
std::optional<std::string> ended_early_reason(const RunFolder& run);

/// The runs that lie directly in a runs folder, found by what they are (run_identity), not by what they are called.
class RunIndex {
public:
    explicit RunIndex(std::filesystem::path runs) : runs_(std::move(runs)) {}

    /// Looks at what is new or changed in the folder.
    void refresh();
    /// The run of this identity; of several the one that got furthest. Runs that began with another run's weights and
    /// those that cannot be read are passed over.
    std::optional<SweepRun> find(const std::string& identity) const;
    /// Whether a run of this identity lies there.
    bool is_at(const std::filesystem::path& folder, const std::string& identity) const;

private:
    struct Entry {
        std::string stamp;
        std::string identity;
    };
    std::filesystem::path runs_;
    std::map<std::filesystem::path, Entry> entries_;
    std::multimap<std::string, std::filesystem::path> by_identity_;
};

}  // namespace wavlab
