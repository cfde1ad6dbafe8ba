// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/sha256.h"
#include "tests/datasets/archive_maker.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Notes every document as "name: text".
class Notes final : public DocumentSink {
public:
    void begin(const std::string& name) override { list.push_back(name + ": "); }
    void append(std::string_view bytes) override { list.back() += bytes; }
    void end() override { ++ended; }
    std::vector<std::string> list;
    int ended = 0;
};

class Unpacking : public testing::Test {
protected:
    std::vector<std::string> documents(const std::string& bytes, Packing packing) {
        Notes notes;
        take(bytes, packing, notes);
        EXPECT_EQ(notes.ended, static_cast<int>(notes.list.size()));
        return notes.list;
    }

    std::string error(const std::string& bytes, Packing packing) {
        Notes notes;
        try {
            take(bytes, packing, notes);
        } catch (const WorkError& problem) {
            return problem.what();
        }
        return "no error";
    }

    void take(const std::string& bytes, Packing packing, DocumentSink& sink) {
        file_.name = "data.bin";
        file_.packing = packing;
        file_.size = static_cast<std::int64_t>(bytes.size());
        DataWatch watch({}, {});
        unpack(folder_.write("data.bin", bytes), file_, sink, watch);
        // Nothing but the archive is ever on disk.
        EXPECT_EQ(std::distance(std::filesystem::recursive_directory_iterator(folder_.path()),
                                std::filesystem::recursive_directory_iterator()),
                  1);
    }

    TemporaryFolder folder_;
    ManifestFile file_;
};

const std::vector<ArchiveMember> two_texts{{"a.txt", "first"}, {"below/b.txt", "second"}};

TEST_F(Unpacking, EveryKindOfPacking) {
    EXPECT_THAT(documents("plain", Packing::none), ElementsAre("data.bin: plain"));
    for (const char* compression : {"gzip", "bzip2", "xz", "zstd"})
        EXPECT_THAT(documents(compress("small", compression), Packing::compressed), ElementsAre("data.bin: small"));
    EXPECT_THAT(documents(make_zip(two_texts), Packing::zip), ElementsAre("a.txt: first", "below/b.txt: second"));
    for (const char* compression : {"", "gzip", "bzip2", "xz", "zstd"})
        EXPECT_THAT(documents(make_tar(two_texts, compression), Packing::tar),
                    ElementsAre("a.txt: first", "below/b.txt: second"));
}

TEST_F(Unpacking, TarOfTarsAsOpenWebTextIs) {
    const std::string inner = make_tar({{"./", "", {}, {}, true}, {"./0001.txt", "one"}, {"./0002.txt", "two"}}, "xz");
    const std::string more = make_tar({{"0003.txt", "three"}, {"notes.md", "no"}}, "xz");
    const std::string outer = make_tar({{"openwebtext/", "", {}, {}, true},
                                        {"openwebtext/a.xz", inner},
                                        {"openwebtext/a.xz.lock", ""},
                                        {"openwebtext/b.xz", more}},
                                       "xz");
    file_.members = {"*.txt"};
    EXPECT_THAT(documents(outer, Packing::tar_of_tars),
                ElementsAre("0001.txt: one", "0002.txt: two", "0003.txt: three"));
}

TEST_F(Unpacking, OnlyTheWantedMembers) {
    file_.members = {"below/*"};
    EXPECT_THAT(documents(make_zip(two_texts), Packing::zip), ElementsAre("below/b.txt: second"));
    file_.members = {"*.raw"};
    EXPECT_THAT(error(make_zip(two_texts), Packing::zip), HasSubstr("none of the members that are wanted"));
}

TEST_F(Unpacking, PathsThatLeadOutsideAreRefused) {
    for (const char* name : {"../a.txt", "/etc/a.txt", "x/../../a.txt", "..\\a.txt", "C:\\a.txt", "x/.."})
        EXPECT_THAT(error(make_tar({{name, "text"}}), Packing::tar), HasSubstr("leads out of the archive")) << name;
    EXPECT_THAT(documents(make_tar({{"a..b.txt", "fine"}}), Packing::tar), ElementsAre("a..b.txt: fine"));
}

TEST_F(Unpacking, LinksAndDevicesAreRefused) {
    EXPECT_THAT(error(make_tar({{"a.txt", "", "/etc/passwd"}}), Packing::tar), HasSubstr("links are refused"));
    EXPECT_THAT(error(make_zip({{"a.txt", "", "/etc/passwd"}}), Packing::zip), HasSubstr("links are refused"));
    EXPECT_THAT(error(make_tar({{"a.txt", "x"}, {"b.txt", "", {}, "a.txt"}}), Packing::tar),
                HasSubstr("links are refused"));
    EXPECT_THAT(error(make_tar({{"a.txt", "", {}, {}, false, true}}), Packing::tar), HasSubstr("no ordinary file"));
    // Also those that nobody wants.
    file_.members = {"*.txt"};
    EXPECT_THAT(error(make_tar({{"a.txt", "x"}, {"l", "", "a.txt"}}), Packing::tar), HasSubstr("links are refused"));
}

