// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/char_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/registry.h"
#include "datasets/text.h"
#include "datasets/token_data.h"

namespace wavlab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

template <class Action>
std::string error_of(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(CharTokenizer, VocabularyIsTheSortedSetOfBothTexts) {
    const CharTokenizer tokenizer = CharTokenizer::from_text("cab\nb€a");
    EXPECT_EQ(tokenizer.vocabulary(), json::parse("[10, 97, 98, 99, 8364]"));
    EXPECT_EQ(tokenizer.vocabulary_size(), 5);
    EXPECT_THAT(tokenizer.encode("a\n€"), ElementsAre(1, 0, 4));
    EXPECT_THROW(CharTokenizer::from_text(""), InputError);
}

TEST(CharTokenizer, RoundTrip) {
    const std::string text = std::string("\0", 1) + "aé€𐍈\U0010FFFF\uFFFD\r\n\u0301e\u0301";
    const CharTokenizer tokenizer = CharTokenizer::from_text(text);
    const std::vector<std::int32_t> tokens = tokenizer.encode(text);
    EXPECT_EQ(static_cast<std::int64_t>(tokens.size()), count_characters(text));
    EXPECT_EQ(tokenizer.decode(tokens), text);
    std::string one_by_one;
    for (const std::int32_t token : tokens) one_by_one += tokenizer.decode_token(token);
    EXPECT_EQ(one_by_one, text);
    const CharTokenizer restored = CharTokenizer::from_vocabulary(tokenizer.vocabulary());
    EXPECT_EQ(restored.vocabulary(), tokenizer.vocabulary());
    EXPECT_EQ(restored.encode(text), tokens);
    EXPECT_TRUE(tokenizer.encode("").empty());
    EXPECT_EQ(tokenizer.decode({}), "");
}

TEST(CharTokenizer, RoundTripOfEveryCodePoint) {
    std::string text;
    for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point)
        if (code_point < 0xD800 || code_point > 0xDFFF) append_utf8(code_point, text);
    const CharTokenizer tokenizer = CharTokenizer::from_text(text);
    EXPECT_EQ(tokenizer.vocabulary_size(), 0x110000 - 2048);
    TokenSequence tokens(tokenizer.vocabulary_size());
    tokenizer.encode_into(text, tokens);
    ASSERT_EQ(tokens.size(), tokenizer.vocabulary_size());
    EXPECT_EQ(tokenizer.decode(tokens.slice(0, tokens.size())), text);
}

