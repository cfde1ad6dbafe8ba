// SPDX-License-Identifier: GPL-3.0-or-later
// Runs in processes of their own that are killed, or find the disk full or read-only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>

#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using namespace wavlab::testing;

constexpr int cannot_limit = 77;

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
}

TEST(SlowResume, TwentyKillsLeaveTheRunThatWasNeverStopped) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 300);
    experiment.train.checkpoint_every = 7;
    experiment.train.eval_every = 10;
    experiment.train.sample_every = 25;
    write_file_safely(folder / "experiment.toml", to_toml(experiment));
    ASSERT_EQ(ChildTraining(folder / "experiment.toml", folder / "whole").wait(), 0);

    std::mt19937 random(20240607);
    for (int killed = 0; killed < 20; ++killed) {
        ChildTraining child(folder / "experiment.toml", folder / "run");
        if (killed < 5) {  // anywhere from the start of the process on, the making of the folder included
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2000));
        } else {  // some steps on, then anywhere within a step, its evaluation and its checkpoint
            const unsigned lines = 1 + random() % 18;
            for (unsigned line = 0; line < lines && !child.next_line().empty(); ++line) {
            }
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
        }
        child.kill();
        child.wait();
        for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{folder / "run"})) {
            EXPECT_NO_THROW(SafetensorsFile(checkpoint.model()));
            EXPECT_NO_THROW(SafetensorsFile(checkpoint.state()));
        }
    }
    ChildTraining last(folder / "experiment.toml", folder / "run");
    ASSERT_EQ(last.wait(), 0) << last.last_line();
    expect_same_run(stored_run(folder / "whole"), stored_run(folder / "run"));
    EXPECT_EQ(names_in(RunFolder{folder / "run"}.checkpoints()), names_in(RunFolder{folder / "whole"}.checkpoints()));
    EXPECT_EQ(names_in(RunFolder{folder / "run"}.samples()), names_in(RunFolder{folder / "whole"}.samples()));
    EXPECT_EQ(names_in(folder / "run"), names_in(folder / "whole"));
    EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{"experiment.toml", "run", "whole"}));
}

/// A run of 8 steps that was to go on to 20.
class SlowDisk : public ::testing::Test {
protected:
    void SetUp() override {
        Experiment experiment = training_experiment("wav", 8);
        experiment.model.width = 64;
        write_file_safely(folder_ / "experiment.toml", to_toml(experiment));
        (void)train(experiment, folder_ / "run");
        before_ = names_in(run_.checkpoints());
    }
    void expect_intact() {
        EXPECT_EQ(names_in(run_.checkpoints()), before_) << "nothing half-written";
        for (const CheckpointFolder& checkpoint : list_checkpoints(run_)) {
            EXPECT_NO_THROW(SafetensorsFile(checkpoint.model()));
            EXPECT_NO_THROW(SafetensorsFile(checkpoint.state()));
        }
        const RunEnded end = resume(run_.path, 20).end();
        EXPECT_EQ(end.state, RunState::finished) << end.reason;
    }

    TemporaryFolder folder_;
    RunFolder run_{folder_ / "run"};
    std::set<std::string> before_;
};

TEST_F(SlowDisk, FullWhenACheckpointIsSaved) {
    const auto size = fs::file_size(list_checkpoints(run_).back().model());
    ASSERT_LT(fs::file_size(run_.store()) + 100'000, size) << "the store must fit where a checkpoint does not";
    ChildTraining child(folder_ / "experiment.toml", run_.path, "fsize=" + std::to_string(size - 1), 20);
    EXPECT_EQ(child.wait(), static_cast<int>(ExitCode::failed)) << child.last_line();
    EXPECT_THAT(child.last_line(), ::testing::HasSubstr("safetensors"));
    expect_intact();
}

TEST_F(SlowDisk, FullFromTheStart) {
    ChildTraining child(folder_ / "experiment.toml", run_.path, "fsize=100", 20);
    EXPECT_EQ(child.wait(), static_cast<int>(ExitCode::failed)) << child.last_line();
    EXPECT_THAT(child.last_line(), ::testing::StartsWith("end "));
    expect_intact();
}

TEST_F(SlowDisk, FullBeforeANewRunIsMade) {
    ChildTraining child(folder_ / "experiment.toml", folder_ / "new", "fsize=100");
    EXPECT_EQ(child.wait(), static_cast<int>(ExitCode::failed)) << child.last_line();
    EXPECT_EQ(names_in(folder_.path()), (std::set<std::string>{"experiment.toml", "run"}));
}

TEST_F(SlowDisk, ReadOnly) {
    ChildTraining child(folder_ / "experiment.toml", run_.path, "readonly", 20);
    const int code = child.wait();
    if (code == cannot_limit) GTEST_SKIP() << "mounting is not allowed here";
    EXPECT_EQ(code, static_cast<int>(ExitCode::bad_input)) << child.last_line();
    expect_intact();
}

TEST_F(SlowDisk, ReadOnlyAndFinished) {
    fs::remove(run_.lock());
    ChildTraining child(folder_ / "experiment.toml", run_.path, "readonly");
    const int code = child.wait();
    if (code == cannot_limit) GTEST_SKIP() << "mounting is not allowed here";
    EXPECT_EQ(code, static_cast<int>(ExitCode::done)) << child.last_line();
    EXPECT_EQ(child.last_line(), "end already finished");
    expect_intact();
}

}  // namespace
}  // namespace wavlab
