// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>

#include "core/error.h"
#include "tests/core/child_process.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void make_run(const fs::path& path) {
    fs::create_directories(path);
    write_text(path / "experiment.toml", "");
    write_text(path / "run.db", "");
}

TEST(RunFolder, ListsCompleteCheckpointsByStep) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    EXPECT_TRUE(list_checkpoints(run).empty());
    EXPECT_EQ(checkpoint_name(100), "step-00000100");
    EXPECT_EQ(checkpoint_name(1'234'567'890), "step-1234567890");
    for (const char* name : {"step-00000200", "step-00000100", "step-1234567890", ".step-00000300.tmp", "step-12",
                             "step-0000010x", "step-99999999999999999999999", "other"}) {
        fs::create_directories(run.checkpoints() / name);
        write_text(run.checkpoints() / name / "model.safetensors", "");
    }
    fs::create_directories(run.checkpoints() / "step-00000400");  // without a model
    std::vector<std::int64_t> steps;
    for (const CheckpointFolder& checkpoint : list_checkpoints(run)) steps.push_back(checkpoint.step);
    EXPECT_EQ(steps, (std::vector<std::int64_t>{100, 200, 1'234'567'890}));
    EXPECT_EQ(list_checkpoints(run)[0].model(), run.checkpoints() / "step-00000100" / "model.safetensors");
}

TEST(RunFolder, FindsRunsByPathAndName) {
    const TemporaryFolder folder;
    make_run(folder / "runs/wav-12");
    make_run(folder / "elsewhere");
    EXPECT_TRUE(is_run_folder(folder / "elsewhere"));
    EXPECT_FALSE(is_run_folder(folder / "runs"));
    EXPECT_FALSE(is_run_folder(folder / "none"));
    EXPECT_EQ(find_run("wav-12", folder / "runs").path, folder / "runs/wav-12");
    EXPECT_EQ(find_run((folder / "elsewhere").string(), folder / "runs").path, folder / "elsewhere");
    const auto message = [&](const std::string& run) {
        return message_of<InputError>([&] { find_run(run, folder / "runs"); });
    };
    EXPECT_THAT(message("wav-13"), HasSubstr("there is no run folder of this name, neither here nor below"));
    EXPECT_THAT(message(folder.path().string()), HasSubstr("this is no run"));
    EXPECT_THAT(message(""), HasSubstr("empty"));
}

TEST(RunFolder, NamesNewRunsFreely) {
    const TemporaryFolder folder;
    EXPECT_EQ(new_run_path(folder.path(), "wav"), folder / "wav");
    fs::create_directory(folder / "wav");
    fs::create_symlink("nowhere", folder / "wav-2");
    EXPECT_EQ(new_run_path(folder.path(), "wav"), folder / "wav-3");
}

TEST(RunFolder, TheUsersFolderFollowsTheSpecification) {
    ::setenv("XDG_DATA_HOME", "/data", 1);
    EXPECT_EQ(default_runs_folder(), "/data/wavlab/runs");
    ::setenv("XDG_DATA_HOME", "relative", 1);
    ::setenv("HOME", "/home/someone", 1);
    EXPECT_EQ(default_runs_folder(), "/home/someone/.local/share/wavlab/runs");
    ::unsetenv("XDG_DATA_HOME");
    EXPECT_EQ(default_runs_folder(), "/home/someone/.local/share/wavlab/runs");
}

TEST(RunLock, KeepsOthersOut) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    EXPECT_FALSE(RunLock::is_held(run));
    {
        const RunLock lock(run);
        EXPECT_TRUE(RunLock::is_held(run));
        EXPECT_THAT(message_of<InputError>([&] { RunLock second(run); }),
                    HasSubstr("another process is working on this run"));
        EXPECT_EQ(run_in_child([&] { return message_of<InputError>([&] { RunLock other(run); }).empty() ? 1 : 0; }), 0);
        EXPECT_TRUE(RunLock::is_held(run));  // looking and trying did not release it
    }
    EXPECT_FALSE(RunLock::is_held(run));
    const RunLock again(run);
    EXPECT_THROW(RunLock({folder / "missing"}), InputError);
}

TEST(RunLock, CanBeHandedOn) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    std::optional<RunLock> kept;
    {
        RunLock lock(run);
        kept.emplace(std::move(lock));
    }
    EXPECT_TRUE(RunLock::is_held(run));
    kept.reset();
    EXPECT_FALSE(RunLock::is_held(run));
}

TEST(RunLock, EndsWithItsProcess) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const RunLock lock(run);
        [[maybe_unused]] const ssize_t written = ::write(ready[1], "x", 1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_TRUE(RunLock::is_held(run));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_FALSE(RunLock::is_held(run));
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace wavlab
