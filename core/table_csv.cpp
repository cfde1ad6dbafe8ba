// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>

#include "core/csv.h"
#include "core/number_text.h"
#include "core/result_table.h"
#include "core/table_format.h"

namespace wavlab {

namespace {

using Line = std::vector<std::string>;

std::string number(const std::optional<double>& value) {
    constexpr int digits = 9;
    return value ? number_text(*value, digits) : "";
}

void add_line(std::string& text, const Line& line) {
    for (std::size_t i = 0; i < line.size(); ++i) text += (i == 0 ? "" : ",") + csv_cell(line[i]);
    text += "\n";
}

std::string range(const std::optional<std::pair<std::int64_t, std::int64_t>>& numbers) {
    if (!numbers) return "";
    const std::string first = std::to_string(numbers->first);
    return numbers->first == numbers->second ? first : first + "-" + std::to_string(numbers->second);
}

void add_measure(Line& line, const TableMeasure& measure) {
    const GroupStatistics& found = measure.statistics;
    const bool bounded = found.interval.has_value();
    line.push_back(std::to_string(found.n));
    line.push_back(number(found.mean));
    line.push_back(number(found.standard_deviation));
    line.push_back(bounded ? number(*found.mean - *found.interval) : "");
    line.push_back(bounded ? number(*found.mean + *found.interval) : "");
    line.emplace_back(measure.best ? "true" : "false");
    const BootstrapDifference none;
    const BootstrapDifference& difference = measure.difference ? *measure.difference : none;
    line.push_back(number(difference.mean));
    line.push_back(number(difference.low));
    line.push_back(number(difference.high));
    line.push_back(measure.difference ? std::to_string(difference.pairs) : "");
}

}  // namespace

std::string csv_table(const ResultTable& table, const TableStyle& style) {
    Line head = table.row_keys;
    head.insert(head.end(), table.column_keys.begin(), table.column_keys.end());
    head.insert(head.end(), {"value", "unit", "n", "mean", "sd", "low", "high", "best", "difference", "difference_low",
                             "difference_high", "pairs", "not_counted"});
    if (style.cost) head.insert(head.end(), {"parameters", "added_parameters", "tokens_per_second", "memory_bytes"});
    std::string text;
    add_line(text, head);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (std::size_t column = 0; column < table.columns.size(); ++column)
            for (std::size_t value = 0; value < table.values.size(); ++value) {
                const TableCell& cell = table.cells[row][column];
                Line line = table.rows[row];
                line.insert(line.end(), table.columns[column].begin(), table.columns[column].end());
                line.push_back(table.values[value]);
                line.push_back(unit_of_value(table, table.values[value]));
                add_measure(line, cell.measures[value]);
                line.push_back(std::to_string(std::count_if(
                    cell.runs.begin(), cell.runs.end(), [&](std::size_t run) { return !table.runs[run].counts(); })));
                if (style.cost) {
                    line.push_back(range(cell.parameters));
                    line.push_back(range(cell.added_parameters));
                    line.push_back(number(cell.tokens_per_second));
                    line.push_back(number(cell.memory_bytes));
                }
                add_line(text, line);
            }
    return text;
}

}  // namespace wavlab
