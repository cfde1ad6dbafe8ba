// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_list.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/run_record.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

/// A run folder with checkpoints at these steps, each of 30 bytes.
class CheckpointList : public ::testing::Test {
protected:
    void make_checkpoints(const std::vector<std::int64_t>& steps) {
        for (const std::int64_t step : steps) {
            const CheckpointFolder folder{step, run_.checkpoints() / checkpoint_name(step)};
            fs::create_directories(folder.path);
            write_text(folder.model(), std::string(10, 'm'));
            write_text(folder.state(), std::string(20, 's'));
        }
    }
    void evaluate(std::int64_t step, double loss) { record_.apply(ScalarRecorded{step, "val/loss", loss}); }

    TemporaryFolder folder_;
    RunFolder run_{folder_ / "run"};
    RunRecord record_{run_.path};
};

TEST_F(CheckpointList, KnowsLossSizeBestAndLast) {
    EXPECT_TRUE(summarise_checkpoints(record_).empty());
    make_checkpoints({100, 0, 200, 300});
    evaluate(0, 3.0);
    evaluate(100, 1.5);
    evaluate(150, 0.5);
    evaluate(300, 2.0);
    const std::vector<CheckpointSummary> list = summarise_checkpoints(record_);
    ASSERT_EQ(list.size(), 4U);
    for (std::size_t i = 0; i < list.size(); ++i) {
        EXPECT_EQ(list[i].folder.step, static_cast<std::int64_t>(100 * i));
        EXPECT_EQ(list[i].bytes, 30U);
        EXPECT_EQ(list[i].last, i == 3);
        EXPECT_EQ(list[i].best, i == 1) << "step 150 has no checkpoint";
    }
    EXPECT_EQ(list[1].validation_loss, 1.5);
    EXPECT_EQ(list[2].validation_loss, std::nullopt);
}

TEST_F(CheckpointList, HasNoBestWithoutAFiniteLoss) {
    make_checkpoints({1, 2});
    evaluate(1, std::numeric_limits<double>::infinity());
    const std::vector<CheckpointSummary> list = summarise_checkpoints(record_);
    EXPECT_FALSE(list[0].best || list[1].best);
    EXPECT_EQ(list[0].validation_loss, std::numeric_limits<double>::infinity());
    evaluate(2, 7.0);
    EXPECT_TRUE(summarise_checkpoints(record_)[1].best);
}

TEST_F(CheckpointList, RemovesOne) {
    make_checkpoints({1, 2});
    const CheckpointFolder first = summarise_checkpoints(record_)[0].folder;
    remove_checkpoint(first);
    ASSERT_EQ(summarise_checkpoints(record_).size(), 1U);
    EXPECT_FALSE(fs::exists(first.path));
    EXPECT_EQ(std::distance(fs::directory_iterator(run_.checkpoints()), fs::directory_iterator()), 1);
    EXPECT_NO_THROW(remove_checkpoint(first)) << "it is gone already";
}

}  // namespace
}  // namespace wavlab
