// SPDX-License-Identifier: GPL-3.0-or-later
// Projects of papers, from the program or from a folder.
#include "app/paper/paper.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/embedded_resources.h"
#include "core/error.h"
#include "core/ready_experiments.h"
#include "core/safe_file.h"
#include "core/training_axis.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr const char* project_file = "paper.toml";
constexpr std::string_view papers_folder = "paper/";
constexpr std::size_t largest_file = 1 << 20;  // bytes

/// Reads a file of the project by its name.
using Reader = std::function<std::string(const std::string& name)>;

Sweep load_sweep_of(const std::string& name, const Reader& read, const fs::path& folder, const std::string& origin) {
    if (name.ends_with(".toml")) return parse_sweep(read(name), (fs::path(origin) / name).string(), folder);
    if (const ReadyExperiment* ready = find_ready_sweep(name)) return parse_sweep(ready->text, name, folder);
    std::vector<std::string> ids;
    for (const ReadyExperiment& one : ready_sweeps()) ids.push_back(one.id);
    throw InputError(fmt::format("{}: sweeps: '{}' is neither a file (NAME.toml) nor a ready sweep; ready are {}",
                                 (fs::path(origin) / project_file).string(), name, fmt::join(ids, ", ")));
}

Paper load(const std::string& origin, const fs::path& folder, const Reader& read) {
    Paper paper;
    paper.origin = origin;
    const std::string file_name = (fs::path(origin) / project_file).string();
    paper.project = parse_paper(read(project_file), file_name);
    std::set<std::string> outputs;
    for (const PaperFigure& figure : paper.project.figures) {
        const std::string name = (fs::path(origin) / figure.file).string();
        std::string text = read(figure.file);
        FigureFile parsed = parse_figure(text, name);
        if (parsed.out.empty()) throw InputError(name + ": [figure] lacks 'out', the files that are to be written");
        for (const std::string& out : parsed.out) {
            if (fs::path(out).filename() != out)
                throw InputError(name + ": out: '" + out + "' must be a file's name, without a folder");
            if (!outputs.insert(out).second)
                throw InputError(name + ": out: '" + out + "' is written by two figures of this project");
        }
        paper.figure_texts[figure.file] = std::move(text);
        paper.figures[figure.file] = std::move(parsed);
    }
    std::vector<Experiment> experiments;
    for (const std::string& name : paper.project.sweeps) {
        paper.sweeps.push_back(load_sweep_of(name, read, folder, origin));
        for (const SweepPoint& point : expand(paper.sweeps.back())) experiments.push_back(point.experiment);
    }
    require_paper_fits(paper.project, experiments, file_name);
    return paper;
}

}  // namespace

std::vector<std::string> ready_papers() {
    std::vector<std::string> ids;
    for (const EmbeddedResource& resource : embedded_resources()) {
        const std::string ending = std::string("/") + project_file;
        if (resource.name.starts_with(papers_folder) && resource.name.ends_with(ending))
            ids.emplace_back(resource.name.substr(papers_folder.size(),
                                                  resource.name.size() - papers_folder.size() - ending.size()));
    }
    return ids;
}

Paper load_ready_paper(const std::string& id) {
    const std::string folder = std::string(papers_folder) + id;
    return load("resources/" + folder, fs::current_path(), [&](const std::string& name) {
        const std::string_view text = embedded_resource(folder + "/" + name);
        if (text.empty()) throw InputError("the program has no file resources/" + folder + "/" + name);
        return std::string(text);
    });
}

Paper load_paper(const fs::path& folder) {
    std::error_code unreadable;
    if (!fs::is_directory(folder, unreadable)) throw InputError(folder.string() + ": there is no such folder");
    if (!fs::exists(folder / project_file, unreadable))
        throw InputError(folder.string() + ": it is no project of a paper; it has no file " + project_file);
    return load(folder.string(), fs::absolute(folder),
                [&](const std::string& name) { return read_file(folder / name, largest_file); });
}

double update_seconds(const RunRecord& run) {
    const ScalarSeries* speeds = run.scalars("train/tokens_per_second");
    if (!speeds) return 0;
    TrainingClock clock;
    clock.follow(*speeds, tokens_per_step(run.experiment()));
    return clock.empty() ? 0 : clock.seconds_at(double(run.step()));
}

std::size_t most_side_by_side(const PaperRuns& runs) {
    std::vector<std::pair<double, double>> times;  // from when to when, seconds
    for (const auto& record : runs.records) {
        std::tm start{};
        if (record->description().device != "cpu" ||
            !::strptime(record->description().started_at.c_str(), "%Y-%m-%dT%H:%M:%S", &start))
            continue;
        const auto from = double(::timegm(&start));
        times.emplace_back(from, from + update_seconds(*record));
    }
    constexpr double exactness = 1;  // of the starting times, seconds
    std::size_t most = 0;
    for (std::size_t run = 0; run < times.size(); ++run) {
        const double at = times[run].first + exactness;
        std::size_t count = 1;
        for (std::size_t other = 0; other < times.size(); ++other)
            count += other != run && times[other].first <= times[run].first && at < times[other].second;
        most = std::max(most, count);
    }
    return most;
}

std::vector<TableRun> table_runs(const PaperRuns& runs, const std::vector<std::string>& values,
                                 const TableMoment& moment) {
    std::vector<TableRun> read;
    for (const auto& record : runs.records) read.push_back(read_table_run(*record, values, moment));
    if (read.empty()) throw InputError("none of the paper's runs could be begun");
    return read;
}

}  // namespace wavlab
