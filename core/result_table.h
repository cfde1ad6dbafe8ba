// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/grouped_statistics.h"
#include "core/loss_unit.h"
#include "core/paired_bootstrap.h"
#include "core/table_run.h"

namespace wavlab {

/// What a table is to show.
struct TableRequest {
    /// Dotted keys whose values make the rows; empty: everything that differs between the runs, apart from name, seed
    /// and the keys of columns.
    std::vector<std::string> rows;
    std::vector<std::string> columns;
    std::vector<std::string> values{"val/loss"};
    TableMoment moment;
    std::optional<LossUnit> unit;  ///< unset: nats per token, or bits per character where the tokenizers differ
    /// What rows are compared with: a value of a row's key ("standard"), "model.method=standard", or "none". Empty:
    /// `standard` where the rows have it.
    std::string baseline;
};

/// One value over the runs of a cell. Runs with one seed count once, by their mean.
struct TableMeasure {
    std::map<std::int64_t, double> by_seed;
    GroupStatistics statistics;  ///< over seeds
    bool best = false;           ///< the smallest mean loss of its column
    /// Row minus baseline over the seeds that both have; empty for the baseline itself and for what is no loss.
    std::optional<BootstrapDifference> difference;
};

/// The runs of one row and column.
struct TableCell {
    std::vector<std::size_t> runs;                                    ///< all of them, also those that do not count
    std::vector<TableMeasure> measures;                               ///< [values]
    std::optional<std::pair<std::int64_t, std::int64_t>> parameters;  ///< smallest and largest of the runs
    std::optional<std::pair<std::int64_t, std::int64_t>> added_parameters;  ///< of these, by the method
    std::optional<double> tokens_per_second;                                ///< the mean of the runs that count
    std::optional<double> memory_bytes;                                     ///< likewise
};

/// Results of runs as data: means over seeds by two groupings, with what they cost. Only finished runs count; `notes`
/// names the others.
struct ResultTable {
    std::vector<std::string> row_keys;
    std::vector<std::string> column_keys;        ///< may be empty: one column then
    std::vector<std::vector<std::string>> rows;  ///< [rows][row_keys]; a value is empty where the method lacks it
    std::vector<std::vector<std::string>> columns;
    std::vector<std::string> values;
    TableMoment moment;
    LossUnit unit = LossUnit::nats_per_token;
    std::string baseline;                                 ///< "standard"; empty without one
    std::vector<std::optional<std::size_t>> baseline_of;  ///< [rows] the row that each is compared with
    std::vector<std::vector<TableCell>> cells;            ///< [rows][columns]
    std::vector<TableRun> runs;                           ///< in the order in which they were given
    std::vector<std::string> notes;                       ///< sentences: what does not count, what was mixed
    std::vector<std::string> legend;                      ///< sentences: how its numbers are to be read
    std::vector<std::string> cost_legend;                 ///< likewise, of speed and memory
};

/// Throws InputError: no runs, a key that is no setting, or in both rows and columns, a baseline that is no row's, a
/// unit that a run lacks.
ResultTable result_table(std::vector<TableRun> runs, const TableRequest& request);

/// Fills `notes`, `legend` and `cost_legend` of a table that has its cells.
void annotate(ResultTable& table);

/// Whether a recorded value is a loss: it has the table's unit, a best row and differences.
bool is_loss(const std::string& value);

}  // namespace wavlab
