// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/tokenizer.h"

namespace wavlab {

/// One token a code point. The vocabulary is a list of code points in token order.
class CharTokenizer : public Tokenizer {
public:
    /// The sorted set of the code points of these texts.
    static CharTokenizer from_texts(const std::vector<std::string_view>& texts);
    /// The stored list of code points. Throws InputError unless it is a list of different code points (whole
    /// numbers from 0 to 1114111 without the surrogates 55296 to 57343), in any order, and not empty.
    static CharTokenizer from_vocabulary(const nlohmann::json& vocabulary);

    std::int64_t vocabulary_size() const override { return static_cast<std::int64_t>(code_points_.size()); }
    std::vector<std::int32_t> encode(std::string_view utf8) const override;
    void encode_into(std::string_view utf8, TokenSequence& tokens) const override;
    std::string decode(std::span<const std::int32_t> tokens) const override;
    std::string decode_token(std::int32_t token) const override;
    nlohmann::json vocabulary() const override;

private:
    explicit CharTokenizer(std::vector<char32_t> code_points);
    template <class Token>
    void encode_all(std::string_view utf8, std::vector<Token>& tokens) const;
    [[noreturn]] void report_unknown(std::string_view utf8) const;
    char32_t code_point(std::int32_t token) const;

    std::vector<char32_t> code_points_;      // by token
    std::vector<std::int32_t> token_table_;  // by code point; -1: not in the vocabulary
};

}  // namespace wavlab
