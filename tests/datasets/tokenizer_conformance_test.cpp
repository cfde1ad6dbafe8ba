// SPDX-License-Identifier: GPL-3.0-or-later
// What every registered tokenizer must do, with its default options and with each option changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/error.h"
#include "datasets/text.h"
#include "datasets/token_data.h"
#include "tests/datasets/small_gpt2_files.h"

namespace wavlab {
namespace {

using nlohmann::json;

struct Variant {
    std::string tokenizer, name;
    OptionValues options;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.tokenizer << " " << variant.name; }

/// Another value than the default one; empty where there is none to be tried.
std::optional<OptionValue> other_value(const Option& option) {
    if (option.holds_path) return std::nullopt;
    if (const bool* value = std::get_if<bool>(&option.default_value)) return !*value;
    if (const auto* value = std::get_if<std::int64_t>(&option.default_value)) return *value + 3;
    if (const auto* value = std::get_if<double>(&option.default_value)) return *value / 2;
    for (const std::string& choice : option.choices)
        if (OptionValue(choice) != option.default_value) return choice;
    return "etaoin ETAOIN";
}

std::vector<Variant> all_variants() {
    std::vector<Variant> variants;
    for (const TokenizerDescriptor& descriptor : TokenizerRegistry::all()) {
        Variant all{descriptor.id, "all_options", {}};
        variants.push_back({descriptor.id, "defaults", {}});
        for (const Option& option : descriptor.options)
            if (const std::optional<OptionValue> value = other_value(option)) {
                variants.push_back({descriptor.id, option.key, {{option.key, *value}}});
                all.options[option.key] = *value;
            }
        if (all.options.size() > 1) variants.push_back(all);
    }
    return variants;
}

std::string training_text() {
    return "Once upon a time, the bear couldn't find its HONEY; it's said that He looked everywhere.\n\n"
           "  Ünïcödé: ÀÉ 中文 العربية १२३ 👩‍🚀 e\u0301 "
           "İSTANBUL\u2028\u0085\u00A0\t<|endoftext|>\n"
           "And the and the and the and 1234 5678.  \uFFFD the end<|endoftext|>";
}

class TokenizerConformance : public testing::TestWithParam<Variant> {
protected:
    TokenizerConformance() : descriptor_(find_tokenizer(GetParam().tokenizer)), options_(GetParam().options) {
        // Files that a tokenizer cannot do without.
        for (const Option& option : descriptor_.options) {
            if (option.key == "vocabulary_file") options_[option.key] = files_.vocabulary.string();
            if (option.key == "merges_file") options_[option.key] = files_.merges.string();
        }
        tokenizer_ = descriptor_.build({&train_, &validation_}, options_);
    }

    std::string random_text(std::size_t characters) {
        const std::string alphabet = training_text();
        std::string text;
        for (std::size_t i = 0; i < characters; ++i) {
            const auto place =
                static_cast<std::int64_t>(random_() % static_cast<std::size_t>(count_characters(alphabet)));
            const std::size_t length = random_() % 8 == 0 ? 12 : 1;
            const std::size_t begin = character_offset(alphabet, place);
            const std::size_t end = character_offset(alphabet, place + static_cast<std::int64_t>(length));
            text += alphabet.substr(begin, end - begin);
        }
        return text;
    }

