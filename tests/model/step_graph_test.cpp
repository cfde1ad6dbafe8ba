// SPDX-License-Identifier: GPL-3.0-or-later
// Steps that are replayed from a graph, with one that keeps the host's function: every number that a step depends on
// must reach it through tensors that stay where they are. The CUDA graph itself is tested in gpu_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "model/decoder.h"
#include "model/optimizer.h"
#include "model/recorder.h"
#include "model/step_graph.h"
#include "model/token_windows.h"
#include "model/training_step.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using namespace wavlab::testing;
using Calls = std::vector<std::string>;

/// Says what it is asked for, and fails where it is told to.
class FakeGraph : public StepGraph {
public:
    FakeGraph(Calls& calls, std::string failing_call, int working_replays)
        : calls_(&calls), failing_call_(std::move(failing_call)), working_replays_(working_replays) {}
    ~FakeGraph() override { calls_->push_back("dropped"); }

    void capture(const std::function<void()>& work) override {
        calls_->push_back("capture");
        if (failing_call_ == "capture") throw WorkError("it waits for the device");
        work_ = work;
    }
    void replay() override {
        calls_->push_back("replay");
        if (failing_call_ == "replay" && working_replays_-- == 0) throw WorkError("the device is full");
        work_();
    }

private:
    Calls* calls_;
    std::string failing_call_;
    int working_replays_;
    std::function<void()> work_;
};

/// Training without files, on the CPU.
class Bench {
public:
    explicit Bench(const Experiment& experiment)
        : data_(load_token_data(data_request(experiment), experiment.model.context)),
          decoder_(experiment, data_.tokenizer->vocabulary_size(), {}),
          optimizer_(decoder_.parameters(), experiment.train),
          windows_(data_.train, experiment.model.context, at::kCPU),
          steps_(decoder_, optimizer_, windows_),
          recorder_(decoder_) {
        steps_.on_graph_lost = [this](const std::string& reason) { calls_.push_back(reason); };
    }

    void use_graph(const std::string& failing_call = "", int working_replays = 0) {
        steps_.replay_from(std::make_unique<FakeGraph>(calls_, failing_call, working_replays));
    }
    /// Makes steps up to `last` and returns loss and norm of each; every fourth one is recorded.
    std::vector<double> train_to(std::int64_t last) {
        std::vector<double> numbers;
        while (done_ < last) {
            const at::Tensor pair = ++done_ % 4 == 0 ? recorded_step() : whole_step();
            numbers.push_back(pair[0].item<double>());
            numbers.push_back(pair[1].item<double>());
        }
        return numbers;
    }
    /// Parameters and moments.
    std::vector<at::Tensor> everything() const {
        std::vector<at::Tensor> copies;
        for (const AdamW::Slot& slot : optimizer_.slots())
            for (const at::Tensor& tensor : {slot.parameter.value, slot.first, slot.second})
                copies.push_back(tensor.detach().clone());
        return copies;
    }
    TrainingStep& steps() { return steps_; }
    Decoder& decoder() { return decoder_; }
    const Calls& calls() const { return calls_; }

private:
    at::Tensor whole_step() {
        const at::Tensor numbers = steps_.make(done_);
        calls_.push_back("made");
        return numbers;
    }
    at::Tensor recorded_step() {
        const StepGradient gradient = steps_.gradient(done_, &recorder_);
        (void)recorder_.take(done_, optimizer_.slots(), gradient.norms);
        steps_.update(done_, gradient);
        calls_.push_back("recorded");
        return gradient.numbers();
    }

    Calls calls_;
    TokenData data_;
    Decoder decoder_;
    AdamW optimizer_;
    TokenWindows windows_;
    TrainingStep steps_;
    Recorder recorder_;
    std::int64_t done_ = 0;
};

Experiment bench_experiment(const std::string& method) {
    Experiment experiment = training_experiment(method, 12);
    experiment.train.accumulate = 2;
    experiment.train.warmup = 3;
    return experiment;
}

void expect_equal(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(actual[i], expected[i])) << i;
}

TEST(StepGraph, IsCapturedAfterTheWarmUpAndReplayedBetweenRecordedSteps) {
    for (const char* method : {"standard", "wav"}) {
        Bench ordinary(bench_experiment(method)), replayed(bench_experiment(method));
        replayed.use_graph();
        EXPECT_EQ(replayed.train_to(12), ordinary.train_to(12)) << method;
        expect_equal(replayed.everything(), ordinary.everything());
        EXPECT_EQ(replayed.calls(),
                  (Calls{"made", "made", "made", "recorded", "capture", "replay", "made", "replay", "made", "replay",
                         "made", "recorded", "replay", "made", "replay", "made", "replay", "made", "recorded"}));
    }
}

TEST(StepGraph, IsGivenUpWhenItCannotBeCaptured) {
    Bench ordinary(bench_experiment("wav")), replayed(bench_experiment("wav"));
    replayed.use_graph("capture");
    EXPECT_EQ(replayed.train_to(7), ordinary.train_to(7));
    expect_equal(replayed.everything(), ordinary.everything());
    EXPECT_EQ(replayed.calls(), (Calls{"made", "made", "made", "recorded", "capture", "dropped",
                                       "it waits for the device", "made", "made", "made"}));
}

TEST(StepGraph, IsGivenUpWhenItCannotBeReplayed) {
    Bench ordinary(bench_experiment("wav")), replayed(bench_experiment("wav"));
    replayed.use_graph("replay", 1);
    EXPECT_EQ(replayed.train_to(7), ordinary.train_to(7));
    expect_equal(replayed.everything(), ordinary.everything());
    EXPECT_EQ(replayed.calls(), (Calls{"made", "made", "made", "recorded", "capture", "replay", "made", "replay",
                                       "dropped", "the device is full", "made", "made"}));
}

TEST(StepGraph, BlocksTheUpdateOfANonFiniteStepAndAllAfterIt) {
    Bench bench(bench_experiment("wav"));
    bench.use_graph();
    bench.train_to(6);
    const std::vector<at::Tensor> before = bench.everything();
    at::Tensor head = bench.decoder().parameter("head.weight").detach();
    const at::Tensor sound = head.clone();
    head.fill_(std::numeric_limits<float>::quiet_NaN());
    EXPECT_TRUE(std::isnan(bench.train_to(7).front()));
    head.copy_(sound);
    for (const double number : bench.train_to(10)) EXPECT_TRUE(std::isfinite(number));
    expect_equal(bench.everything(), before);
}

TEST(StepGraph, IsNotUsedWhereStepsDependOnMore) {
    const auto obstacle = [](auto change) {
        Experiment experiment = bench_experiment("standard");
        change(experiment);
        return Bench(experiment).steps().graph_obstacle();
    };
    EXPECT_EQ(obstacle([](Experiment& e) { e.train.deterministic = true; }), "the run is deterministic");
    EXPECT_EQ(obstacle([](Experiment& e) { e.model.dropout = 0.1; }), "dropout draws other numbers at every step");
    EXPECT_EQ(obstacle([](Experiment& e) { e.train.record_every = 1; }), "every step is recorded");
    EXPECT_EQ(obstacle([](Experiment&) {}), "only GPUs have such graphs");
    Bench dumped(bench_experiment("standard"));
    dumped.steps().on_batch = [](std::int64_t, const TokenBatch&) {};
    EXPECT_EQ(dumped.steps().graph_obstacle(), "the batches are written to a file");
    EXPECT_EQ(make_step_graph(at::kCPU), nullptr);
}

}  // namespace
}  // namespace wavlab
