// SPDX-License-Identifier: GPL-3.0-or-later
// Schedule, data order, memory and the choice of checkpoints: what the trainer decides without a tensor.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "model/data_order.h"
#include "model/memory_check.h"
#include "model/run_files.h"
#include "model/schedule.h"

namespace wavlab {
namespace {

TrainSettings schedule(std::int64_t steps, std::int64_t warmup) {
    TrainSettings settings;
    settings.steps = steps;
    settings.warmup = warmup;
    settings.lr = 1e-3;
    settings.min_lr = 1e-4;
    return settings;
}

TEST(Schedule, WarmsUpThenFollowsACosineToTheLastStep) {
    const TrainSettings settings = schedule(300, 20);
    EXPECT_DOUBLE_EQ(learning_rate(1, settings), 1e-3 / 20);
    EXPECT_DOUBLE_EQ(learning_rate(10, settings), 5e-4);
    EXPECT_DOUBLE_EQ(learning_rate(20, settings), 1e-3);
    EXPECT_DOUBLE_EQ(learning_rate(160, settings), 5.5e-4);  // half-way down
    EXPECT_DOUBLE_EQ(learning_rate(300, settings), 1e-4);
    for (std::int64_t step = 21; step <= 300; ++step)
        EXPECT_LT(learning_rate(step, settings), learning_rate(step - 1, settings));
}

TEST(Schedule, HandlesItsEdges) {
    EXPECT_DOUBLE_EQ(learning_rate(1, schedule(1, 0)), 1e-4);
    EXPECT_DOUBLE_EQ(learning_rate(2, schedule(2, 0)), 1e-4);
    EXPECT_DOUBLE_EQ(learning_rate(5, schedule(5, 5)), 1e-3);
    EXPECT_DOUBLE_EQ(learning_rate(5, schedule(5, 10)), 5e-4);  // warm-up longer than the run
}

TEST(DataOrder, IsAPureFunction) {
    const auto first = window_starts(7, 12, 0, 8, 100'000, 64);
    EXPECT_EQ(first, window_starts(7, 12, 0, 8, 100'000, 64));
    EXPECT_NE(first, window_starts(8, 12, 0, 8, 100'000, 64));
    EXPECT_NE(first, window_starts(7, 13, 0, 8, 100'000, 64));
    EXPECT_NE(first, window_starts(7, 12, 1, 8, 100'000, 64));
}

TEST(DataOrder, MicrobatchesMakeUpTheBigBatch) {
    std::vector<std::int64_t> parts;
    for (std::int64_t microbatch = 0; microbatch < 3; ++microbatch)
        for (const std::int64_t start : window_starts(7, 5, microbatch, 4, 1000, 16)) parts.push_back(start);
    EXPECT_EQ(parts, window_starts(7, 5, 0, 12, 1000, 16));
}

TEST(DataOrder, ReachesEveryPlaceAndNoneBeyond) {
    std::set<std::int64_t> seen;
    for (std::int64_t step = 1; step <= 200; ++step)
        for (const std::int64_t start : window_starts(1, step, 0, 8, 30, 16)) seen.insert(start);
    EXPECT_EQ(seen.size(), 14U);  // 30 - 16 places for windows of 17 tokens
    EXPECT_EQ(*seen.begin(), 0);
    EXPECT_EQ(*seen.rbegin(), 13);
    EXPECT_EQ(window_starts(1, 1, 0, 2, 17, 16), (std::vector<std::int64_t>{0, 0}));
    EXPECT_THROW((void)window_starts(1, 1, 0, 1, 16, 16), WorkError);
}

TEST(DataOrder, IsUniform) {
    std::vector<int> counts(10, 0);
    for (std::int64_t step = 1; step <= 10'000; ++step)
        ++counts[static_cast<std::size_t>(window_starts(3, step, 0, 1, 1010, 10)[0] / 100)];
    for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(MemoryCheck, NamesBothFigures) {
    EXPECT_NO_THROW(require_memory(1e9, 2e9, "this machine"));
    EXPECT_NO_THROW(require_memory(1e9, std::nullopt, "this machine"));
    try {
        require_memory(3e9, 2e9, "this machine");
        FAIL() << "3 GB do not fit into 2 GB";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("3.0 GB"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("2.0 GB"), std::string::npos);
    }
    EXPECT_GT(resident_memory_bytes(), 1e6);
    EXPECT_GT(available_memory_bytes().value_or(1e9), 1e6);
    EXPECT_EQ(memory_text(412e6), "412 MB");
}

TEST(CheckpointRetention, KeepsNewestAndBest) {
    const auto rated = [](std::int64_t step, std::optional<double> loss) {
        return RatedCheckpoint{{step, "checkpoints/" + checkpoint_name(step)}, loss};
    };
    const std::vector<RatedCheckpoint> checkpoints{rated(1, 3.0), rated(2, 1.0), rated(3, 2.0), rated(4, std::nullopt),
                                                   rated(5, 2.5)};
    const auto superfluous = [&](std::int64_t keep) {
        std::vector<std::int64_t> steps;
        for (const CheckpointFolder& folder : superfluous_checkpoints(checkpoints, keep)) steps.push_back(folder.step);
        return steps;
    };
    EXPECT_EQ(superfluous(2), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(superfluous(1), (std::vector<std::int64_t>{1, 3, 4}));
    EXPECT_TRUE(superfluous(0).empty());
    EXPECT_TRUE(superfluous(9).empty());
}

}  // namespace
}  // namespace wavlab
