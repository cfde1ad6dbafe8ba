// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "datasets/byte_pair_encoding.h"

namespace wavlab {

/// What a byte-level byte pair encoding consists of. Tokens are 0 .. n - 1, each of them a byte, merged from earlier
/// tokens, or one of the others.
struct Gpt2Vocabulary {
    std::array<std::int32_t, 256> bytes{};  ///< the token of each byte
    std::vector<BytePairMerge> merges;      ///< first ones first
    /// Tokens that text is never merged to, such as "<|endoftext|>", as the vocabulary file writes them.
    std::map<std::string, std::int32_t> others;

    /// The bytes of every token, by token. Throws InputError unless the tokens are 0 .. n - 1 and every merge is of
    /// tokens that stand before it.
    std::vector<std::string> token_texts() const;

    /// {"bytes": [...], "merges": [left, right, left, right, ...], "merged": [...], "others": {...}}; "merged" is left
    /// out where merge i gives token 256 + i, as in GPT-2.
    nlohmann::json to_json() const;
    /// Throws InputError where it is not of that form.
    static Gpt2Vocabulary from_json(const nlohmann::json& json);
};

/// Reads GPT-2's files: the vocabulary (encoder.json, vocab.json), which gives each token its number, and the merges
/// (vocab.bpe, merges.txt), with or without their "#version" line. Both write bytes as characters that print.
/// Throws InputError that names file and line.
Gpt2Vocabulary read_gpt2_vocabulary(const std::filesystem::path& vocabulary_file,
                                    const std::filesystem::path& merges_file);

/// The bytes of a token as GPT-2's files write it: each byte is one character, those that print themselves, the others
/// U+0100 and on. A name with any other character stands for itself.
std::string gpt2_token_text(const std::string& name);
/// How GPT-2's files write a byte.
std::string gpt2_byte_name(unsigned char byte);

}  // namespace wavlab
