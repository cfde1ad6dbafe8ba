// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "app/gui/text_look.h"
#include "datasets/validation_file.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using Counts = std::vector<std::pair<char32_t, std::int64_t>>;

TEST(CharacterCounter, CountsWhereverTheTextIsCut) {
    const std::string text = "\n\none\n\n\n\nt\u00fco \U0001F600\n\nthree";
    for (const std::size_t size : {1u, 2u, 3u, 5u, 100u}) {
        CharacterCounter counter("\n\n");
        std::string piece;
        for (std::size_t i = 0; i < text.size(); ++i) {
            piece += text[i];
            const bool whole = i + 1 == text.size() || (text[i + 1] & 0xC0) != 0x80;
            if (!whole || (piece.size() < size && i + 1 < text.size())) continue;
            counter.add(piece);
            piece.clear();
        }
        EXPECT_EQ(counter.characters(), 21) << size;
        EXPECT_EQ(counter.documents(), 3) << size;
        EXPECT_EQ(counter.frequent(2), (Counts{{U'\n', 8}, {U'e', 3}})) << size;
        EXPECT_EQ(counter.different(), 10) << size;
    }
    CharacterCounter none;
    none.add("a\xff");
    EXPECT_EQ(none.documents(), std::nullopt);
    EXPECT_EQ(none.frequent(9), (Counts{{U'a', 1}, {U'\ufffd', 1}}));
    CharacterCounter ended("<|end|>");
    ended.add("one<|end|>two<|en");
    ended.add("d|>");
    EXPECT_EQ(ended.documents(), 2);
}

TEST(ReadExcerpt, BeginsAndEndsWithAWholeCharacter) {
    const auto never = [] { return false; };
    TextPart part;
    part.name = "train";
    part.text = std::make_shared<MemoryText>("a\u00e9\u00e9\u00e9z");
    EXPECT_EQ(read_excerpt(part, 0, 2, never), "a");
    EXPECT_EQ(read_excerpt(part, 2, 3, never), "\u00e9");
    EXPECT_EQ(read_excerpt(part, 0, 100, never), "a\u00e9\u00e9\u00e9z");
    EXPECT_EQ(read_excerpt(part, 100, 5, never), "");
    EXPECT_THROW(read_excerpt(part, 0, 2, [] { return true; }), LoadingStopped);
}

TEST(TextParts, AreThoseOfTheRequest) {
    const TemporaryFolder folder;
    write_text(folder / "a.txt", "0123456789");
    DataRequest request;
    request.dataset = std::string(file_prefix) + (folder / "a.txt").string();
    const std::vector<TextPart> parts = text_parts(request);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(read_all(*parts[0].text), "012345678");
    EXPECT_EQ(read_all(*parts[1].text), "9");
}

TEST(TextParts, OfALargeFileAreNotCut) {
    const TemporaryFolder folder;
    write_text(folder / "large.txt", "begin");
    std::filesystem::resize_file(folder / "large.txt", 600'000'000);  // a hole: it takes no room
    DataRequest request;
    request.dataset = std::string(file_prefix) + (folder / "large.txt").string();
    const std::vector<TextPart> parts = text_parts(request);
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_EQ(parts[0].name, "whole");
    EXPECT_EQ(parts[0].text->bytes(), 600'000'000);
    EXPECT_EQ(read_excerpt(parts[0], 0, 5, [] { return false; }), "begin");
}

}  // namespace
}  // namespace wavlab
