// SPDX-License-Identifier: GPL-3.0-or-later
// From a manifest to the finished text, with a server that may misbehave.
#include <sys/mount.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file_lock.h"
#include "core/safe_file.h"
#include "core/sha256.h"
#include "datasets/data_library.h"
#include "tests/core/child_process.h"
#include "tests/datasets/archive_maker.h"
#include "tests/datasets/hostile_server.h"
#include "tests/datasets/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class Installing : public testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"})
            ::unsetenv(name);
        limits_.first_delay = milliseconds(1);
        limits_.longest_delay = milliseconds(4);
        limits_.attempts = 3;
        manifest_.id = "mine";
        manifest_.title = "Mine";
        manifest_.licence = "CC0";
        manifest_.splits.fractions = {0.9, 0.1};
        data_ = {folder_.path() / "data"};
    }

    /// A file that the server has under its name.
    ManifestFile& serve(const std::string& name, const std::string& bytes, Packing packing = Packing::none) {
        served_[name].body = bytes;
        ManifestFile file;
        file.name = name;
        file.addresses = {server_.address(name)};
        file.size = static_cast<std::int64_t>(bytes.size());
        file.sha256 = sha256_hex(bytes);
        file.packing = packing;
        manifest_.files.push_back(file);
        return manifest_.files.back();
    }

    DataLibrary library() {
        ManifestList list;
        list.manifests.push_back(manifest_);
        return DataLibrary(data_, list, limits_);
    }

    InstalledDataset install() {
        DataLibrary all = library();
        all.accept_licence("mine");
        EXPECT_EQ(all.install("mine"), DataOutcome::done);
        const auto dataset = installed_dataset("mine", data_);
        EXPECT_TRUE(dataset);
        return dataset.value_or(InstalledDataset{});
    }

    std::string error_of_install() {
        try {
            DataLibrary all = library();
            all.accept_licence("mine");
            all.install("mine");
        } catch (const InputError& error) {
            expect_nothing_visible();
            return error.what();
        } catch (const WorkError& error) {
            expect_nothing_visible();
            return error.what();
        }
        return "no error";
    }

    void expect_nothing_visible() const {
        EXPECT_FALSE(fs::exists(data_.dataset("mine")));
        EXPECT_FALSE(fs::exists(data_.partial("mine") / ".installing"));
        EXPECT_FALSE(installed_dataset("mine", data_));
    }

    static std::string text(const InstalledDataset& dataset, const char* part) {
        const InstalledFile* file = dataset.part(part);
        if (!file) return "no such part";
        const std::string text = read_file(file->path);
        EXPECT_EQ(file->sha256, sha256_hex(text));
        return text;
    }

    TemporaryFolder folder_;
    DataFolder data_;
    DatasetManifest manifest_;
    DownloadLimits limits_;
    std::map<std::string, ServedFile> served_;
    HostileServer server_{[this](const HttpRequest& request, HttpConnection& connection) {
        const auto found = served_.find(request.target.substr(1));
        if (found == served_.end()) return static_cast<void>(connection.send_head("404 Not Found", {}));
        found->second.answer(request, connection);
    }};
};

TEST_F(Installing, ByFractionsOfTheCharacters) {
    serve("input.txt",
          "\xEF\xBB\xBF"
          "0123\r\n56789äöü\xFF"
          "bcdefg");  // 20 characters when normalised
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train"),
              "0123\n56789äöü\xEF\xBF\xBD"
              "bcde");
    EXPECT_EQ(text(dataset, "validation"), "fg");
    EXPECT_EQ(dataset.replacements, 1);
    EXPECT_EQ(dataset.part("test"), nullptr);
    EXPECT_FALSE(fs::exists(data_.partial("mine")));
    EXPECT_EQ(dataset.sources.at(0).sha256, manifest_.files[0].sha256);
    EXPECT_EQ(dataset.manifest_digest, manifest_.digest());
}

TEST_F(Installing, ByPositionAsText8IsCut) {
    std::string letters;
    for (int i = 0; i < 1000; ++i) letters += static_cast<char>('a' + i * i % 26);
    ManifestFile& file = serve("text8.zip", make_zip({{"text8", letters}, {"other", "x"}}), Packing::zip);
    file.members = {"text8"};
    file.unpacked_size = 1000;
    file.unpacked_sha256 = sha256_hex(letters);
    manifest_.splits.fractions.clear();
    manifest_.splits.bytes = {900, 50, 50};
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train"), letters.substr(0, 900));
    EXPECT_EQ(text(dataset, "validation"), letters.substr(900, 50));
    EXPECT_EQ(text(dataset, "test"), letters.substr(950));
}

