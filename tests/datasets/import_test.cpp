// SPDX-License-Identifier: GPL-3.0-or-later
// Datasets made of a user's own files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safe_file.h"
#include "core/sha256.h"
#include "datasets/data_library.h"
#include "tests/datasets/archive_maker.h"
#include "tests/datasets/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using testing::HasSubstr;

class Importing : public testing::Test {
protected:
    InstalledDataset import(const fs::path& path) {
        request_.id = "own";
        request_.path = path;
        EXPECT_EQ(library().import(request_), DataOutcome::done);
        const auto dataset = installed_dataset("own", data_);
        EXPECT_TRUE(dataset);
        EXPECT_FALSE(fs::exists(data_.partial("own")));
        return dataset.value_or(InstalledDataset{});
    }

    /// Both parts, with a bar where it was cut.
    std::string parts(const fs::path& path) {
        const InstalledDataset dataset = import(path);
        const std::string text =
            read_file(dataset.part("train")->path) + "|" + read_file(dataset.part("validation")->path);
        library().remove("own");
        return text;
    }

    std::string error(const fs::path& path) {
        request_.id = request_.id.empty() ? "own" : request_.id;
        request_.path = path;
        try {
            library().import(request_);
        } catch (const InputError& problem) {
            EXPECT_FALSE(fs::exists(data_.dataset(request_.id)));
            EXPECT_FALSE(fs::exists(data_.partial(request_.id)));
            return problem.what();
        } catch (const WorkError& problem) {
            EXPECT_FALSE(fs::exists(data_.dataset(request_.id)));
            return problem.what();
        }
        return "no error";
    }

    DataLibrary library() const { return DataLibrary(data_, load_manifests({})); }

    TemporaryFolder folder_;
    DataFolder data_{folder_.path() / "data"};
    LocalImport request_;
};

TEST_F(Importing, ATextFileIsCutAfterNineTenthsOfItsCharacters) {
    const InstalledDataset dataset = import(folder_.write("a.txt", "äbcdefghi\r\nä2345678\xC3\xB6"));
    EXPECT_EQ(read_file(dataset.part("train")->path), "äbcdefghi\nä234567");
    EXPECT_EQ(read_file(dataset.part("validation")->path), "8ö");
    const DatasetEntry entry = library().find("own");
    EXPECT_TRUE(entry.added_by_hand);
    EXPECT_EQ(entry.state, DatasetState::installed);
    EXPECT_FALSE(entry.other_manifest);
    EXPECT_EQ(entry.manifest.files.at(0).sha256, sha256_of_file(folder_.path() / "a.txt"));
}

TEST_F(Importing, CompressedTextIsTheSameText) {
    const std::string text = "0123456789";
    for (const std::string ending : {"gz:gzip", "zst:zstd", "xz:xz", "bz2:bzip2"}) {
        const std::size_t colon = ending.find(':');
        EXPECT_EQ(parts(folder_.write("a.txt." + ending.substr(0, colon), compress(text, ending.substr(colon + 1)))),
                  "012345678|9");
    }
    EXPECT_EQ(parts(folder_.write("a.zip", make_zip({{"a.txt", text}, {"a.png", "no"}}))), "012345678|9");
    EXPECT_EQ(parts(folder_.write("a.tar.gz", make_tar({{"a.txt", text}}, "gzip"))), "012345678|9");
}

TEST_F(Importing, AFolderInTheOrderOfNamesCutBetweenDocuments) {
    folder_.write("f/b.txt", "second");
    folder_.write("f/a.txt", std::string(90, 'x'));
    folder_.write("f/c/d.txt.gz", compress("third", "gzip"));
    folder_.write("f/picture.png", "no");
    folder_.write("f/.hidden/e.txt", "no");
    EXPECT_EQ(parts(folder_.path() / "f"), std::string(90, 'x') + "\n\nsecond|third");
    request_.separator = "<|endoftext|>";
    EXPECT_EQ(parts(folder_.path() / "f"), std::string(90, 'x') + "<|endoftext|>second|third");
}

