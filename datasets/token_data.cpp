// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_data.h"

#include <cmath>

#include "core/error.h"
#include "core/registry.h"
#include "core/sha256.h"
#include "datasets/text.h"

namespace wavlab {

namespace {

template <class Descriptor>
std::string list_ids() {
    std::string list;
    for (const Descriptor& entry : Registry<Descriptor>::all()) list += (list.empty() ? "" : ", ") + entry.id;
    return list;
}

/// The text as tokens of the smallest type that holds the vocabulary.
TokenSequence tokens_of(const Tokenizer& tokenizer, std::string_view text) {
    TokenSequence tokens(tokenizer.vocabulary_size());
    tokenizer.encode_into(text, tokens);
    tokens.shrink_to_fit();
    return tokens;
}

void require_length(const char* part, const TokenSequence& tokens, std::int64_t context, const std::string& source) {
    const std::int64_t needed = context + 1;
    if (tokens.size() >= needed) return;
    const std::string needs = context > 0 ? "a context of " + std::to_string(context) + " needs" : "it needs";
    throw InputError(std::string("the ") + part + " part of " + source + " has " + std::to_string(tokens.size()) +
                     (tokens.size() == 1 ? " token; " : " tokens; ") + needs + " at least " + std::to_string(needed));
}

std::string digest_of(const TextCorpus& corpus) {
    Sha256 hash;
    hash.update(corpus.train_text);
    hash.update(std::string_view("\0", 1));
    hash.update(corpus.validation_text);
    return hash.hex_digest();
}

}  // namespace

TextCorpus load_text_corpus(const DataRequest& request) {
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all())
        if (dataset.accepts(request.dataset)) return dataset.load(request);
    throw InputError("there is no dataset '" + request.dataset + "'; allowed are " + list_ids<DatasetDescriptor>() +
                     " (a text file is file:PATH)");
}

const TokenizerDescriptor& find_tokenizer(std::string_view id) {
    if (const TokenizerDescriptor* tokenizer = Registry<TokenizerDescriptor>::find(id)) return *tokenizer;
    throw InputError("there is no tokenizer '" + std::string(id) + "'; allowed are " + list_ids<TokenizerDescriptor>());
}

TokenData load_token_data(const DataRequest& request, std::int64_t context) {
    const TokenizerDescriptor& descriptor = find_tokenizer(request.tokenizer);
    TextCorpus corpus = load_text_corpus(request);
    TokenData data;
    data.source_description = corpus.source_description;
    data.sha256 = digest_of(corpus);
    data.tokenizer = descriptor.build({corpus.train_text, corpus.validation_text});
    data.train = tokens_of(*data.tokenizer, corpus.train_text);
    corpus.train_text = std::string();  // a large text is not kept beside its tokens
    data.validation = tokens_of(*data.tokenizer, corpus.validation_text);
    require_length("training", data.train, context, data.source_description);
    require_length("validation", data.validation, context, data.source_description);
    data.unigram_entropy = unigram_entropy(data.validation, data.tokenizer->vocabulary_size());
    if (corpus.validation_floor) {
        const auto characters = static_cast<double>(count_characters(corpus.validation_text));
        data.validation_floor = *corpus.validation_floor * characters / static_cast<double>(data.validation.size());
    }
    return data;
}

double unigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size) {
    double entropy = 0.0;
    const auto total = static_cast<double>(tokens.size());
    for (const std::int64_t count : tokens.counts(vocabulary_size)) {
        if (count == 0) continue;
        const double frequency = static_cast<double>(count) / total;
        entropy -= frequency * std::log(frequency);
    }
    return entropy;
}

std::vector<std::int64_t> evaluation_starts(std::int64_t tokens, std::int64_t context, std::int64_t windows) {
    if (windows < 1)
        throw InputError("the number of evaluation windows is " + std::to_string(windows) + "; it must be at least 1");
    const std::int64_t last = tokens - context - 1;
    if (context < 1 || last < 0)
        throw InputError("the text to evaluate has " + std::to_string(tokens) + " tokens; a context of " +
                         std::to_string(context) + " needs at least " + std::to_string(context + 1));
    std::vector<std::int64_t> starts(static_cast<std::size_t>(windows), 0);
    // i·last/(windows − 1) without the product, which could overflow for a huge text.
    for (std::int64_t i = 1; i < windows; ++i) {
        const std::int64_t steps = windows - 1;
        starts[static_cast<std::size_t>(i)] = i * (last / steps) + i * (last % steps) / steps;
    }
    return starts;
}

}  // namespace wavlab