    SmallGpt2Files files_;
    MemoryText train_{training_text()}, validation_{"A validation text, in part: the honey.\n"};
    const TokenizerDescriptor& descriptor_;
    OptionValues options_;
    std::unique_ptr<Tokenizer> tokenizer_;
    std::mt19937 random_{17};
};

TEST_P(TokenizerConformance, IsDescribed) {
    EXPECT_FALSE(descriptor_.title.empty());
    EXPECT_FALSE(descriptor_.summary.empty());
    for (const Option& option : descriptor_.options) {
        EXPECT_FALSE(option.label.empty()) << option.key;
        EXPECT_FALSE(option.help.empty()) << option.key;
        EXPECT_FALSE(problem_with(option, option.default_value)) << option.key;
        // Tokenizers that share a key describe it alike.
        for (const TokenizerDescriptor& other : TokenizerRegistry::all())
            for (const Option& shared : other.options)
                if (shared.key == option.key) {
                    EXPECT_EQ(shared.default_value, option.default_value) << option.key;
                }
    }
}

TEST_P(TokenizerConformance, TokensAreInRange) {
    ASSERT_GT(tokenizer_->vocabulary_size(), 0);
    for (int round = 0; round < 20; ++round)
        for (const std::int32_t token : tokenizer_->encode(random_text(200))) {
            ASSERT_GE(token, 0);
            ASSERT_LT(token, tokenizer_->vocabulary_size());
        }
    EXPECT_TRUE(tokenizer_->encode("").empty());
    EXPECT_EQ(tokenizer_->decode({}), "");
}

TEST_P(TokenizerConformance, RoundTrip) {
    for (int round = 0; round < 50; ++round) {
        const std::string text = random_text(100);
        const std::vector<std::int32_t> tokens = tokenizer_->encode(text);
        const std::string back = tokenizer_->decode(tokens);
        if (tokenizer_->is_lossless()) {
            ASSERT_EQ(back, text);
        } else {
            ASSERT_EQ(tokenizer_->encode(back), tokens) << "what was lost must be lost at once";
        }
        std::string one_by_one;
        for (const std::int32_t token : tokens) one_by_one += tokenizer_->decode_token(token);
        ASSERT_EQ(one_by_one, back);
    }
}

TEST_P(TokenizerConformance, EncodeIntoAppends) {
    const std::string text = random_text(300);
    TokenSequence tokens(tokenizer_->vocabulary_size());
    tokens.push_back(0);
    tokenizer_->encode_into(text, tokens);
    std::vector<std::int32_t> expected = tokenizer_->encode(text);
    expected.insert(expected.begin(), 0);
    EXPECT_EQ(tokens.slice(0, tokens.size()), expected);
}

/// Gives a text in random pieces.
class TextInPieces final : public TextSource {
public:
    TextInPieces(std::string text, std::size_t longest) : text_(std::move(text)), longest_(longest) {}
    void read(const Take& take) const override {
        std::mt19937 random(5);
        std::string_view rest = text_;
        while (!rest.empty()) {
            const auto characters = static_cast<std::int64_t>(1 + random() % longest_);
            const std::size_t length = character_offset(rest, characters);
            take(rest.substr(0, length));
            rest.remove_prefix(length);
        }
    }
    std::int64_t bytes() const override { return static_cast<std::int64_t>(text_.size()); }

private:
    std::string text_;
    std::size_t longest_;
};

TEST_P(TokenizerConformance, PiecesGiveTheTokensOfTheWhole) {
    for (const std::size_t longest : {1, 2, 5, 20, 100})
        for (int round = 0; round < 10; ++round) {
            const std::string text = random_text(400);
            const TokenSequence tokens = encode_text(*tokenizer_, TextInPieces(text, longest));
            ASSERT_EQ(tokens.slice(0, tokens.size()), tokenizer_->encode(text));
        }
}

TEST_P(TokenizerConformance, SafeCutsAreSafe) {
    for (int round = 0; round < 200; ++round) {
        const std::string text = random_text(1 + random_() % 40), more = random_text(20);
        const std::size_t cut = tokenizer_->safe_cut(text);
        ASSERT_LE(cut, text.size());
        std::vector<std::int32_t> tokens = tokenizer_->encode(text.substr(0, cut));
        const std::vector<std::int32_t> rest = tokenizer_->encode(text.substr(cut) + more);
        tokens.insert(tokens.end(), rest.begin(), rest.end());
        ASSERT_EQ(tokens, tokenizer_->encode(text + more));
    }
    EXPECT_EQ(tokenizer_->safe_cut(""), 0U);
}

TEST_P(TokenizerConformance, StoredVocabularyRestores) {
    const json stored = json::parse(tokenizer_->vocabulary().dump());
    // Files are not needed any more.
    OptionValues options = options_;
    for (const Option& option : descriptor_.options)
        if (option.holds_path) options[option.key] = "/nowhere/" + option.key;
    const std::unique_ptr<Tokenizer> restored = descriptor_.restore(stored, options);
    EXPECT_EQ(restored->vocabulary(), stored);
    EXPECT_EQ(restored->vocabulary_size(), tokenizer_->vocabulary_size());
    EXPECT_EQ(restored->is_lossless(), tokenizer_->is_lossless());
    const std::string text = random_text(500);
    EXPECT_EQ(restored->encode(text), tokenizer_->encode(text));
    for (std::int32_t token = 0; token < tokenizer_->vocabulary_size(); ++token)
        ASSERT_EQ(restored->decode_token(token), tokenizer_->decode_token(token));
    const std::unique_ptr<Tokenizer> again = descriptor_.build({&train_, &validation_}, options_);
    EXPECT_EQ(again->vocabulary(), stored) << "the same texts and options make the same tokenizer";
}

TEST_P(TokenizerConformance, WrongVocabulariesAndTokensAreRefused) {
    for (const char* text : {"null", "[]", "{}", "7", "true", "\"x\"", "[[]]", "[null]", "{\"a\": 1}", "[-1]"})
        EXPECT_THROW(descriptor_.restore(json::parse(text), options_), InputError) << text;
    const auto size = static_cast<std::int32_t>(tokenizer_->vocabulary_size());
    for (const std::int32_t token : {-1, size, INT32_MIN, INT32_MAX}) {
        EXPECT_THROW(tokenizer_->decode_token(token), InputError) << token;
        EXPECT_THROW(tokenizer_->decode(std::vector<std::int32_t>{0, token}), InputError) << token;
    }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, TokenizerConformance, testing::ValuesIn(all_variants()), [](const auto& info) {
    std::string name = info.param.tokenizer + "_" + info.param.name;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
    return name;
});

}  // namespace
}  // namespace wavlab
