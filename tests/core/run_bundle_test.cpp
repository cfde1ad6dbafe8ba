// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "core/error.h"
#include "core/repeated_steps.h"
#include "core/run_bundle.h"
#include "core/safe_file.h"
#include "core/zip_file.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

/// A zip archive with one entry, as somebody else may make it.
void write_foreign_zip(const fs::path& file, const std::string& name, const std::string& contents,
                       unsigned type = AE_IFREG) {
    archive* zip = archive_write_new();
    archive_write_set_format_zip(zip);
    ASSERT_EQ(archive_write_open_filename(zip, file.c_str()), ARCHIVE_OK);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, type);
    if (type == AE_IFLNK) archive_entry_set_symlink(entry, "/etc/passwd");
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(type == AE_IFREG ? contents.size() : 0));
    archive_write_header(zip, entry);
    if (type == AE_IFREG) archive_write_data(zip, contents.data(), contents.size());
    archive_entry_free(entry);
    archive_write_close(zip);
    archive_write_free(zip);
}

TEST(ZipFile, GivesBackWhatWasWrittenAndTheSameBytesEveryTime) {
    const TemporaryFolder folder;
    const std::string large(3'000'000, 'x');
    for (const char* name : {"a.zip", "b.zip"}) {
        ZipWriter zip(folder / name);
        zip.add("one.txt", "first");
        zip.begin("deep/er/two.bin", large.size());
        zip.write(std::string_view(large).substr(0, 1'000'000));
        zip.write(std::string_view(large).substr(1'000'000));
        zip.add("empty", "");
        zip.commit();
    }
    EXPECT_EQ(read_file(folder / "a.zip"), read_file(folder / "b.zip"));
    fs::create_directory(folder / "out");
    EXPECT_EQ(unpack_zip(folder / "a.zip", folder / "out", 10'000'000),
              (std::vector<std::string>{"one.txt", "deep/er/two.bin", "empty"}));
    EXPECT_EQ(read_file(folder / "out" / "one.txt"), "first");
    EXPECT_EQ(read_file(folder / "out" / "deep" / "er" / "two.bin"), large);
    EXPECT_EQ(read_file(folder / "out" / "empty"), "");
    fs::create_directory(folder / "small");
    EXPECT_THROW(unpack_zip(folder / "a.zip", folder / "small", 1'000'000), InputError);
}

TEST(ZipFile, LeavesNothingWithoutACommit) {
    const TemporaryFolder folder;
    {
        ZipWriter zip(folder / "a.zip");
        zip.add("one.txt", "first");
    }
    EXPECT_EQ(folder.entries(), 0);
    ZipWriter zip(folder / "a.zip");
    zip.begin("one", 3);
    EXPECT_THROW(zip.write("four"), WorkError);
}

TEST(ZipFile, RefusesWhatWouldLeaveTheFolder) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "out");
    for (const char* name : {"../evil", "a/../../evil", "/tmp/wavlab-evil"}) {
        write_foreign_zip(folder / "evil.zip", name, "x");
        EXPECT_THROW(unpack_zip(folder / "evil.zip", folder / "out", 1000), InputError) << name;
    }
    write_foreign_zip(folder / "link.zip", "link", "", AE_IFLNK);
    EXPECT_THROW(unpack_zip(folder / "link.zip", folder / "out", 1000), InputError);
    EXPECT_TRUE(fs::is_empty(folder / "out"));
    EXPECT_FALSE(fs::exists(folder / "evil"));
}

TEST(ZipFile, RefusesWhatIsNoZip) {
    const TemporaryFolder folder;
    std::ofstream(folder / "text.zip") << "no zip at all, but long enough to look at";
    EXPECT_THROW(unpack_zip(folder / "text.zip", folder.path(), 1000), InputError);
    EXPECT_THROW(unpack_zip(folder / "missing.zip", folder.path(), 1000), InputError);
}

