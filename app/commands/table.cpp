// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/table_file.h"
#include "core/loss_unit.h"
#include "core/result_table.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/table_format.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

struct TableArguments {
    std::vector<std::string> runs;
    TableRequest request;
    std::string moment = "last";
    std::string unit;
    std::string spread = "deviation";
    std::string format;
    std::string out;
    bool no_cost = false;
    TableStyle style;
};

/// By --format, else by the target's extension, else Markdown.
const TableWriter& writer_for(const TableArguments& arguments) {
    const std::string format = arguments.format.empty() && arguments.out.empty() ? "markdown" : arguments.format;
    if (format.empty()) {
        if (const TableWriter* writer = table_writer_of(arguments.out)) return *writer;
        throw InputError("--out: the name of '" + arguments.out +
                         "' must end in .tex, .md or .csv, or --format must say what it is");
    }
    std::vector<std::string> ids;
    for (const TableWriter& writer : table_writers()) {
        if (format == writer.id) return writer;
        ids.emplace_back(writer.id);
    }
    throw InputError(fmt::format("--format: '{}' is not known; allowed are {}", format, fmt::join(ids, ", ")));
}

TableSpread spread_of(const std::string& text) {
    if (text == "deviation") return TableSpread::deviation;
    if (text == "interval") return TableSpread::interval;
    if (text == "none") return TableSpread::none;
    throw InputError("--spread: '" + text + "' is not known; allowed are deviation, interval, none");
}

LossUnit unit_of(const std::string& text) {
    if (const std::optional<LossUnit> unit = parse_loss_unit(text)) return *unit;
    throw InputError("--unit: '" + text +
                     "' is not known; allowed are nats-per-token, bits-per-character, bits-per-byte");
}

/// Every run once, though it may have been named twice. Throws InputError when none has recorded one of the values.
std::vector<TableRun> read_runs(const TableArguments& arguments, const CommandEnvironment& environment) {
    std::vector<TableRun> runs;
    std::set<fs::path> folders;
    std::set<std::string> recorded;
    for (const std::string& name : arguments.runs) {
        const RunFolder folder = find_run(name, environment.runs);
        std::error_code unreadable;
        if (!folders.insert(fs::weakly_canonical(folder.path, unreadable)).second) continue;
        RunRecord record(folder.path);
        record.follow_store();
        runs.push_back(read_table_run(record, arguments.request.values, arguments.request.moment));
        for (const std::string& recorded_name : record.scalar_names()) recorded.insert(recorded_name);
    }
    for (const std::string& value : arguments.request.values)
        if (!recorded.contains(value))
            throw InputError(fmt::format("--values: none of these runs has recorded '{}'; there are {}", value,
                                         fmt::join(recorded, ", ")));
    return runs;
}

ExitCode make_table(TableArguments arguments, const CommandEnvironment& environment) {
    const TableWriter& writer = writer_for(arguments);  // all of the command line is refused before a run is read
    arguments.style.spread = spread_of(arguments.spread);
    arguments.style.cost = !arguments.no_cost;
    if (arguments.style.digits < 1 || arguments.style.digits > 9)
        throw InputError(fmt::format("--digits: {} is not allowed; it is 1 to 9", arguments.style.digits));
    arguments.request.moment = parse_table_moment(arguments.moment);
    if (!arguments.unit.empty()) arguments.request.unit = unit_of(arguments.unit);

    const ResultTable table = result_table(read_runs(arguments, environment), arguments.request);
    if (arguments.out.empty()) {
        fmt::print("{}", writer.write(table, arguments.style));
    } else {
        write_table_file(table, arguments.style, writer, arguments.out);
        fmt::print("{}\n", arguments.out);
    }
    if (!arguments.out.empty() || writer.needs_companion)
        for (const std::string& note : table.notes) fmt::print(stderr, "wavlab: {}\n", note);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<TableArguments>();
    TableRequest& request = arguments->request;
    app.add_option("runs", arguments->runs, "Run folders, or names under --runs")->type_name("RUN...")->required();
    app.add_option("--rows", request.rows,
                   "Settings whose values make the rows (model.method, model.layers, method.blocks, ...), parted by "
                   "commas; else all that differ, apart from the seed and the columns")
        ->type_name("KEY,...")
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--columns", request.columns, "Settings whose values make the columns; else there is one")
        ->type_name("KEY,...")
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--values", request.values, "What is shown: val/loss, train/loss or another recorded number")
        ->type_name("NAME,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str();
    app.add_option("--at", arguments->moment,
                   "Of which step: last, best (the smallest validation loss) or a step's number")
        ->type_name("last|best|STEP")
        ->capture_default_str();
    app.add_option("--baseline", request.baseline,
                   "The rows that others are compared with, by pairs of runs with the same seed: a value of the rows "
                   "(standard), KEY=VALUE, or none; else standard where it is there")
        ->type_name("VALUE");
    app.add_option("--spread", arguments->spread,
                   "Of means over seeds: deviation, interval (half of the 95% interval) or none")
        ->capture_default_str();
    app.add_option("--unit", arguments->unit,
                   "Of losses: nats-per-token, bits-per-character or bits-per-byte; else nats per token, or bits per "
                   "character where tokenizers differ");
    app.add_option("--digits", arguments->style.digits, "Of losses, after the point")->capture_default_str();
    app.add_flag("--no-cost", arguments->no_cost, "Without parameters, speed and memory");
    app.add_option("--format", arguments->format, "latex, markdown or csv; else by --out, else markdown");
    app.add_option("--out", arguments->out, "The file; else stdout. Beside a CSV lies FILE.csv.provenance.txt")
        ->type_name("FILE.tex|.md|.csv");
    return [arguments](const CommandEnvironment& environment) { return make_table(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"table", 35, "Make a table of the results of runs", declare}};

}  // namespace
}  // namespace wavlab
