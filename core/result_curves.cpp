// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/result_curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/number_text.h"
#include "core/run_groups.h"

namespace wavlab {

namespace {

constexpr const char* method_key = "model.method";

bool is_of_losses(ResultQuantity quantity) {
    return quantity == ResultQuantity::loss || quantity == ResultQuantity::difference;
}

void require_settings(const std::vector<TableRun>& runs, const ResultRequest& request) {
    std::vector<const Experiment*> experiments;
    for (const TableRun& run : runs) experiments.push_back(&run.experiment);
    const std::vector<std::string> allowed = grouping_keys(experiments);
    const auto require = [&](const std::string& key, const char* what) {
        if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
            throw InputError(fmt::format("{}: '{}' is no setting of these runs; allowed are {}", what, key,
                                         fmt::join(allowed, ", ")));
    };
    require(request.x, "x");
    for (const std::string& key : request.lines) {
        require(key, "line");
        if (key == request.x) throw InputError("'" + key + "' cannot make both the positions and the lines");
    }
}

/// The positions of the columns; empty for the runs that have no such setting.
std::vector<std::optional<double>> positions_of(const ResultTable& table) {
    std::vector<std::optional<double>> positions;
    for (const std::vector<std::string>& column : table.columns) {
        const std::string& text = column.front();
        const std::optional<double> number = parse_number(text);
        if (!text.empty() && !(number && std::isfinite(*number)))
            throw InputError(
                fmt::format("x: the values of '{}' are no numbers ('{}')", table.column_keys.front(), text));
        positions.push_back(number);
    }
    return positions;
}

bool has_results(const ResultTable& table, std::size_t row) {
    return std::any_of(table.cells[row].begin(), table.cells[row].end(),
                       [](const TableCell& cell) { return cell.measures.front().statistics.mean.has_value(); });
}

std::string usual_baseline(const ResultTable& table) {
    const auto key = std::find(table.row_keys.begin(), table.row_keys.end(), method_key);
    if (key != table.row_keys.end())
        for (const char* method : {"attnres_block", "standard"})
            for (std::size_t row = 0; row < table.rows.size(); ++row)
                if (table.rows[row][std::size_t(key - table.row_keys.begin())] == method && has_results(table, row))
                    return fmt::format("{}={}", method_key, method);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        if (has_results(table, row)) return table.row_keys.front() + "=" + table.rows[row].front();
    return "none";
}

void require_baseline(const ResultTable& table, const std::string& wanted) {
    std::vector<std::string> known;
    for (std::size_t key = 0; key < table.row_keys.size(); ++key)
        for (const std::vector<std::string>& row : table.rows) {
            const std::string full = table.row_keys[key] + "=" + row[key];
            if (wanted == row[key] || wanted == full) return;
            if (std::find(known.begin(), known.end(), full) == known.end()) known.push_back(full);
        }
    throw InputError(
        fmt::format("baseline: no line of these runs has '{}'; allowed are {}", wanted, fmt::join(known, ", ")));
}

std::optional<ResultPoint> point_of(std::map<std::int64_t, double> by_seed, const GroupStatistics& statistics) {
    if (!statistics.mean) return std::nullopt;
    ResultPoint point;
    point.mean = *statistics.mean;
    point.deviation = statistics.standard_deviation;
    if (statistics.interval) {
        point.low = point.mean - *statistics.interval;
        point.high = point.mean + *statistics.interval;
    }
    point.n = statistics.n;
    point.by_seed = std::move(by_seed);
    return point;
}

std::optional<ResultPoint> difference_point(const TableMeasure& own, const TableMeasure& baseline) {
    if (!own.difference || !own.difference->mean) return std::nullopt;
    std::map<std::int64_t, double> by_seed;
    std::vector<double> all;
    for (const auto& [seed, value] : own.by_seed)
        if (const auto pair = baseline.by_seed.find(seed); pair != baseline.by_seed.end()) {
            by_seed[seed] = value - pair->second;
            all.push_back(by_seed[seed]);
        }
    std::optional<ResultPoint> point = point_of(std::move(by_seed), group_statistics(all));
    if (!point) return point;
    point->mean = *own.difference->mean;
    point->low = own.difference->low;
    point->high = own.difference->high;
    return point;
}

/// Costs are means over runs, as in the table.
template <class Value>
std::optional<ResultPoint> cost_point(const ResultTable& table, const TableCell& cell, const Value& value_of) {
    std::map<std::int64_t, std::vector<double>> values;
    std::vector<double> all;
    for (const std::size_t run : cell.runs) {
        const std::optional<double> value = value_of(table.runs[run]);
        if (!table.runs[run].counts() || !value || !std::isfinite(*value)) continue;
        values[table.runs[run].experiment.seed].push_back(*value);
        all.push_back(*value);
    }
    std::map<std::int64_t, double> by_seed;
    for (const auto& [seed, of_seed] : values) by_seed[seed] = *group_statistics(of_seed).mean;
    return point_of(std::move(by_seed), group_statistics(all));
}

std::optional<ResultPoint> point_of(const ResultTable& table, std::size_t row, std::size_t column,
                                    ResultQuantity quantity) {
    const TableCell& cell = table.cells[row][column];
    switch (quantity) {
        case ResultQuantity::loss:
            return point_of(cell.measures.front().by_seed, cell.measures.front().statistics);
        case ResultQuantity::difference: {
            const std::optional<std::size_t> partner = table.baseline_of[row];
            if (!partner) return std::nullopt;
            return difference_point(cell.measures.front(), table.cells[*partner][column].measures.front());
        }
        case ResultQuantity::parameters:
            return cost_point(table, cell, [](const TableRun& run) {
                return std::optional(double(run.description.added_parameters));
            });
        case ResultQuantity::speed:
            return cost_point(table, cell, [](const TableRun& run) { return run.tokens_per_second; });
        case ResultQuantity::memory:
            return cost_point(table, cell, [](const TableRun& run) { return run.memory_bytes; });
    }
    return std::nullopt;
}

ResultCurve curve_of(const ResultTable& table, std::size_t row, const std::vector<std::optional<double>>& positions,
                     ResultQuantity quantity) {
    ResultCurve curve;
    curve.values = table.rows[row];
    curve.is_baseline = quantity == ResultQuantity::difference && table.baseline_of[row] == row;
    for (std::size_t column = 0; column < positions.size(); ++column) {
        std::optional<ResultPoint> point = point_of(table, row, column, quantity);
        if (!point) continue;
        for (const std::size_t run : table.cells[row][column].runs)
            if (table.runs[run].counts()) point->runs.push_back(run);
        if (positions[column]) {
            point->x = *positions[column];
            curve.points.push_back(std::move(*point));
        } else {
            curve.without_x = std::move(point);
        }
    }
    std::sort(curve.points.begin(), curve.points.end(),
              [](const ResultPoint& a, const ResultPoint& b) { return a.x < b.x; });
    return curve;
}

std::string line_text(const ResultTable& table, const ResultCurve& curve) {
    std::string text;
    for (std::size_t key = 0; key < curve.values.size(); ++key)
        if (!curve.values[key].empty())
            text += (text.empty() ? "" : ", ") + table.row_keys[key] + "=" + curve.values[key];
    return text;
}

void add_notes(ResultCurves& result, const ResultRequest& request, const std::vector<std::string>& without_unit) {
    const ResultTable& table = result.table;
    result.notes = table.notes;
    if (!without_unit.empty())
        result.notes.push_back(
            fmt::format("The losses of {} are not known in this unit.", fmt::join(without_unit, ", ")));
    const bool costs = request.quantity == ResultQuantity::speed || request.quantity == ResultQuantity::memory;
    if (costs) result.notes.insert(result.notes.end(), table.cost_legend.begin(), table.cost_legend.end());
    if (request.quantity != ResultQuantity::difference) return;
    result.notes.insert(result.notes.end(), table.legend.begin(), table.legend.end());
    std::vector<std::string> unpaired;
    for (const ResultCurve& curve : result.curves) {
        const auto row = std::find(table.rows.begin(), table.rows.end(), curve.values) - table.rows.begin();
        if (!curve.is_baseline && curve.empty() && has_results(table, std::size_t(row)))
            unpaired.push_back(line_text(table, curve));
    }
    if (!unpaired.empty())
        result.notes.push_back(fmt::format("Without a run of the same seed and {} to compare with: {}.", request.x,
                                           fmt::join(unpaired, "; ")));
}

}  // namespace

std::optional<ResultQuantity> parse_result_quantity(std::string_view text) {
    constexpr std::array names{std::pair{"loss", ResultQuantity::loss},
                               std::pair{"difference", ResultQuantity::difference},
                               std::pair{"parameters", ResultQuantity::parameters},
                               std::pair{"speed", ResultQuantity::speed}, std::pair{"memory", ResultQuantity::memory}};
    for (const auto& [name, quantity] : names)
        if (text == name) return quantity;
    return std::nullopt;
}

const ResultCurve* ResultCurves::baseline() const {
    const auto found =
        std::find_if(curves.begin(), curves.end(), [](const ResultCurve& curve) { return curve.is_baseline; });
    return found == curves.end() ? nullptr : &*found;
}

ResultCurves result_curves(std::vector<TableRun> runs, const ResultRequest& request) {
    if (runs.empty()) throw InputError("results need at least one run");
    require_settings(runs, request);
    ResultCurves result;
    std::vector<std::string> without_unit;
    if (is_of_losses(request.quantity) && request.unit)
        std::erase_if(runs, [&](const TableRun& run) {
            const bool unknown = !loss_factor(run.description, *request.unit);
            if (unknown && run.counts()) without_unit.push_back(run.name);
            return unknown;
        });
    result.without_unit = without_unit.size();
    if (runs.empty()) return result;
    for (const TableRun& run : runs) result.unfinished += !run.counts();

    TableRequest table;
    table.rows = request.lines;
    table.columns = {request.x};
    table.moment = request.moment;
    table.unit = request.unit;
    table.baseline = "none";
    if (!is_of_losses(request.quantity)) table.values.clear();
    result.table = result_table(std::move(runs), table);
    const std::vector<std::vector<std::string>> order = result.table.rows;  // the baseline comes first in its table
    if (request.quantity == ResultQuantity::difference) {
        if (!request.baseline.empty()) require_baseline(result.table, request.baseline);
        table.baseline = request.baseline.empty() ? usual_baseline(result.table) : request.baseline;
        table.rows = result.table.row_keys;
        result.table = result_table(std::move(result.table.runs), table);
    }
    const std::vector<std::optional<double>> positions = positions_of(result.table);
    for (const std::vector<std::string>& values : order) {
        const auto row = std::find(result.table.rows.begin(), result.table.rows.end(), values);
        result.curves.push_back(
            curve_of(result.table, std::size_t(row - result.table.rows.begin()), positions, request.quantity));
        for (const ResultPoint& point : result.curves.back().points) result.positions.push_back(point.x);
    }
    std::sort(result.positions.begin(), result.positions.end());
    result.positions.erase(std::unique(result.positions.begin(), result.positions.end()), result.positions.end());
    add_notes(result, request, without_unit);
    return result;
}

}  // namespace wavlab
