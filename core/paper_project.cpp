// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/paper_project.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment_toml.h"
#include "core/option.h"
#include "core/paper_claim.h"

namespace wavlab {

namespace {

/// Reads the keys of one table, and knows afterwards which there are.
class TableKeys {
public:
    TableKeys(const toml::table& table, std::string what, const std::string& file_name)
        : table_(table), what_(std::move(what)), file_name_(file_name) {}

    [[noreturn]] void fail(const toml::node& node, const std::string& problem) const {
        throw InputError(fmt::format("{}, line {}: {}{}", file_name_, node.source().begin.line,
                                     what_.empty() ? "" : what_ + " ", problem));
    }
    [[noreturn]] void fail(const std::string& problem) const { fail(table_, problem); }

    std::int64_t line() const { return table_.source().begin.line; }

    const toml::node* find(const char* key) {
        known_.emplace_back(key);
        return table_.get(key);
    }

    template <class Value>
    void read(const char* key, Value& value, const char* allowed) {
        const toml::node* node = find(key);
        if (!node) return;
        const auto held = node->value_exact<Value>();
        if (!held) fail(*node, fmt::format("{} = {}: must be {}", key, shown(*node), allowed));
        value = *held;
    }
    void text(const char* key, std::string& value) { read(key, value, "text in quotes"); }
    void required_text(const char* key, std::string& value) {
        text(key, value);
        if (value.empty()) fail(fmt::format("lacks '{}', text in quotes", key));
    }
    void number(const char* key, double& value) {
        const toml::node* node = find(key);
        if (!node) return;
        const std::optional<double> held = node->is_number() ? node->value<double>() : std::nullopt;
        if (!held || !std::isfinite(*held)) fail(*node, fmt::format("{} = {}: must be a number", key, shown(*node)));
        value = *held;
    }

    void texts(const char* key, std::vector<std::string>& values) {
        const toml::node* node = find(key);
        if (!node) return;
        const toml::array* list = node->as_array();
        std::vector<std::string> read;
        if (list)
            for (const toml::node& one : *list)
                if (one.is_string()) read.push_back(**one.as_string());
        if (!list || read.size() != list->size() || read.empty())
            fail(*node, fmt::format("{} = {}: must be a list of texts, as in [\"a\", \"b\"]", key, shown(*node)));
        values = std::move(read);
    }

    /// One of several words.
    template <class Value>
    void choice(const char* key, Value& value, const std::vector<std::pair<const char*, Value>>& choices) {
        const toml::node* node = find(key);
        if (!node) return;
        std::vector<std::string> allowed;
        for (const auto& [word, meaning] : choices) {
            allowed.emplace_back(word);
            if (node->is_string() && **node->as_string() == word) {
                value = meaning;
                return;
            }
        }
        fail(*node, fmt::format("{} = {}: must be one of {}", key, shown(*node), fmt::join(allowed, ", ")));
    }

    void settings(const char* key, PaperSettings& settings) {
        const toml::node* node = find(key);
        if (!node) return;
        const toml::table* table = node->as_table();
        if (!table)
            fail(*node, fmt::format("{} = {}: must be settings, as in {{ \"model.layers\" = 48 }}", key, shown(*node)));
        add_settings("", *table, settings);
    }

    /// The tables of a list of tables, each read by `read`.
    template <class Read>
    void tables(const char* key, const Read& read) {
        const toml::node* node = find(key);
        if (!node) return;
        const toml::array* list = node->as_array();
        if (!list) fail(*node, fmt::format("{}: must be written as [[{}]], once for each", key, key));
        for (const toml::node& one : *list) {
            const toml::table* table = one.as_table();
            if (!table) fail(one, fmt::format("{}: must be written as [[{}]], once for each", key, key));
            TableKeys keys(*table, fmt::format("[[{}]]", key), file_name_);
            read(keys);
            keys.end();
        }
    }

    void end() const {
        for (const auto& [key, node] : table_)
            if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
                fail(node,
                     fmt::format("{}: this key is not known here; allowed are {}", key.str(), fmt::join(known_, ", ")));
    }

private:
    void add_settings(const std::string& prefix, const toml::table& table, PaperSettings& settings) const {
        for (const auto& [key, node] : table) {
            const std::string dotted = prefix + std::string(key.str());
            if (const toml::table* inner = node.as_table()) {
                add_settings(dotted + ".", *inner, settings);
                continue;
            }
            const std::optional<OptionValue> value = option_value(node);
            if (!value) fail(node, fmt::format("{} = {}: must be one value", dotted, shown(node)));
            settings.emplace_back(dotted, to_text(*value));
        }
    }

