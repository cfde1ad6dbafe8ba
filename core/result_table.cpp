// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/result_table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/run_groups.h"

namespace wavlab {

namespace {

using Runs = std::vector<const Experiment*>;

constexpr const char* method_key = "model.method";

/// Groups by several keys: the first one varies slowest, each sorted as `group_runs` sorts.
struct Grouping {
    std::vector<std::vector<std::string>> values;   ///< [groups][keys]
    std::vector<std::vector<std::size_t>> members;  ///< [groups]
};

Grouping group_by(const Runs& runs, const std::vector<std::string>& keys) {
    struct Group {
        std::vector<std::string> values;
        std::vector<std::size_t> members;
    };
    std::vector<std::vector<std::size_t>> places(runs.size());
    std::vector<std::vector<std::string>> values(runs.size());
    for (const std::string& key : keys) {
        const std::vector<RunGroup> groups = group_runs(runs, key);
        for (std::size_t place = 0; place < groups.size(); ++place)
            for (const std::size_t run : groups[place].members) {
                places[run].push_back(place);
                values[run].push_back(groups[place].settings.front().second);
            }
    }
    std::map<std::vector<std::size_t>, Group> groups;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        Group& group = groups[places[run]];
        group.values = values[run];
        group.members.push_back(run);
    }
    Grouping result;
    for (auto& [place, group] : groups) {
        result.values.push_back(std::move(group.values));
        result.members.push_back(std::move(group.members));
    }
    return result;
}

void require_keys(const TableRequest& request, const Runs& runs) {
    const std::vector<std::string> allowed = grouping_keys(runs);
    const auto require = [&](const std::vector<std::string>& keys, const char* option) {
        for (const std::string& key : keys)
            if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
                throw InputError(fmt::format("--{}: '{}' is no setting of these runs; allowed are {}", option, key,
                                             fmt::join(allowed, ", ")));
    };
    require(request.rows, "rows");
    require(request.columns, "columns");
    std::vector<std::string> all = request.rows;
    all.insert(all.end(), request.columns.begin(), request.columns.end());
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    if (twice != all.end())
        throw InputError("'" + *twice + "' is given twice; each setting makes either the rows or the columns");
}

/// The keys of the rows where none were given.
std::vector<std::string> row_keys_for(const Runs& runs, const std::vector<std::string>& columns) {
    std::vector<std::string> keys;
    const std::vector<RunGroup> groups = group_runs(runs, all_settings);
    for (const auto& [key, value] : groups.front().settings)
        if (std::find(columns.begin(), columns.end(), key) == columns.end()) keys.push_back(key);
    const bool method_is_column = std::find(columns.begin(), columns.end(), method_key) != columns.end();
    if (keys.empty()) keys.emplace_back(method_is_column ? "model.layers" : method_key);
    return keys;
}

std::string tokens_of(const TableRun& run) {
    std::string text = run.experiment.data.tokenizer;
    for (const auto& [key, value] : run.experiment.data.tokenizer_options) text += ", " + key + "=" + to_text(value);
    return text;
}

LossUnit unit_for(const std::vector<TableRun>& runs, const std::optional<LossUnit>& wanted) {
    const auto has = [](LossUnit unit) {
        return [unit](const TableRun& run) { return loss_factor(run.description, unit).has_value(); };
    };
    if (!wanted) {
        const bool one = std::all_of(runs.begin(), runs.end(),
                                     [&](const TableRun& run) { return tokens_of(run) == tokens_of(runs.front()); });
        const bool known = std::all_of(runs.begin(), runs.end(), has(LossUnit::bits_per_character));
        return one || !known ? LossUnit::nats_per_token : LossUnit::bits_per_character;
    }
    const auto without = std::find_if_not(runs.begin(), runs.end(), has(*wanted));
    if (without != runs.end())
        throw InputError("--unit: it is not known how many characters the tokens of " + without->name +
                         " stand for; use nats-per-token");
    return *wanted;
}

TableMeasure measure(const ResultTable& table, const std::vector<std::size_t>& members, const std::string& value) {
    std::map<std::int64_t, std::vector<double>> by_seed;
    for (const std::size_t index : members) {
        const TableRun& run = table.runs[index];
        const auto found = run.values.find(value);
        if (!run.counts() || found == run.values.end() || !std::isfinite(found->second.value)) continue;
        const double factor = is_loss(value) ? loss_factor(run.description, table.unit).value_or(NAN) : 1;
        by_seed[run.experiment.seed].push_back(factor * found->second.value);
    }
    TableMeasure result;
    std::vector<double> all;
    for (const auto& [seed, values] : by_seed) {
        result.by_seed[seed] = *group_statistics(values).mean;
        all.push_back(result.by_seed[seed]);
    }
    result.statistics = group_statistics(all);
    return result;
}

void add_cost(TableCell& cell, const std::vector<TableRun>& runs) {
    std::vector<double> speeds, memories;
    const auto widen = [](auto& range, std::int64_t value) {
        range =
            range ? std::pair(std::min(range->first, value), std::max(range->second, value)) : std::pair(value, value);
    };
    for (const std::size_t index : cell.runs) {
        const TableRun& run = runs[index];
        widen(cell.parameters, run.description.parameters);
        widen(cell.added_parameters, run.description.added_parameters);
        if (!run.counts()) continue;
        speeds.push_back(run.tokens_per_second.value_or(NAN));
        memories.push_back(run.memory_bytes.value_or(NAN));
    }
    cell.tokens_per_second = group_statistics(speeds).mean;
    cell.memory_bytes = group_statistics(memories).mean;
}

void fill_cells(ResultTable& table, const Grouping& rows, const Grouping& columns) {
    for (const std::vector<std::size_t>& of_row : rows.members) {
        table.cells.emplace_back();
        for (const std::vector<std::size_t>& of_column : columns.members) {
            TableCell cell;
            std::set_intersection(of_row.begin(), of_row.end(), of_column.begin(), of_column.end(),
                                  std::back_inserter(cell.runs));
            for (const std::string& value : table.values) cell.measures.push_back(measure(table, cell.runs, value));
            add_cost(cell, table.runs);
            table.cells.back().push_back(std::move(cell));
        }
    }
}

/// The values of the row's keys that say which text it is of: losses of different texts are no rivals.
std::vector<std::string> text_of(const ResultTable& table, std::size_t row) {
    std::vector<std::string> values;
    for (std::size_t key = 0; key < table.row_keys.size(); ++key)
        if (table.row_keys[key].starts_with("data.")) values.push_back(table.rows[row][key]);
    return values;
}

void mark_best(ResultTable& table) {
    std::map<std::vector<std::string>, std::vector<std::size_t>> rivals;
    for (std::size_t row = 0; row < table.rows.size(); ++row) rivals[text_of(table, row)].push_back(row);
    for (const auto& [text, rows] : rivals)
        for (std::size_t column = 0; column < table.columns.size(); ++column)
            for (std::size_t value = 0; value < table.values.size(); ++value) {
                if (!is_loss(table.values[value])) continue;
                std::vector<TableMeasure*> measured;
                for (const std::size_t row : rows)
                    if (TableMeasure& one = table.cells[row][column].measures[value]; one.statistics.mean)
                        measured.push_back(&one);
                if (measured.size() < 2) continue;  // nothing to be better than
                double smallest = INFINITY;
                for (const TableMeasure* one : measured) smallest = std::min(smallest, *one->statistics.mean);
                for (TableMeasure* one : measured) one->best = *one->statistics.mean == smallest;
            }
}

/// A key of the rows and its value that make a row a baseline.
struct Baseline {
    std::size_t key = 0;
    std::string value;
};

std::optional<Baseline> find_baseline(const ResultTable& table, const std::string& wanted) {
    if (wanted == "none") return std::nullopt;
    const std::string text = wanted.empty() ? std::string(method_key) + "=standard" : wanted;
    const std::size_t equals = text.find('=');
    std::vector<std::string> known;
    for (std::size_t key = 0; key < table.row_keys.size(); ++key)
        for (const std::vector<std::string>& row : table.rows) {
            const std::string& value = row[key];
            const std::string full = table.row_keys[key] + "=" + value;
            if (value == text || (equals != std::string::npos && full == text)) return Baseline{key, value};
            if (std::find(known.begin(), known.end(), full) == known.end()) known.push_back(full);
        }
    if (wanted.empty()) return std::nullopt;
    throw InputError(fmt::format("--baseline: no row has '{}'; allowed are none, {}", wanted, fmt::join(known, ", ")));
}

/// The row that differs from this one in the baseline's key alone; options that the baseline's method lacks count as
/// equal. Empty where there is none, or more than one.
std::optional<std::size_t> partner_of(const ResultTable& table, std::size_t row, const Baseline& baseline) {
    std::optional<std::size_t> partner;
    for (std::size_t other = 0; other < table.rows.size(); ++other) {
        bool fits = table.rows[other][baseline.key] == baseline.value;
        for (std::size_t key = 0; key < table.row_keys.size() && fits; ++key) {
            const std::string& value = table.rows[other][key];
            fits = key == baseline.key || value.empty() || value == table.rows[row][key];
        }
        if (!fits) continue;
        if (partner) return std::nullopt;
        partner = other;
    }
    return partner;
}

void compare(ResultTable& table, const Baseline& baseline) {
    table.baseline = baseline.value;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const bool is_baseline = table.rows[row][baseline.key] == baseline.value;
        table.baseline_of[row] = is_baseline ? row : partner_of(table, row, baseline);
        const std::optional<std::size_t> partner = table.baseline_of[row];
        if (!partner || *partner == row) continue;
        for (std::size_t column = 0; column < table.columns.size(); ++column)
            for (std::size_t value = 0; value < table.values.size(); ++value) {
                if (!is_loss(table.values[value])) continue;
                TableMeasure& own = table.cells[row][column].measures[value];
                const TableMeasure& other = table.cells[*partner][column].measures[value];
                std::vector<double> differences;
                for (const auto& [seed, mean] : own.by_seed)
                    if (const auto pair = other.by_seed.find(seed); pair != other.by_seed.end())
                        differences.push_back(mean - pair->second);
                own.difference = bootstrap_difference(differences);
            }
    }
}