TEST_F(Importing, LinesOfJson) {
    std::string lines;
    for (int i = 0; i < 10; ++i) lines += "{\"n\": 1, \"text\": \"story " + std::to_string(i) + "\"}\n";
    request_.json_field = "text";
    const std::string expected =
        "story 0\n\nstory 1\n\nstory 2\n\nstory 3\n\nstory 4\n\nstory 5\n\nstory 6\n\nstory 7\n\nstory 8|story 9";
    EXPECT_EQ(parts(folder_.write("a.jsonl", lines)), expected);
    EXPECT_EQ(parts(folder_.write("a.jsonl.zst", compress(lines, "zstd"))), expected);
    EXPECT_EQ(parts(folder_.write("a.zip", make_zip({{"a.jsonl", lines}, {"read.me", "no"}}))), expected);
    EXPECT_EQ(import(folder_.path() / "a.jsonl").documents, 10);
}

TEST_F(Importing, AValidationFileOfOnesOwn) {
    folder_.write("f/a.txt", "one");
    folder_.write("f/b.txt", "two");
    request_.validation = folder_.write("v/a.txt", "three");  // the same name as a file to train on
    EXPECT_EQ(parts(folder_.path() / "f"), "one\n\ntwo|three");
    request_.validation = folder_.write("v.zip", make_zip({{"x.txt", "three"}, {"y.txt", "four"}}));
    EXPECT_EQ(parts(folder_.path() / "f"), "one\n\ntwo|three\n\nfour");
}

TEST_F(Importing, NothingIsTrainedOnAndValidatedOn) {
    folder_.write("f/a.txt", "one");
    request_.validation = folder_.write("f/b.txt", "two");
    EXPECT_EQ(parts(folder_.path() / "f"), "one|two");
    EXPECT_THAT(error(folder_.path() / "f" / "b.txt"), HasSubstr("cannot be the text to train on and to validate on"));
    fs::remove(folder_.path() / "f" / "a.txt");
    EXPECT_THAT(error(folder_.path() / "f"), HasSubstr("holds no file to train on"));
    // A member of an archive that is named like the file to validate on is to be trained on.
    EXPECT_EQ(parts(folder_.write("a.zip", make_zip({{"b.txt", "three"}, {"c.txt", "four"}}))), "three\n\nfour|two");
}

TEST_F(Importing, WhatCannotBeTakenIsNamed) {
    EXPECT_THAT(error(folder_.path() / "absent.txt"), HasSubstr("absent.txt: there is no such file or folder"));
    fs::create_directory(folder_.path() / "empty");
    EXPECT_THAT(error(folder_.path() / "empty"), HasSubstr("holds no files to take; those are .txt, .jsonl"));
    EXPECT_THAT(error(folder_.write("e.txt", "")), HasSubstr("is empty"));
    EXPECT_THAT(error(folder_.write("s.txt", "x")), HasSubstr("too short to be cut"));
    EXPECT_THAT(error(folder_.write("a.jsonl", "{}")), HasSubstr("name the field that holds the text with --field"));
    request_.json_field = "text";
    EXPECT_THAT(error(folder_.write("a.txt", "text")), HasSubstr("has no fields"));
    EXPECT_THAT(error(folder_.write("b.jsonl", "{\"text\": \"a\"}\n{\"text\": 2}\n")),
                HasSubstr("b.jsonl, line 2: its field \"text\" is no text"));
    request_.json_field.clear();
    EXPECT_THAT(error(folder_.write("b.zip", "no archive")), HasSubstr("cannot be unpacked"));
    EXPECT_THAT(error(folder_.write("c.gz", compress(std::string(100'000'000, 'x'), "gzip"))),
                HasSubstr("larger than"));
    request_.id = "text8";
    EXPECT_THAT(error(folder_.path() / "a.txt"), HasSubstr("is the name of a dataset that can be downloaded"));
    request_.id = "../own";
    EXPECT_THAT(error(folder_.path() / "a.txt"), HasSubstr("cannot be the name of a dataset"));
}

TEST_F(Importing, NothingIsReplaced) {
    import(folder_.write("a.txt", std::string(100, 'x')));
    EXPECT_THROW(library().import(request_), InputError);
    EXPECT_TRUE(installed_dataset("own", data_));
}

TEST_F(Importing, CanBeStopped) {
    std::stop_source stop;
    request_.id = "own";
    request_.path = folder_.write("a.txt", std::string(100, 'x'));
    const auto stop_soon = [&](const DataProgress& progress) {
        if (progress.phase == DataPhase::finishing) stop.request_stop();
    };
    EXPECT_EQ(library().import(request_, stop_soon, stop.get_token()), DataOutcome::stopped);
    EXPECT_FALSE(installed_dataset("own", data_));
    EXPECT_FALSE(fs::exists(data_.partial("own")));
}

}  // namespace
}  // namespace wavlab