    const toml::table& table_;
    std::string what_;
    const std::string& file_name_;
    std::vector<std::string> known_;
};

/// Names become files, beside others.
void require_file_name(const TableKeys& keys, const char* key, const std::string& name) {
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    if (!plain || name.starts_with('.'))
        keys.fail(fmt::format("{} = \"{}\": must be a file's name of letters, digits, '-', '_' and '.'", key, name));
}

PaperFigure read_figure(TableKeys& keys) {
    PaperFigure figure;
    keys.required_text("file", figure.file);
    require_file_name(keys, "file", figure.file);
    if (!figure.file.ends_with(".toml")) keys.fail("file: must end in .toml");
    keys.text("caption", figure.caption);
    return figure;
}

PaperTable read_table(TableKeys& keys) {
    PaperTable table;
    keys.required_text("name", table.name);
    require_file_name(keys, "name", table.name);
    keys.required_text("title", table.title);
    keys.texts("rows", table.request.rows);
    keys.texts("columns", table.request.columns);
    keys.texts("values", table.request.values);
    keys.text("baseline", table.request.baseline);
    keys.choice<TableSpread>(
        "spread", table.style.spread,
        {{"deviation", TableSpread::deviation}, {"interval", TableSpread::interval}, {"none", TableSpread::none}});
    std::int64_t digits = table.style.digits;
    keys.read("digits", digits, "a whole number from 1 to 9");
    if (digits < 1 || digits > 9) keys.fail(fmt::format("digits = {}: must be a whole number from 1 to 9", digits));
    table.style.digits = static_cast<int>(digits);
    keys.read("cost", table.style.cost, "true or false");
    return table;
}

PaperClaim read_claim(TableKeys& keys) {
    PaperClaim claim;
    claim.line = keys.line();
    keys.required_text("text", claim.text);
    keys.text("reading", claim.reading);
    keys.settings("subject", claim.subject);
    keys.settings("baseline", claim.baseline);
    keys.settings("where", claim.where);
    keys.settings("than", claim.than);
    keys.choice<bool>("quantity", claim.parameters, {{"loss", false}, {"parameters", true}});
    keys.choice<PaperExpectation>("expect", claim.expect,
                                  {{"lower", PaperExpectation::lower},
                                   {"not-lower", PaperExpectation::not_lower},
                                   {"within", PaperExpectation::within}});
    keys.number("margin", claim.margin);
    if (claim.subject.empty() || claim.baseline.empty())
        keys.fail("must name its 'subject' and its 'baseline', each as in { \"model.method\" = \"wav\" }");
    if (claim.parameters && claim.expect != PaperExpectation::within)
        keys.fail("expect: of parameters only \"within\" can be claimed");
    if (claim.expect == PaperExpectation::within && claim.margin <= 0)
        keys.fail("margin: \"within\" needs one above 0, as in 0.01 for one per cent");
    if (!claim.than.empty() && claim.expect != PaperExpectation::lower)
        keys.fail("than: a difference of differences can only be claimed to be \"lower\"");
    return claim;
}

PublishedLosses read_published(TableKeys& keys) {
    PublishedLosses losses;
    keys.required_text("source", losses.source);
    keys.required_text("data", losses.data);
    keys.read("layers", losses.layers, "a whole number");
    keys.required_text("method", losses.method);
    keys.required_text("baseline", losses.baseline);
    keys.number("loss", losses.loss);
    keys.number("baseline_loss", losses.baseline_loss);
    keys.required_text("unit", losses.unit);
    return losses;
}

/// Runs as they will be, for checks that look at settings alone.
std::vector<TableRun> planned_runs(const std::vector<Experiment>& experiments) {
    std::vector<TableRun> runs;
    for (const Experiment& experiment : experiments) {
        TableRun run;
        run.name = experiment.name;
        run.experiment = experiment;
        run.state = RunState::finished;
        runs.push_back(std::move(run));
    }
    return runs;
}

}  // namespace

PaperProject parse_paper(std::string_view toml, const std::string& file_name) {
    const toml::table document = parse_document(toml, file_name);
    TableKeys keys(document, "", file_name);
    PaperProject project;
    keys.required_text("title", project.title);
    keys.text("about", project.about);
    keys.texts("sweeps", project.sweeps);
    keys.text("published_note", project.published_note);
    keys.tables("figure", [&](TableKeys& one) { project.figures.push_back(read_figure(one)); });
    keys.tables("table", [&](TableKeys& one) { project.tables.push_back(read_table(one)); });
    keys.tables("claim", [&](TableKeys& one) { project.claims.push_back(read_claim(one)); });
    keys.tables("published", [&](TableKeys& one) { project.published.push_back(read_published(one)); });
    keys.end();
    if (project.sweeps.empty()) keys.fail("lacks 'sweeps', a list of sweep files and ready sweeps");
    std::set<std::string> names;
    for (const PaperTable& table : project.tables)
        if (!names.insert(table.name).second) keys.fail("two tables have the name '" + table.name + "'");
    for (const PaperFigure& figure : project.figures)
        if (!names.insert(figure.file).second) keys.fail("two figures have the file '" + figure.file + "'");
    return project;
}

std::string settings_text(const PaperSettings& settings) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : settings) parts.push_back(key + " = " + value);
    return fmt::format("{}", fmt::join(parts, ", "));
}

void require_paper_fits(const PaperProject& project, const std::vector<Experiment>& experiments,
                        const std::string& file_name) {
    const std::vector<TableRun> runs = planned_runs(experiments);
    for (const PaperTable& table : project.tables) {
        try {
            result_table(runs, table.request);
        } catch (const InputError& problem) {
            throw InputError(fmt::format("{}: table '{}': {}", file_name, table.name, problem.what()));
        }
    }
    for (const PaperClaim& claim : project.claims) {
        const auto require = [&](const PaperSettings& side, const PaperSettings& where) {
            PaperSettings all = side;
            all.insert(all.end(), where.begin(), where.end());
            if (runs_with(runs, all).empty())
                throw InputError(fmt::format("{}, line {}: [[claim]] the sweeps have no run with {}", file_name,
                                             claim.line, settings_text(all)));
        };
        for (const PaperSettings* where : {&claim.where, &claim.than}) {
            if (where == &claim.than && claim.than.empty()) continue;
            require(claim.subject, *where);
            require(claim.baseline, *where);
        }
    }
}

}  // namespace wavlab
