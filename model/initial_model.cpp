// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/initial_model.h"

#include <optional>
#include <string>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/sha256.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

/// The run of checkpoints/step-N/model.safetensors, else the file.
std::string origin_name(const fs::path& file) {
    const fs::path path = fs::absolute(file).lexically_normal();
    const fs::path run = path.parent_path().parent_path().parent_path();
    return (is_run_folder(run) ? run : path).filename().string();
}

/// As JSON, so that what does not print is escaped.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// The first token of `tokens` that `known` lacks; empty when it has them all.
std::optional<std::string> first_unknown(const Tokenizer& tokens, const Tokenizer& known) {
    for (std::int64_t token = 0; token < tokens.vocabulary_size(); ++token) {
        const std::string text = tokens.decode_token(static_cast<std::int32_t>(token));
        try {
            (void)known.encode(text);
        } catch (const InputError&) {
            return quoted(text);
        }
    }
    return std::nullopt;
}

}  // namespace

InitialModel::InitialModel(const fs::path& file) : file_(file), header_(read_model_header(file_)) {}

void InitialModel::require_architecture(const Experiment& experiment) const {
    const auto require = [&](const char* key, const auto& checkpoint, const auto& wanted, const auto& text) {
        if (checkpoint == wanted) return;
        throw InputError("the model in '" + file_.path().string() + "' has model." + key + " = " + text(checkpoint) +
                         " and the experiment " + text(wanted) +
                         ": a run can only start from a checkpoint of the same architecture");
    };
    const auto number = [](std::int64_t value) { return std::to_string(value); };
    const ModelSettings& has = header_.experiment.model;
    const ModelSettings& wanted = experiment.model;
    require("method", has.method, wanted.method, quoted);
    require("layers", has.layers, wanted.layers, number);
    require("width", has.width, wanted.width, number);
    require("heads", has.heads, wanted.heads, number);
    require("mlp_hidden", has.mlp_hidden, wanted.mlp_hidden, number);
    if (header_.experiment.data.tokenizer != experiment.data.tokenizer)
        throw InputError("the model in '" + file_.path().string() + "' reads " +
                         quoted(header_.experiment.data.tokenizer) + " tokens and the experiment " +
                         quoted(experiment.data.tokenizer) +
                         ": a run can only start from a checkpoint of the same vocabulary");
    // Where its files lie is no matter: the vocabularies are compared once the text is read.
    const auto options = [](const Experiment& of) {
        OptionValues values = resolved_tokenizer_options(of);
        if (const TokenizerDescriptor* tokenizer = TokenizerRegistry::find(of.data.tokenizer))
            for (const Option& option : tokenizer->options)
                if (option.holds_path) values.erase(option.key);
        return values;
    };
    if (options(header_.experiment) != options(experiment))
        throw InputError("the model in '" + file_.path().string() +
                         "' was trained with other options of its tokenizer: a run can only start from a checkpoint of "
                         "the same vocabulary");
}

void InitialModel::require_vocabulary(const Tokenizer& tokenizer) const {
    if (header_.tokenizer->vocabulary() == tokenizer.vocabulary()) return;
    const auto count = [](const Tokenizer& one) { return std::to_string(one.vocabulary_size()) + " tokens"; };
    const std::string sizes = "the vocabulary of '" + file_.path().string() + "' (" + count(*header_.tokenizer) +
                              ") is not that of the experiment's text (" + count(tokenizer) + "): ";
    if (const auto lacking = first_unknown(tokenizer, *header_.tokenizer))
        throw InputError(sizes + "the text has " + *lacking + ", which the checkpoint does not know");
    if (const auto additional = first_unknown(*header_.tokenizer, tokenizer))
        throw InputError(sizes + "the checkpoint knows " + *additional + ", which is not in the text");
    throw InputError(sizes + "they are in another order");
}

RunOrigin InitialModel::origin() const {
    return {origin_name(file_.path()), header_.step, sha256_of_file(file_.path())};
}

}  // namespace wavlab
