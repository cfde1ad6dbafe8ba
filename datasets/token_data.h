// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/token_sequence.h"
#include "datasets/tokenizer.h"

namespace wavlab {

/// Tokens of both parts of a corpus and what a run's provenance records about them.
struct TokenData {
    std::shared_ptr<const Tokenizer> tokenizer;
    TokenSequence train, validation;
    /// Exact −log p of the validation part in nats per token, where the source knows it.
    std::optional<double> validation_floor;
    /// Entropy of the validation part under its own token frequencies, in nats per token.
    double unigram_entropy = 0.0;
    /// SHA-256, in hexadecimal, of the normalised training text, a zero byte and the validation text.
    std::string sha256;
    std::string source_description;
};

/// The text of a request, from the dataset that accepts it. Throws InputError for an unknown dataset or a
/// text that cannot be had.
TextCorpus load_text_corpus(const DataRequest& request);

/// The tokens of a request. Throws InputError for an unknown dataset or tokenizer, a text that cannot be
/// had, and a part with fewer than context + 1 tokens (pass 0 to accept any length but zero).
TokenData load_token_data(const DataRequest& request, std::int64_t context);

/// The tokenizer called `id`. Throws InputError naming those that exist.
const TokenizerDescriptor& find_tokenizer(std::string_view id);

/// Entropy in nats per token of a sequence under its own token frequencies; 0 for an empty one.
double unigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size);

/// Where the evaluation windows of context + 1 tokens start in `tokens` tokens:
/// floor(i·(tokens − context − 1)/(windows − 1)), 0 if there is one window; they overlap if need be.
/// Throws InputError where the tokens do not fill one window or `windows` is not positive.
std::vector<std::int64_t> evaluation_starts(std::int64_t tokens, std::int64_t context, std::int64_t windows);

}  // namespace wavlab
