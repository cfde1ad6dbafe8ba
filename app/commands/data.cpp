// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/commands/data_console.h"
#include "app/training_console.h"
#include "core/json_lines.h"
#include "datasets/data_library.h"
#include "datasets/dataset.h"
#include "datasets/token_data.h"

namespace wavlab {
namespace {

using nlohmann::json;

struct DataArguments {
    DataRequest request;
    std::string id;
    LocalImport import;
    bool json = false, accept_licence = false;
    CLI::App *list = nullptr, *get = nullptr, *add = nullptr, *check = nullptr, *remove = nullptr;
};

/// What a dataset's `list` line says after its name.
std::string state_text(const DatasetEntry& entry) {
    std::string text = state_name(entry.state);
    if (entry.installed) text += ", " + size_text(entry.installed->bytes());
    if (entry.state == DatasetState::partial)
        text += ", " + size_text(entry.bytes_here) + " of " + size_text(entry.manifest.download_size());
    if (entry.state == DatasetState::available && !entry.added_by_hand)
        text += ", " + size_text(entry.manifest.download_size()) + " to download";
    if (entry.other_manifest) text += ", made from another version of its manifest";
    if (entry.busy) text += ", being worked on";
    return text;
}

json entry_json(const DatasetEntry& entry) {
    const DatasetManifest& manifest = entry.manifest;
    json line{{"dataset", manifest.id},
              {"title", manifest.title},
              {"summary", manifest.summary},
              {"licence", manifest.licence},
              {"licence_address", manifest.licence_address},
              {"citation", manifest.citation},
              {"kind", manifest.kind == ManifestKind::tokenizer ? "tokenizer" : "dataset"},
              {"state", state_name(entry.state)},
              {"download_bytes", manifest.download_size()},
              {"bytes_here", entry.bytes_here},
              {"busy", entry.busy},
              {"source", entry.added_by_hand       ? "own files"
                         : manifest.source.empty() ? "wavlab"
                                                   : manifest.source},
              {"replaces_shipped", manifest.replaces_shipped}};
    if (!entry.problem.empty()) line["problem"] = entry.problem;
    if (!entry.installed) return line;
    line["bytes"] = entry.installed->bytes();
    line["folder"] = entry.installed->folder.string();
    line["installed"] = entry.installed->installed_at;
    return line;
}

void list_datasets(bool as_json) {
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
        if (dataset.names) continue;  // stands for those below
        if (as_json)
            fmt::print("{}\n", json_line(json{{"dataset", dataset.id},
                                              {"title", dataset.title},
                                              {"summary", dataset.summary},
                                              {"licence", dataset.licence},
                                              {"citation", dataset.citation},
                                              {"kind", "builtin"},
                                              {"state", "installed"}}));
        else
            fmt::print("{}  ({})\n  {}\n", dataset.id, dataset.title, dataset.summary);
    }
    const DataLibrary library;
    for (const DatasetEntry& entry : library.datasets()) {
        if (as_json) {
            fmt::print("{}\n", json_line(entry_json(entry)));
            continue;
        }
        fmt::print("{}  ({}; {})\n", entry.manifest.id, entry.manifest.title, state_text(entry));
        if (!entry.manifest.summary.empty()) fmt::print("  {}\n", entry.manifest.summary);
        fmt::print("  Licence: {}\n", entry.manifest.licence);
        if (entry.manifest.replaces_shipped)
            fmt::print("  From {}, in place of the one that comes with the program\n", entry.manifest.source);
        if (!entry.problem.empty()) fmt::print("  {}\n", entry.problem);
    }
    std::fflush(stdout);
    for (const std::string& problem : library.problems()) fmt::print(stderr, "wavlab: {}\n", problem);
}

void report_installed(const DatasetEntry& entry, bool as_json, const char* event = "finished") {
    if (!entry.installed) return;
    if (as_json) {
        json files = json::array();
        for (const InstalledFile& file : entry.installed->files)
            files.push_back(
                {{"part", file.part}, {"path", file.path.string()}, {"bytes", file.bytes}, {"sha256", file.sha256}});
        fmt::print("{}\n", json_line(json{{"event", event},
                                          {"dataset", entry.manifest.id},
                                          {"folder", entry.installed->folder.string()},
                                          {"files", files}}));
        return;
    }
    fmt::print("{} is in {}\n", entry.manifest.id, entry.installed->folder.string());
    for (const InstalledFile& file : entry.installed->files)
        fmt::print("  {}: {}, sha256 {}\n", file.part, size_text(file.bytes), file.sha256);
}

/// Shows the licence and has it accepted, before the first download.
void settle_licence(DataLibrary& library, const DatasetEntry& entry, bool accepted) {
    if (entry.state == DatasetState::installed || entry.licence_accepted) return;
    const DatasetManifest& manifest = entry.manifest;
    fmt::print(stderr, "{}\n  Licence: {}{}\n  Size: {} to download\n", manifest.title, manifest.licence,
               manifest.licence_address.empty() ? "" : " (" + manifest.licence_address + ")",
               size_text(manifest.download_size()));
    if (!accepted && ::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO)) {
        fmt::print(stderr, "Download it under this licence? [y/N] ");
        std::string answer;
        std::getline(std::cin, answer);
        accepted = answer == "y" || answer == "Y" || answer == "yes";
    }
    if (!accepted)
        throw InputError("nothing was downloaded: accept the licence of '" + manifest.id +
                         "' first, with --accept-licence");
    library.accept_licence(manifest.id);
}

