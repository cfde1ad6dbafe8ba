// SPDX-License-Identifier: GPL-3.0-or-later
#include <clocale>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <QApplication>
#include <QHashSeed>

#include "app/command.h"
#include "app/gui/qt_messages.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

struct FigureArguments {
    std::vector<std::string> runs;
    std::string kind;
    std::string out;
    std::string width = "5.5in";
    FigureOptions options;
};

ExitCode draw(const FigureArguments& arguments, const CommandEnvironment& environment) {
    FigureOptions options = arguments.options;
    options.width_inches = parse_figure_width(arguments.width);
    figure_format(arguments.out);  // refused before anything is read
    std::vector<std::shared_ptr<RunRecord>> records;
    for (const std::string& run : arguments.runs) {
        records.push_back(std::make_shared<RunRecord>(find_run(run, environment.runs).path));
        records.back()->follow_store();
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
    app.add_option("--step", arguments->options.step, "Of the routing or detail frame; else the newest");
    app.add_option("--font", arguments->options.font, "sans, serif, or a family's name")->capture_default_str();
    return [arguments](const CommandEnvironment& environment) { return draw(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"figure", 34, "Draw a figure of runs", declare}};

}  // namespace
}  // namespace wavlab
