// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <numbers>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/checkpoint_choice.h"
#include "app/command.h"
#include "app/model_loader.h"
#include "core/json_lines.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

struct EvalArguments {
    std::string model;
    std::string step = "last";
    EvaluateRequest request;
    std::string text, dump;
    bool json = false;
};

ExitCode evaluate(EvalArguments arguments, const CommandEnvironment& environment) {
    EvaluateRequest& request = arguments.request;
    request.text = arguments.text;
    request.dump = arguments.dump;
    const EvaluationResult result =
        with_model([&] { return find_model(arguments.model, environment.runs, arguments.step); },
                   [&](const ModelFile& model) {
                       request.checkpoint = model.file;
                       request.base_folder = model.base_folder;
                       return load_model_library().evaluate(request);
                   });
    const auto bits_per = [&](std::int64_t size) {
        return result.loss / std::numbers::ln2 * static_cast<double>(result.tokens) / static_cast<double>(size);
    };
    const bool has_bits = result.characters > 0 && result.bytes > 0;
    if (arguments.json) {
        nlohmann::json line{{"loss", json_number(result.loss)}, {"windows", result.windows},
                            {"tokens", result.tokens},          {"step", result.step},
                            {"source", result.source},          {"device", result.device}};
        if (has_bits) {
            line["bits_per_character"] = json_number(bits_per(result.characters));
            line["bits_per_byte"] = json_number(bits_per(result.bytes));
        }
        fmt::print("{}\n", json_line(line));
        return ExitCode::done;
    }
    fmt::print("loss {:.6f} nats per token at step {} ({} windows, {} tokens, {}; on {})\n", result.loss, result.step,
               result.windows, result.tokens, result.source, result.device);
    if (has_bits)
        fmt::print("  {:.6f} bits per character, {:.6f} bits per byte\n", bits_per(result.characters),
                   bits_per(result.bytes));
    return ExitCode::done;
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<EvalArguments>();
    app.add_option("model", arguments->model, "A run, a checkpoint folder or a safetensors file")
        ->type_name("RUN_or_CHECKPOINT")
        ->required();
    app.add_option("--step", arguments->step, "Which checkpoint of a run: a step, last or best")->capture_default_str();
    app.add_option("--text", arguments->text, "A text file, used whole; else the validation part")->type_name("FILE");
    app.add_option("--windows", arguments->request.windows, "How many windows; else the experiment's eval_windows")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--dump", arguments->dump, "Write tokens, logits, loss and routing weights here")
        ->type_name("FILE.safetensors");
    app.add_flag("--gradients", arguments->request.gradients, "The dump also holds every parameter's gradient");
    app.add_option("--device", arguments->request.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    app.add_flag("--json", arguments->json, "One JSON object a line");
    return [arguments](const CommandEnvironment& environment) { return evaluate(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{{"eval", 23, "Validation loss of a checkpoint", declare}};

}  // namespace
}  // namespace wavlab
