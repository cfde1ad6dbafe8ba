// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/earlier_start.h"
#include "core/experiment.h"
#include "core/run_event.h"

namespace wavlab {

class RunRecord;

/// Which of the values that a run recorded a table takes.
struct TableMoment {
    enum class Kind {
        last,
        best,  ///< of the smallest validation loss; other values are those of its step
        step
    };
    Kind kind = Kind::last;
    std::int64_t step = 0;  ///< of Kind::step
};

/// "last", "best" or a step from 0. Throws InputError.
TableMoment parse_table_moment(std::string_view text);
/// "last", "best", "step 100".
std::string to_string(const TableMoment& moment);

/// What a table needs to know of a run.
struct TableRun {
    struct Value {
        std::int64_t step = 0;
        double value = 0;
    };
    std::string name;
    Experiment experiment;
    RunDescription description;  ///< of the last start
    std::vector<EarlierStart> earlier_starts;
    RunState state = RunState::running;
    bool ended_early = false;  ///< by the rule of sweeps
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    std::map<std::string, Value> values;      ///< by name, as recorded; those that the run has at the moment
    std::optional<double> tokens_per_second;  ///< the median of its steps
    std::optional<double> memory_bytes;       ///< the most: resident memory on a CPU, allocated on a GPU

    /// Whether its values are results: only a finished run's are.
    bool counts() const { return state == RunState::finished; }
};

/// Without `costs`, speed and memory are not read: they are of every step of the run.
TableRun read_table_run(const RunRecord& record, const std::vector<std::string>& values, const TableMoment& moment,
                        bool costs = true);

}  // namespace wavlab