TEST_F(Installing, ATextOfAnotherLengthIsRefused) {
    serve("a.txt", std::string(999, 'x'));
    manifest_.splits.fractions.clear();
    manifest_.splits.bytes = {900, 50, 50};
    EXPECT_THAT(error_of_install(), HasSubstr("has 999 bytes, but its parts must have 1000"));
}

TEST_F(Installing, BytesAsTheyAre) {
    const std::string bytes = "\xEF\xBB\xBF\xFF\r\n\x80 abc";
    serve("raw.bin", bytes);
    manifest_.normalisation = Normalisation::none;
    manifest_.splits.fractions = {0.5, 0.5};
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train") + text(dataset, "validation"), bytes);
    EXPECT_EQ(dataset.normalisation, Normalisation::none);
}

TEST_F(Installing, ByNameOfFilesAndOfMembers) {
    serve("train.txt", "one\n<|endoftext|>\ntwo");
    serve("valid.txt", "three");
    manifest_.document_separator = "<|endoftext|>";
    manifest_.splits = {{"train.txt", "valid.txt", ""}, {}, {}, 0};
    EXPECT_EQ(text(install(), "train"), "one\n<|endoftext|>\ntwo");
    fs::remove_all(data_.path);

    manifest_.files.clear();
    serve("wiki.zip",
          make_zip({{"w/wiki.test.raw", "test"}, {"w/wiki.train.raw", "train"}, {"w/wiki.valid.raw", "va"}}),
          Packing::zip);
    manifest_.splits = {{"*/wiki.train.raw", "*/wiki.valid.raw", "*/wiki.test.raw"}, {}, {}, 0};
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train") + text(dataset, "validation") + text(dataset, "test"), "trainvatest");
}

TEST_F(Installing, EveryNthDocumentAsOpenWebTextIsCut) {
    std::vector<ArchiveMember> first, second;
    for (int i = 1; i <= 4; ++i)
        first.push_back({std::to_string(i) + ".txt", "\n\ndocument " + std::to_string(i) + "\n"});
    for (int i = 5; i <= 7; ++i) second.push_back({std::to_string(i) + ".txt", "document\n\n\n\n" + std::to_string(i)});
    serve("o.tar.xz", make_tar({{"o/1.xz", make_tar(first, "xz")}, {"o/2.xz", make_tar(second, "xz")}}, "xz"),
          Packing::tar_of_tars);
    manifest_.document_separator = "<|endoftext|>";
    manifest_.tidy_documents = true;
    manifest_.splits.fractions.clear();
    manifest_.splits.validation_every = 3;
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train"),
              "document 1<|endoftext|>document 2<|endoftext|>document 4<|endoftext|>document\n\n5<|endoftext|>"
              "document\n\n7");
    EXPECT_EQ(text(dataset, "validation"), "document 3<|endoftext|>document\n\n6");
    EXPECT_EQ(dataset.documents, 7);
}

TEST_F(Installing, ATokenizersFilesAreKeptAsTheyAre) {
    serve("encoder.json", "{\"a\": 0}\r\n");
    serve("vocab.bpe", "#version: 0.2\n");
    manifest_.kind = ManifestKind::tokenizer;
    manifest_.splits = {};
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "encoder.json"), "{\"a\": 0}\r\n");
    EXPECT_EQ(text(dataset, "vocab.bpe"), "#version: 0.2\n");
}

TEST_F(Installing, TheLicenceComesFirst) {
    serve("a.txt", std::string(100, 'x'));
    DataLibrary all = library();
    EXPECT_THROW(all.install("mine"), InputError);
    EXPECT_TRUE(server_.requests().empty());
    all.accept_licence("mine");
    EXPECT_TRUE(all.find("mine").licence_accepted);
    EXPECT_EQ(all.install("mine"), DataOutcome::done);
    manifest_.licence = "another";  // asked again
    EXPECT_FALSE(library().find("mine").licence_accepted);
}