ExitCode stopped(const std::string& id) {
    fmt::print(stderr, "wavlab: stopped; what has been downloaded is kept, and `wavlab data get {}` goes on with it\n",
               id);
    return ExitCode::interrupted;
}

ExitCode get_dataset(const DataArguments& arguments) {
    DataLibrary library;
    settle_licence(library, library.find(arguments.id), arguments.accept_licence);
    DataConsole console(arguments.json);
    if (library.install(arguments.id, console.progress(), console.stop()) == DataOutcome::stopped)
        return stopped(arguments.id);
    console.end();
    report_installed(library.find(arguments.id), arguments.json);
    return ExitCode::done;
}

ExitCode add_dataset(const DataArguments& arguments) {
    DataLibrary library;
    DataConsole console(arguments.json);
    const LocalImport& import = arguments.import;
    if (!library.is_known(import.id)) {
        if (library.import(import, console.progress(), console.stop()) == DataOutcome::stopped) {
            fmt::print(stderr, "wavlab: stopped; nothing was added\n");
            return ExitCode::interrupted;
        }
    } else {
        if (!import.json_field.empty() || !import.validation.empty())
            throw InputError("'" + import.id +
                             "' is a dataset whose files are known: --field and --validation are for "
                             "datasets of your own, which need another name");
        std::vector<std::string> missing;
        const auto outcome = library.add_files(import.id, import.path, missing, console.progress(), console.stop());
        if (outcome == DataOutcome::stopped) return stopped(import.id);
        console.end();
        for (const std::string& name : missing)
            fmt::print(stderr, "wavlab: {} is still missing; add it too, or run `wavlab data get {}`\n", name,
                       import.id);
    }
    console.end();
    report_installed(library.find(import.id), arguments.json);
    return ExitCode::done;
}

ExitCode remove_dataset(const DataArguments& arguments) {
    DataLibrary().remove(arguments.id);
    if (arguments.json)
        fmt::print("{}\n", json_line(json{{"event", "removed"}, {"dataset", arguments.id}}));
    else
        fmt::print("{} was removed\n", arguments.id);
    return ExitCode::done;
}

/// Checksums of a dataset in the data folder. Throws WorkError when something is wrong.
ExitCode verify_dataset(const std::string& id, bool as_json) {
    DataLibrary library;
    DataConsole console(as_json);
    std::string problem;
    if (library.verify(id, problem, console.progress(), console.stop()) == DataOutcome::stopped)
        return ExitCode::interrupted;
    console.end();
    if (!problem.empty()) throw WorkError(problem);
    report_installed(library.find(id), as_json, "checked");
    return ExitCode::done;
}

/// The tokens, with what is being done on a terminal; empty when a signal asked to stop.
std::optional<TokenData> load_watched(DataRequest request, bool as_json) {
    stop_on_signals();
    request.is_cancelled = [] { return stop_was_asked(); };
    const bool terminal = !as_json && ::isatty(STDERR_FILENO);
    if (terminal)
        request.progress = [shown = -1](const std::string& activity, double fraction) mutable {
            const int percent = static_cast<int>(100 * fraction);
            if (percent != std::exchange(shown, percent)) fmt::print(stderr, "\r\033[K{}: {} %", activity, percent);
        };
    std::optional<TokenData> data;
    try {
        data = load_token_data(request, 0);
    } catch (const LoadingStopped&) {
    }
    if (terminal) fmt::print(stderr, "\r\033[K");
    return data;
}

