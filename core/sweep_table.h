// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/grouped_statistics.h"
#include "core/run_queue.h"
#include "core/sweep.h"

namespace wavlab {

/// What became of one run of a sweep.
struct SweepOutcome {
    SweepSettings settings;
    std::int64_t seed = 0;  ///< pairs runs of different settings
    QueueState state = QueueState::waiting;
    std::optional<double> loss;  ///< the last validation loss, in one unit for all of a table
};

/// Whether these settings of a sweep's run choose its tokenizer. Losses of such a sweep are compared in bits per
/// character: those per token cannot be compared between tokenizers.
bool chooses_tokens(const SweepSettings& settings);

/// What became of a run of a queue. `last_loss`: its last validation loss, where that is known; a finished run without
/// one, such as one whose folder was deleted, is missing.
SweepOutcome outcome_of(const QueuedRun& run, std::optional<double> last_loss);

/// One setting, over its seeds. Only finished runs count for the mean.
struct SweepTableRow {
    SweepSettings settings;  ///< without the seed
    GroupStatistics loss;
    std::map<std::int64_t, double> by_seed;  ///< the finished runs' losses
    std::size_t ended_early = 0;
    std::size_t diverged = 0;
    std::size_t failed = 0;
    std::size_t missing = 0;  ///< waiting or running
};

/// The results of a sweep: a row for each setting, in the order in which they came.
using SweepTable = std::vector<SweepTableRow>;

SweepTable sweep_table(const std::vector<SweepOutcome>& outcomes);

/// row - baseline, over the seeds that both have finished.
GroupStatistics difference_to(const SweepTableRow& row, const SweepTableRow& baseline);

/// The first row whose settings hold each of these ("model.method=standard", several parted by commas), or empty.
/// Throws InputError when the text has another form.
std::optional<std::size_t> find_row(const SweepTable& table, const std::string& settings);

/// `text`: columns aligned for a terminal.
enum class TableFormat { csv, markdown, latex, text };

/// The table as text, with differences to the row `baseline` (empty: without them).
std::string table_text(const SweepTable& table, std::optional<std::size_t> baseline, TableFormat format);

/// The keys of the settings over all rows, in their order.
std::vector<std::string> setting_keys(const SweepTable& table);
/// The row's value of a key; empty where its method lacks the option.
std::string setting_text(const SweepTableRow& row, const std::string& key);

}  // namespace wavlab
