// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gtest/gtest.h>

#include "core/training_axis.h"

namespace wavlab {
namespace {

RunStarted started(std::int64_t first_step = 0) {
    RunStarted event;
    event.description.experiment = "[model]\ncontext = 128\n[train]\nbatch = 4\naccumulate = 2\n";
    event.description.flops_per_token = 3e6;
    event.first_step = first_step;
    event.total_steps = 100;
    return event;
}

void record_speed(RunRecord& record, std::int64_t step, double seconds) {
    record.apply(ScalarRecorded{step, "train/tokens_per_second", 1024 / seconds});
}

AxisScale scale_of(const RunRecord& record, TrainingAxis axis) {
    AxisScale scale(axis);
    scale.follow(record);
    return scale;
}

TEST(TrainingAxis, NamesGoBothWays) {
    for (const auto axis : {TrainingAxis::step, TrainingAxis::tokens, TrainingAxis::time, TrainingAxis::flops})
        EXPECT_EQ(parse_training_axis(to_string(axis)), axis);
    EXPECT_EQ(parse_training_axis("epochs"), std::nullopt);
}

TEST(TrainingAxis, TokensAndFlopsAreProportionalToSteps) {
    RunRecord record("/synthetic/a");
    record.apply(started());
    EXPECT_EQ(scale_of(record, TrainingAxis::step).position(10), 10);
    EXPECT_EQ(scale_of(record, TrainingAxis::tokens).position(10), 10 * 4 * 2 * 128);
    EXPECT_EQ(scale_of(record, TrainingAxis::flops).position(10), 10 * 4 * 2 * 128 * 3e6);
    EXPECT_EQ(scale_of(record, TrainingAxis::flops).step_at(10 * 4 * 2 * 128 * 3e6), 10);
}

TEST(TrainingAxis, UnknownCostsAndTimesAreNotInvented) {
    RunRecord record("/synthetic/a");
    RunStarted event = started();
    event.description.flops_per_token = 0;
    record.apply(event);
    EXPECT_FALSE(scale_of(record, TrainingAxis::flops).known());
    EXPECT_FALSE(scale_of(record, TrainingAxis::time).known());
    EXPECT_TRUE(std::isnan(scale_of(record, TrainingAxis::time).position(3)));
    EXPECT_TRUE(scale_of(record, TrainingAxis::tokens).known());
}

TEST(TrainingAxis, TimeAddsUpWhatTheUpdatesTook) {
    RunRecord record("/synthetic/a");
    record.apply(started());
    for (std::int64_t step = 1; step <= 10; ++step) record_speed(record, step, step <= 5 ? 0.5 : 2);
    const AxisScale scale = scale_of(record, TrainingAxis::time);
    EXPECT_FALSE(scale.factor());
    EXPECT_EQ(scale.position(0), 0);
    EXPECT_NEAR(scale.position(1), 0.5, 1e-12);
    EXPECT_NEAR(scale.position(5), 2.5, 1e-12);
    EXPECT_NEAR(scale.position(7.5), 2.5 + 5, 1e-12);
    EXPECT_NEAR(scale.position(10), 12.5, 1e-12);
    EXPECT_NEAR(scale.position(11), 12.5, 1e-12) << "an evaluation after the last step";
    EXPECT_NEAR(scale.step_at(4.5), 6, 1e-12);
    EXPECT_NEAR(scale.step_at(0.25), 0.5, 1e-12);
}

TEST(TrainingAxis, StepsDoneAgainAfterAResumeCountOnce) {
    RunRecord record("/synthetic/a");
    record.apply(started());
    for (std::int64_t step = 1; step <= 60; ++step) record_speed(record, step, 1);
    AxisScale followed(TrainingAxis::time);
    followed.follow(record);
    EXPECT_NEAR(followed.position(60), 60, 1e-9);
    record.apply(started(50));
    for (std::int64_t step = 51; step <= 80; ++step) record_speed(record, step, 3);
    followed.follow(record);
    EXPECT_NEAR(followed.position(50), 50, 1e-9);
    EXPECT_NEAR(followed.position(80), 50 + 30 * 3, 1e-9);
    EXPECT_NEAR(scale_of(record, TrainingAxis::time).position(80), followed.position(80), 1e-9);
}

TEST(TrainingAxis, MissingAndImpossibleSpeedsAreBridged) {
    RunRecord record("/synthetic/a");
    record.apply(started());
    record_speed(record, 2, 0.5);  // step 1 was not recorded
    record.apply(ScalarRecorded{3, "train/tokens_per_second", std::nan("")});
    record.apply(ScalarRecorded{4, "train/tokens_per_second", 0});
    record_speed(record, 5, 1);
    const AxisScale scale = scale_of(record, TrainingAxis::time);
    EXPECT_NEAR(scale.position(2), 1, 1e-12);
    EXPECT_NEAR(scale.position(4), 2, 1e-12);
    EXPECT_NEAR(scale.position(5), 3, 1e-12);
}

}  // namespace
}  // namespace wavlab
