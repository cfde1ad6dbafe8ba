// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/evaluation_text.h"

#include <memory>
#include <optional>

#include "core/error.h"
#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

/// What is kept of the experiment's text; nothing where that cannot be found out, as after its tokenizer's files were
/// moved: the model has its own vocabulary, and if the text is missing too, reading it says so.
std::optional<TokenData> kept_tokens(const Experiment& experiment) {
    try {
        return cached_token_data(data_request(experiment));
    } catch (const InputError&) {
        return std::nullopt;
    }
}

}  // namespace

EvaluationText evaluation_text(const LoadedModel& model, const std::filesystem::path& file) {
    EvaluationText text{TokenSequence(model.tokenizer->vocabulary_size()), ""};
    const Experiment& experiment = model.experiment();
    std::shared_ptr<const TextSource> source;
    if (file.empty()) {
        // The tokens of a large text are kept; they are of use where the text still has the model's vocabulary.
        if (std::optional<TokenData> kept = kept_tokens(experiment);
            kept && kept->tokenizer->vocabulary() == model.tokenizer->vocabulary())
            return {std::move(kept->validation), "validation part of " + kept->source_description};
        const TextCorpus corpus = load_text_corpus(data_request(experiment));
        source = corpus.validation;
        text.source = "validation part of " + corpus.source_description;
    } else {
        (void)examine_text_file(file);
        source = std::make_shared<FileText>(file);
        text.source = file.string();
    }
    try {
        text.tokens = encode_text(*model.tokenizer, *source);
    } catch (const InputError& error) {
        throw InputError("the text '" + (file.empty() ? experiment.data.dataset : text.source) +
                         "' does not fit the model: " + error.what());
    }
    return text;
}

void require_routing(const Decoder& decoder) {
    if (!decoder.routing_layout().empty()) return;
    throw InputError("the model uses the method " + decoder.experiment().model.method + ", which has no routing");
}

}  // namespace wavlab
