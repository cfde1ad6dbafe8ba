// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/checkpoint_choice.h"
#include "app/command.h"
#include "app/model_loader.h"
#include "app/training_console.h"
#include "core/json_lines.h"
#include "core/probe_files.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

constexpr std::size_t shown_cells = 10;

struct ProbeArguments {
    std::string model;
    std::string step = "last";
    ProbeRequest request;
    std::string text;
    bool families_only = false;
    bool json = false;
};

/// One line of a terminal that is kept up to date; nothing where stderr is none.
class ProgressLine {
public:
    ~ProgressLine() { end(); }
    void show(std::int64_t done, std::int64_t total) {
        const auto permille = total > 0 ? done * 1000 / total : 0;
        if (!terminal_ || permille == shown_) return;
        shown_ = permille;
        fmt::print(stderr, "\r\033[Kprobing: {} of {} forward passes ({:.1f} %)", done, total, double(permille) / 10);
        std::fflush(stderr);
    }
    void end() {
        if (shown_ >= 0) fmt::print(stderr, "\r\033[K");
        shown_ = -1;
    }

private:
    const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    std::int64_t shown_ = -1;
};

/// The run in whose folder a checkpoint lies: RUN/checkpoints/step-N/model.safetensors.
std::optional<RunFolder> run_of(const std::filesystem::path& model) {
    std::error_code ignored;
    const std::filesystem::path file = std::filesystem::canonical(model, ignored);
    const RunFolder run{file.parent_path().parent_path().parent_path()};
    const bool belongs = !ignored && is_run_folder(run.path) && file.parent_path().parent_path() == run.checkpoints();
    return belongs ? std::optional(run) : std::nullopt;
}

/// A probe is worth its result even where it cannot be kept.
void keep(const RunFolder& run, const ProbeResult& result) {
    try {
        (void)keep_probe(run, result);
    } catch (const std::exception& error) {
        fmt::print(stderr, "wavlab: the result is not kept in the run: {}\n", error.what());
    }
}

std::string routers_text(const std::vector<std::int64_t>& routers) {
    std::string text;
    for (std::size_t first = 0; first < routers.size();) {
        std::size_t last = first;
        while (last + 1 < routers.size() && routers[last + 1] == routers[last] + 1) ++last;
        text += fmt::format("{}{}", text.empty() ? "" : ", ", routers[first]);
        if (last > first) text += fmt::format("{}{}", last > first + 1 ? "-" : ", ", routers[last]);
        first = last + 1;
    }
    return text;
}

void print_header(const char* first) {
    fmt::print("  {:<32} {:<11} {:>10} {:>12} {:>12} {:>12}\n", first, "mode", "alpha", "contribution", "delta loss",
               "attribution");
}

void print_row(const std::string& what, Removal mode, double alpha, double contribution, const ProbeEffect& effect) {
    fmt::print("  {:<32} {:<11} {:>10.4f} {:>12.4f} {:>+12.6f} {:>+12.6f}\n", what, to_string(mode), alpha,
               contribution, effect.delta_loss, effect.attribution);
}

void print_cells(const ProbeResult& result) {
    struct Cell {
        std::string name;
        std::size_t index;
    };
    std::vector<Cell> cells;
    for (std::size_t router = 0; router < result.layout.routers.size(); ++router)
        for (const Source& source : result.layout.routers[router])
            cells.push_back({fmt::format("{} at router {}", label(source), router + 1), cells.size()});
    const auto size = [&](const Cell& cell) {
        const double change = std::abs(result.zero[cell.index].delta_loss);
        return std::isnan(change) ? -1 : change;
    };
    std::stable_sort(cells.begin(), cells.end(),
                     [&](const Cell& one, const Cell& other) { return size(one) > size(other); });
    fmt::print("\nsingle sources that matter most, of {}:\n", cells.size());
    print_header("source");
    cells.resize(std::min(cells.size(), shown_cells));
    for (const Cell& cell : cells)
        print_row(cell.name, Removal::zero, result.alpha[cell.index], result.contribution[cell.index],
                  result.zero[cell.index]);
}

void print_agreement(const ProbeResult& result) {
    const ProbeAgreement found = agreement(result);
    const auto text = [](const std::optional<double>& value) {
        return value ? fmt::format("{:+.3f}", *value) : "none";
    };
    fmt::print(
        "\nrank correlation with the delta loss of zeroing, over {} sources: attribution {}, contribution {}, "
        "alpha {}\n",
        found.cells, text(found.attribution), text(found.contribution), text(found.weight));
}

void print_summary(const ProbeResult& result) {
    fmt::print("loss {:.6f} nats per token at step {} ({} windows, {} tokens, {}; on {})\n", result.loss, result.step,
               result.windows, result.tokens, result.source, result.device);
    if (!result.zero.empty()) print_cells(result);
    fmt::print("\nfamilies of sources:\n");
    print_header("family, routers");
    for (const ProbedFamily& family : result.families)
        print_row(fmt::format("{}, {}", kind_label(family.family), routers_text(family.routers)), family.removal,
                  family.alpha, family.contribution, family.effect);
    if (!result.zero.empty()) print_agreement(result);
}

ExitCode probe(ProbeArguments arguments, const CommandEnvironment& environment) {
    ProbeRequest& request = arguments.request;
    request.text = arguments.text;
    request.cells = !arguments.families_only;
    stop_on_signals();
    std::stop_source stop;
    request.stop = stop.get_token();
    ProgressLine line;
    request.on_progress = [&](std::int64_t done, std::int64_t total) {
        if (stop_was_asked()) stop.request_stop();
        line.show(done, total);
    };
    std::optional<RunFolder> run;
    const ProbeResult result = with_model([&] { return find_model(arguments.model, environment.runs, arguments.step); },
                                          [&](const ModelFile& model) {
                                              request.checkpoint = model.file;
                                              request.base_folder = model.base_folder;
                                              run = run_of(model.file);
                                              return load_model_library().probe(request);
                                          });
    line.end();
    if (result.cancelled) {
        fmt::print(stderr, "wavlab: stopped; nothing was kept\n");
        return ExitCode::interrupted;
    }
    if (run) keep(*run, result);  // first: whoever reads what is printed may close it
    if (arguments.json)
        for (const nlohmann::json& row : probe_rows(result)) fmt::print("{}\n", json_line(row));
    else
        print_summary(result);
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<ProbeArguments>();
    ProbeRequest& request = arguments->request;
    app.add_option("model", arguments->model, "A run, a checkpoint folder or a safetensors file")
        ->type_name("RUN_or_CHECKPOINT")
        ->required();
    app.add_option("--step", arguments->step, "Which checkpoint of a run: a step, last or best")->capture_default_str();
    app.add_option("--text", arguments->text, "A text file, used whole; else the validation part")->type_name("FILE");
    app.add_option("--windows", request.windows, "How many windows; else the experiment's eval_windows")
        ->check(CLI::Range(1, 1'000'000));
    app.add_flag("--families", arguments->families_only, "Only whole families of sources, not every single one");
    app.add_option("--bands", request.bands, "In how many bands of depth families are also removed; 0: none")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    app.add_option("--device", request.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    app.add_flag("--json", arguments->json, "One JSON object a line");
    return [arguments](const CommandEnvironment& environment) { return probe(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{
    {"probe", 25, "What the loss becomes without single sources and families of them", declare}};

}  // namespace
}  // namespace wavlab
