// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "datasets/token_sequence.h"

namespace wavlab {

/// Turns text into tokens 0 .. vocabulary_size() - 1 and back.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Number of different tokens.
    virtual std::int64_t vocabulary_size() const = 0;
    /// Tokens of a UTF-8 text; invalid bytes count as U+FFFD. Throws InputError for a text with characters
    /// outside the vocabulary, naming the first one, its offset in characters and how many there are.
    virtual std::vector<std::int32_t> encode(std::string_view utf8) const = 0;
    /// As encode(), but appends to a sequence, which spares the 4 bytes a token of a large text.
    virtual void encode_into(std::string_view utf8, TokenSequence& tokens) const { tokens.append(encode(utf8)); }
    /// Text of a sequence of tokens. Throws InputError for a token outside the vocabulary.
    virtual std::string decode(std::span<const std::int32_t> tokens) const = 0;
    /// Text of one token. Throws InputError for a token outside the vocabulary.
    virtual std::string decode_token(std::int32_t token) const = 0;
    /// What a checkpoint stores and TokenizerDescriptor::restore() reads.
    virtual nlohmann::json vocabulary() const = 0;
};

/// A tokenizer as data. Registered through Registry<TokenizerDescriptor>, one file a tokenizer.
struct TokenizerDescriptor {
    std::string id, title, summary;
    int order = 0;  ///< place in lists
    /// The tokenizer of these texts (training and validation part, UTF-8).
    std::unique_ptr<Tokenizer> (*build)(const std::vector<std::string_view>& texts) = nullptr;
    /// The tokenizer of a stored vocabulary. Throws InputError where it is not a valid one.
    std::unique_ptr<Tokenizer> (*restore)(const nlohmann::json& vocabulary) = nullptr;
};

}  // namespace wavlab
