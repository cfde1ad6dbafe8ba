// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/char_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/text.h"
#include "datasets/unicode_classes.h"

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

CharTokenizer::CharTokenizer(std::vector<char32_t> code_points, CharRules rules)
    : code_points_(std::move(code_points)), rules_(std::move(rules)) {
    const char32_t largest = *std::max_element(code_points_.begin(), code_points_.end());
    const auto rare = std::find(code_points_.begin(), code_points_.end(), rare_symbol);
    if (rules_.use_rare_symbol() && rare != code_points_.end())
        other_token_ = static_cast<std::int32_t>(rare - code_points_.begin());
    token_table_.assign(std::max<std::size_t>(std::size_t{largest} + 1, 128), other_token_);
    for (std::size_t token = 0; token < code_points_.size(); ++token)
        token_table_[code_points_[token]] = static_cast<std::int32_t>(token);
    if (!rules_.lower_case) return;
    std::vector<std::int32_t> table(code_point_count);
    for (char32_t code_point = 0; code_point < code_point_count; ++code_point)
        table[code_point] = token_of(lower_case(code_point));
    token_table_ = std::move(table);
}

namespace {

/// How often each code point occurs.
class CharacterCounts {
public:
    void read(const TextSource& text) {
        text.read([this](std::string_view piece) { count(piece); });
    }
    std::int64_t operator[](char32_t code_point) const { return counts_[code_point]; }

    /// Adds the counts of every character to those of what it becomes.
    template <class Mapping>
    void map(const Mapping& mapping) {
        std::vector<std::int64_t> mapped(counts_.size(), 0);
        for (char32_t code_point = 0; code_point < counts_.size(); ++code_point)
            if (counts_[code_point] > 0) mapped[mapping(code_point)] += counts_[code_point];
        counts_ = std::move(mapped);
    }

private:
    void count(std::string_view piece) {
        std::size_t i = 0;
        while (i < piece.size()) {
            const auto byte = static_cast<unsigned char>(piece[i]);
            if (byte < 0x80) {
                ++counts_[byte];
                ++i;
                continue;
            }
            const DecodedCharacter character = decode_character(piece.substr(i));
            ++counts_[character.code_point];
            i += static_cast<std::size_t>(character.bytes);
        }
    }

    std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(code_point_count, 0);
};

}  // namespace

CharTokenizer CharTokenizer::from_texts(const std::vector<const TextSource*>& texts, CharRules rules) {
    CharacterCounts training, all;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        all.read(*texts[i]);
        if (i == 0) training = all;
    }
    if (rules.lower_case) {
        training.map(lower_case);
        all.map(lower_case);
        std::transform(rules.characters.begin(), rules.characters.end(), rules.characters.begin(), lower_case);
    }
    const auto is_kept = [&](char32_t code_point) {
        return (rules.characters.empty() || rules.characters.find(code_point) != std::u32string::npos) &&
               training[code_point] >= rules.rare_below;
    };
    all.map([&](char32_t code_point) { return is_kept(code_point) ? code_point : rare_symbol; });
    std::vector<char32_t> code_points;
    for (char32_t code_point = 0; code_point < code_point_count; ++code_point)
        if (all[code_point] > 0) code_points.push_back(code_point);
    if (code_points.empty()) throw InputError("a character vocabulary cannot be made of an empty text");
    if (rules.use_rare_symbol() && code_points.size() == 1 && code_points.front() == rare_symbol)
        throw InputError(
            "no character of the text is left: data.characters or data.rare_below makes all of them the "
            "rare symbol");
    return {std::move(code_points), std::move(rules)};
}

CharTokenizer CharTokenizer::from_text(const std::string& text) {
    const MemoryText source(text);
    return from_texts({&source});
}

CharTokenizer CharTokenizer::from_vocabulary(const nlohmann::json& vocabulary, CharRules rules) {
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
    return {std::move(code_points), std::move(rules)};
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
        put(token_of(character.code_point));
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
        if (token_of(character.code_point) >= 0) continue;
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

bool CharTokenizer::is_lossless() const { return !rules_.lower_case && other_token_ < 0; }

nlohmann::json CharTokenizer::vocabulary() const {
    nlohmann::json list = nlohmann::json::array();
    for (const char32_t code_point : code_points_) list.push_back(static_cast<std::uint32_t>(code_point));
    return list;
}

namespace {

std::vector<Option> options() {
    return {
        {.key = "lower_case",
         .label = WAVLAB_TEXT("Lower case"),
         .default_value = false,
         .help = WAVLAB_TEXT("Capital letters of any script are read as small ones.")},
        {.key = "characters",
         .label = WAVLAB_TEXT("Only these characters"),
         .default_value = std::string(),
         .help = WAVLAB_TEXT("All others become the rare symbol U+FFFD. Empty: every character is kept.")},
        {.key = "rare_below",
         .label = WAVLAB_TEXT("Rare below"),
         .default_value = std::int64_t{0},
         .help = WAVLAB_TEXT("Characters that occur fewer times than this in the training text become the rare symbol "
                             "U+FFFD. 0: every character is kept."),
         .unit = WAVLAB_TEXT("times"),
         .minimum = 0.0},
    };
}

CharRules rules_of(const OptionValues& values) {
    const std::vector<Option> known = options();
    CharRules rules;
    rules.lower_case = get_option<bool>(known, values, "lower_case");
    rules.rare_below = get_option<std::int64_t>(known, values, "rare_below");
    const auto characters = get_option<std::string>(known, values, "characters");
    for (std::size_t i = 0; i < characters.size();) {
        const DecodedCharacter character = decode_character(std::string_view(characters).substr(i));
        rules.characters += character.code_point;
        i += static_cast<std::size_t>(character.bytes);
    }
    return rules;
}

std::unique_ptr<Tokenizer> build(const std::vector<const TextSource*>& texts, const OptionValues& values) {
    return std::make_unique<CharTokenizer>(CharTokenizer::from_texts(texts, rules_of(values)));
}

std::unique_ptr<Tokenizer> restore(const nlohmann::json& vocabulary, const OptionValues& values) {
    return std::make_unique<CharTokenizer>(CharTokenizer::from_vocabulary(vocabulary, rules_of(values)));
}

const Registration<TokenizerDescriptor> registration{{
    .id = "char",
    .title = WAVLAB_TEXT("Characters"),
    .summary = WAVLAB_TEXT("One token for each Unicode code point that occurs in the training or validation text."),
    .order = 0,
    .options = options(),
    .build = build,
    .restore = restore,
}};

}  // namespace

}  // namespace wavlab
