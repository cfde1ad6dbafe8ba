// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/safe_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/error.h"
#include "tests/core/child_process.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(SafeFile, WritesWholeFiles) {
    const TemporaryFolder folder;
    write_file_safely(folder / "a.txt", "first");
    EXPECT_EQ(read_file(folder / "a.txt"), "first");
    write_file_safely(folder / "a.txt", std::string(3'000'000, 'x'));
    EXPECT_EQ(read_file(folder / "a.txt").size(), 3'000'000u);
    write_file_safely(folder / "empty", "");
    EXPECT_EQ(read_file(folder / "empty"), "");
    EXPECT_EQ(folder.entries(), 2);
}

TEST(SafeFile, LeavesNothingWithoutCommit) {
    const TemporaryFolder folder;
    write_file_safely(folder / "a.txt", "old");
    {
        SafeFile file(folder / "a.txt");
        file.write("new");
    }
    EXPECT_EQ(read_file(folder / "a.txt"), "old");
    EXPECT_EQ(folder.entries(), 1);
}

TEST(SafeFile, RefusesTargetsThatCannotBeWritten) {
    const TemporaryFolder folder;
    const auto message = [](const fs::path& target) { return message_of<InputError>([&] { SafeFile file(target); }); };
    EXPECT_THAT(message(folder / "missing/a.txt"), HasSubstr("missing does not exist"));
    write_text(folder / "file", "x");
    EXPECT_THAT(message(folder / "file/a.txt"), HasSubstr("file is not a folder"));
    EXPECT_THAT(message(folder.path()), HasSubstr("this is a folder; give a file"));
    EXPECT_THAT(message(folder / ""), HasSubstr("this names a folder; give a file"));
    EXPECT_THAT(message("/dev/null"), HasSubstr("this is not an ordinary file"));
    EXPECT_THAT(message(""), HasSubstr("this names a folder"));
    EXPECT_EQ(folder.entries(), 1);
}

TEST(SafeFile, RefusesAReadOnlyMount) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "mount");
    if (::mount("none", (folder / "mount").c_str(), "tmpfs", MS_RDONLY, nullptr) != 0)
        GTEST_SKIP() << "mounting is not allowed here";
    const std::string message = message_of<InputError>([&] { SafeFile file(folder / "mount/a.txt"); });
    ::umount((folder / "mount").c_str());
    EXPECT_THAT(message, HasSubstr("the file system is read-only"));
}

TEST(SafeFile, SaysThatTheDiskIsFull) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "mount");
    if (::mount("none", (folder / "mount").c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "mounting is not allowed here";
    const auto write = [&] { write_file_safely(folder / "mount/a.bin", std::string(2 << 20, 'x')); };
    const std::string message = message_of<WorkError>(write);
    const bool empty = fs::is_empty(folder / "mount");
    ::umount((folder / "mount").c_str());
    EXPECT_EQ(message, (folder / "mount/a.bin").string() + ": cannot be written: the disk is full");
    EXPECT_TRUE(empty);
}

TEST(SafeFile, SurvivesAFileSizeLimit) {
    const TemporaryFolder folder;
    write_file_safely(folder / "a.bin", "old");
    const int code = run_in_child([&] {
        limit_file_size(100'000);
        const auto write = [&] { write_file_safely(folder / "a.bin", std::string(200'000, 'x')); };
        return message_of<WorkError>(write).ends_with("the file is larger than allowed here") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(read_file(folder / "a.bin"), "old");
    EXPECT_EQ(folder.entries(), 1);
}

TEST(SafeFile, FollowsLinksAndKeepsPermissions) {
    const TemporaryFolder folder;
    write_file_safely(folder / "real", "old");
    ::chmod((folder / "real").c_str(), 0640);
    fs::create_symlink("real", folder / "link");
    write_file_safely(folder / "link", "new");
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(read_file(folder / "real"), "new");
    struct stat status {};
    ::stat((folder / "real").c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(SafeFile, TakesLongNames) {
    const TemporaryFolder folder;
    write_file_safely(folder / std::string(255, 'n'), "x");
    EXPECT_EQ(read_file(folder / std::string(255, 'n')), "x");
}

TEST(CommitFolder, PutsAFolderInItsPlaceAtOnce) {
    const TemporaryFolder folder;
    for (const std::string text : {"first", "second"}) {
        fs::create_directory(folder / "new");
        write_file_safely(folder / "new/model", text);
        commit_folder(folder / "new", folder / "done");
        EXPECT_EQ(read_file(folder / "done/model"), text);
        EXPECT_EQ(folder.entries(), 1);
    }
    EXPECT_THROW(commit_folder(folder / "none", folder / "done"), WorkError);

    fs::create_directory(folder / "new");
    EXPECT_THROW(commit_folder(folder / "new", folder / "done", ExistingFolder::refuse), InputError);
    EXPECT_EQ(read_file(folder / "done/model"), "second");
    fs::create_directory(folder / "empty");
    EXPECT_NO_THROW(commit_folder(folder / "new", folder / "empty", ExistingFolder::refuse));
}

TEST(ReadFile, SaysWhyItCannot) {
    const TemporaryFolder folder;
    const auto message = [](const fs::path& file, std::size_t limit) {
        return message_of<InputError>([&] { read_file(file, limit); });
    };
    EXPECT_THAT(message(folder / "none", 10), HasSubstr("there is no such file"));
    EXPECT_THAT(message(folder.path(), 10), HasSubstr("this is a folder"));
    EXPECT_THAT(message("/dev/zero", 10), HasSubstr("not an ordinary file"));
    write_text(folder / "a", "12345678901");
    EXPECT_THAT(message(folder / "a", 10), HasSubstr("larger than the 10 bytes allowed"));
    EXPECT_EQ(read_file(folder / "a", 11), "12345678901");
}

}  // namespace
}  // namespace wavlab