TEST(RunBundle, IsRefusedWithoutItsManifest) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "out");
    write_foreign_zip(folder / "a.zip", "experiment.toml", "x");
    EXPECT_THROW(open_bundle(folder / "a.zip", folder / "out"), InputError);
    for (const char* manifest : {"{", "[]", "{\"format\": \"other\"}", "{\"format\": \"wavlab-bundle-1\"}",
                                 "{\"format\": \"wavlab-bundle-1\", \"files\": {\"a\": {\"sha256\": \"0\"}}}"}) {
        write_foreign_zip(folder / "b.zip", "bundle.json", manifest);
        EXPECT_THROW(open_bundle(folder / "b.zip", folder / "out"), InputError) << manifest;
    }
}

TEST(RepeatedSteps, ComparesLossesAndNorms) {
    const std::string metrics =
        "step,name,value\n0,val/loss,4.5\n1,train/loss,4.25\n1,train/grad_norm,0.123456789\n1,train/lr,0.5\n"
        "2,train/loss,4\n3,train/loss,nan\n";
    const std::vector<ScalarRecorded> same = {
        {0, "val/loss", 4.5}, {1, "train/loss", 4.25},           {1, "train/grad_norm", 0.123456789},
        {1, "train/lr", 0.7}, {1, "train/tokens_per_second", 9}, {2, "train/loss", 4}};
    const RepeatedSteps equal = compare_steps(metrics, same, 2);
    EXPECT_EQ(equal.compared, 4);
    EXPECT_EQ(equal.equal, 4);
    EXPECT_EQ(equal.steps, 2);
    EXPECT_EQ(equal.largest_difference, 0);
    EXPECT_EQ(equal.first_difference, "");
    EXPECT_EQ(compare_steps(metrics, same, 1).compared, 3);

    const RepeatedSteps other = compare_steps(metrics, {{1, "train/loss", 4.25}, {2, "train/loss", 4.04}}, 2);
    EXPECT_EQ(other.equal, 1);
    EXPECT_NEAR(other.largest_difference, 0.01, 1e-12);
    EXPECT_EQ(other.first_difference, "train/loss at step 2: 4.04, recorded was 4");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(compare_steps(metrics, {{3, "train/loss", -nan}}, 3).equal, 1);
    EXPECT_TRUE(std::isnan(compare_steps(metrics, {{2, "train/loss", nan}}, 3).largest_difference));
    EXPECT_EQ(compare_steps("step,name,value\n", same, 2).compared, 0);
}

TEST(RepeatedSteps, SaysWhenTheSameBitsAreNotToBeExpected) {
    RunDescription then;
    then.wavlab_version = "0.1.0";
    then.commit = "abc";
    then.torch_version = "2.11.0";
    then.device = "cpu";
    then.cpu_capability = "AVX512";
    then.implementation = "fused";
    then.threads = 2;
    EXPECT_EQ(bits_obstacle(then, then, false), "");
    const auto obstacle = [&](auto change, bool deterministic = false) {
        RunDescription now = then;
        change(now);
        return bits_obstacle(then, now, deterministic);
    };
    EXPECT_NE(obstacle([](RunDescription& now) { now.commit = "def"; }), "");
    EXPECT_NE(obstacle([](RunDescription& now) { now.torch_version = "2.12"; }), "");
    EXPECT_NE(obstacle([](RunDescription& now) { now.device = "cuda:0 (H100)"; }), "");
    EXPECT_NE(obstacle([](RunDescription& now) { now.cpu_capability = "AVX2"; }), "");
    EXPECT_NE(obstacle([](RunDescription& now) { now.threads = 4; }), "");
    EXPECT_NE(obstacle([](RunDescription& now) { now.implementation = "plain"; }), "");
    then.device = "cuda:0 (H100)";
    EXPECT_NE(bits_obstacle(then, then, false), "");
    EXPECT_EQ(bits_obstacle(then, then, true), "");
}

}  // namespace
}  // namespace wavlab