/// The baseline's rows come first.
void put_first(Grouping& rows, std::size_t key, const std::string& value) {
    Grouping sorted;
    for (const bool first : {true, false})
        for (std::size_t row = 0; row < rows.values.size(); ++row) {
            if ((rows.values[row][key] == value) != first) continue;
            sorted.values.push_back(rows.values[row]);
            sorted.members.push_back(rows.members[row]);
        }
    rows = std::move(sorted);
}

}  // namespace

bool is_loss(const std::string& value) { return value.ends_with("/loss"); }

ResultTable result_table(std::vector<TableRun> runs, const TableRequest& request) {
    if (runs.empty()) throw InputError("a table needs at least one run");
    ResultTable table;
    table.runs = std::move(runs);
    Runs experiments;
    for (const TableRun& run : table.runs) experiments.push_back(&run.experiment);
    require_keys(request, experiments);
    table.values = request.values;
    table.moment = request.moment;
    table.unit = unit_for(table.runs, request.unit);
    table.column_keys = request.columns;
    table.row_keys = request.rows.empty() ? row_keys_for(experiments, request.columns) : request.rows;

    Grouping rows = group_by(experiments, table.row_keys);
    const Grouping columns = group_by(experiments, table.column_keys);
    table.rows = rows.values;
    const std::optional<Baseline> baseline = find_baseline(table, request.baseline);
    if (baseline) put_first(rows, baseline->key, baseline->value);
    table.rows = rows.values;
    table.columns = columns.values;
    table.baseline_of.resize(table.rows.size());
    fill_cells(table, rows, columns);
    mark_best(table);
    if (baseline) compare(table, *baseline);
    annotate(table);
    return table;
}

}  // namespace wavlab
