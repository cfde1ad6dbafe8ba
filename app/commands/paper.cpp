// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/model_loader.h"
#include "app/paper/paper.h"
#include "app/queue/queue_results.h"
#include "app/queue/queue_runner.h"
#include "app/queue/sweep_console.h"
#include "app/queue/sweep_work.h"
#include "app/training_console.h"
#include "core/safe_file.h"
#include "datasets/dataset.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

struct PaperArguments {
    bool small = false;
    std::string project;
    std::string out;
    std::string device;
    std::int64_t jobs = 0;
};

Paper load(const PaperArguments& arguments) {
    load_model_library();
    Paper paper = arguments.project.empty() ? load_ready_paper(arguments.small ? "small" : "full")
                                            : load_paper(arguments.project);
    if (!arguments.device.empty())
        for (Sweep& sweep : paper.sweeps) apply_setting(sweep, "train.device=" + arguments.device);
    if (!CommandRegistry::find("figure"))
        paper.figures_need =
            "This build of the program has no Qt, so it draws no figures; one that has draws them from their files.";
    return paper;
}

/// Every dataset must be here before hours of training begin. Throws InputError that says how to get it.
void require_data(const std::vector<Experiment>& experiments) {
    std::set<std::string> known;
    for (const Experiment& experiment : experiments) {
        if (!known.insert(experiment.data.dataset).second) continue;
        for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
            if (!dataset.accepts(experiment.data.dataset) || !dataset.identity) continue;
            DataRequest request;
            request.dataset = experiment.data.dataset;
            request.validation = experiment.data.validation;
            request.base_folder = experiment.folder;
            dataset.identity(request);
            break;
        }
    }
}

/// DIR as it will be; its parent must be there. Throws InputError.
fs::path output_folder(const std::string& out) {
    const fs::path folder = fs::absolute(out).lexically_normal();
    const fs::path plain = folder.has_filename() ? folder : folder.parent_path();
    std::error_code unreadable;
    if (fs::exists(plain, unreadable) && !fs::is_directory(plain, unreadable))
        throw InputError("--out: '" + out + "' is a file, not a folder");
    if (!fs::is_directory(plain.parent_path(), unreadable))
        throw InputError("--out: the folder '" + plain.parent_path().string() + "' does not exist");
    std::error_code problem;
    fs::create_directory(plain, problem);
    if (problem) throw InputError("--out: '" + out + "' cannot be made: " + reason_text(problem.value()));
    return plain;
}

/// Runs that may go side by side on the CPU: as many as the cores hold, where the experiments say how many threads each
/// takes.
std::size_t jobs_for(const PaperArguments& arguments, const std::vector<Experiment>& experiments) {
    if (arguments.jobs > 0) return static_cast<std::size_t>(arguments.jobs);
    std::int64_t threads = 1;
    for (const Experiment& experiment : experiments) {
        if (experiment.train.threads == 0) return 1;  // each takes all cores
        threads = std::max(threads, experiment.train.threads);
    }
    constexpr std::int64_t most = 16;  // each takes some 250 MB
    const std::int64_t cores = std::thread::hardware_concurrency();
    return static_cast<std::size_t>(std::clamp<std::int64_t>(cores / threads, 1, most));
}

std::vector<QueueDevice> devices_for(std::size_t jobs) {
    std::vector<QueueDevice> devices = queue_devices_here(load_model_library().devices());
    const auto cpu = std::find_if(devices.begin(), devices.end(), [](const auto& one) { return one.name == "cpu"; });
    if (cpu != devices.end()) devices.insert(cpu, jobs - 1, QueueDevice(*cpu));
    return devices;
}

struct Trained {
    PaperRuns runs;
    ExitCode code = ExitCode::done;
    std::size_t by_this_call = 0;
};

