// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of a paper, as files and for its report.
#include <array>
#include <map>

#include <fmt/format.h>

#include "app/paper/paper.h"
#include "core/csv.h"
#include "core/grouped_statistics.h"
#include "core/number_text.h"
#include "core/result_table.h"
#include "core/routing_mass.h"
#include "core/safe_file.h"
#include "core/table_format.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr const char* mass_name = "routing-mass";

/// Where the numbers come from stands in the files; a report says it once.
std::string without_comment(const std::string& text) { return text.substr(0, text.find("\n<!--")); }

std::string write_table(const PaperTable& table, const PaperRuns& runs, const fs::path& folder) {
    const ResultTable results =
        result_table(table_runs(runs, table.request.values, table.request.moment), table.request);
    for (const TableWriter& writer : table_writers()) {
        const fs::path file = folder / (table.name + writer.extension);
        write_file_safely(file, writer.write(results, table.style));
        if (writer.needs_companion)
            write_file_safely(file.string() + ".provenance.txt", table_companion(results, table.style));
    }
    return without_comment(markdown_table(results, table.style));
}

using Mass = std::array<double, routing_families>;

/// The masses of the last recorded frame of each finished run, by depth and method.
struct Masses {
    std::map<std::pair<std::string, std::pair<std::int64_t, std::string>>, std::vector<Mass>> by_setting;
    std::string csv = "run,dataset,layers,method,seed,step,family,mass\n";
    bool several_datasets = false;
};

Masses read_masses(const PaperRuns& runs) {
    Masses masses;
    std::string first;
    for (const auto& record : runs.records) {
        const std::vector<std::int64_t>& steps = record->frame_steps(FrameKind::routing);
        if (record->state() != RunState::finished || steps.empty()) continue;
        const auto frame = record->routing_frame(steps.back());
        const auto mass = frame ? routing_mass(record->description().routing, *frame) : std::nullopt;
        if (!mass) continue;
        const Experiment& experiment = record->experiment();
        masses.by_setting[{experiment.data.dataset, {experiment.model.layers, experiment.model.method}}].push_back(
            *mass);
        if (first.empty()) first = experiment.data.dataset;
        masses.several_datasets = masses.several_datasets || experiment.data.dataset != first;
        for (std::size_t family = 0; family < routing_families; ++family)
            masses.csv +=
                fmt::format("{},{},{},{},{},{},{},{}\n", csv_cell(record->name()), csv_cell(experiment.data.dataset),
                            experiment.model.layers, experiment.model.method, experiment.seed, steps.back(),
                            to_string(RoutingFamily(family)), number_text((*mass)[family], 9));
    }
    return masses;
}

std::string mass_text(const std::vector<Mass>& masses, std::size_t family) {
    std::vector<double> values;
    for (const Mass& mass : masses) values.push_back(mass[family]);
    const GroupStatistics statistics = group_statistics(values);
    std::string text = fmt::format("{:.3f}", *statistics.mean);
    if (statistics.standard_deviation) text += fmt::format(" ± {:.3f}", *statistics.standard_deviation);
    return text;
}

/// Empty where no run routes.
std::string write_masses(const PaperRuns& runs, const fs::path& folder) {
    const Masses masses = read_masses(runs);
    if (masses.by_setting.empty()) return "";
    std::string head = "| layers | method | n |";
    std::string rule = "| ---: | --- | ---: |";
    if (masses.several_datasets) head.insert(0, "| dataset "), rule.insert(0, "| --- ");
    for (std::size_t family = 0; family < routing_families; ++family) {
        head += " " + to_string(RoutingFamily(family)) + " |";
        rule += " ---: |";
    }
    std::string text = head + "\n" + rule + "\n";
    for (const auto& [setting, of_setting] : masses.by_setting) {
        if (masses.several_datasets) text += "| " + markdown_text(setting.first) + " ";
        text += fmt::format("| {} | {} | {} |", setting.second.first, markdown_text(setting.second.second),
                            of_setting.size());
        for (std::size_t family = 0; family < routing_families; ++family) {
            double sum = 0;
            for (const Mass& mass : of_setting) sum += mass[family];
            text += " " + (sum > 0 ? mass_text(of_setting, family) : std::string("–")) + " |";
        }
        text += "\n";
    }
    text +=
        "\nThe share of a router's weights on each kind of source, a mean over routers and tokens of the last recorded "
        "step; mean ± standard deviation over n seeds. Details of a block that still goes count as details.\n";
    write_file_safely(folder / (std::string(mass_name) + ".md"), text);
    write_file_safely(folder / (std::string(mass_name) + ".csv"), masses.csv);
    return text;
}

}  // namespace

std::map<std::string, std::string> write_tables(const Paper& paper, const PaperRuns& runs, const fs::path& folder) {
    fs::create_directories(folder);
    std::map<std::string, std::string> texts;
    for (const PaperTable& table : paper.project.tables) texts[table.name] = write_table(table, runs, folder);
    if (std::string masses = write_masses(runs, folder); !masses.empty()) texts[mass_name] = std::move(masses);
    return texts;
}

}  // namespace wavlab
