// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/model_loader.h"
#include "app/queue/queue_results.h"
#include "app/queue/queue_runner.h"
#include "app/queue/sweep_console.h"
#include "app/queue/sweep_work.h"
#include "app/training_console.h"
#include "core/json_lines.h"
#include "core/loss_unit.h"
#include "core/ready_experiments.h"
#include "core/run_digest.h"
#include "core/run_queue.h"
#include "core/safe_file.h"
#include "core/sweep.h"
#include "core/sweep_runs.h"
#include "core/sweep_table.h"
#include "model/model_library.h"

using json = nlohmann::json;

namespace wavlab {
namespace {

struct SweepArguments {
    std::string sweep;
    std::vector<std::string> settings;
    std::string baseline;
    bool dry_run = false;
    bool json = false;
    bool stop_early = false;
    double stop_early_after = 0.5;
};

Sweep read_sweep(const SweepArguments& arguments) {
    namespace fs = std::filesystem;
    std::error_code unreadable;  // as good as not there
    const bool is_there = fs::exists(arguments.sweep, unreadable);
    const ReadyExperiment* ready = is_there ? nullptr : find_ready_sweep(arguments.sweep);
    if (!ready && !is_there) {
        std::string names;
        for (const ReadyExperiment& one : ready_sweeps()) names += (names.empty() ? "" : ", ") + one.id;
        throw InputError("there is neither a file nor a ready sweep '" + arguments.sweep + "'; ready are " + names);
    }
    const std::string text = ready ? std::string(ready->text) : read_file(arguments.sweep, 1 << 20);
    load_model_library();
    const fs::path folder = ready ? fs::current_path() : fs::absolute(arguments.sweep).parent_path();
    Sweep sweep = parse_sweep(text, arguments.sweep, folder);
    for (const std::string& setting : arguments.settings) apply_setting(sweep, setting);
    return sweep;
}

json settings_json(const SweepSettings& settings) {
    json object = json::object();
    for (const auto& [key, value] : settings)
        object[key] = std::visit([](const auto& held) { return json(held); }, value);
    return object;
}

json optional_json(const std::optional<double>& value) { return value ? json_number(*value) : json(); }

LossUnit unit_of(const std::vector<SweepPoint>& points) {
    const bool other_tokens = std::any_of(points.begin(), points.end(),
                                          [](const SweepPoint& point) { return chooses_tokens(point.settings); });
    return other_tokens ? LossUnit::bits_per_character : LossUnit::nats_per_token;
}

std::optional<double> last_loss(const QueuedRun& run, LossUnit unit) {
    try {
        if (run.state == QueueState::finished)
            return loss_in(unit, read_sweep_run(run.folder).last_loss(), read_digest(run.folder).description);
    } catch (const InputError&) {  // deleted meanwhile
    }
    return std::nullopt;
}

SweepTable results(const RunQueue& queue, const std::vector<std::string>& ids, LossUnit unit) {
    std::vector<SweepOutcome> outcomes;
    for (const std::string& id : ids)
        if (const QueuedRun* run = queue.find(id)) outcomes.push_back(outcome_of(*run, last_loss(*run, unit)));
    return sweep_table(outcomes);
}

/// The row that others are compared with. Found before anything is trained, so that a wrong one is said at once.
std::size_t find_baseline(const SweepTable& table, const std::string& wanted) {
    if (wanted.empty()) return 0;
    const std::optional<std::size_t> row = find_row(table, wanted);
    if (row) return *row;
    std::string known;
    for (const SweepTableRow& one : table) known += (known.empty() ? "" : "; ") + settings_text(one.settings);
    throw InputError("--baseline " + wanted + ": no setting of this sweep is like that; it has " + known);
}

void print_rows(const SweepTable& table, std::size_t baseline, LossUnit unit) {
    const bool in_nats = unit == LossUnit::nats_per_token;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const SweepTableRow& row = table[i];
        json object{{"settings", settings_json(row.settings)},
                    {"unit", in_nats ? "nats-per-token" : "bits-per-character"},
                    {"n", row.loss.n},
                    {"mean", optional_json(row.loss.mean)},
                    {"sd", optional_json(row.loss.standard_deviation)},
                    {"ended_early", row.ended_early},
                    {"diverged", row.diverged},
                    {"failed", row.failed},
                    {"missing", row.missing}};
        if (i != baseline) {
            const GroupStatistics difference = difference_to(row, table[baseline]);
            object["difference"] = optional_json(difference.mean);
            object["interval"] = difference.interval ? json{json_number(*difference.mean - *difference.interval),
                                                            json_number(*difference.mean + *difference.interval)}
                                                     : json();
            object["pairs"] = difference.n;
        }
        fmt::print("{}\n", json_line(object));
    }
}

void print_table(const SweepTable& table, std::size_t baseline, LossUnit unit) {
    fmt::print(
        "\nLast validation loss, {}; differences to {}, paired over seeds:\n{}",
        unit == LossUnit::nats_per_token ? "nats per token" : "bits per character",
        settings_text(table[baseline].settings).empty() ? "the first row" : settings_text(table[baseline].settings),
        table_text(table, baseline, TableFormat::text));
}

std::string repeated_sentence(const std::vector<SweepPoint>& points) {
    std::size_t repeated = 0;
    for (const SweepPoint& point : points) repeated += point.same.size();
    if (repeated == 0) return "";
    return fmt::format(
        "; {} more combination{} differ{} from {} only in options that the method lacks and {} made once", repeated,
        repeated == 1 ? "" : "s", repeated == 1 ? "s" : "", repeated == 1 ? "one" : "these",
        repeated == 1 ? "is" : "are");
}

void show_plan(const std::vector<SweepPoint>& points, const std::filesystem::path& runs, bool json) {
    RunIndex index(runs);
    index.refresh();
    double tokens = 0;
    for (const SweepPoint& point : points) {
        const std::optional<SweepRun> there = index.find(run_identity(point.experiment));
        std::string state = "new";
        if (there) state = there->ended_early ? "ended early" : to_string(there->state);
        if (there && there->state == RunState::running && !there->alive) state = "interrupted";
        const TrainSettings& train = point.experiment.train;
        tokens += double(train.steps * train.batch * train.accumulate * point.experiment.model.context);
        if (json)
            fmt::print("{}\n", json_line({{"event", "planned"},
                                          {"run", there ? there->folder.string() : point.experiment.name},
                                          {"settings", settings_json(point.settings)},
                                          {"state", state}}));
        else
            fmt::print("{:<12} {}  ({})\n", state, there ? there->folder.filename().string() : point.experiment.name,
                       settings_text(point.settings));
    }
    if (!json) fmt::print("{} runs, {:.3g} tokens in all{}\n", points.size(), tokens, repeated_sentence(points));
}

ExitCode sweep(const SweepArguments& arguments, const CommandEnvironment& environment) {
    stop_on_signals();
    const Sweep sweep = read_sweep(arguments);
    const std::vector<SweepPoint> points = expand(sweep);
    std::vector<SweepOutcome> planned;
    for (const SweepPoint& point : points)
        planned.push_back({point.settings, point.experiment.seed, QueueState::waiting, std::nullopt});
    const std::size_t baseline = find_baseline(sweep_table(planned), arguments.baseline);
    const LossUnit unit = unit_of(points);
    if (arguments.stop_early && unit != LossUnit::nats_per_token)
        throw InputError(
            "--stop-early compares losses per token, which differ between tokenizers; leave it out of a "
            "sweep over data.tokenizer");
    if (arguments.dry_run) {
        show_plan(points, environment.runs, arguments.json);
        return ExitCode::done;
    }

    RunQueue queue(environment.runs, "wavlab sweep");
    queue.hold();
    const std::optional<double> rule = arguments.stop_early ? std::optional(arguments.stop_early_after) : std::nullopt;
    const std::vector<std::string> ids = take_into_queue(queue, sweep, rule);

    QueueRunner::Settings settings;
    settings.devices = queue_devices_here(load_model_library().devices());
    settings.only.emplace(ids.begin(), ids.end());
    SweepConsole console(arguments.json);
    QueueRunner runner(queue, settings, console.listener());
    console.watch(runner);
    runner.start();
    fmt::print(stderr, "wavlab: {} runs, {} of them over already{}\n", ids.size(), runner.over_count(),
               repeated_sentence(points));
    work_through(runner);

    const SweepTable table = results(queue, ids, unit);
    arguments.json ? print_rows(table, baseline, unit) : print_table(table, baseline, unit);
    if (stop_was_asked() && !runner.is_done()) {
        fmt::print(stderr, "wavlab: stopped with {} of {} runs over; the same command goes on from here\n",
                   runner.over_count(), runner.total_count());
        return ExitCode::interrupted;
    }
    return exit_code_of(queue, runner, ids);
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<SweepArguments>();
    app.add_option("sweep", arguments->sweep, "A sweep file, or the name of a ready sweep")
        ->type_name("SWEEP.toml")
        ->required();
    app.add_option("--set", arguments->settings,
                   "Change one option of every run, as in --set train.steps=100, or what is varied, as in "
                   "--set seed=[1,2]")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--baseline", arguments->baseline,
                   "The setting that others are compared with, as in model.method=standard; without: the first")
        ->type_name("KEY=VALUE");
    app.add_flag("--stop-early", arguments->stop_early,
                 "End runs whose best validation loss is worse than the median of the other runs' at the same step");
    app.add_option("--stop-early-after", arguments->stop_early_after,
                   "The fraction of its steps that a run has at least before it may be ended early")
        ->type_name("FRACTION")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    app.add_flag("--dry-run", arguments->dry_run, "Only list the runs, and which of them are there already");
    app.add_flag("--json", arguments->json, "One JSON object a line; at the end one for each setting");
    return [arguments](const CommandEnvironment& environment) { return sweep(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{
    {"sweep", 22, "Train every combination of several options, or go on with that", declare}};

}  // namespace
}  // namespace wavlab
