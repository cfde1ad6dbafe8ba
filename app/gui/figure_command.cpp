// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <clocale>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <QApplication>
#include <QHashSeed>

#include "app/command.h"
#include "app/gui/qt_messages.h"
#include "core/error.h"
#include "core/experiment.h"
#include "core/run_folder.h"
#include "core/run_groups.h"
#include "core/run_record.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

struct FigureArguments {
    std::vector<std::string> runs;
    std::string kind;
    std::string out;
    std::string width = "5.5in";
    std::string mode;
    std::string quantity;
    std::string against;
    std::optional<std::int64_t> against_step;
    std::optional<int> router;
    bool logarithmic = false;
    std::string axis;
    std::string unit;
    std::string group;
    std::string band;
    std::string losses;
    bool single_runs = false;
    std::optional<double> smoothing;
    FigureOptions options;
};

/// Throws InputError that says what is allowed.
void choose(FigureOptions& options, const char* key, const std::string& value, const std::string& kind,
            const std::vector<std::string>& allowed) {
    if (value.empty()) return;
    std::string list;
    for (const std::string& one : allowed) list += (list.empty() ? "" : ", ") + one;
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        throw InputError(allowed.empty() ? fmt::format("--{}: the figure '{}' has no such choice", key, kind)
                                         : fmt::format("--{}: '{}' is not known; allowed are {}", key, value, list));
    options.state[key] = QString::fromStdString(value);
}

/// What the figure shows of its runs, as the plot's state.
void set_state(FigureOptions& options, const FigureArguments& arguments, const PlotDescriptor& plot) {
    choose(options, "mode", arguments.mode, plot.id, plot.modes);
    choose(options, "quantity", arguments.quantity, plot.id, plot.quantities);
    if (arguments.logarithmic) options.state["log"] = true;
    if (arguments.router && *arguments.router < 1)
        throw InputError(fmt::format("--router: {} is no router; they are counted from 1", *arguments.router));
    if (arguments.router) options.state["router"] = *arguments.router;
    if (!arguments.against.empty() || arguments.against_step)
        if (!plot.compares) throw InputError(fmt::format("the figure '{}' compares nothing", plot.id));
    if (arguments.against_step) options.state["against_step"] = double(*arguments.against_step);
}

/// Throws InputError unless runs can be grouped by this setting.
void require_group_key(const std::string& key, const std::vector<std::shared_ptr<RunRecord>>& records) {
    if (key.empty() || key == "replicates") return;
    std::vector<const Experiment*> runs;
    for (const auto& record : records) runs.push_back(&record->experiment());
    std::vector<std::string> allowed = grouping_keys(runs);
    allowed.insert(allowed.begin(), "replicates");
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
        throw InputError(
            fmt::format("--group: '{}' is no setting of these runs; allowed are {}", key, fmt::join(allowed, ", ")));
}

/// What only the loss plot knows.
void set_loss_state(FigureOptions& options, const FigureArguments& arguments, const std::string& kind) {
    using Allowed = std::vector<std::string>;
    const bool loss = kind == "loss";
    choose(options, "x", arguments.axis, kind, loss ? Allowed{"step", "tokens", "time", "flops"} : Allowed{});
    choose(options, "unit", arguments.unit, kind,
           loss ? Allowed{"nats-per-token", "bits-per-character", "bits-per-byte"} : Allowed{});
    choose(options, "band", arguments.band, kind, loss ? Allowed{"deviation", "interval", "none"} : Allowed{});
    choose(options, "losses", arguments.losses, kind, loss ? Allowed{"both", "train", "validation"} : Allowed{});
    if (!loss && (!arguments.group.empty() || arguments.single_runs || arguments.smoothing))
        throw InputError(fmt::format("the figure '{}' has no groups and no smoothing", kind));
    if (!arguments.group.empty())
        options.state["group"] =
            QString::fromStdString(arguments.group == "replicates" ? all_settings : arguments.group);
    if (arguments.single_runs) options.state["single_runs"] = true;
    if (arguments.smoothing && !(*arguments.smoothing >= 0 && *arguments.smoothing <= 0.999))
        throw InputError(fmt::format("--smoothing: {} is not allowed; it is 0 to 0.999", *arguments.smoothing));
    if (arguments.smoothing) options.state["smoothing"] = *arguments.smoothing;
    if (loss && arguments.logarithmic) options.state["log_loss"] = true;
}

