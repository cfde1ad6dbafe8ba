// SPDX-License-Identifier: GPL-3.0-or-later
// Steps that are replayed from a CUDA graph, checked against ordinary ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "model/recorder.h"
#include "model/step_graph.h"
#include "tests/model/gpu_support.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using namespace wavlab::testing;
using ::testing::HasSubstr;
using ::testing::Not;

/// A CUDA graph that counts.
class CountedGraph : public StepGraph {
public:
    explicit CountedGraph(int& replays) : replays_(&replays), graph_(make_step_graph(gpu)) {}
    void capture(const std::function<void()>& work) override { graph_->capture(work); }
    void replay() override {
        graph_->replay();
        ++*replays_;
    }

private:
    int* replays_;
    std::unique_ptr<StepGraph> graph_;
};

/// Trains on a stream of its own, with a graph or without.
class Training {
public:
    Training(const Experiment& experiment, at::ScalarType type, bool with_graph)
        : stream_(gpu), parts_(experiment, type), recorder_(parts_.decoder) {
        parts_.steps.on_graph_lost = [](const std::string& reason) { ADD_FAILURE() << reason; };
        EXPECT_EQ(parts_.steps.graph_obstacle(), "");
        if (with_graph) parts_.steps.replay_from(std::make_unique<CountedGraph>(replays_));
    }

    /// Makes steps up to `last` and returns loss and norm of each, read at the end; every fifth one is recorded.
    std::vector<double> train_to(std::int64_t last) {
        std::vector<HostCopy> copies;
        while (done_ < last) copies.emplace_back(++done_ % 5 == 0 ? recorded_step() : parts_.steps.make(done_));
        std::vector<double> numbers;
        for (HostCopy& copy : copies)
            for (const double number : copy.wait()) numbers.push_back(number);
        return numbers;
    }
    GpuParts& parts() { return parts_; }
    int replays() const { return replays_; }

private:
    at::Tensor recorded_step() {
        const StepGradient gradient = parts_.steps.gradient(done_, &recorder_);
        (void)recorder_.take(done_, parts_.optimizer.slots(), gradient.norms);
        parts_.steps.update(done_, gradient);
        return gradient.numbers();
    }

    OwnStream stream_;
    GpuParts parts_;
    Recorder recorder_;
    int replays_ = 0;
    std::int64_t done_ = 0;
};

Experiment graph_experiment(const std::string& method) {
    Experiment experiment = gpu_experiment(method, 20);
    experiment.train.device = "cuda";
    experiment.train.accumulate = 2;
    experiment.train.record_every = 5;
    experiment.train.deterministic = false;
    experiment.model.dropout = 0;
    return experiment;
}

void expect_close(const std::vector<double>& actual, const std::vector<double>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    // Sums of gradients may be added in another order each time, and Adam makes more of it with every step.
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(actual[i], expected[i], (i < 10 ? 1e-3 : 2e-2) * std::abs(expected[i])) << "step " << i / 2 + 1;
}

TEST(GpuStepGraph, MakesTheStepsThatOrdinaryOnesAre) {
    SKIP_WITHOUT_GPU();
    for (const char* method : {"standard", "attnres_full", "attnres_block", "wav"})
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
            SCOPED_TRACE(std::string(method) + " " + at::toString(type));
            Training ordinary(graph_experiment(method), type, false);
            const std::vector<double> expected = ordinary.train_to(20);
            Training replayed(graph_experiment(method), type, true);
            expect_close(replayed.train_to(20), expected);
            EXPECT_EQ(replayed.replays(), 20 - 4 - TrainingStep::warm_up_steps);
        }
}

