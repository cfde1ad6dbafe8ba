// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/text_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/text.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

constexpr std::size_t piece = std::size_t{1} << 20;
const std::string replacement = "\xEF\xBF\xBD";

std::string error_of(const std::filesystem::path& path) {
    try {
        examine_text_file(path);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

/// Text with everything that normalisation changes, in random order.
std::string random_bytes(std::mt19937& random, std::size_t parts) {
    const std::vector<std::string> choices{"a",  "b", "\n",   "\r\n",     "\r",      "é",
                                           "漢", "𐍈", "\xFF", "\xE2\x82", "\xF0\x9F"};
    std::string bytes = random() % 2 ? "\xEF\xBB\xBF" : "";
    for (std::size_t i = 0; i < parts; ++i) bytes += choices[random() % choices.size()];
    return bytes;
}

TEST(TextFile, NormalisesAndCounts) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.write("a.txt", "\xEF\xBB\xBFone\r\ntwo\xFF");
    EXPECT_EQ(read_all(FileText(file)), "one\ntwo" + replacement);
    const FileTextFacts facts = examine_text_file(file);
    EXPECT_EQ(facts.file_bytes, 12);
    EXPECT_EQ(facts.characters, 8);
    EXPECT_EQ(facts.replacements, 1);
    EXPECT_EQ(read_all(FileText(file, Normalisation::none)), "\xEF\xBB\xBFone\r\ntwo\xFF");
}

TEST(TextFile, LineEndAcrossThePiecesOfALongFile) {
    const TemporaryFolder folder;
    const std::string bytes = std::string(piece - 1, 'x') + "\r\n" + std::string(piece - 3, 'y') + "€z";
    EXPECT_EQ(read_all(FileText(folder.write("long.txt", bytes))),
              std::string(piece - 1, 'x') + "\n" + std::string(piece - 3, 'y') + "€z");
}

TEST(TextFile, TheCutLeavesTheCharactersAskedForBeforeIt) {
    const TemporaryFolder folder;
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        const std::filesystem::path file = folder.write("text.txt", "x" + random_bytes(random, 1 + random() % 60));
        const std::string whole = read_all(FileText(file));
        const FileTextFacts facts = examine_text_file(file, 9, 10);
        ASSERT_EQ(facts.characters, count_characters(whole));
        const std::string before = read_all(FileText(file, Normalisation::text, 0, facts.cut));
        const std::string after = read_all(FileText(file, Normalisation::text, facts.cut));
        ASSERT_EQ(before + after, whole) << round;
        ASSERT_EQ(count_characters(before), facts.characters * 9 / 10) << round;
    }
}

TEST(TextFile, TheCutOfALongFileIsAsOfAShortOne) {
    const TemporaryFolder folder;
    std::mt19937 random(2);
    const std::filesystem::path file = folder.write("text.txt", random_bytes(random, 3'000'000));
    const FileTextFacts facts = examine_text_file(file, 1, 2);
    const std::string before = read_all(FileText(file, Normalisation::text, 0, facts.cut));
    EXPECT_EQ(count_characters(before), facts.characters / 2);
    EXPECT_EQ(before + read_all(FileText(file, Normalisation::text, facts.cut)), read_all(FileText(file)));
}

TEST(TextSource, PiecesEndWithWholeCharacters) {
    const TemporaryFolder folder;
    std::string text;
    while (text.size() < 3 * piece) text += "a漢𐍈é";
    const std::filesystem::path file = folder.write("text.txt", text);
    const MemoryText memory(text);
    const FileText normalised(file), raw(file, Normalisation::none);
    for (const TextSource* source : std::vector<const TextSource*>{&memory, &normalised, &raw}) {
        std::string joined;
        int pieces = 0;
        source->read([&](std::string_view part) {
            EXPECT_FALSE(part.empty());
            EXPECT_EQ(normalise_text(part), part) << "cut within a character";
            joined += part;
            ++pieces;
        });
        EXPECT_EQ(joined, text);
        EXPECT_GE(pieces, 3);
    }
}

TEST(TextSource, BytesAsTheyAreInARange) {
    const TemporaryFolder folder;
    std::string bytes;
    for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7 % 256);
    const std::filesystem::path file = folder.write("raw", bytes);
    EXPECT_EQ(read_all(FileText(file, Normalisation::none, 100, 300)), bytes.substr(100, 200));
    EXPECT_EQ(read_all(FileText(file, Normalisation::none, 900, 5000)), bytes.substr(900));
    EXPECT_EQ(FileText(file, Normalisation::none, 2000).bytes(), 0);
}

TEST(TextFile, OddPathsAreOneClearError) {
    const TemporaryFolder folder;
    EXPECT_THAT(error_of(folder.path() / "missing.txt"), HasSubstr("missing.txt' does not exist"));
    EXPECT_THAT(error_of(folder.path()), HasSubstr("is a folder; a text file is needed"));
    EXPECT_THAT(error_of(folder.write("empty.txt", "")), HasSubstr("is empty"));
    EXPECT_THAT(error_of(folder.write("mark.txt", "\xEF\xBB\xBF")), HasSubstr("is empty"));
    EXPECT_THAT(error_of(folder.write("file.txt", "x") / "below"), HasSubstr("file.txt/below'"));
    EXPECT_THAT(error_of("/dev/zero"), HasSubstr("is not a regular file"));
    const std::filesystem::path pipe = folder.path() / "pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_THAT(error_of(pipe), HasSubstr("is not a regular file"));
    const std::filesystem::path dangling = folder.path() / "dangling";
    std::filesystem::create_symlink(folder.path() / "nowhere", dangling);
    EXPECT_THAT(error_of(dangling), HasSubstr("does not exist"));
}

TEST(TextFile, FileWithoutPermission) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.write("secret.txt", "text");
    std::filesystem::permissions(file, std::filesystem::perms::none);
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    // The administrator may read every file: read as somebody else.
    const uid_t user = geteuid();
    if (user == 0) {
        ASSERT_EQ(seteuid(65534), 0);
    }
    const std::string error = error_of(file);
    if (user == 0) {
        ASSERT_EQ(seteuid(user), 0);
    }
    EXPECT_THAT(error, HasSubstr("cannot be opened: Permission denied"));
}

TEST(TextFile, FailureWhileReading) {
    // A regular file whose first bytes cannot be read.
    EXPECT_THAT(error_of("/proc/self/mem"), HasSubstr("/proc/self/mem' cannot be read: "));
}

}  // namespace
}  // namespace wavlab
