// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/bench/contest.h"
#include "app/bench/interruption.h"
#include "app/command.h"
#include "app/model_loader.h"
#include "core/json_lines.h"
#include "core/method.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

constexpr std::int64_t vocabulary = 65;
constexpr std::int64_t usual_layers = 48;
constexpr std::int64_t blocks_of_deep_models = 8;
constexpr std::int64_t blocks_of_others = 4;

struct BenchArguments {
    std::optional<std::int64_t> layers, blocks;
    std::string device = "auto";
    std::string precision;
    std::vector<std::string> methods{"standard", "attnres_block", "wav"};
    std::int64_t rounds = 7;
    std::int64_t threads = 0;
    bool grid = false;
    bool peers = false;
    std::string peer_modes = "all";
    bool json = false;
    std::string memory_of;  ///< for the process that measures the memory of one model
    std::string implementation = "plain";
};

/// One set of rounds: a depth, and the numbers of blocks at it.
struct Shape {
    std::int64_t layers = 0;
    std::vector<std::int64_t> blocks;
};

std::vector<Shape> shapes_of(const BenchArguments& arguments) {
    std::vector<std::int64_t> depths{arguments.layers.value_or(usual_layers)};
    if (arguments.grid && !arguments.layers) depths = {12, 24, 48};
    std::vector<Shape> shapes;
    for (const std::int64_t layers : depths) {
        std::vector<std::int64_t> blocks{layers >= usual_layers ? blocks_of_deep_models
                                                                : std::min(blocks_of_others, 2 * layers)};
        if (arguments.grid) blocks = {blocks_of_others, blocks_of_deep_models};
        if (arguments.blocks) blocks = {*arguments.blocks};
        if (blocks.back() > 2 * layers)
            throw InputError(
                fmt::format("{} blocks are too many for {} layers: a block has at least one of the {} "
                            "sublayers; give --blocks, or more --layers",
                            blocks.back(), layers, 2 * layers));
        shapes.push_back({layers, blocks});
    }
    return shapes;
}

/// The model of the CPU's or the GPU's row.
Experiment base_experiment(const BenchArguments& arguments, const std::string& device, std::int64_t layers) {
    const bool gpu = device != "cpu";
    Experiment experiment;
    experiment.name = "bench";
    experiment.model.layers = layers;
    experiment.model.width = gpu ? 384 : 64;
    experiment.model.heads = gpu ? 6 : 4;
    experiment.model.mlp_hidden = gpu ? 1024 : 256;
    experiment.model.context = gpu ? 256 : 128;
    experiment.train.batch = gpu ? 64 : 8;
    experiment.train.precision = !arguments.precision.empty() ? arguments.precision : gpu ? "bf16" : "fp32";
    experiment.train.device = device;
    experiment.train.threads =
        arguments.threads > 0 ? arguments.threads : std::max<std::int64_t>(1, std::thread::hardware_concurrency());
    experiment.train.warmup = 0;
    experiment.train.min_lr = experiment.train.lr;  // PyTorch's side keeps one rate
    return experiment;
}

bool has_blocks(const std::string& method) {
    const std::vector<Option>& options = MethodRegistry::find(method)->options;
    return std::any_of(options.begin(), options.end(), [](const Option& option) { return option.key == "blocks"; });
}

void require_method(const std::string& id) {
    if (MethodRegistry::find(id)) return;
    std::string known;
    for (const MethodDescriptor& method : MethodRegistry::all()) known += (known.empty() ? "" : ", ") + method.id;
    throw InputError("--methods: there is no method '" + id + "'; there are " + known);
}

/// `standard` first, since all others are compared with it; each method once.
std::vector<Competitor> competitors_of(const BenchArguments& arguments, const Shape& shape) {
    std::vector<std::string> methods{"standard"};
    for (const std::string& method : arguments.methods) {
        require_method(method);
        if (std::find(methods.begin(), methods.end(), method) == methods.end()) methods.push_back(method);
    }
    std::vector<Competitor> competitors;
    for (const std::string& method : methods)
        for (const std::int64_t blocks : shape.blocks) {
            competitors.push_back({method, blocks});
            if (!has_blocks(method)) break;
        }
    return competitors;
}

std::vector<std::string> peer_modes(const std::string& which) {
    if (which == "eager" || which == "compile") return {which};
    return {"eager", "compile"};
}

/// Nothing but rows on stdout.
void print_json(const ContestResult& result) {
    for (const BenchmarkRow& row : result.rows) fmt::print("{}\n", json_line(to_json(row)));
    for (const std::string& note : result.notes) fmt::print(stderr, "wavlab: {}\n", note);
}

void print_row(const BenchmarkRow& row) {
    const std::string of_eager = row.speed_of_eager ? fmt::format(" {:>18.3f}", *row.speed_of_eager) : "";
    const std::string memory = row.peak_bytes ? fmt::format("{:.1f} MB", *row.peak_bytes / 1e6) : "-";
    fmt::print("{:<18} {:<14} {:>6} {:>10.4f} {:>12.3f}{} {:>12}\n", row.method, row.implementation, row.blocks,
               row.seconds, row.ratio, of_eager, memory);
}

