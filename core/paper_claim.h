// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/grouped_statistics.h"
#include "core/paired_bootstrap.h"
#include "core/paper_project.h"
#include "core/table_run.h"

namespace wavlab {

/// What results say to a claim. A difference decides when its 95% interval does not hold what it is measured against.
enum class PaperVerdict {
    supported,
    not_supported,  ///< the results say the opposite
    undecided,      ///< the interval holds it, or there are too few pairs for one
};

/// "supported", "not supported", "undecided".
std::string to_string(PaperVerdict verdict);

/// Subject minus baseline over runs with the same seed.
struct PaperDifference {
    std::map<std::int64_t, double> subject, baseline;  ///< by seed
    std::map<std::int64_t, double> by_seed;            ///< of the seeds that both have
    GroupStatistics subject_statistics, baseline_statistics;
    GroupStatistics statistics;     ///< of the differences, with the interval of Student's t
    BootstrapDifference bootstrap;  ///< the same with the interval of tables
    std::size_t lower = 0;          ///< of how many seeds the subject's value is the lower one
};

struct PaperAnswer {
    PaperVerdict verdict = PaperVerdict::undecided;
    PaperDifference at;                      ///< at the claim's `where`
    std::optional<PaperDifference> than_at;  ///< at its `than`
    /// What decides: the difference, or the difference of the differences (paired over seeds).
    GroupStatistics statistics;
    std::optional<double> limit;  ///< of PaperExpectation::within: the most that the difference may be
};

/// The indices of the runs that have all of these settings.
std::vector<std::size_t> runs_with(const std::vector<TableRun>& runs, const PaperSettings& settings);

/// The settings, name and seed aside, that differ among the runs that have all of `side` and `where`: their mean would
/// be one over different things. By dotted key.
std::vector<std::string> settings_that_differ(const std::vector<TableRun>& runs, const PaperSettings& side,
                                              const PaperSettings& where);

/// The answer of finished runs, whose `values` hold val/loss. The verdict is by the interval of Student's t, which
/// stays honest with a few seeds, where that of the bootstrap is too narrow. Parameters are exact: they need none.
PaperAnswer answer(const PaperClaim& claim, const std::vector<TableRun>& runs);

}  // namespace wavlab
