// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_layout.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "core/result_table.h"

namespace wavlab {

namespace {

constexpr const char* nothing = "–";

/// One thing that a table says of each cell.
struct Quantity {
    LayoutHead head;
    std::function<LayoutCell(std::size_t row, std::size_t column)> cell;
};

std::string short_key(const std::string& key, const ResultTable& table) {
    const auto tail = [](const std::string& text) { return text.substr(text.rfind('.') + 1); };
    std::size_t same = 0;
    for (const auto* keys : {&table.row_keys, &table.column_keys})
        same += std::size_t(
            std::count_if(keys->begin(), keys->end(), [&](const auto& one) { return tail(one) == tail(key); }));
    return same > 1 ? key : tail(key);
}

/// A setting's value as it is shown: of a file only its name.
std::string shown(const std::string& value) {
    if (value.empty()) return nothing;
    return value.starts_with("file:") ? value.substr(value.find_last_of("/:") + 1) : value;
}

std::string fixed(double value, int digits, bool sign = false) {
    return sign ? fmt::format("{:+.{}f}", value, digits) : fmt::format("{:.{}f}", value, digits);
}

std::string title_of(const std::string& value, const TableMoment& moment) {
    std::string text = value == "val/loss" ? "validation loss" : value == "train/loss" ? "training loss" : value;
    if (moment.kind == TableMoment::Kind::best) return (value == "val/loss" ? "best " : "at best, ") + text;
    return moment.kind == TableMoment::Kind::step ? text + " at " + to_string(moment) : text;
}

std::string joined(const std::string& first, const std::string& second, const char* between) {
    return first.empty() || second.empty() ? first + second : first + between + second;
}

/// Mean with its spread; `count`: with the number of seeds behind it.
Quantity mean_quantity(const ResultTable& table, const TableStyle& style, std::size_t value, bool count) {
    const std::string& name = table.values[value];
    std::string spread = style.spread == TableSpread::deviation  ? "± sd"
                         : style.spread == TableSpread::interval ? "± half of 95% interval"
                                                                 : "";
    if (count) spread = joined(spread, "(seeds)", " ");
    const auto text_of = [style](const std::optional<double>& number) {
        return number ? " ± " + fixed(*number, style.digits) : "";
    };
    const auto spread_of = [style, text_of](const GroupStatistics& one) -> std::string {
        if (style.spread == TableSpread::none) return "";
        return text_of(style.spread == TableSpread::deviation ? one.standard_deviation : one.interval);
    };
    const auto cell_at = [=, &table](std::size_t row, std::size_t column) -> LayoutCell {
        const TableMeasure& measure = table.cells[row][column].measures[value];
        if (!measure.statistics.mean) return {nothing, false};
        std::string widest;
        for (const auto& other : table.cells)
            if (const std::string text = spread_of(other[column].measures[value].statistics);
                text.size() > widest.size())
                widest = text;
        LayoutCell cell{fixed(*measure.statistics.mean, style.digits), true, measure.best};
        const std::string own = spread_of(measure.statistics);
        cell.text += own;
        if (own.empty()) cell.after = widest;
        if (count) cell.text += fmt::format(" ({})", measure.statistics.n);
        return cell;
    };
    return {{title_of(name, table.moment), joined(unit_of_value(table, name), spread, ", ")}, cell_at};
}

Quantity count_quantity(const ResultTable& table, std::size_t value, bool pairs) {
    const auto cell = [=, &table](std::size_t row, std::size_t column) -> LayoutCell {
        const TableMeasure& measure = table.cells[row][column].measures[value];
        if (!pairs) return {std::to_string(measure.statistics.n), true};
        if (!measure.difference) return {nothing};
        return {std::to_string(measure.difference->pairs), true};
    };
    return {{"n", pairs ? "pairs" : "seeds"}, cell};
}

std::string interval_text(const BootstrapDifference& difference, int digits) {
    if (!difference.low) return "no interval";
    return fmt::format("[{}, {}]", fixed(*difference.low, digits, true), fixed(*difference.high, digits, true));
}

/// The cells of what is said of differences, where a row has one.
Quantity difference_quantity(const ResultTable& table, LayoutHead head, std::size_t value, const char* of_baseline,
                             const std::function<std::string(const BootstrapDifference&)>& text) {
    const auto cell_at = [=, &table](std::size_t row, std::size_t column) -> LayoutCell {
        if (table.baseline_of[row] == row) return {of_baseline};
        const auto& difference = table.cells[row][column].measures[value].difference;
        if (!difference) return {nothing};
        if (!difference->mean) return {"no pairs"};
        return {text(*difference), true};
    };
    return {std::move(head), cell_at};
}

/// Side by side the interval stands behind its difference; as blocks, which have to be narrow, each has its own.
std::vector<Quantity> difference_quantities(const ResultTable& table, int digits, std::size_t value, bool stacked) {
    const std::string title = "difference to " + shown(table.baseline);
    const auto mean = [digits](const BootstrapDifference& one) { return fixed(*one.mean, digits, true); };
    const auto interval = [digits](const BootstrapDifference& one) { return interval_text(one, digits); };
    if (!stacked)
        return {difference_quantity(table, {title, "[95% interval]"}, value, "baseline",
                                    [=](const BootstrapDifference& one) {
                                        return one.low ? mean(one) + " " + interval(one)
                                                       : mean(one) + " (" + interval(one) + ")";
                                    }),
                count_quantity(table, value, true)};
    return {difference_quantity(
                table, {title, "(n pairs)"}, value, "baseline",
                [=](const BootstrapDifference& one) { return mean(one) + " (" + std::to_string(one.pairs) + ")"; }),
            difference_quantity(table, {"95% interval of the difference", ""}, value, nothing, interval)};
}

std::string range_text(const std::pair<std::int64_t, std::int64_t>& range, const char* sign = "") {
    const std::string first = sign + grouped_digits(range.first);
    return range.first == range.second ? first : first + "–" + grouped_digits(range.second);
}

/// The largest of one number over all cells: it decides about decimals and units.
double largest(const ResultTable& table, std::optional<double> TableCell::*number) {
    double result = 0;
    for (const std::vector<TableCell>& row : table.cells)
        for (const TableCell& cell : row) result = std::max(result, (cell.*number).value_or(0));
    return result;
}

LayoutCell number_cell(double value, int digits) {
    if (digits > 0) return {fixed(value, digits), true};
    return {grouped_digits(std::int64_t(std::llround(value))), true};
}

std::vector<Quantity> cost_quantities(const ResultTable& table) {
    const auto parameters = [&table](std::size_t row, std::size_t column) -> LayoutCell {
        const TableCell& cell = table.cells[row][column];
        if (!cell.parameters) return {nothing};
        return {range_text(*cell.parameters) + " (" + range_text(*cell.added_parameters, "+") + ")", true};
    };
    constexpr double precise_below = 100, gigabyte = 1e9, megabyte = 1e6, in_gigabytes_from = 1e10;
    const int speed_digits = largest(table, &TableCell::tokens_per_second) < precise_below ? 1 : 0;
    const auto speed = [&table, speed_digits](std::size_t row, std::size_t column) -> LayoutCell {
        const auto& value = table.cells[row][column].tokens_per_second;
        return value ? number_cell(*value, speed_digits) : LayoutCell{nothing};
    };
    const bool gigabytes = largest(table, &TableCell::memory_bytes) >= in_gigabytes_from;
    const auto memory = [&table, gigabytes, gigabyte, megabyte](std::size_t row, std::size_t column) -> LayoutCell {
        const auto& value = table.cells[row][column].memory_bytes;
        if (!value) return {nothing};
        return number_cell(*value / (gigabytes ? gigabyte : megabyte), gigabytes ? 1 : 0);
    };
    return {{{"parameters", "(added)"}, parameters},
            {{"speed", "tokens/s"}, speed},
            {{"memory", gigabytes ? "GB" : "MB"}, memory}};
}

std::vector<Quantity> quantities(const ResultTable& table, const TableStyle& style, bool stacked) {
    std::vector<Quantity> result;
    for (std::size_t value = 0; value < table.values.size(); ++value) {
        result.push_back(mean_quantity(table, style, value, stacked));
        if (!stacked) result.push_back(count_quantity(table, value, false));
        const bool compared = std::any_of(table.baseline_of.begin(), table.baseline_of.end(),
                                          [](const auto& row) { return row.has_value(); });
        if (!compared || table.rows.size() < 2 || !is_loss(table.values[value])) continue;
        for (Quantity& quantity : difference_quantities(table, style.digits, value, stacked))
            result.push_back(std::move(quantity));
    }
    if (!style.cost) return result;
    for (Quantity& quantity : cost_quantities(table)) result.push_back(std::move(quantity));
    return result;
}

std::vector<LayoutCell> label_cells(const ResultTable& table, std::size_t row) {
    std::vector<LayoutCell> cells;
    for (const std::string& value : table.rows[row]) cells.push_back({shown(value)});
    return cells;
}

std::string column_label(const ResultTable& table, std::size_t column) {
    std::string text;
    for (std::size_t key = 0; key < table.column_keys.size(); ++key)
        text = joined(text, short_key(table.column_keys[key], table) + " = " + shown(table.columns[column][key]), ", ");
    return text;
}

}  // namespace

std::string LayoutHead::in_one_line() const {
    const bool bracketed = unit.starts_with('(') || unit.starts_with('[');
    return joined(text, unit, bracketed ? " " : ", ");
}

std::string grouped_digits(std::int64_t number) {
    std::string text = std::to_string(number);
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    for (std::size_t place = text.size(); place > first + 3;) text.insert(place -= 3, ",");
    return text;
}

std::string unit_of_value(const ResultTable& table, const std::string& value) {
    if (!is_loss(value)) return "";
    switch (table.unit) {
        case LossUnit::bits_per_character:
            return "bits/character";
        case LossUnit::bits_per_byte:
            return "bits/byte";
        case LossUnit::nats_per_token:
            break;
    }
    return "nats/token";
}

TableLayout table_layout(const ResultTable& table, const TableStyle& style) {
    const bool stacked = !table.column_keys.empty();
    const std::vector<Quantity> all = quantities(table, style, stacked);
    TableLayout layout;
    layout.labels = table.row_keys.size();
    for (const std::string& key : table.row_keys) layout.heads.push_back({short_key(key, table), ""});
    if (stacked) {
        for (std::size_t column = 0; column < table.columns.size(); ++column)
            layout.heads.push_back({column_label(table, column), ""});
        for (const Quantity& quantity : all) {
            LayoutBlock& block = layout.blocks.emplace_back();
            block.title = quantity.head;
            for (std::size_t row = 0; row < table.rows.size(); ++row) {
                std::vector<LayoutCell>& line = block.lines.emplace_back(label_cells(table, row));
                for (std::size_t column = 0; column < table.columns.size(); ++column)
                    line.push_back(quantity.cell(row, column));
            }
        }
        return layout;
    }
    for (const Quantity& quantity : all) layout.heads.push_back(quantity.head);
    LayoutBlock& block = layout.blocks.emplace_back();
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        std::vector<LayoutCell>& line = block.lines.emplace_back(label_cells(table, row));
        for (const Quantity& quantity : all) line.push_back(quantity.cell(row, 0));
    }
    return layout;
}

}  // namespace wavlab
