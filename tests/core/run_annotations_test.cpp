// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safe_file.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RunAnnotations, AreKeptInTheRunFolder) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    EXPECT_TRUE(read_annotations(run).empty());
    RunAnnotations written;
    written.tags = {"paper", "wav-48", "\u00fcber"};
    written.note = "First line \"quoted\"\nsecond \\ line\n\t'''and''' more";
    written.archived = true;
    EXPECT_FALSE(write_annotations(run, written));
    EXPECT_EQ(folder.entries(), 1);
    EXPECT_EQ(read_annotations(run), written);
    EXPECT_FALSE(write_annotations(run, {}));
    EXPECT_TRUE(read_annotations(run).empty());
}

TEST(RunAnnotations, TagsAreWords) {
    EXPECT_THAT(parse_tags(" paper,wav-48  paper ,,\tb\n"), ElementsAre("b", "paper", "wav-48"));
    EXPECT_TRUE(parse_tags(" , ").empty());
    EXPECT_EQ(tags_text({"a", "b"}), "a, b");
}

TEST(RunAnnotations, ADamagedFileIsASentenceAndIsNeverLost) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    const std::pair<const char*, const char*> damaged[] = {
        {"tags = [\"a\"", "labels.toml:1: the run's tags and note cannot be read"},
        {"\ntags = \"a\"", "labels.toml:2: tags must be a list of words"},
        {"tags = [\"a b\"]", "each of the tags must be a word"},
        {"tags = [3]", "each of the tags must be a word"},
        {"note = 3", "note must be a text in quotes"},
        {"archived = 1", "archived must be true or false"},
        {"schema = 2", "schema must be 1"},
        {"colour = 1", "there is no key 'colour'"},
    };
    for (const auto& [text, sentence] : damaged) {
        write_text(folder / "labels.toml", text);
        EXPECT_THAT(message_of<InputError>([&] { read_annotations(run); }), HasSubstr(sentence)) << text;
    }
    RunAnnotations annotations;
    annotations.tags = {"new"};
    for (const char* name : {"labels.damaged.toml", "labels.damaged-2.toml"}) {
        write_text(folder / "labels.toml", "colour = 1");
        EXPECT_EQ(write_annotations(run, annotations), folder / name);
        EXPECT_EQ(read_file(folder / name), "colour = 1");
        EXPECT_EQ(read_annotations(run), annotations);
    }
}

TEST(RunAnnotations, AFolderThatCannotBeWrittenIsASentence) {
    EXPECT_THAT(message_of<InputError>([] { write_annotations(RunFolder{"/nowhere/run"}, {}); }),
                HasSubstr("cannot be written"));
    // A file system that nobody may write, root included.
    EXPECT_THAT(message_of<InputError>([] { write_annotations(RunFolder{"/proc"}, {}); }),
                HasSubstr("/proc/labels.toml: cannot be written"));
}

}  // namespace
}  // namespace wavlab
