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
    const CharTokenizer tokenizer = CharTokenizer::from_texts({"cab\n", "b€a"});
    EXPECT_EQ(tokenizer.vocabulary(), json::parse("[10, 97, 98, 99, 8364]"));
    EXPECT_EQ(tokenizer.vocabulary_size(), 5);
    EXPECT_THAT(tokenizer.encode("a\n€"), ElementsAre(1, 0, 4));
    EXPECT_THROW(CharTokenizer::from_texts({"", ""}), InputError);
}

TEST(CharTokenizer, RoundTrip) {
    const std::string text = std::string("\0", 1) + "aé€𐍈\U0010FFFF\uFFFD\r\n\u0301e\u0301";
    const CharTokenizer tokenizer = CharTokenizer::from_texts({text});
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
    const CharTokenizer tokenizer = CharTokenizer::from_texts({text});
    EXPECT_EQ(tokenizer.vocabulary_size(), 0x110000 - 2048);
    TokenSequence tokens(tokenizer.vocabulary_size());
    tokenizer.encode_into(text, tokens);
    ASSERT_EQ(tokens.size(), tokenizer.vocabulary_size());
    EXPECT_EQ(tokenizer.decode(tokens.slice(0, tokens.size())), text);
}

TEST(CharTokenizer, InvalidBytesReadAsReplacementCharacter) {
    const CharTokenizer tokenizer = CharTokenizer::from_texts({"a\uFFFD"});
    EXPECT_THAT(tokenizer.encode("\xFF"
                                 "a\xE1\x80\xC3"),
                ElementsAre(1, 0, 1, 1));
    EXPECT_THAT(tokenizer.encode("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
                testing::SizeIs(18));
    EXPECT_EQ(CharTokenizer::from_texts({"\xFF"}).vocabulary(), json::parse("[65533]"));
}

TEST(CharTokenizer, UnknownCharactersAreNamedAndCounted) {
    const CharTokenizer tokenizer = CharTokenizer::from_texts({"aé"});
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
    const CharTokenizer tokenizer = CharTokenizer::from_texts({"ab"});
    TokenSequence tokens(2);
    tokenizer.encode_into("ab", tokens);
    tokenizer.encode_into("bba", tokens);
    EXPECT_THAT(tokens.slice(0, 5), ElementsAre(0, 1, 1, 1, 0));
}

TEST(CharTokenizer, TokensOutsideTheVocabulary) {
    const CharTokenizer tokenizer = CharTokenizer::from_texts({"ab"});
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

TEST(CharTokenizer, IsFoundThroughTheRegistry) {
    const TokenizerDescriptor& descriptor = find_tokenizer("char");
    EXPECT_FALSE(descriptor.title.empty());
    EXPECT_FALSE(descriptor.summary.empty());
    const auto built = descriptor.build({"ab"});
    EXPECT_EQ(descriptor.restore(built->vocabulary())->encode("ba"), built->encode("ba"));
    EXPECT_THAT(error_of([] { find_tokenizer("words"); }), AllOf(HasSubstr("no tokenizer 'words'"), HasSubstr("char")));
}

}  // namespace
}  // namespace wavlab
