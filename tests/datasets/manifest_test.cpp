// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/manifest.h"

#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safe_file.h"
#include "core/sha256.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

const std::string digest(64, 'a');

/// A sound manifest, one line replaced by another.
std::string manifest_with(const std::string& line = "", const std::string& instead = "") {
    std::string text =
        "id = \"mine\"\n"
        "title = \"My own\"\n"
        "licence = \"CC0\"\n"
        "[[files]]\n"
        "address = \"https://example.org/a.zip\"\n"
        "name = \"a.zip\"\n"
        "sha256 = \"" +
        digest +
        "\"\n"
        "unpack = \"zip\"\n"
        "[splits]\n"
        "fractions = [0.9, 0.1]\n";
    if (line.empty()) return text;
    const std::size_t at = text.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    return text.replace(at, line.size(), instead);
}

std::string error_of(const std::string& toml) {
    try {
        parse_manifest(toml, "m.toml");
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(Manifest, EveryMistakeIsNamedWithItsPlace) {
    EXPECT_EQ(error_of(manifest_with()), "no error");
    const auto with = [](const std::string& line, const std::string& instead) {
        return error_of(manifest_with(line, instead));
    };
    EXPECT_THAT(with("id = \"mine\"", "id = \"My id\""), HasSubstr("m.toml, line 1: id = \"My id\": must be made of"));
    EXPECT_THAT(with("id = \"mine\"", "id = \"../up\""), HasSubstr("must be made of"));
    EXPECT_THAT(with("title = \"My own\"\n", ""), HasSubstr("title: is missing or empty"));
    EXPECT_THAT(with("licence =", "lisence ="), HasSubstr("licence"));
    EXPECT_THAT(with("licence = \"CC0\"", "licence = \"CC0\"\nlicense = 1"),
                HasSubstr("m.toml, line 4: license = 1: unknown key (did you mean 'licence'?); allowed are id, title"));
    EXPECT_THAT(with("name = \"a.zip\"", "nam = \"a\"\nname = \"a.zip\""),
                HasSubstr("m.toml, line 6: [[files]] nam = \"a\": unknown key"));
    EXPECT_THAT(with("\"a.zip\"", "\"../a.zip\""), HasSubstr("must be a file name without '/'"));
    EXPECT_THAT(with("\"a.zip\"", "\".hidden\""), HasSubstr("does not begin with a dot"));
    EXPECT_THAT(with("\"a.zip\"", "\"installed.json\""), HasSubstr("not installed.json"));
    EXPECT_THAT(with("\"a.zip\"", "\"a.part\""), HasSubstr("or end with .part"));
    EXPECT_THAT(with("https://", "file://"), HasSubstr("must begin with http:// or https://"));
    EXPECT_THAT(with(digest, "abc"), HasSubstr("line 7: [[files]] sha256 = \"abc\": must be a SHA-256"));
    EXPECT_THAT(with("sha256 = \"" + digest + "\"\n", ""), HasSubstr("sha256: is missing"));
    EXPECT_THAT(with("\"zip\"", "\"rar\""), HasSubstr("must be one of none, gzip, bzip2, xz, zstd, zip, tar"));
    EXPECT_THAT(with("unpack = \"zip\"", "size = -1"), HasSubstr("must be a whole number, at least 1"));
    EXPECT_THAT(with("unpack = \"zip\"", "unpacked_size = 1"), HasSubstr("unpacked sizes and checksums need one of"));
    EXPECT_THAT(with("unpack = \"zip\"", "members = [\"a\"]"), HasSubstr("only an archive"));
    EXPECT_THAT(with("[0.9, 0.1]", "[0.9, 0.2]"), HasSubstr("fractions above 0 that sum to 1"));
    EXPECT_THAT(with("[0.9, 0.1]", "0.9"), HasSubstr("fractions above 0 that sum to 1"));
    EXPECT_THAT(with("fractions = [0.9, 0.1]", "bytes = [1]"), HasSubstr("two or three lengths"));
    EXPECT_THAT(with("fractions = [0.9, 0.1]", "train = \"a\""), HasSubstr("validation: is missing"));
    EXPECT_THAT(with("fractions = [0.9, 0.1]", "bytes = [1, 1]\nvalidation_every = 2"), HasSubstr("exactly one of"));
    EXPECT_THAT(with("[splits]\nfractions = [0.9, 0.1]\n", ""), HasSubstr("a table [splits] is needed"));
    EXPECT_THAT(with("unpack = \"zip\"\n[splits]\nfractions = [0.9, 0.1]", "[splits]\nvalidation_every = 10"),
                HasSubstr("needs files that hold documents"));
    EXPECT_THAT(with("licence = \"CC0\"", "licence = \"CC0\"\nnormalisation = \"some\""), HasSubstr("or \"none\""));
    EXPECT_THAT(with("licence = \"CC0\"", "licence = \"CC0\"\nkind = \"tokenizer\""), HasSubstr("are not unpacked"));
    EXPECT_THAT(error_of("id = \n"), HasSubstr("m.toml, line 1: this is not valid TOML"));
    EXPECT_THAT(error_of("id = \"a\"\ntitle=\"a\"\nlicence=\"a\"\n"), HasSubstr("at least one [[files]] table"));
}

TEST(Manifest, WhatIsWrittenReadsBackTheSame) {
    for (const DatasetManifest& manifest : load_manifests({}).manifests) {
        const std::string toml = to_toml(manifest);
        const DatasetManifest back = parse_manifest(toml, "back.toml");
        EXPECT_EQ(to_toml(back), toml);
        EXPECT_EQ(back.digest(), manifest.digest());
    }
}

TEST(Manifest, CommentsDoNotChangeTheDigest) {
    const DatasetManifest plain = parse_manifest(manifest_with(), "a");
    EXPECT_EQ(parse_manifest("# a comment\n" + manifest_with(), "b").digest(), plain.digest());
    EXPECT_NE(parse_manifest(manifest_with("0.9, 0.1", "0.8, 0.2"), "c").digest(), plain.digest());
}

TEST(Manifest, ThoseThatComeWithTheProgram) {
    const ManifestList list = load_manifests({});
    EXPECT_TRUE(list.problems.empty());
    std::set<std::string> ids;
    for (const DatasetManifest& manifest : list.manifests) {
        ids.insert(manifest.id);
        EXPECT_FALSE(manifest.summary.empty()) << manifest.id;
        EXPECT_FALSE(manifest.citation.empty()) << manifest.id;
        EXPECT_FALSE(manifest.licence_address.empty()) << manifest.id;
        for (const ManifestFile& file : manifest.files) EXPECT_TRUE(file.size) << manifest.id;
    }
    EXPECT_THAT(ids,
                testing::UnorderedElementsAre("text8", "enwik8", "tinystories", "tinystories-v2", "tinyshakespeare",
                                              "wikitext-103-raw", "openwebtext-10k", "openwebtext", "gpt2-bpe"));
    const DatasetManifest& text8 = *list.find("text8");
    EXPECT_EQ(text8.splits.bytes, (std::vector<std::int64_t>{90'000'000, 5'000'000, 5'000'000}));
    EXPECT_EQ(list.find("enwik8")->normalisation, Normalisation::none);
    EXPECT_EQ(list.find("tinystories-v2")->download_size(), 2'227'753'162 + 22'502'601);
    EXPECT_EQ(list.find("openwebtext")->splits.validation_every, 2000);
    EXPECT_EQ(list.find("gpt2-bpe")->kind, ManifestKind::tokenizer);
}

TEST(Manifest, TheUsersOwnAreAddedAndBrokenOnesReported) {
    const TemporaryFolder folder;
    folder.write("mine.toml", manifest_with());
    folder.write("broken.toml", "id = 1\n");
    folder.write("notes.txt", "no manifest");
    folder.write("text8.toml", manifest_with("id = \"mine\"", "id = \"text8\""));
    folder.write("twice.toml", manifest_with());
    const ManifestList list = load_manifests({folder.path(), folder.path() / "absent"});
    ASSERT_EQ(list.problems.size(), 2U);
    EXPECT_THAT(list.problems[0], HasSubstr("broken.toml, line 1: id = 1: must be a text"));
    EXPECT_THAT(list.problems[1], HasSubstr("mine.toml has the same id"));
    ASSERT_TRUE(list.find("mine"));
    EXPECT_EQ(list.find("mine")->source, (folder.path() / "mine.toml").string());
    EXPECT_TRUE(list.find("text8")->replaces_shipped);
    EXPECT_EQ(list.find("text8")->title, "My own");
    EXPECT_TRUE(list.find("enwik8"));
}

TEST(Manifest, WhereUsersPutThem) {
    ::setenv("WAVLAB_MANIFESTS", "/one:/two/three", 1);
    EXPECT_THAT(user_manifest_folders(), testing::ElementsAre("/one", "/two/three"));
    ::unsetenv("WAVLAB_MANIFESTS");
    ::setenv("XDG_CONFIG_HOME", "/config", 1);
    EXPECT_THAT(user_manifest_folders(), testing::ElementsAre("/config/wavlab/datasets"));
    ::unsetenv("XDG_CONFIG_HOME");
}

TEST(Manifest, Patterns) {
    EXPECT_TRUE(fits_pattern("a/b/c.txt", "*.txt"));
    EXPECT_TRUE(fits_pattern("wikitext-103-raw/wiki.train.raw", "*/wiki.train.raw"));
    EXPECT_TRUE(fits_pattern("text8", "text8"));
    EXPECT_TRUE(fits_pattern("abc", "a?c"));
    EXPECT_TRUE(fits_pattern("", "*"));
    EXPECT_FALSE(fits_pattern("abc", "a?"));
    EXPECT_FALSE(fits_pattern("a.txt.gz", "*.txt"));
    EXPECT_FALSE(fits_pattern(std::string(5000, 'a'), "*a*a*a*a*a*b"));
}

}  // namespace
}  // namespace wavlab
