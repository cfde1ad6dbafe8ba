// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result_table.h"

namespace wavlab {

/// What a curve of results is of. Costs are those of the table's cells.
enum class ResultQuantity {
    loss,        ///< of the validation part
    difference,  ///< of the validation loss to the baseline, by pairs of runs with the same seed and position
    parameters,  ///< added by the method
    speed,       ///< tokens per second
    memory       ///< bytes
};

/// "loss", "difference", "parameters", "speed", "memory"; empty for anything else.
std::optional<ResultQuantity> parse_result_quantity(std::string_view text);

struct ResultRequest {
    std::string x = "model.layers";  ///< dotted key of a setting whose values are numbers
    /// Dotted keys whose values make the lines; empty: everything that differs, apart from name, seed and x.
    std::vector<std::string> lines{"model.method"};
    ResultQuantity quantity = ResultQuantity::loss;
    TableMoment moment;
    std::optional<LossUnit> unit;  ///< as in TableRequest; runs without it are left out
    /// Of differences, as in TableRequest. Empty: the method attnres_block where it has results, else standard, else
    /// the first line.
    std::string baseline;
};

struct ResultPoint {
    double x = 0;
    double mean = 0;
    std::optional<double> deviation;  ///< n - 1; of the differences where it is one; empty for n < 2
    /// The 95% interval of the mean: Student's t, of differences the bootstrap's percentiles; empty for n < 2.
    std::optional<double> low, high;
    std::size_t n = 0;                       ///< seeds, or pairs; of costs the runs
    std::map<std::int64_t, double> by_seed;  ///< the values themselves; a seed's mean where it has several runs
    std::vector<std::size_t> runs;           ///< of the table, those that count
};

struct ResultCurve {
    std::vector<std::string> values;  ///< of the table's row keys; empty where the method lacks the option
    bool is_baseline = false;         ///< what differences are to
    std::vector<ResultPoint> points;  ///< ascending by x
    /// Runs that have no such setting as x (`standard` by number of blocks): the same wherever one looks.
    std::optional<ResultPoint> without_x;

    bool empty() const { return points.empty() && !without_x; }
};

/// The end results of runs by one numeric setting, a line for each value of others. They are the cells of a table, so
/// that the two cannot differ.
struct ResultCurves {
    ResultTable table;                    ///< rows are the lines, columns the positions
    std::vector<ResultCurve> curves;      ///< sorted by value, whatever the baseline; those without results too
    std::vector<double> positions;        ///< where some curve has a point, ascending
    std::size_t unfinished = 0;           ///< runs that do not count because they are not finished
    std::size_t without_unit = 0;         ///< runs whose losses are not known in the unit
    std::vector<std::string> notes;       ///< sentences: what does not count, what was mixed
    const ResultCurve* baseline() const;  ///< null where there is none
};

/// Throws InputError: no runs, a key that is no setting, an x that is no number, a baseline that is no line.
ResultCurves result_curves(std::vector<TableRun> runs, const ResultRequest& request);

}  // namespace wavlab
