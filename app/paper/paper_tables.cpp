// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of a paper, as files and for its report.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/paper/paper.h"
#include "core/csv.h"
#include "core/grouped_statistics.h"
#include "core/number_text.h"
#include "core/result_table.h"
#include "core/routing_mass.h"
#include "core/run_groups.h"
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

/// The masses of the last recorded frame of each finished run, by dataset, depth and method.
struct Masses {
    struct Setting {
        std::map<std::int64_t, std::vector<Mass>> by_seed;
        std::vector<const Experiment*> experiments;
    };
    std::map<std::tuple<std::string, std::int64_t, std::string>, Setting> by_setting;
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
        auto& setting = masses.by_setting[{experiment.data.dataset, experiment.model.layers, experiment.model.method}];
        setting.by_seed[experiment.seed].push_back(*mass);
        setting.experiments.push_back(&experiment);
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

/// Runs with one seed count once, by their mean, as everywhere in tables. A dash where no run has such sources.
std::string mass_text(const Masses::Setting& setting, std::size_t family) {
    std::vector<double> values;
    for (const auto& [seed, masses] : setting.by_seed) {
        double sum = 0;
        for (const Mass& mass : masses) sum += mass[family];
        values.push_back(sum / double(masses.size()));
    }
    if (std::all_of(values.begin(), values.end(), [](double value) { return value == 0; })) return "–";
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
    std::set<std::string> mixed;
    for (const auto& [key, setting] : masses.by_setting) {
        const auto& [dataset, layers, method] = key;
        if (masses.several_datasets) text += "| " + markdown_text(dataset) + " ";
        text += fmt::format("| {} | {} | {} |", layers, markdown_text(method), setting.by_seed.size());
        for (std::size_t family = 0; family < routing_families; ++family)
            text += " " + mass_text(setting, family) + " |";
        text += "\n";
        for (const std::string& differs : differing_settings(setting.experiments)) mixed.insert(differs);
    }
    text +=
        "\nThe share of a router's weights on each kind of source, a mean over routers and tokens of the last recorded "
        "step; mean ± standard deviation over n seeds. Details of a block that still goes count as details.\n";
    if (!mixed.empty())
        text += fmt::format("\nMeans over different settings: {}.\n",
                            markdown_text(fmt::format("{}", fmt::join(mixed, ", "))));
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
