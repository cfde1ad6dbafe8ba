// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/benchmark.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/method.h"
#include "core/safetensors.h"
#include "model/fused_memory.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using testing::TemporaryFolder;
using testing::training_experiment;

std::unique_ptr<BenchmarkModel> make(const std::string& method, bool fused) {
    Experiment experiment = training_experiment(method, 5);
    experiment.model.mlp_hidden = 64;  // as the fused pass needs it
    experiment.train.warmup = 0;
    return make_benchmark_model({experiment, 65, fused});
}

TEST(BenchmarkModel, MakesTheSameStepsEveryTime) {
    for (const char* method : {"standard", "attnres_block", "wav"}) {
        const auto one = make(method, false), other = make(method, false), fused = make(method, true);
        double first = 0;
        for (int step = 0; step < 3; ++step) {
            const StepFinding found = one->check_step(), again = other->check_step();
            EXPECT_EQ(found.loss, again.loss);
            EXPECT_EQ(found.gradient_norm, again.gradient_norm);
            EXPECT_EQ(difference(found, fused->check_step(), "fp32"), "") << method;
            if (step == 0)
                first = found.loss;
            else
                EXPECT_NE(found.loss, first) << "the weights do not change";
        }
        EXPECT_NEAR(first, std::log(65), 0.1);
    }
}

TEST(BenchmarkModel, TimedStepsAreSteps) {
    const auto timed = make("wav", false), checked = make("wav", false);
    EXPECT_GT(timed->time_steps(2), 0);
    for (int step = 0; step < 2; ++step) (void)checked->check_step();
    EXPECT_EQ(timed->check_step().loss, checked->check_step().loss);
    EXPECT_GE(timed->step_memory(), 0);
    (void)checked->check_step();
    EXPECT_EQ(timed->check_step().loss, checked->check_step().loss);
    timed->relax();
}

TEST(BenchmarkModel, WritesWeightsAndTokensForOthers) {
    const TemporaryFolder folder;
    const auto model = make("wav", false);
    model->write_start(folder / "model.safetensors", folder / "batches.safetensors", 3);
    const SafetensorsFile weights(folder / "model.safetensors"), batches(folder / "batches.safetensors");
    ASSERT_NE(weights.find("routing.query"), nullptr);
    EXPECT_EQ(weights.find("embed.weight")->shape, (std::vector<std::int64_t>{65, 16}));
    EXPECT_EQ(weights.metadata("step"), "0");
    EXPECT_EQ(batches.tensors().size(), 6u);
    ASSERT_NE(batches.find("targets.3"), nullptr);
    EXPECT_EQ(batches.find("targets.3")->shape, batches.find("tokens.1")->shape);
}

TEST(BenchmarkModel, RefusesWhatDoesNotFitIntoMemory) {
    Experiment experiment = training_experiment("standard", 5);
    experiment.train.batch = 4096;
    experiment.model.context = 65536;
    EXPECT_THROW((void)make_benchmark_model({experiment, 65, false}), OutOfMemory);
    experiment = training_experiment("standard", 5);
    experiment.model.layers = 1000;
    experiment.model.mlp_hidden = 1 << 20;
    EXPECT_THROW((void)make_benchmark_model({experiment, 65, true}), OutOfMemory);
}

TEST(BenchmarkModel, SaysWhyThereIsNoFusedImplementation) {
    Experiment experiment = training_experiment("standard", 5);
    experiment.model.mlp_hidden = 64;
    experiment.model.dropout = 0.1;
    try {
        (void)make_benchmark_model({experiment, 65, true});
        ADD_FAILURE() << "it was made";
    } catch (const NoFusedImplementation& problem) {
        EXPECT_STREQ(problem.what(), "there is dropout");
    }
    EXPECT_GT(make_benchmark_model({experiment, 65, false})->time_steps(1), 0);
}

TEST(FusedMemory, IsAboutWhatAStepNeeds) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "memory is the sanitizer's";
#endif
    Experiment experiment;
    experiment.train.threads = 2;
    experiment.train.device = "cpu";
    experiment.model.layers = 24;
    for (const char* method : {"standard", "attnres_full", "wav"}) {
        experiment.model.method = method;
        const double estimate = fused_memory_bytes(experiment, 65, experiment.train.threads);
        EXPECT_LT(estimate, estimate_cost(experiment, 65).memory_bytes) << method;
        const auto model = make_benchmark_model({experiment, 65, true});
        (void)model->check_step();
        EXPECT_NEAR(model->step_memory() / estimate, 1, 0.4) << method << " " << estimate;
    }
}

}  // namespace
}  // namespace wavlab