TEST_F(Installing, StatesAreTold) {
    serve("a.txt", std::string(100, 'x'));
    serve("b.txt", std::string(50, 'y'));
    EXPECT_EQ(library().find("mine").state, DatasetState::available);
    folder_.write("data/.partial/mine/a.txt.part", "xxx");
    folder_.write("data/.partial/mine/b.txt", std::string(50, 'y'));
    EXPECT_EQ(library().find("mine").state, DatasetState::partial);
    EXPECT_EQ(library().find("mine").bytes_here, 53);
    install();
    EXPECT_EQ(library().find("mine").state, DatasetState::installed);
    EXPECT_FALSE(library().find("mine").other_manifest);
    EXPECT_EQ(server_.requests().size(), 1U);  // b.txt was there
    manifest_.document_separator = "new";
    EXPECT_TRUE(library().find("mine").other_manifest);
    fs::resize_file(data_.dataset("mine") / "train.txt", 3);
    EXPECT_EQ(library().find("mine").state, DatasetState::damaged);
    EXPECT_THAT(library().find("mine").problem, HasSubstr("train.txt has 3 bytes instead of 135"));
    EXPECT_THROW(installed_dataset("mine", data_), InputError);
}

TEST_F(Installing, VerifyFindsAFlippedBit) {
    serve("a.txt", std::string(1000, 'x'));
    install();
    std::string problem;
    DataLibrary all = library();
    EXPECT_EQ(all.verify("mine", problem), DataOutcome::done);
    EXPECT_EQ(problem, "");
    folder_.write("data/mine/validation.txt", std::string(99, 'x') + "y");
    EXPECT_EQ(all.verify("mine", problem), DataOutcome::done);
    EXPECT_THAT(problem, HasSubstr("validation.txt: its SHA-256 is not the one noted"));
}

TEST_F(Installing, RemoveTakesEverything) {
    serve("a.txt", std::string(1000, 'x'));
    install();
    folder_.write("data/.partial/mine/a.txt.part", "xxx");
    DataLibrary all = library();
    all.remove("mine");
    EXPECT_EQ(all.find("mine").state, DatasetState::available);
    EXPECT_FALSE(fs::exists(data_.partial("mine")));
    EXPECT_THROW(all.remove("mine"), InputError);
    EXPECT_THROW(all.remove("../mine"), InputError);
}

TEST_F(Installing, WithoutAConnectionItSaysWhatToDo) {
    ManifestFile& file = serve("a.txt", std::string(1000, 'x'));
    file.addresses = {"http://127.0.0.1:1/a.txt"};
    const std::string error = error_of_install();
    EXPECT_THAT(error, HasSubstr("127.0.0.1:1 cannot be reached"));
    EXPECT_THAT(error, HasSubstr("put a.txt (SHA-256 " + file.sha256 + ") into " + data_.partial("mine").string()));
    EXPECT_THAT(error, HasSubstr("or run `wavlab data add mine FILE`"));
    // Put there, it is taken; without a licence, as nothing is downloaded.
    folder_.write("data/.partial/mine/a.txt", std::string(1000, 'x'));
    EXPECT_EQ(library().install("mine"), DataOutcome::done);
    EXPECT_EQ(library().find("mine").state, DatasetState::installed);
}

TEST_F(Installing, AWrongFilePutThereIsNotTaken) {
    serve("a.txt", std::string(1000, 'x'));
    folder_.write("data/.partial/mine/a.txt", std::string(1000, 'y'));
    EXPECT_EQ(text(install(), "train"), std::string(900, 'x'));
}

TEST_F(Installing, LocalFilesAreAcceptedIfTheirChecksumsFit) {
    serve("a.txt", std::string(1000, 'x'));
    serve("b.txt", std::string(500, 'y'));
    DataLibrary all = library();
    std::vector<std::string> missing;
    EXPECT_THROW(all.add_files("mine", folder_.write("wrong", std::string(1000, 'z')), missing), InputError);
    expect_nothing_visible();
    EXPECT_EQ(all.add_files("mine", folder_.write("whatever", std::string(1000, 'x')), missing), DataOutcome::done);
    EXPECT_THAT(missing, testing::ElementsAre("b.txt"));
    EXPECT_EQ(all.find("mine").state, DatasetState::partial);
    folder_.write("elsewhere/b.txt", std::string(500, 'y'));
    EXPECT_EQ(all.add_files("mine", folder_.path() / "elsewhere", missing), DataOutcome::done);
    EXPECT_TRUE(missing.empty());
    EXPECT_EQ(all.find("mine").state, DatasetState::installed);
    EXPECT_TRUE(server_.requests().empty());
}

TEST_F(Installing, AnArchiveThatIsNotWhatItMustBeLeavesNothing) {
    ManifestFile& file = serve("a.zip", make_zip({{"a.txt", std::string(1000, 'x')}}), Packing::zip);
    file.unpacked_sha256 = std::string(64, '0');
    EXPECT_THAT(error_of_install(), HasSubstr("another checksum than it must have"));
    file.unpacked_sha256.clear();
    file.unpacked_at_most = 999;
    EXPECT_THAT(error_of_install(), HasSubstr("larger than the 999 bytes"));
    manifest_.files.clear();
    serve("b.tar", make_tar({{"../../mine/train.txt", "evil"}}), Packing::tar);
    EXPECT_THAT(error_of_install(), HasSubstr("leads out of the archive"));
    manifest_.files.clear();
    serve("c.zip", "truncated", Packing::zip);
    EXPECT_THAT(error_of_install(), HasSubstr("cannot be unpacked"));
}

