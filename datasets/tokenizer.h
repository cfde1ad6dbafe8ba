// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/tokenizer_descriptor.h"
#include "datasets/text_source.h"
#include "datasets/token_sequence.h"

namespace wavlab {

/// Turns text into tokens 0 .. vocabulary_size() - 1 and back.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Number of different tokens.
    virtual std::int64_t vocabulary_size() const = 0;
    /// Tokens of a UTF-8 text. Throws InputError for a text that it cannot tell in tokens, such as one with characters
    /// outside the vocabulary, naming the first one, its offset in characters and how many there are.
    virtual std::vector<std::int32_t> encode(std::string_view utf8) const = 0;
    /// As encode(), but appends to a sequence, which spares the 4 bytes a token of a large text.
    virtual void encode_into(std::string_view utf8, TokenSequence& tokens) const { tokens.append(encode(utf8)); }
    /// The length of the longest beginning of a text that can be encoded before what follows the text is known: its
    /// tokens and those of the rest are the tokens of the whole. The text ends with a whole character.
    virtual std::size_t safe_cut(std::string_view utf8) const { return utf8.size(); }
    /// Text of a sequence of tokens. Throws InputError for a token outside the vocabulary.
    virtual std::string decode(std::span<const std::int32_t> tokens) const = 0;
    /// Bytes of one token; they need not be a whole character. Throws InputError for a token outside the vocabulary.
    virtual std::string decode_token(std::int32_t token) const = 0;
    /// Whether decode(encode(text)) is the text, so that a loss can be given in bits per character and per byte.
    virtual bool is_lossless() const { return true; }
    /// What a checkpoint stores and TokenizerDescriptor::restore() reads.
    virtual nlohmann::json vocabulary() const = 0;
};

/// The tokenizer called `id`. Throws InputError naming those that exist.
const TokenizerDescriptor& find_tokenizer(std::string_view id);

}  // namespace wavlab