void print_table(const ContestRequest& request, const std::string& device, const ContestResult& result) {
    const ModelSettings& model = request.experiment.model;
    const TrainSettings& train = request.experiment.train;
    fmt::print("{} layers, width {}, {} heads, MLP {}, context {}, batch {}, vocabulary {}, {}; on {}; {} rounds\n",
               model.layers, model.width, model.heads, model.mlp_hidden, model.context, train.batch, request.vocabulary,
               train.precision, device, request.rounds);
    const bool eager = result.rows.front().speed_of_eager.has_value();
    fmt::print("{:<18} {:<14} {:>6} {:>10} {:>12}{} {:>12}\n", "method", "implementation", "blocks", "s/step",
               "of standard", eager ? fmt::format(" {:>18}", "of eager standard") : "", "peak memory");
    for (const BenchmarkRow& row : result.rows) print_row(row);
    for (const std::string& note : result.notes) fmt::print("{}\n", note);
    fmt::print("\n");
}

ExitCode measure(const BenchArguments& arguments) {
    const std::vector<Shape> shapes = shapes_of(arguments);
    std::optional<PeerPlace> peers;
    if (arguments.peers) peers = find_peers(program_file());  // before anything that takes time
    ModelLibrary& library = load_model_library();
    const DeviceChoice device = library.choose_device(arguments.device, arguments.threads);
    stop_on_interruption();
    Progress progress;
    for (const Shape& shape : shapes) {
        ContestRequest request{base_experiment(arguments, device.name, shape.layers),
                               vocabulary,
                               competitors_of(arguments, shape),
                               arguments.rounds,
                               peers,
                               peer_modes(arguments.peer_modes)};
        for (const Competitor& competitor : request.competitors) (void)competitor_experiment(request, competitor);
        const ContestResult result = hold_contest(request, library, progress);
        progress.end();
        arguments.json ? print_json(result) : print_table(request, device.title, result);
        std::fflush(stdout);
    }
    return ExitCode::done;
}

/// What a contest starts this program for.
ExitCode print_memory(const BenchArguments& arguments) {
    end_with_starter();
    const Shape shape = shapes_of(arguments).front();
    ModelLibrary& library = load_model_library();
    require_method(arguments.memory_of);
    const ContestRequest request{base_experiment(arguments, arguments.device, shape.layers), vocabulary, {}, 0, {}, {}};
    const Experiment experiment = competitor_experiment(request, {arguments.memory_of, shape.blocks.front()});
    fmt::print("{:.0f}\n", measure_memory({experiment, vocabulary, arguments.implementation == "fused"}, library));
    return ExitCode::done;
}

ExitCode bench(const BenchArguments& arguments) {
    try {
        return arguments.memory_of.empty() ? measure(arguments) : print_memory(arguments);
    } catch (const Interruption&) {
        std::fputs("wavlab: stopped; what was not printed yet is not measured\n", stderr);  // a terminal may be gone
        return ExitCode::interrupted;
    }
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<BenchArguments>();
    app.add_option("--layers", arguments->layers, "Depth; 48 unless given")->check(CLI::Range(1, 1000));
    app.add_option("--blocks", arguments->blocks, "Blocks; else 8 at 48 layers and more, 4 below")
        ->check(CLI::Range(1, 2000));
    app.add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N; a GPU has a larger model")
        ->capture_default_str();
    app.add_option("--precision", arguments->precision, "fp32 or bf16; else fp32 on the CPU and bf16 on a GPU")
        ->check(CLI::IsMember({"fp32", "bf16"}));
    app.add_option("--methods", arguments->methods,
                   "Which methods; standard, which they are compared with, is always one")
        ->delimiter(',')
        ->type_name("ID,...")
        ->capture_default_str();
    app.add_option("--rounds", arguments->rounds, "Rounds, in each of which every model is timed")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    app.add_option("--threads", arguments->threads, "CPU threads; 0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    app.add_flag("--grid", arguments->grid, "12, 24 and 48 layers with 4 and 8 blocks, where these are not given");
    CLI::Option* peers =
        app.add_option("--peers", arguments->peer_modes,
                       "Also the same models in PyTorch: eager, compile (many minutes to compile) or all")
            ->expected(0, 1)
            ->check(CLI::IsMember({"eager", "compile", "all"}));
    app.add_flag("--json", arguments->json, "One JSON object a line");
    app.add_option("--memory-of", arguments->memory_of, "Only the memory of a step of this method, in bytes")
        ->group("");
    app.add_option("--implementation", arguments->implementation, "plain or fused, with --memory-of")
        ->check(CLI::IsMember({"plain", "fused"}))
        ->group("");
    return [arguments, peers](const CommandEnvironment&) {
        arguments->peers = peers->count() > 0;
        return bench(*arguments);
    };
}

const Registration<CommandDescriptor> registration{
    {"bench", 26, "Time training steps of the methods, against PyTorch too", declare}};

}  // namespace
}  // namespace wavlab