/// Trains what is not there yet. Interrupted runs go on from their last checkpoint.
Trained train(const Paper& paper, const fs::path& folder, std::size_t jobs) {
    RunQueue queue(folder, "wavlab paper");
    queue.hold();
    std::vector<std::string> ids;
    for (const Sweep& sweep : paper.sweeps)
        for (const std::string& id : take_into_queue(queue, sweep))
            if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);

    QueueRunner::Settings settings;
    settings.devices = devices_for(jobs);
    settings.only.emplace(ids.begin(), ids.end());
    SweepConsole console(false);
    QueueRunner runner(queue, settings, console.listener());
    console.watch(runner);
    runner.start();
    Trained trained;
    const std::size_t before = runner.over_count();
    fmt::print(stderr, "wavlab: {} runs, {} of them over already\n", ids.size(), before);
    work_through(runner);

    trained.by_this_call = runner.over_count() - before;
    if (stop_was_asked() && !runner.is_done()) {
        fmt::print(stderr, "wavlab: stopped with {} of {} runs over; the same command goes on from here\n",
                   runner.over_count(), runner.total_count());
        trained.code = ExitCode::interrupted;
        return trained;
    }
    trained.code = exit_code_of(queue, runner, ids);
    for (const std::string& id : ids)
        if (const QueuedRun* run = queue.find(id)) trained.runs.queued.push_back(*run);
    for (const QueuedRun& run : trained.runs.queued) {
        // Sweeps may share a run.
        const auto is_this = [&](const auto& record) { return record->folder() == run.folder; };
        const auto& known = trained.runs.records;
        if (run.folder.empty() || std::any_of(known.begin(), known.end(), is_this)) continue;
        trained.runs.records.push_back(std::make_shared<RunRecord>(run.folder));
        trained.runs.records.back()->follow_store();
    }
    return trained;
}

/// A figure that could not be drawn makes the command fail; what could be made is made.
ExitCode write_all(const Paper& paper, const Trained& trained, const fs::path& out,
                   std::chrono::steady_clock::time_point start) {
    const auto tables = write_tables(paper, trained.runs, out / "tables");
    fmt::print("{}\n", (out / "tables").string());
    const std::vector<DrawnFigure> figures = draw_figures(paper, trained.runs, out / "figures");
    if (stop_was_asked()) return ExitCode::interrupted;
    ExitCode code = trained.code;
    for (const DrawnFigure& figure : figures) {
        if (figure.kept)
            fmt::print(stderr, "wavlab: {} was edited, so it is drawn as it is; delete it to have the project's\n",
                       (out / "figures" / figure.file).string());
        if (figure.problem.empty() || !paper.figures_need.empty()) continue;
        fmt::print(stderr, "wavlab: {}: {}\n", figure.file, figure.problem);
        if (code == ExitCode::done) code = ExitCode::failed;
    }
    if (!figures.empty()) fmt::print("{}\n", (out / "figures").string());
    if (!figures.empty() && !paper.figures_need.empty()) fmt::print(stderr, "wavlab: {}\n", paper.figures_need);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    PaperTimes times{0, taken.count(), trained.by_this_call};
    for (const auto& run : trained.runs.records) times.updates += update_seconds(*run);
    write_file_safely(out / "report.md", paper_report(paper, trained.runs, tables, figures, times));
    fmt::print("{}\n", (out / "report.md").string());
    return code;
}

ExitCode make_paper(const PaperArguments& arguments) {
    const auto start = std::chrono::steady_clock::now();
    if (arguments.small && !arguments.project.empty())
        throw InputError("--small and --project: each names a project; give one of them");
    const Paper paper = load(arguments);
    std::vector<Experiment> experiments;
    for (const Sweep& sweep : paper.sweeps)
        for (const SweepPoint& point : expand(sweep)) experiments.push_back(point.experiment);
    require_data(experiments);
    const fs::path out = output_folder(arguments.out);
    stop_on_signals();
    const Trained trained = train(paper, out / "runs", jobs_for(arguments, experiments));
    if (trained.code == ExitCode::interrupted) return trained.code;
    if (trained.runs.records.empty()) {
        fmt::print(stderr, "wavlab: no run could be begun, so there is nothing to report\n");
        return trained.code == ExitCode::done ? ExitCode::failed : trained.code;
    }
    return write_all(paper, trained, out, start);
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<PaperArguments>();
    app.add_flag(
        "--small", arguments->small,
        "Narrow models on the built-in stories, in minutes on two cores; without: TinyStories and Text8, for GPUs");
    app.add_option("--project", arguments->project,
                   "A project of one's own: a folder with paper.toml and the figures and sweeps that it names")
        ->type_name("DIR");
    app.add_option("--out", arguments->out, "Where runs/, tables/, figures/ and report.md are made")
        ->type_name("DIR")
        ->required();
    app.add_option("--device", arguments->device, "Of all runs: auto, cpu, cuda or cuda:N; else that of the sweep");
    app.add_option("--jobs", arguments->jobs,
                   "Runs that train side by side on the CPU; else as many as the cores hold. Each GPU trains one")
        ->type_name("N")
        ->check(CLI::Range(1, 64));
    return [arguments](const CommandEnvironment&) { return make_paper(*arguments); };
}

const Registration<CommandDescriptor> registration{
    {"paper", 36, "Make the WAV paper again: its runs, tables, figures and a report", declare}};

}  // namespace
}  // namespace wavlab