ExitCode print_statistics(const DataRequest& request, bool as_json) {
    const std::optional<TokenData> loaded = load_watched(request, as_json);
    if (!loaded) return ExitCode::interrupted;
    const TokenData& data = *loaded;
    if (as_json) {
        json line{{"dataset", request.dataset},
                  {"source", data.source_description},
                  {"vocabulary", data.tokenizer->vocabulary_size()},
                  {"train_tokens", data.train.size()},
                  {"validation_tokens", data.validation.size()},
                  {"unigram_entropy", data.unigram_entropy},
                  {"sha256", data.sha256}};
        line["validation_floor"] = data.validation_floor ? json(*data.validation_floor) : json();
        fmt::print("{}\n", json_line(line));
        return ExitCode::done;
    }
    fmt::print("{}\n  vocabulary {}; {} training and {} validation tokens\n  unigram entropy {:.4f} nats per token\n",
               data.source_description, data.tokenizer->vocabulary_size(), data.train.size(), data.validation.size(),
               data.unigram_entropy);
    if (data.validation_floor)
        fmt::print("  the grammar that made the text reaches {:.4f} nats per token\n", *data.validation_floor);
    fmt::print("  sha256 {}\n", data.sha256);
    return ExitCode::done;
}

ExitCode check_dataset(const DataArguments& arguments) {
    const std::string& id = arguments.request.dataset;
    const DataLibrary library;
    const bool built_in = id.find(':') != std::string::npos || Registry<DatasetDescriptor>::find(id);
    const std::vector<std::string> here = installed_ids(library.folder());
    const bool kept = library.is_known(id) || std::find(here.begin(), here.end(), id) != here.end();
    if (!built_in && kept) {
        if (const ExitCode code = verify_dataset(id, arguments.json); code != ExitCode::done) return code;
        if (library.find(id).manifest.kind == ManifestKind::tokenizer) return ExitCode::done;
    }
    return print_statistics(arguments.request, arguments.json);
}

/// "\n" and "\t" as typed in a shell.
std::string without_escapes(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        const bool known = next == 'n' || next == 't' || next == '\\';
        plain += !known ? text[i] : next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
        if (known) ++i;
    }
    return plain;
}

void declare_check(CLI::App& app, DataArguments& arguments) {
    arguments.check = app.add_subcommand("check", "Load a dataset, compare its checksums, and say what is in it");
    arguments.check->add_option("dataset", arguments.request.dataset, "A dataset, or file:PATH of a text file")
        ->required();
    arguments.check->add_option("--tokenizer", arguments.request.tokenizer, "How text becomes tokens")
        ->capture_default_str();
    arguments.check->add_option("--validation", arguments.request.validation, "A text file to validate on");
}

void declare_add(CLI::App& app, DataArguments& arguments) {
    arguments.add =
        app.add_subcommand("add", "Make a dataset of your own files, or add a downloaded dataset's by hand");
    LocalImport& import = arguments.import;
    arguments.add->add_option("name", import.id, "Its name; or the dataset whose file this is")->required();
    arguments.add
        ->add_option("path", import.path, "A file (.txt, .jsonl, compressed, .zip, .tar.*), or a folder of them")
        ->required();
    arguments.add->add_option("--field", import.json_field, "Of lines of JSON: the field that holds the text");
    arguments.add->add_option("--validation", import.validation, "A file to validate on, instead of the last tenth");
    arguments.add->add_option_function<std::string>(
        "--separator", [&import](const std::string& text) { import.separator = without_escapes(text); },
        "What separates documents, \\n for a line end (default: a blank line)");
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<DataArguments>();
    app.require_subcommand(1);
    arguments->list = app.add_subcommand("list", "The datasets there are");
    arguments->get = app.add_subcommand("get", "Download a dataset, or go on with it");
    arguments->get->add_option("dataset", arguments->id, "Which one")->required();
    arguments->get->add_flag("--accept-licence", arguments->accept_licence, "Agree to its licence");
    declare_add(app, *arguments);
    declare_check(app, *arguments);
    arguments->remove = app.add_subcommand("remove", "Remove a dataset, and what is downloaded of it");
    arguments->remove->add_option("dataset", arguments->id, "Which one")->required();
    for (CLI::App* command : {arguments->list, arguments->get, arguments->add, arguments->check, arguments->remove}) {
        command->fallthrough();
        command->add_flag("--json", arguments->json, "One JSON object a line");
    }
    return [arguments](const CommandEnvironment&) {
        arguments->request.base_folder = std::filesystem::current_path();
        if (arguments->get->parsed()) return get_dataset(*arguments);
        if (arguments->add->parsed()) return add_dataset(*arguments);
        if (arguments->check->parsed()) return check_dataset(*arguments);
        if (arguments->remove->parsed()) return remove_dataset(*arguments);
        list_datasets(arguments->json);
        return ExitCode::done;
    };
}

const Registration<CommandDescriptor> registration{{"data", 32, "Datasets: list, get, add, check, remove", declare}};

}  // namespace
}  // namespace wavlab
