// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/text.h"

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace wavlab {
namespace {

const std::string replacement = "\xEF\xBF\xBD";

std::string replacements(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += replacement;
    return text;
}

std::string normalise_in_pieces(std::string_view bytes, std::size_t piece) {
    TextNormaliser normaliser;
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += piece) normaliser.append(bytes.substr(i, piece), text);
    normaliser.finish(text);
    return text;
}

TEST(NormaliseText, LineEndsBecomeOne) {
    EXPECT_EQ(normalise_text("a\r\nb\nc"), "a\nb\nc");
    EXPECT_EQ(normalise_text("\r\n\r\n"), "\n\n");
    EXPECT_EQ(normalise_text("a\r\r\nb"), "a\r\nb");
    EXPECT_EQ(normalise_text("lone\rreturn\r"), "lone\rreturn\r");
}

TEST(NormaliseText, ByteOrderMarkIsDroppedAtTheStartOnly) {
    EXPECT_EQ(normalise_text("\xEF\xBB\xBFhello"), "hello");
    EXPECT_EQ(normalise_text("\xEF\xBB\xBF"), "");
    EXPECT_EQ(normalise_text("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF");
    EXPECT_EQ(normalise_text("\xEF\xBB\xBF\xEF\xBB\xBF"), "\xEF\xBB\xBF");
    EXPECT_EQ(normalise_text("\xEF\xBB"), replacement);
}

TEST(NormaliseText, ValidCharactersStay) {
    const std::string text = "\0aé€𐍈\U0010FFFF\uD7FF\uE000\u0080\u07FF\u0800\uFFFF\U00010000";
    EXPECT_EQ(normalise_text(text), text);
    const std::string zero("\0x", 2);
    EXPECT_EQ(normalise_text(zero), zero);
}

// The Unicode Standard 15.0, section 3.9, tables 3-8 to 3-11.
TEST(NormaliseText, OneReplacementForEachMaximalSubpart) {
    EXPECT_EQ(normalise_text("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), replacements(8) + "A");
    EXPECT_EQ(normalise_text("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), replacements(8) + "A");
    EXPECT_EQ(normalise_text("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), replacements(5) + "A" + replacements(2) + "B");
    EXPECT_EQ(normalise_text("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), replacements(4) + "A");
}

TEST(NormaliseText, InvalidBytes) {
    EXPECT_EQ(normalise_text("\xC3"), replacement);
    EXPECT_EQ(normalise_text("\xF0\x9F\x98"), replacement);
    EXPECT_EQ(normalise_text("\xF0\x9F\x98\r\n"), replacement + "\n");
    EXPECT_EQ(normalise_text("\xFF\xFE"), replacements(2));
    EXPECT_EQ(normalise_text("a\x80z"), "a" + replacement + "z");
    EXPECT_EQ(normalise_text("\xC1\xBF"), replacements(2));
    EXPECT_EQ(normalise_text("\xF5\x80\x80\x80"), replacements(4));
}

TEST(NormaliseText, NormalisingAgainChangesNothing) {
    const std::string once = normalise_text("x\r\n\xFFé\xE1\x80");
    EXPECT_EQ(normalise_text(once), once);
}

TEST(NormaliseText, ResultDoesNotDependOnPieces) {
    std::mt19937 random(7);
    const std::string alphabet = "ab\r\n\xEF\xBB\xBF\xC3\xA9\xE2\x82\xAC\xF0\x90\x8D\x88\xFF\xED\xA0";
    for (int round = 0; round < 300; ++round) {
        std::string bytes = round % 3 == 0 ? "\xEF\xBB\xBF" : "";
        const std::size_t length = random() % 60;
        for (std::size_t i = 0; i < length; ++i) bytes += alphabet[random() % alphabet.size()];
        const std::string whole = normalise_text(bytes);
        for (const std::size_t piece : {1, 2, 3, 4, 5, 7, 8, 9, 16, 31})
            ASSERT_EQ(normalise_in_pieces(bytes, piece), whole) << "round " << round << ", pieces of " << piece;
    }
}

TEST(NormaliseText, LongTextOfOtherScripts) {
    std::string text;
    for (int i = 0; i < 400'000; ++i) text += "漢字é";
    EXPECT_EQ(normalise_in_pieces(text, 4093), text);
    EXPECT_EQ(normalise_text(text), text);
}

TEST(Characters, DecodeAndAppendAreInverse) {
    for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
        std::string bytes;
        append_utf8(code_point, bytes);
        const DecodedCharacter character = decode_character(bytes);
        const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
        ASSERT_EQ(character.code_point, surrogate ? char32_t{0xFFFD} : code_point);
        ASSERT_EQ(static_cast<std::size_t>(character.bytes), bytes.size());
        ASSERT_TRUE(character.valid);
    }
    std::string beyond;
    append_utf8(0x110000, beyond);
    EXPECT_EQ(beyond, replacement);
}

TEST(Characters, OffsetsCountCharacters) {
    std::string text;
    std::vector<std::size_t> starts;
    for (int i = 0; i < 500; ++i) {
        starts.push_back(text.size());
        append_utf8(std::vector<char32_t>{U'a', U'é', U'漢', U'𐍈', U'b'}[static_cast<std::size_t>(i * i) % 5], text);
    }
    EXPECT_EQ(count_characters(text), 500);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(character_offset(text, i), starts[static_cast<std::size_t>(i)]) << i;
    EXPECT_EQ(character_offset(text, 500), text.size());
    EXPECT_EQ(character_offset(text, 10'000), text.size());
    EXPECT_EQ(count_characters(""), 0);
    EXPECT_EQ(character_offset("", 0), 0U);
}

}  // namespace
}  // namespace wavlab