TEST_F(Unpacking, BombsAreEndedEarly) {
    const std::string large(100'000'000, 'x');
    EXPECT_THAT(error(compress(large, "gzip"), Packing::compressed), HasSubstr("larger than the"));
    EXPECT_THAT(error(make_zip({{"a.txt", large}}), Packing::zip), HasSubstr("larger than the"));
    file_.unpacked_at_most = 1000;
    EXPECT_THAT(error(compress(std::string(1001, 'x'), "xz"), Packing::compressed), HasSubstr("larger than the 1000"));
}

TEST_F(Unpacking, MembersAreCounted) {
    file_.members_at_most = 1;
    EXPECT_THAT(error(make_tar(two_texts), Packing::tar), HasSubstr("more than the 1 members allowed"));
}

TEST_F(Unpacking, SizeAndChecksumOfTheTextAreCompared) {
    file_.unpacked_size = 11;
    file_.unpacked_sha256 = sha256_hex("firstsecond");
    EXPECT_EQ(documents(make_zip(two_texts), Packing::zip).size(), 2U);
    file_.unpacked_sha256 = sha256_hex("another");
    EXPECT_THAT(error(make_zip(two_texts), Packing::zip), HasSubstr("another checksum"));
    file_.unpacked_size = 12;
    EXPECT_THAT(error(make_zip(two_texts), Packing::zip), HasSubstr("holds 11 bytes of text, but must hold 12"));
}

TEST_F(Unpacking, TruncatedAndDamagedArchivesAreErrors) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10'007) + " ";
    for (const char* compression : {"gzip", "bzip2", "xz", "zstd"}) {
        const std::string whole = compress(text, compression);
        for (const std::size_t left : {whole.size() / 2, whole.size() - 1})
            EXPECT_THAT(error(whole.substr(0, left), Packing::compressed), HasSubstr("cannot be unpacked"))
                << compression;
    }
    const std::string tar = make_tar({{"a.txt", text}}), zip = make_zip({{"a.txt", text}});
    EXPECT_THAT(error(tar.substr(0, tar.size() / 2), Packing::tar), HasSubstr("cannot be unpacked"));
    EXPECT_THAT(error(zip.substr(0, zip.size() / 2), Packing::zip), HasSubstr("cannot be unpacked"));
    const std::string inner = make_tar({{"in.txt", text}}, "xz");
    const std::string outer = make_tar({{"in.xz", inner.substr(0, inner.size() / 2)}});
    EXPECT_THAT(error(outer, Packing::tar_of_tars), HasSubstr("cannot be unpacked"));
    EXPECT_THAT(error("<html>not an archive</html>", Packing::zip), HasSubstr("cannot be unpacked"));
    EXPECT_THAT(error("<html>not an archive</html>", Packing::compressed), HasSubstr("is not compressed"));
    std::string damaged = zip;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
    EXPECT_THAT(error(damaged, Packing::zip), HasSubstr("cannot be unpacked"));
}

TEST_F(Unpacking, CanBeStopped) {
    std::stop_source stop;
    Notes notes;
    file_.name = "data.bin";
    file_.packing = Packing::tar;
    DataWatch watch({}, stop.get_token());
    const auto path = folder_.write("data.bin", make_tar(two_texts));
    stop.request_stop();
    EXPECT_THROW(unpack(path, file_, notes, watch), DataWorkStopped);
}

TEST(DocumentSinks, TidyingLeavesOneBlankLineAndNoSpaceAtTheEnds) {
    Notes notes;
    TidyingSink sink(notes);
    const auto put = [&](std::vector<std::string> pieces) {
        sink.begin("d");
        for (const std::string& piece : pieces) sink.append(piece);
        sink.end();
    };
    put({"\n\n one\n", "\n\n\n", "two  three\n\n\n"});
    put({" \n\n", "\t"});
    put({"a\n\nb\nc"});
    EXPECT_THAT(notes.list, ElementsAre("d: one\n\ntwo  three", "d: a\n\nb\nc"));
    EXPECT_EQ(notes.ended, 2);
}

TEST(DocumentSinks, LinesOfJson) {
    Notes notes;
    JsonLinesSink sink("text", notes);
    sink.begin("f");
    sink.append("{\"text\": \"o");
    sink.append("ne\\n1\"}\n\n{\"id\": 2, \"text\": \"two\"}");
    sink.end();
    EXPECT_THAT(notes.list, ElementsAre("f: one\n1", "f: two"));
    const auto error = [&](const std::string& lines) -> std::string {
        try {
            sink.begin("f");
            sink.append(lines);
            sink.end();
        } catch (const InputError& problem) {
            return problem.what();
        }
        return "no error";
    };
    EXPECT_EQ(error("{\"text\": \"x\"}\n{\"body\": \"x\"}\n"), "f, line 2: has no field \"text\"");
}

}  // namespace
}  // namespace wavlab