TEST(CharTokenizer, InvalidBytesReadAsReplacementCharacter) {
    const CharTokenizer tokenizer = CharTokenizer::from_text("a\uFFFD");
    EXPECT_THAT(tokenizer.encode("\xFF"
                                 "a\xE1\x80\xC3"),
                ElementsAre(1, 0, 1, 1));
    EXPECT_THAT(tokenizer.encode("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
                testing::SizeIs(18));
    EXPECT_EQ(CharTokenizer::from_text("\xFF").vocabulary(), json::parse("[65533]"));
}

TEST(CharTokenizer, UnknownCharactersAreNamedAndCounted) {
    const CharTokenizer tokenizer = CharTokenizer::from_text("aé");
    EXPECT_THAT(error_of([&] { tokenizer.encode("éa€b€"); }),
                AllOf(HasSubstr("3 characters"), HasSubstr("'€' (U+20AC)"), HasSubstr("offset 2")));
    EXPECT_THAT(error_of([&] { tokenizer.encode("a\n"); }),
                AllOf(HasSubstr("1 character that is"), HasSubstr("is U+000A at offset 1")));
    EXPECT_THAT(error_of([&] { tokenizer.encode("\U0010FFFF"); }), HasSubstr("U+10FFFF"));
    TokenSequence tokens(tokenizer.vocabulary_size());
    tokenizer.encode_into("a", tokens);
    EXPECT_THROW(tokenizer.encode_into("aXa", tokens), InputError);
    EXPECT_EQ(tokens.size(), 1);
}

TEST(CharTokenizer, EncodeIntoAppends) {
    const CharTokenizer tokenizer = CharTokenizer::from_text("ab");
    TokenSequence tokens(2);
    tokenizer.encode_into("ab", tokens);
    tokenizer.encode_into("bba", tokens);
    EXPECT_THAT(tokens.slice(0, 5), ElementsAre(0, 1, 1, 1, 0));
}

TEST(CharTokenizer, TokensOutsideTheVocabulary) {
    const CharTokenizer tokenizer = CharTokenizer::from_text("ab");
    for (const std::int32_t token : {-1, 2, INT32_MIN, INT32_MAX}) {
        EXPECT_THROW(tokenizer.decode_token(token), InputError);
        EXPECT_THROW(tokenizer.decode(std::vector<std::int32_t>{0, token}), InputError);
    }
    EXPECT_THAT(error_of([&] { tokenizer.decode_token(2); }), HasSubstr("allowed are 0 to 1"));
}

TEST(CharTokenizer, AnyOrderOfAStoredVocabulary) {
    const CharTokenizer tokenizer = CharTokenizer::from_vocabulary(json::parse("[98, 8364, 97, 0]"));
    EXPECT_THAT(tokenizer.encode("ab€"), ElementsAre(2, 0, 1));
    EXPECT_EQ(tokenizer.vocabulary(), json::parse("[98, 8364, 97, 0]"));
}

TEST(CharTokenizer, HostileVocabularies) {
    for (const char* text : {"{}",
                             "null",
                             "97",
                             "\"abc\"",
                             "[]",
                             "[97, 97]",
                             "[55296]",
                             "[57343]",
                             "[1114112]",
                             "[-1]",
                             "[97.5]",
                             "[\"a\"]",
                             "[null]",
                             "[[97]]",
                             "[true]",
                             "[18446744073709551615]",
                             "[9223372036854775808]",
                             "[-9223372036854775808]",
                             "[1e3]",
                             "[{\"a\": [1, 2]}]"})
        EXPECT_THROW(CharTokenizer::from_vocabulary(json::parse(text)), InputError) << text;
    EXPECT_THROW(CharTokenizer::from_vocabulary(json(std::vector<int>(1'200'000, 5))), InputError);
    EXPECT_THAT(error_of([] { CharTokenizer::from_vocabulary(json::parse("[97, 98, 97]")); }),
                HasSubstr("entry 2 of the character vocabulary repeats 97"));
}

std::unique_ptr<Tokenizer> built(const std::string& train, const std::string& validation, const OptionValues& options) {
    const MemoryText first(train), second(validation);
    return find_tokenizer("char").build({&first, &second}, options);
}

TEST(CharTokenizer, LowerCase) {
    const auto tokenizer = built("Éa ΣB", "Ж", {{"lower_case", true}});
    EXPECT_EQ(tokenizer->vocabulary(), json::parse("[32, 97, 98, 233, 963, 1078]"));
    EXPECT_EQ(tokenizer->decode(tokenizer->encode("AB ÉÉ σΣЖж")), "ab éé σσжж");
    EXPECT_FALSE(tokenizer->is_lossless());
    EXPECT_THAT(error_of([&] { tokenizer->encode("aX"); }), HasSubstr("'X' (U+0058) at offset 1"));
    const auto restored = find_tokenizer("char").restore(tokenizer->vocabulary(), {{"lower_case", true}});
    EXPECT_EQ(restored->encode("AÉ"), tokenizer->encode("aé"));
}

TEST(CharTokenizer, OnlySomeCharacters) {
    const auto tokenizer = built("abc d\n", "xb", {{"characters", "abz "}});
    EXPECT_EQ(tokenizer->vocabulary(), json::parse("[32, 97, 98, 65533]"));
    EXPECT_EQ(tokenizer->decode(tokenizer->encode("ab c€\U0010FFFFz")), "ab \uFFFD\uFFFD\uFFFD\uFFFD");
    EXPECT_FALSE(tokenizer->is_lossless());
    const auto restored = find_tokenizer("char").restore(tokenizer->vocabulary(), {{"characters", "abz "}});
    EXPECT_EQ(restored->encode("c€\U0010FFFFz"), tokenizer->encode("c€\U0010FFFFz"));
    // Lower case comes first, and the set follows it.
    EXPECT_EQ(built("AbCd", "", {{"characters", "ABc"}, {"lower_case", true}})->vocabulary(),
              json::parse("[97, 98, 99, 65533]"));
}

TEST(CharTokenizer, WithoutOneThatIsMappedNothingIsLost) {
    const auto tokenizer = built("ab", "a", {{"characters", "abc"}});
    EXPECT_EQ(tokenizer->vocabulary(), json::parse("[97, 98]"));
    EXPECT_TRUE(tokenizer->is_lossless());
    EXPECT_THROW(tokenizer->encode("c"), InputError);
    EXPECT_TRUE(built("ab", "a", {{"rare_below", std::int64_t{1}}})->is_lossless());
}

TEST(CharTokenizer, RareCharacters) {
    // Only the training text counts.
    const auto tokenizer = built("aaabbc€", "ccccx", {{"rare_below", std::int64_t{2}}});
    EXPECT_EQ(tokenizer->vocabulary(), json::parse("[97, 98, 65533]"));
    EXPECT_THAT(tokenizer->encode("abcx!"), ElementsAre(0, 1, 2, 2, 2));
    EXPECT_FALSE(tokenizer->is_lossless());
    EXPECT_EQ(built("aA", "b", {{"rare_below", std::int64_t{2}}, {"lower_case", true}})->vocabulary(),
              json::parse("[97, 65533]"));
}

TEST(CharTokenizer, IsFoundThroughTheRegistry) {
    const TokenizerDescriptor& descriptor = find_tokenizer("char");
    EXPECT_FALSE(descriptor.title.empty());
    EXPECT_FALSE(descriptor.summary.empty());
    const MemoryText text("ab");
    const auto built = descriptor.build({&text}, {});
    EXPECT_EQ(descriptor.restore(built->vocabulary(), {})->encode("ba"), built->encode("ba"));
    EXPECT_THAT(error_of([] { find_tokenizer("words"); }), AllOf(HasSubstr("no tokenizer 'words'"), HasSubstr("char")));
}

TEST(CharTokenizer, RulesThatLeaveNoCharacterAreRefused) {
    EXPECT_THROW(built("abc", "a", {{"rare_below", std::int64_t{100}}}), InputError);
    EXPECT_THROW(built("abc", "a", {{"characters", std::string("xyz")}}), InputError);
    EXPECT_EQ(built("abc", "a", {{"characters", std::string("a")}})->vocabulary_size(), 2);
    EXPECT_EQ(built("\uFFFD", "\uFFFD", {})->vocabulary_size(), 1);
}

}  // namespace
}  // namespace wavlab
