// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/tokenizer.h"

namespace wavlab {

/// Which characters become others before they become tokens. By default none does.
struct CharRules {
    bool lower_case = false;      ///< by Unicode's simple mapping, one character for one; before all else
    std::u32string characters{};  ///< where not empty, all others become the rare symbol
    std::int64_t rare_below = 0;  ///< those that occur fewer times in the first text become the rare symbol

    bool use_rare_symbol() const { return !characters.empty() || rare_below > 0; }
};

/// One token a code point. The vocabulary is a list of code points in token order. Where the rules know the rare symbol
/// and the vocabulary has it, every character outside the vocabulary is read as it.
class CharTokenizer : public Tokenizer {
public:
    static constexpr char32_t rare_symbol = 0xFFFD;

    /// The sorted set of the code points of these texts, by the rules. The first is the training text.
    static CharTokenizer from_texts(const std::vector<const TextSource*>& texts, CharRules rules = {});
    static CharTokenizer from_text(const std::string& text);
    /// The stored list of code points. Throws InputError unless it is a list of different code points (whole
    /// numbers from 0 to 1114111 without the surrogates 55296 to 57343), in any order, and not empty.
    static CharTokenizer from_vocabulary(const nlohmann::json& vocabulary, CharRules rules = {});

    std::int64_t vocabulary_size() const override { return static_cast<std::int64_t>(code_points_.size()); }
    std::vector<std::int32_t> encode(std::string_view utf8) const override;
    void encode_into(std::string_view utf8, TokenSequence& tokens) const override;
    std::string decode(std::span<const std::int32_t> tokens) const override;
    std::string decode_token(std::int32_t token) const override;
    /// False where letters lose their case or the vocabulary has the rare symbol that some characters became.
    bool is_lossless() const override;
    nlohmann::json vocabulary() const override;

private:
    CharTokenizer(std::vector<char32_t> code_points, CharRules rules);
    template <class Token>
    void encode_all(std::string_view utf8, std::vector<Token>& tokens) const;
    [[noreturn]] void report_unknown(std::string_view utf8) const;
    char32_t code_point(std::int32_t token) const;
    std::int32_t token_of(char32_t code_point) const {
        return code_point < token_table_.size() ? token_table_[code_point] : other_token_;
    }

    std::vector<char32_t> code_points_;  // by token
    CharRules rules_;
    std::vector<std::int32_t> token_table_;  // by code point, before it becomes lower case; -1: not in the vocabulary
    std::int32_t other_token_ = -1;          // of characters outside the vocabulary and beyond the table
};

}  // namespace wavlab
