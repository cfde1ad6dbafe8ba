// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/checkpoint_choice.h"
#include "app/command.h"
#include "app/model_loader.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct SampleArguments {
    std::string model;
    std::string step = "last";
    SampleRequest request;
};

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<SampleArguments>();
    SampleRequest& request = arguments->request;
    app.add_option("model", arguments->model, "A run, a checkpoint folder or a safetensors file")
        ->type_name("RUN_or_CHECKPOINT")
        ->required();
    app.add_option("--prompt", request.prompt, "How the text begins")->type_name("TEXT")->required();
    app.add_option("--tokens", request.tokens, "How many tokens to add")->check(CLI::Range(0, 1'000'000))->required();
    app.add_option("--seed", request.seed, "The same seed gives the same text")->capture_default_str();
    app.add_option("--temperature", request.temperature, "0: always the likeliest token")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    app.add_option("--top-k", request.top_k, "Draw among so many likeliest tokens; 0: among all")
        ->check(CLI::Range(0, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--step", arguments->step, "Which checkpoint of a run: a step, last or best")->capture_default_str();
    app.add_option("--device", request.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    return [arguments](const CommandEnvironment& environment) {
        const auto print = [](const std::string& piece) {
            std::fwrite(piece.data(), 1, piece.size(), stdout);
            std::fflush(stdout);
        };
        with_model([&] { return find_model(arguments->model, environment.runs, arguments->step); },
                   [&](const ModelFile& model) {
                       arguments->request.checkpoint = model.file;
                       load_model_library().sample(arguments->request, print);
                   });
        std::fputc('\n', stdout);
        return ExitCode::done;
    };
}

const Registration<CommandDescriptor> registration{{"sample", 24, "Text from a checkpoint", declare}};

}  // namespace
}  // namespace wavlab