TEST_F(Installing, ATextTooShortToBeCutIsAnError) {
    serve("a.txt", "x");
    EXPECT_THAT(error_of_install(), HasSubstr("too short to be cut"));
}

TEST_F(Installing, OneAfterTheOther) {
    serve("a.txt", std::string(1000, 'x'));
    fs::create_directories(data_.lock("mine").parent_path());
    const auto other = FileLock::try_take(data_.lock("mine"));
    EXPECT_TRUE(library().find("mine").busy);
    EXPECT_THAT(error_of_install(), HasSubstr("another process or window is working on 'mine'"));
    EXPECT_THROW(library().remove("mine"), InputError);
}

TEST_F(Installing, PauseKeepsAndCancelThrowsAway) {
    serve("a.txt", std::string(1000, 'x'));
    std::stop_source stop;
    DataLibrary all = library();
    all.accept_licence("mine");
    const auto stop_soon = [&](const DataProgress& progress) {
        if (progress.phase == DataPhase::unpacking) stop.request_stop();
    };
    EXPECT_EQ(all.install("mine", stop_soon, stop.get_token()), DataOutcome::stopped);
    expect_nothing_visible();
    EXPECT_EQ(all.find("mine").state, DatasetState::partial);
    all.discard_partial("mine");
    EXPECT_EQ(all.find("mine").state, DatasetState::available);
}

TEST_F(Installing, AFullDiskIsSaidBeforehand) {
    const fs::path mount = folder_.path() / "mount";
    fs::create_directory(mount);
    if (::mount("none", mount.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "mounting is not allowed here";
    data_ = {mount};
    serve("a.txt", std::string(800'000, 'x'));
    const std::string error = error_of_install();
    const std::size_t requests = server_.requests().size();
    // Where the size is not known before, it is an error while it is written.
    manifest_.files.clear();
    serve("b.gz", compress(std::string(2'000'000, 'x'), "gzip"), Packing::compressed);
    const std::string later = error_of_install();
    ::umount(mount.c_str());
    EXPECT_THAT(error, HasSubstr("the disk has too little space for 'mine'"));
    EXPECT_THAT(error, HasSubstr("1.6 MB are needed"));
    EXPECT_EQ(requests, 0U);
    EXPECT_THAT(later, HasSubstr("the disk is full"));
}

TEST_F(Installing, AKilledProcessLeavesNothingHalfDone) {
    std::string lines;
    for (int i = 0; i < 100'000; ++i) lines += std::to_string(i) + "\n";
    serve("a.gz", compress(lines, "gzip"), Packing::compressed);
    for (const DataPhase phase : {DataPhase::downloading, DataPhase::unpacking, DataPhase::finishing}) {
        const int code = run_in_child([&] {
            DataLibrary all = library();
            all.accept_licence("mine");
            all.install("mine", [&](const DataProgress& progress) {
                if (progress.phase == phase) ::kill(::getpid(), SIGKILL);
            });
            return 0;
        });
        ASSERT_EQ(code, 1000 + SIGKILL);
        EXPECT_FALSE(fs::exists(data_.dataset("mine")));
    }
    const InstalledDataset dataset = install();
    EXPECT_EQ(text(dataset, "train") + text(dataset, "validation"), lines);
    EXPECT_FALSE(fs::exists(data_.partial("mine")));
}

TEST_F(Installing, TheDataFolderIsWhereTheUserSays) {
    ::setenv("WAVLAB_DATA", "/somewhere", 1);
    EXPECT_EQ(default_data_folder().path, "/somewhere");
    ::unsetenv("WAVLAB_DATA");
    const char* before = std::getenv("XDG_DATA_HOME");
    const std::string kept = before ? before : "";
    ::setenv("XDG_DATA_HOME", "/data", 1);
    EXPECT_EQ(default_data_folder().path, "/data/wavlab/datasets");
    before ? ::setenv("XDG_DATA_HOME", kept.c_str(), 1) : ::unsetenv("XDG_DATA_HOME");
    EXPECT_FALSE(installed_dataset("no-such-dataset", data_));
    EXPECT_FALSE(installed_dataset("../up", data_));
}

}  // namespace
}  // namespace wavlab
