// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/json_lines.h"
#include "datasets/dataset.h"
#include "datasets/token_data.h"

namespace wavlab {
namespace {

struct DataArguments {
    DataRequest request;
    bool json = false;
    CLI::App* list = nullptr;
    CLI::App* check = nullptr;
};

void list_datasets(bool json) {
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
        if (json)
            fmt::print("{}\n", json_line(nlohmann::json{{"dataset", dataset.id},
                                                        {"title", dataset.title},
                                                        {"summary", dataset.summary},
                                                        {"licence", dataset.licence},
                                                        {"citation", dataset.citation}}));
        else
            fmt::print("{}  ({})\n  {}\n", dataset.id, dataset.title, dataset.summary);
    }
}

void check_dataset(const DataRequest& request, bool json) {
    const TokenData data = load_token_data(request, 0);
    if (json) {
        nlohmann::json line{{"dataset", request.dataset},
                            {"source", data.source_description},
                            {"vocabulary", data.tokenizer->vocabulary_size()},
                            {"train_tokens", data.train.size()},
                            {"validation_tokens", data.validation.size()},
                            {"unigram_entropy", data.unigram_entropy},
                            {"sha256", data.sha256}};
        line["validation_floor"] = data.validation_floor ? nlohmann::json(*data.validation_floor) : nlohmann::json();
        fmt::print("{}\n", json_line(line));
        return;
    }
    fmt::print("{}\n  vocabulary {}; {} training and {} validation tokens\n  unigram entropy {:.4f} nats per token\n",
               data.source_description, data.tokenizer->vocabulary_size(), data.train.size(), data.validation.size(),
               data.unigram_entropy);
    if (data.validation_floor)
        fmt::print("  the grammar that made the text reaches {:.4f} nats per token\n", *data.validation_floor);
    fmt::print("  sha256 {}\n", data.sha256);
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<DataArguments>();
    app.require_subcommand(1);
    arguments->list = app.add_subcommand("list", "The datasets there are");
    arguments->check = app.add_subcommand("check", "Load a dataset and say what is in it");
    arguments->check->add_option("dataset", arguments->request.dataset, "A dataset, or file:PATH of a text file")
        ->required();
    arguments->check->add_option("--tokenizer", arguments->request.tokenizer, "How text becomes tokens")
        ->capture_default_str();
    arguments->check->add_option("--validation", arguments->request.validation, "A text file to validate on");
    for (CLI::App* command : {arguments->list, arguments->check}) {
        command->fallthrough();
        command->add_flag("--json", arguments->json, "One JSON object a line");
    }
    return [arguments](const CommandEnvironment&) {
        arguments->request.base_folder = std::filesystem::current_path();
        if (arguments->list->parsed()) list_datasets(arguments->json);
        if (arguments->check->parsed()) check_dataset(arguments->request, arguments->json);
        return ExitCode::done;
    };
}

const Registration<CommandDescriptor> registration{{"data", 32, "Datasets: list, check", declare}};

}  // namespace
}  // namespace wavlab
