// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <clocale>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <QApplication>
#include <QHashSeed>
#include <QJsonDocument>

#include "app/command.h"
#include "app/gui/figure_page_runs.h"
#include "app/gui/qt_messages.h"
#include "app/model_loader.h"
#include "core/error.h"
#include "core/experiment.h"
#include "core/figure_file.h"
#include "core/run_folder.h"
#include "core/run_groups.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

struct FigureArguments {
    std::vector<std::string> runs;
    std::string kind;
    std::string out;
    std::string save;
    std::string venue = "free";
    std::string width;
    std::string font;
    std::string palette;
    std::string color_map;
    int dots_per_inch = 300;
    bool svg_paths = false;
    std::optional<std::int64_t> step;
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

/// Without a display Qt would abort, and the picture is the same.
class OffscreenApplication {
public:
    OffscreenApplication() {
        std::setlocale(LC_NUMERIC, "C");  // QApplication has set the user's
    }

private:
    struct Before {
        Before() {
            qputenv("QT_QPA_PLATFORM", "offscreen");
            quiet_qt_messages();
            QHashSeed::setDeterministicGlobalSeed();
        }
    };
    Before before_;
    int count_ = 1;
    char name_[7] = "wavlab";
    char* list_[2] = {name_, nullptr};
    QApplication application_{count_, list_};
};

/// `told`: sentences that were said before, of another file of the same figure.
void report(const FigureResult& figure, std::set<std::string>& told) {
    for (const std::string& note : figure.notes)
        if (told.insert(note).second) fmt::print(stderr, "wavlab: {}\n", note);
    fmt::print("{} ({:.3g} x {:.3g} in, {})\n", figure.file.string(), figure.width_inches, figure.height_inches,
               figure.font);
}

/// Methods are registered by the model library, which takes a second to load.
void load_names(const PlotDescriptor& plot, const QJsonObject& state) {
    if (plot.names_methods || state.contains("group")) load_model_library();
}

bool is_figure_file(const std::string& name) { return std::filesystem::path(name).extension() == ".toml"; }

/// `wavlab figure FIGURE.toml...`
ExitCode draw_files(const FigureArguments& arguments, const CommandEnvironment& environment) {
    const OffscreenApplication application;
    FigureRuns runs(environment.runs);
    for (const std::string& name : arguments.runs) {
        if (!is_figure_file(name))
            throw InputError("'" + name + "' is no figure file; runs need --kind, and figure files stand alone");
        const std::filesystem::path file = name;
        const FigureFile figure = read_figure(file);
        std::vector<std::filesystem::path> targets;
        for (const std::string& out : figure.out) targets.push_back(file.parent_path() / out);
        if (!arguments.out.empty()) targets = {arguments.out};
        if (targets.empty())
            throw InputError(name + ": names no file to write; it needs out = [\"FILE.pdf\"], or the command --out");
        for (const std::filesystem::path& target : targets) figure_format(target);  // before any run is read
        const PageContent page = runs.page_of(figure);
        for (const PagePanel& panel : page.panels) load_names(*panel.plot, panel.state);
        std::set<std::string> told;
        for (const FigureResult& figure : export_page(page, targets)) report(figure, told);
    }
    return ExitCode::done;
}

/// --save: the figure of the command line as a file.
void save_figure_file(const FigureArguments& arguments, const FigureOptions& options) {
    FigurePanel panel;
    panel.kind = arguments.kind;
    for (const std::string& run : arguments.runs)
        panel.runs.push_back(run.find('/') == std::string::npos ? run : std::filesystem::absolute(run).string());
    panel.step = options.step;
    panel.state = QJsonDocument(options.state).toJson(QJsonDocument::Compact).toStdString();
    const std::string out = std::filesystem::absolute(arguments.out).string();
    write_file_safely(arguments.save, figure_toml({options, {out}, {panel}}));
    fmt::print("{}\n", arguments.save);
}

/// Of the venue, with what the command line says otherwise.
FigureOptions options_of(const FigureArguments& arguments) {
    FigureOptions options;
    static_cast<FigureLook&>(options) = figure_look_of(arguments.venue);
    options.step = arguments.step;
    if (!arguments.width.empty()) options.width_inches = parse_figure_width(arguments.width);
    if (!arguments.font.empty()) options.font = arguments.font;
    if (!arguments.palette.empty()) options.palette = arguments.palette;
    if (!arguments.color_map.empty()) options.color_map = arguments.color_map;
    options.dots_per_inch = arguments.dots_per_inch;
    options.text_as_paths = arguments.svg_paths;
    check_figure_look(options);
    return options;
}

ExitCode draw(const FigureArguments& arguments, const CommandEnvironment& environment) {
    if (arguments.kind.empty()) {
        if (std::none_of(arguments.runs.begin(), arguments.runs.end(), is_figure_file))
            throw InputError("--kind is needed: what to draw of these runs");
        return draw_files(arguments, environment);
    }
    if (arguments.out.empty()) throw InputError("--out is needed: the file of the figure");
    FigureOptions options = options_of(arguments);
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

    load_names(find_plot(arguments.kind), options.state);
    const OffscreenApplication application;
    std::set<std::string> told;
    report(make_figure(arguments.kind, records, options, arguments.out), told);
    if (!arguments.save.empty()) save_figure_file(arguments, options);
    return ExitCode::done;
}

/// A figure file says all of it but where to write.
void require_file_options(const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
        if (option->count() > 0 && option->get_name() != "runs" && option->get_name() != "--out")
            throw InputError(option->get_name() + ": needs --kind; a figure file says this itself");
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<FigureArguments>();
    app.add_option("runs", arguments->runs,
                   "Run folders, or names under --runs; or figure files (.toml), which say all the rest but --out")
        ->type_name("RUN...|FIGURE.toml...")
        ->required();
    std::string kinds;
    for (const PlotDescriptor& plot : PlotRegistry::all()) kinds += (kinds.empty() ? "" : ", ") + plot.id;
    app.add_option("--kind", arguments->kind, "What to draw: " + kinds);
    app.add_option("--out", arguments->out,
                   "Vectors (.pdf, .svg), pixels (.png), pgfplots for LaTeX (.tex), or the numbers drawn (.csv)")
        ->type_name("FILE.pdf|.svg|.png|.tex|.csv");
    app.add_option("--save", arguments->save, "Also save the figure as a file that draws it again")
        ->type_name("FIGURE.toml");
    std::string venues;
    for (const FigureVenue& venue : figure_venues()) venues += (venues.empty() ? "" : ", ") + std::string(venue.id);
    app.add_option("--venue", arguments->venue, "Width, font and its size: " + venues)->capture_default_str();
    app.add_option("--width", arguments->width, "5.5in, 3.25in, 6.75in, 14cm, ...; else the venue's");
    app.add_option("--step", arguments->step, "Of the routing or detail frame, or of the probe; else the newest");
    app.add_option("--quantity", arguments->quantity,
                   "routing: weight, contribution, relative, spread, attribution; details: rms, scale, cosine, bias; "
                   "depth: state, update, gradient, ratio; probe: zero, renormalise; results: "
                   "loss, difference, parameters, speed, memory");
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
    app.add_option("--font", arguments->font, "sans, serif, or a family's name; else the venue's");
    app.add_option("--palette", arguments->palette, "okabe-ito, tol-bright, or grey for print without colours");
    app.add_option("--color-map", arguments->color_map, "Of heatmaps: viridis, cividis or magma");
    app.add_option("--dpi", arguments->dots_per_inch, "Of a PNG, 72 to 1200")->capture_default_str();
    app.add_flag("--svg-paths", arguments->svg_paths, "Texts of an SVG as paths: no font is needed to see it");
    return [arguments, &app](const CommandEnvironment& environment) {
        if (arguments->kind.empty()) require_file_options(app);
        return draw(*arguments, environment);
    };
}

const Registration<CommandDescriptor> registration{{"figure", 34, "Draw a figure of runs", declare}};

}  // namespace
}  // namespace wavlab
