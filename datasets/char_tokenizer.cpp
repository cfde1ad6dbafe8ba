// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/char_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/text.h"

namespace wavlab {

namespace {

constexpr std::int64_t code_point_count = 0x110000;

bool is_surrogate(std::int64_t code_point) { return code_point >= 0xD800 && code_point <= 0xDFFF; }

/// "'é' (U+00E9)", or the number alone for a character that does not print.
std::string describe_character(char32_t code_point) {
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(code_point));
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return number.data();
    std::string text = "'";
    append_utf8(code_point, text);
    return text + "' (" + number.data() + ")";
}

}  // namespace

CharTokenizer::CharTokenizer(std::vector<char32_t> code_points) : code_points_(std::move(code_points)) {
    const char32_t largest = *std::max_element(code_points_.begin(), code_points_.end());
    token_table_.assign(std::max<std::size_t>(std::size_t{largest} + 1, 128), -1);
    for (std::size_t token = 0; token < code_points_.size(); ++token)
        token_table_[code_points_[token]] = static_cast<std::int32_t>(token);
}

CharTokenizer CharTokenizer::from_texts(const std::vector<std::string_view>& texts) {
    std::vector<bool> other_seen(code_point_count, false);
    std::array<bool, 128> ascii_seen{};
    for (std::string_view text : texts) {
        std::size_t i = 0;
        while (i < text.size()) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if (byte < 0x80) {
                ascii_seen[byte] = true;
                ++i;
                continue;
            }
            const DecodedCharacter character = decode_character(text.substr(i));
            other_seen[character.code_point] = true;
            i += static_cast<std::size_t>(character.bytes);
        }
    }
    std::vector<char32_t> code_points;
    for (char32_t code_point = 0; code_point < code_point_count; ++code_point)
        if (code_point < 0x80 ? ascii_seen[code_point] : other_seen[code_point]) code_points.push_back(code_point);
    if (code_points.empty()) throw InputError("a character vocabulary cannot be made of an empty text");
    return CharTokenizer(std::move(code_points));
}

CharTokenizer CharTokenizer::from_vocabulary(const nlohmann::json& vocabulary) {
    if (!vocabulary.is_array() || vocabulary.empty())
        throw InputError("the character vocabulary is not a list of code points with at least one entry");
    if (vocabulary.size() > static_cast<std::size_t>(code_point_count))
        throw InputError("the character vocabulary has " + std::to_string(vocabulary.size()) +
                         " entries; there are only 1112064 characters");
    std::vector<char32_t> code_points;
    code_points.reserve(vocabulary.size());
    std::vector<bool> seen(code_point_count, false);
    for (const nlohmann::json& entry : vocabulary) {
        const auto fail = [&](const std::string& problem) {
            throw InputError("entry " + std::to_string(code_points.size()) + " of the character vocabulary " + problem +
                             "; allowed are different code points from 0 to 1114111 without 55296 to 57343");
        };
        if (!entry.is_number_integer()) fail("is not a whole number");
        // Unsigned numbers above 2^63 would turn negative, which is refused as well.
        const auto value = entry.get<std::int64_t>();
        if (value < 0 || value >= code_point_count || is_surrogate(value)) fail("is " + entry.dump());
        if (seen[static_cast<std::size_t>(value)]) fail("repeats " + entry.dump());
        seen[static_cast<std::size_t>(value)] = true;
        code_points.push_back(static_cast<char32_t>(value));
    }
    return CharTokenizer(std::move(code_points));
}

template <class Token>
void CharTokenizer::encode_all(std::string_view utf8, std::vector<Token>& tokens) const {
    const std::size_t before = tokens.size();
    tokens.resize(before + static_cast<std::size_t>(count_characters(utf8)));
    std::size_t filled = before;
    bool unknown = false;
    const auto put = [&](std::int32_t token) {
        unknown |= token < 0;
        // Invalid bytes can make more characters than were counted.
        if (filled == tokens.size()) tokens.resize(filled + filled / 2 + 16);
        tokens[filled++] = static_cast<Token>(token);
    };
    std::size_t i = 0;
    while (i < utf8.size()) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            put(token_table_[byte]);
            ++i;
            continue;
        }
        const DecodedCharacter character = decode_character(utf8.substr(i));
        put(character.code_point < token_table_.size() ? token_table_[character.code_point] : -1);
        i += static_cast<std::size_t>(character.bytes);
    }
    tokens.resize(unknown ? before : filled);
    if (unknown) report_unknown(utf8);
}

void CharTokenizer::report_unknown(std::string_view utf8) const {
    std::int64_t offset = 0, first_offset = 0, unknown = 0;
    char32_t first = 0;
    for (std::size_t i = 0; i < utf8.size(); ++offset) {
        const DecodedCharacter character = decode_character(utf8.substr(i));
        i += static_cast<std::size_t>(character.bytes);
        if (character.code_point < token_table_.size() && token_table_[character.code_point] >= 0) continue;
        if (unknown++ == 0) {
            first = character.code_point;
            first_offset = offset;
        }
    }
    throw InputError("the text has " + std::to_string(unknown) +
                     (unknown == 1 ? " character that is" : " characters that are") +
                     " not in the vocabulary, the first is " + describe_character(first) + " at offset " +
                     std::to_string(first_offset) + " (in characters, from 0)");
}

std::vector<std::int32_t> CharTokenizer::encode(std::string_view utf8) const {
    std::vector<std::int32_t> tokens;
    encode_all(utf8, tokens);
    return tokens;
}

void CharTokenizer::encode_into(std::string_view utf8, TokenSequence& tokens) const {
    std::visit([&](auto& typed) { encode_all(utf8, typed); }, tokens.storage());
}

char32_t CharTokenizer::code_point(std::int32_t token) const {
    if (token < 0 || token >= vocabulary_size())
        throw InputError("token " + std::to_string(token) + " is not in the vocabulary; allowed are 0 to " +
                         std::to_string(vocabulary_size() - 1));
    return code_points_[static_cast<std::size_t>(token)];
}

std::string CharTokenizer::decode(std::span<const std::int32_t> tokens) const {
    std::string text;
    text.reserve(tokens.size());
    for (const std::int32_t token : tokens) append_utf8(code_point(token), text);
    return text;
}

std::string CharTokenizer::decode_token(std::int32_t token) const {
    std::string text;
    append_utf8(code_point(token), text);
    return text;
}

nlohmann::json CharTokenizer::vocabulary() const {
    nlohmann::json list = nlohmann::json::array();
    for (const char32_t code_point : code_points_) list.push_back(static_cast<std::uint32_t>(code_point));
    return list;
}

namespace {

std::unique_ptr<Tokenizer> build(const std::vector<std::string_view>& texts) {
    return std::make_unique<CharTokenizer>(CharTokenizer::from_texts(texts));
}

std::unique_ptr<Tokenizer> restore(const nlohmann::json& vocabulary) {
    return std::make_unique<CharTokenizer>(CharTokenizer::from_vocabulary(vocabulary));
}

const Registration<TokenizerDescriptor> registration{{
    .id = "char",
    .title = WAVLAB_TEXT("Characters"),
    .summary = WAVLAB_TEXT("One token for each Unicode code point that occurs in the training or validation text."),
    .order = 0,
    .build = build,
    .restore = restore,
}};

}  // namespace

}  // namespace wavlab
