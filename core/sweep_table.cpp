// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sweep_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/csv.h"
#include "core/error.h"
#include "core/number_text.h"

namespace wavlab {

namespace {

constexpr const char* seed_key = "seed";
constexpr int digits = 6;  // of csv, significant

using Line = std::vector<std::string>;

std::string number(const std::optional<double>& value) { return value ? number_text(*value, digits) : ""; }

/// "1.2346 ± 0.0012", with what stands between the numbers; "" without a mean.
std::string with_spread(const std::optional<double>& mean, const std::optional<double>& spread, const char* between,
                        bool sign = false) {
    if (!mean) return "";
    std::string text = sign ? fmt::format("{:+.4f}", *mean) : fmt::format("{:.4f}", *mean);
    if (spread) text += fmt::format("{}{:.4f}", between, *spread);
    return text;
}

/// "[-0.1234, 0.0012]"
std::string interval_text(const GroupStatistics& difference) {
    if (!difference.mean || !difference.interval) return "";
    return fmt::format("[{:+.4f}, {:+.4f}]", *difference.mean - *difference.interval,
                       *difference.mean + *difference.interval);
}

/// "2 ended early, 1 failed": the runs that do not count.
std::string left_out_text(const SweepTableRow& row) {
    std::string text;
    const auto add = [&](std::size_t count, const char* what) {
        if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    };
    add(row.ended_early, "ended early");
    add(row.diverged, "diverged");
    add(row.failed, "failed");
    add(row.missing, "to come");
    return text;
}

std::string escaped(const std::string& text, std::string_view special) {
    std::string result;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

std::string joined(const Line& line, const std::string& before, const std::string& between, const std::string& after) {
    std::string text = before;
    for (std::size_t i = 0; i < line.size(); ++i) text += (i == 0 ? "" : between) + line[i];
    return text + after + "\n";
}

/// Characters, not bytes.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Columns aligned: settings to the left, numbers to the right.
std::string aligned(const std::vector<Line>& lines, std::size_t first_number) {
    std::string text;
    for (const Line& line : lines) {
        std::string row;
        for (std::size_t column = 0; column < line.size(); ++column) {
            std::size_t widest = 0;
            for (const Line& other : lines) widest = std::max(widest, width(other[column]));
            const std::string space(widest - width(line[column]), ' ');
            row += (column == 0 ? "" : "  ") + (column < first_number ? line[column] + space : space + line[column]);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    }
    return text;
}

std::string csv(const SweepTable& table, std::optional<std::size_t> baseline) {
    const std::vector<std::string> keys = setting_keys(table);
    Line head = keys;
    for (const char* column : {"n", "mean", "sd", "ended_early", "diverged", "failed", "missing"})
        head.emplace_back(column);
    if (baseline)
        for (const char* column : {"difference", "difference_low", "difference_high", "pairs"})
            head.emplace_back(column);
    std::string text = joined(head, "", ",", "");
    for (const SweepTableRow& row : table) {
        Line line;
        for (const std::string& key : keys) line.push_back(csv_cell(setting_text(row, key)));
        line.push_back(std::to_string(row.loss.n));
        line.push_back(number(row.loss.mean));
        line.push_back(number(row.loss.standard_deviation));
        for (const std::size_t count : {row.ended_early, row.diverged, row.failed, row.missing})
            line.push_back(std::to_string(count));
        if (baseline) {
            const GroupStatistics difference =
                &row == &table[*baseline] ? GroupStatistics{} : difference_to(row, table[*baseline]);
            const bool bounded = difference.interval.has_value();
            line.push_back(number(difference.mean));
            line.push_back(bounded ? number_text(*difference.mean - *difference.interval, digits) : "");
            line.push_back(bounded ? number_text(*difference.mean + *difference.interval, digits) : "");
            line.push_back(std::to_string(difference.n));
        }
        text += joined(line, "", ",", "");
    }
    return text;
}

/// The cells of the two formats for people: settings, n, mean ± sd, difference and interval, what does not count.
std::vector<Line> cells(const SweepTable& table, std::optional<std::size_t> baseline, const char* plus_minus) {
    const std::vector<std::string> keys = setting_keys(table);
    Line head = keys;
    head.insert(head.end(), {"n", "validation loss"});
    if (baseline) head.insert(head.end(), {"difference", "95% interval"});
    const bool complete =
        std::all_of(table.begin(), table.end(), [](const SweepTableRow& row) { return left_out_text(row).empty(); });
    if (!complete) head.emplace_back("not counted");
    std::vector<Line> lines{head};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const SweepTableRow& row = table[i];
        Line line;
        for (const std::string& key : keys) line.push_back(setting_text(row, key));
        line.push_back(std::to_string(row.loss.n));
        line.push_back(with_spread(row.loss.mean, row.loss.standard_deviation, plus_minus));
        if (baseline) {
            const GroupStatistics difference =
                i == *baseline ? GroupStatistics{} : difference_to(row, table[*baseline]);
            line.push_back(i == *baseline ? "baseline" : with_spread(difference.mean, std::nullopt, "", true));
            line.push_back(interval_text(difference));
        }
        if (!complete) line.push_back(left_out_text(row));
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

SweepOutcome outcome_of(const QueuedRun& run, std::optional<double> last_loss) {
    SweepOutcome outcome{run.settings, 0, run.state, std::nullopt};
    const auto seed = std::find_if(run.settings.begin(), run.settings.end(),
                                   [](const auto& setting) { return setting.first == "seed"; });
    if (seed != run.settings.end() && std::holds_alternative<std::int64_t>(seed->second))
        outcome.seed = std::get<std::int64_t>(seed->second);
    else
        outcome.seed = parse_recorded_experiment(run.experiment).seed;
    if (run.state == QueueState::finished) outcome.loss = last_loss;
    if (run.state == QueueState::finished && !last_loss) outcome.state = QueueState::waiting;
    return outcome;
}

bool chooses_tokens(const SweepSettings& settings) {
    return std::any_of(settings.begin(), settings.end(),
                       [](const auto& setting) { return setting.first == "data.tokenizer"; });
}

SweepTable sweep_table(const std::vector<SweepOutcome>& outcomes) {
    SweepTable table;
    std::map<std::string, std::size_t> places;
    for (const SweepOutcome& outcome : outcomes) {
        SweepSettings settings = outcome.settings;
        std::erase_if(settings, [](const auto& setting) { return setting.first == seed_key; });
        const auto [place, is_new] = places.try_emplace(settings_text(settings), table.size());
        if (is_new) {
            table.emplace_back();
            table.back().settings = settings;
        }
        SweepTableRow& row = table[place->second];
        switch (outcome.state) {
            case QueueState::finished:
                if (outcome.loss)
                    row.by_seed[outcome.seed] = *outcome.loss;
                else
                    ++row.failed;
                break;
            case QueueState::ended_early:
                ++row.ended_early;
                break;
            case QueueState::diverged:
                ++row.diverged;
                break;
            case QueueState::failed:
                ++row.failed;
                break;
            case QueueState::waiting:
            case QueueState::running:
                ++row.missing;
                break;
        }
    }
    for (SweepTableRow& row : table) {
        std::vector<double> losses;
        for (const auto& [seed, loss] : row.by_seed) losses.push_back(loss);
        row.loss = group_statistics(losses);
    }
    return table;
}

GroupStatistics difference_to(const SweepTableRow& row, const SweepTableRow& baseline) {
    std::vector<double> own;
    std::vector<double> others;
    for (const auto& [seed, loss] : row.by_seed) {
        const auto pair = baseline.by_seed.find(seed);
        if (pair == baseline.by_seed.end()) continue;
        own.push_back(loss);
        others.push_back(pair->second);
    }
    return paired_difference(own, others);
}

std::optional<std::size_t> find_row(const SweepTable& table, const std::string& settings) {
    std::vector<std::pair<std::string, std::string>> wanted;
    for (std::size_t begin = 0; begin <= settings.size();) {
        const std::size_t end = std::min(settings.find(',', begin), settings.size());
        const std::string part = settings.substr(begin, end - begin);
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos || equals == 0)
            throw InputError(settings + ": must have the form key=value, such as model.method=standard");
        wanted.emplace_back(part.substr(0, equals), part.substr(equals + 1));
        begin = end + 1;
    }
    for (std::size_t i = 0; i < table.size(); ++i)
        if (std::all_of(wanted.begin(), wanted.end(),
                        [&](const auto& one) { return setting_text(table[i], one.first) == one.second; }))
            return i;
    return std::nullopt;
}

std::vector<std::string> setting_keys(const SweepTable& table) {
    std::vector<std::string> keys;
    for (const SweepTableRow& row : table)
        for (const auto& [key, value] : row.settings)
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    return keys;
}

std::string setting_text(const SweepTableRow& row, const std::string& key) {
    for (const auto& [own, value] : row.settings)
        if (own == key) return to_text(value);
    return "";
}

std::string table_text(const SweepTable& table, std::optional<std::size_t> baseline, TableFormat format) {
    if (format == TableFormat::csv) return csv(table, baseline);
    const bool latex = format == TableFormat::latex;
    std::vector<Line> lines = cells(table, baseline, latex ? " $\\pm$ " : " ± ");
    const std::size_t first_number = setting_keys(table).size();
    if (format == TableFormat::text) return aligned(lines, first_number);
    for (Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            std::string& cell = line[i];
            if (!latex)
                cell = escaped(cell, "|\\");
            else if (cell.find('$') == std::string::npos)
                cell = escaped(cell, "_%&#");
            // A minus sign instead of a hyphen.
            if (latex && (cell.starts_with('-') || cell.starts_with('[') || cell.starts_with('+')))
                cell = "$" + cell + "$";
        }
    }
    std::string text;
    const std::size_t columns = lines.front().size();
    if (latex) {
        text = "\\begin{tabular}{" + std::string(first_number, 'l') + std::string(columns - first_number, 'r') +
               "}\n\\hline\n";
        for (std::size_t i = 0; i < lines.size(); ++i)
            text += joined(lines[i], "", " & ", " \\\\") + (i == 0 ? "\\hline\n" : "");
        return text + "\\hline\n\\end{tabular}\n";
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += joined(lines[i], "| ", " | ", " |");
        if (i > 0) continue;
        text += "|";
        for (std::size_t column = 0; column < columns; ++column) text += column < first_number ? " --- |" : " ---: |";
        text += "\n";
    }
    return text;
}

}  // namespace wavlab
