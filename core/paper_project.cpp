// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/paper_project.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/option.h"
#include "core/paper_claim.h"
#include "core/toml_table_reader.h"

namespace wavlab {

namespace {

void add_settings(const TomlTableReader& keys, const std::string& prefix, const toml::table& table,
                  PaperSettings& settings) {
    for (const auto& [key, node] : table) {
        const std::string dotted = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table()) {
            add_settings(keys, dotted + ".", *inner, settings);
            continue;
        }
        const std::optional<OptionValue> value = option_value(node);
        if (!value) keys.fail(node, fmt::format("{} = {}: must be one value", dotted, shown(node)));
        settings.emplace_back(dotted, to_text(*value));
    }
}

void read_settings(TomlTableReader& keys, const char* key, PaperSettings& settings) {
    const toml::node* node = keys.find(key);
    if (!node) return;
    const toml::table* table = node->as_table();
    if (!table)
        keys.fail(*node,
                  fmt::format("{} = {}: must be settings, as in {{ \"model.layers\" = 48 }}", key, shown(*node)));
    add_settings(keys, "", *table, settings);
}

/// Names become files, beside others.
void require_file_name(const TomlTableReader& keys, const char* key, const std::string& name) {
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    if (!plain || name.starts_with('.'))
        keys.fail(fmt::format("{} = \"{}\": must be a file's name of letters, digits, '-', '_' and '.'", key, name));
}

PaperFigure read_figure(TomlTableReader& keys) {
    PaperFigure figure;
    keys.required_text("file", figure.file);
    require_file_name(keys, "file", figure.file);
    if (!figure.file.ends_with(".toml")) keys.fail("file: must end in .toml");
    keys.text("caption", figure.caption);
    return figure;
}

PaperTable read_table(TomlTableReader& keys) {
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
    int& digits = table.style.digits;
    keys.read("digits", digits, "a whole number from 1 to 9");
    if (digits < 1 || digits > 9) keys.fail(fmt::format("digits = {}: must be a whole number from 1 to 9", digits));
    keys.read("cost", table.style.cost, "true or false");
    return table;
}

PaperClaim read_claim(TomlTableReader& keys) {
    PaperClaim claim;
    claim.line = keys.line();
    keys.required_text("text", claim.text);
    keys.text("reading", claim.reading);
    read_settings(keys, "subject", claim.subject);
    read_settings(keys, "baseline", claim.baseline);
    read_settings(keys, "where", claim.where);
    read_settings(keys, "than", claim.than);
    keys.choice<bool>("quantity", claim.parameters, {{"loss", false}, {"parameters", true}});
    keys.choice<PaperExpectation>("expect", claim.expect,
                                  {{"lower", PaperExpectation::lower},
                                   {"not-lower", PaperExpectation::not_lower},
                                   {"within", PaperExpectation::within}});
    keys.read("margin", claim.margin, "a number");
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

PublishedLosses read_published(TomlTableReader& keys) {
    PublishedLosses losses;
    keys.required_text("source", losses.source);
    keys.required_text("data", losses.data);
    keys.read("layers", losses.layers, "a whole number");
    keys.required_text("method", losses.method);
    keys.required_text("baseline", losses.baseline);
    keys.read("loss", losses.loss, "a number");
    keys.read("baseline_loss", losses.baseline_loss, "a number");
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
    TomlTableReader keys(document, "", file_name);
    PaperProject project;
    keys.required_text("title", project.title);
    keys.text("about", project.about);
    keys.texts("sweeps", project.sweeps);
    keys.text("published_note", project.published_note);
    keys.tables("figure", [&](TomlTableReader& one) { project.figures.push_back(read_figure(one)); });
    keys.tables("table", [&](TomlTableReader& one) { project.tables.push_back(read_table(one)); });
    keys.tables("claim", [&](TomlTableReader& one) { project.claims.push_back(read_claim(one)); });
    keys.tables("published", [&](TomlTableReader& one) { project.published.push_back(read_published(one)); });
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
            if (const auto mixed = settings_that_differ(runs, side, where); !mixed.empty())
                throw InputError(
                    fmt::format("{}, line {}: [[claim]] the runs with {} differ in {} too, and a claim "
                                "compares means over seeds alone; say which in 'where'",
                                file_name, claim.line, settings_text(all), fmt::join(mixed, ", ")));
        };
        for (const PaperSettings* where : {&claim.where, &claim.than}) {
            if (where == &claim.than && claim.than.empty()) continue;
            require(claim.subject, *where);
            require(claim.baseline, *where);
        }
    }
}

}  // namespace wavlab
