// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
    /// Entropies of the validation part under its own frequencies, in nats per token: of a token, and of a token given
    /// the one before it (0: not counted).
    double unigram_entropy = 0.0, bigram_entropy = 0.0;
    /// Size of the validation text in characters and bytes; 0 where the tokens do not give the text back.
    std::int64_t validation_characters = 0, validation_bytes = 0;
    /// SHA-256, in hexadecimal, of the normalised training text, a zero byte and the validation text.
    std::string sha256;
    std::string source_description;
};

/// The text of a request, from the dataset that accepts it. Throws InputError for an unknown dataset or a
/// text that cannot be had.
TextCorpus load_text_corpus(const DataRequest& request);

/// The tokens of a request. Those of a large text are kept in the cache folder and mapped from there, so that neither
/// the text nor its tokens have to fit into memory and the next start is quick. Throws InputError for an unknown
/// dataset or tokenizer, a text that cannot be had, and a part with fewer than context + 1 tokens (pass 0 to accept any
/// length but zero); WorkError where the tokens cannot be kept; LoadingStopped.
TokenData load_token_data(const DataRequest& request, std::int64_t context);

/// The tokens of a request if they are kept already, without reading the text; empty otherwise.
std::optional<TokenData> cached_token_data(const DataRequest& request);

/// All tokens of a text. Throws what Tokenizer::encode throws, with places counted from the beginning of the text.
TokenSequence encode_text(const Tokenizer& tokenizer, const TextSource& text);

/// Entropy in nats per token of a sequence under its own token frequencies; 0 for an empty one.
double unigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size);

/// Entropy in nats of a token given the one before it, under the sequence's own frequencies of pairs. 0 for fewer than
/// two tokens, and where there are too many different pairs to count.
double bigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size);

/// Where the evaluation windows of context + 1 tokens start in `tokens` tokens:
/// floor(i·(tokens − context − 1)/(windows − 1)), 0 if there is one window; they overlap if need be.
/// Throws InputError where the tokens do not fill one window or `windows` is not positive.
std::vector<std::int64_t> evaluation_starts(std::int64_t tokens, std::int64_t context, std::int64_t windows);

}  // namespace wavlab