TEST(GpuStepGraph, IsCapturedWhileAnotherThreadUsesTheGpu) {
    SKIP_WITHOUT_GPU();
    Training ordinary(graph_experiment("wav"), at::kFloat, false);
    const std::vector<double> expected = ordinary.train_to(20);
    std::atomic<bool> over = false;
    std::atomic<int> rounds = 0;
    std::thread other([&] {  // computes on the default stream, waits, allocates, frees: as a probe in the window does
        configure_computation(graph_experiment("wav").train, gpu);
        while (!over) {
            const at::Tensor values = at::ones({64 + rounds % 64, 1024}, at::TensorOptions(gpu));
            EXPECT_EQ(at::matmul(values, values.t())[0][0].item<float>(), 1024.0F);
            EXPECT_EQ(HostCopy(values.sum().reshape({1})).wait().front(), 1024.0 * (64 + rounds % 64));
            if (rounds % 8 == 0) release_unused_memory();
            ++rounds;
        }
    });
    while (rounds == 0) std::this_thread::yield();
    {
        Training replayed(graph_experiment("wav"), at::kFloat, true);
        expect_close(replayed.train_to(20), expected);
        EXPECT_EQ(replayed.replays(), 20 - 4 - TrainingStep::warm_up_steps);
    }
    over = true;
    other.join();
}

TEST(GpuStepGraph, BlocksTheUpdateOfANonFiniteStepAndAllAfterIt) {
    SKIP_WITHOUT_GPU();
    Training training(graph_experiment("wav"), at::kFloat, true);
    training.train_to(6);
    const std::vector<at::Tensor> before = training.parts().everything();
    at::Tensor head = training.parts().decoder.parameter("head.weight").detach();
    const at::Tensor sound = head.clone();
    head.fill_(std::numeric_limits<float>::quiet_NaN());
    EXPECT_TRUE(std::isnan(training.train_to(7).front()));
    head.copy_(sound);
    for (const double number : training.train_to(9)) EXPECT_TRUE(std::isfinite(number));
    const std::vector<at::Tensor> after = training.parts().everything();
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(before[i], after[i]));
    EXPECT_EQ(training.replays(), 5);
}

TEST(GpuStepGraph, LeavesTheGpuUsableWhenItCannotBeCaptured) {
    SKIP_WITHOUT_GPU();
    const OwnStream stream(gpu);
    const at::TensorOptions there = at::TensorOptions(gpu).dtype(at::kFloat);
    const auto throws = [] { throw WorkError("for a reason of its own"); };
    const auto waits = [&] { (void)at::ones({1000}, there).sum().item<float>(); };
    for (const std::function<void()>& work : {std::function<void()>(throws), std::function<void()>(waits)}) {
        EXPECT_ANY_THROW(make_step_graph(gpu)->capture(work));
        EXPECT_EQ(at::ones({1000}, there).sum().item<float>(), 1000.0F);
        EXPECT_EQ(HostCopy(at::ones({1}, there)).wait().front(), 1.0);
        release_unused_memory();
        at::Tensor sum = at::zeros({1}, there);
        const std::unique_ptr<StepGraph> graph = make_step_graph(gpu);
        graph->capture([&] { sum.add_(at::ones({1000}, there).sum()); });
        graph->replay();
        graph->replay();
        EXPECT_EQ(sum.item<float>(), 2000.0F);
    }
}

TEST(GpuStepGraph, IsNotCapturedOnTheDefaultStream) {
    SKIP_WITHOUT_GPU();
    EXPECT_THROW(make_step_graph(gpu)->capture([] {}), WorkError);
}

TEST(GpuStepGraph, IsUsedByARunAndInItsLog) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    Experiment experiment = graph_experiment("wav");
    const Events replayed = train(experiment, folder / "replayed");
    EXPECT_EQ(replayed.end().reason, "");
    const std::string log = read_file(RunFolder{folder / "replayed"}.log());
    EXPECT_THAT(log, HasSubstr("steps are replayed from a CUDA graph"));
    EXPECT_THAT(log, Not(HasSubstr("no longer replayed")));
    experiment.train.deterministic = true;
    const Events ordinary = train(experiment, folder / "ordinary");
    EXPECT_THAT(read_file(RunFolder{folder / "ordinary"}.log()),
                HasSubstr("steps are not captured in a CUDA graph: the run is deterministic"));
    for (const char* name : {"train/loss", "train/grad_norm", "val/loss"}) {
        const auto expected = ordinary.scalar(name), actual = replayed.scalar(name);
        ASSERT_EQ(actual.size(), expected.size());
        for (const auto& [step, value] : expected)
            EXPECT_NEAR(actual.at(step), value, (step <= 1 ? 1e-4 : 2e-2) * std::abs(value)) << name << ' ' << step;
    }
}

}  // namespace
}  // namespace wavlab