ExitCode draw(const FigureArguments& arguments, const CommandEnvironment& environment) {
    FigureOptions options = arguments.options;
    options.width_inches = parse_figure_width(arguments.width);
    figure_format(arguments.out);  // refused before anything is read
    if (const PlotDescriptor* plot = PlotRegistry::find(arguments.kind)) {
        set_state(options, arguments, *plot);
        set_loss_state(options, arguments, plot->id);
    }
    std::vector<std::shared_ptr<RunRecord>> records;
    for (const std::string& run : arguments.runs) {
        records.push_back(std::make_shared<RunRecord>(find_run(run, environment.runs).path));
        records.back()->follow_store();
    }
    require_group_key(arguments.group, records);
    if (!arguments.against.empty()) {
        const auto other = std::make_shared<RunRecord>(find_run(arguments.against, environment.runs).path);
        options.state["against"] = QString::fromStdString(other->name());
        const bool given = std::any_of(records.begin(), records.end(),
                                       [&](const auto& record) { return record->folder() == other->folder(); });
        if (!given) {
            other->follow_store();
            records.push_back(other);
        }
    }

    // Without a display Qt would abort, and the picture is the same.
    qputenv("QT_QPA_PLATFORM", "offscreen");
    quiet_qt_messages();
    QHashSeed::setDeterministicGlobalSeed();
    int argument_count = 1;
    char name[] = "wavlab";
    char* argument_list[] = {name, nullptr};
    const QApplication application(argument_count, argument_list);
    std::setlocale(LC_NUMERIC, "C");

    const FigureResult figure = make_figure(arguments.kind, records, options, arguments.out);
    for (const std::string& note : figure.notes) fmt::print(stderr, "wavlab: {}\n", note);
    fmt::print("{} ({:.3g} x {:.3g} in, {})\n", figure.file.string(), figure.width_inches, figure.height_inches,
               figure.font);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<FigureArguments>();
    app.add_option("runs", arguments->runs, "Run folders, or names under --runs")->type_name("RUN...")->required();
    std::string kinds;
    for (const PlotDescriptor& plot : PlotRegistry::all()) kinds += (kinds.empty() ? "" : ", ") + plot.id;
    app.add_option("--kind", arguments->kind, "What to draw: " + kinds)->required();
    app.add_option("--out", arguments->out, "Vectors (.pdf, .svg) or 300 dots an inch (.png)")
        ->type_name("FILE.pdf|.svg|.png")
        ->required();
    app.add_option("--width", arguments->width, "5.5in, 3.25in, 6.75in, 14cm, ...")->capture_default_str();
    app.add_option("--step", arguments->options.step,
                   "Of the routing or detail frame, or of the probe; else the newest");
    app.add_option("--quantity", arguments->quantity,
                   "routing: weight, contribution, relative, spread, attribution; details: rms, scale, cosine, bias; "
                   "depth: state, update, gradient, ratio; probe: zero, renormalise");
    app.add_option("--mode", arguments->mode,
                   "routing and depth: 'step', or 'time' for a heatmap over all steps; depth: 'runs' for one of each "
                   "run (at most six); probe: heatmaps, scatter or families");
    app.add_option("--router", arguments->router, "The router that is drawn over time, from 1; else the last");
    auto* against =
        app.add_option("--against", arguments->against, "routing: minus this run; depth over time: divided by it")
            ->type_name("RUN");
    app.add_option("--against-step", arguments->against_step, "The same with this step of the run")->excludes(against);
    app.add_flag("--log", arguments->logarithmic,
                 "details, depth, loss and probe: a logarithmic axis or logarithmic colours");
    app.add_option("--x", arguments->axis, "loss: by step, tokens, time or flops");
    app.add_option("--unit", arguments->unit, "loss: nats-per-token, bits-per-character or bits-per-byte");
    app.add_option(
           "--group", arguments->group,
           "loss: means over runs with the same value of this setting (model.method, ...), or 'replicates' that "
           "differ in their seed only")
        ->type_name("KEY");
    app.add_option("--band", arguments->band, "loss: of groups: deviation, interval (95 %) or none");
    app.add_flag("--single-runs", arguments->single_runs, "loss: the runs of groups as faint lines too");
    app.add_option("--losses", arguments->losses, "loss: both, train or validation");
    app.add_option("--smoothing", arguments->smoothing, "loss: of the training loss, 0 to 0.999");
    app.add_option("--font", arguments->options.font, "sans, serif, or a family's name")->capture_default_str();
    return [arguments](const CommandEnvironment& environment) { return draw(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"figure", 34, "Draw a figure of runs", declare}};

}  // namespace
}  // namespace wavlab
