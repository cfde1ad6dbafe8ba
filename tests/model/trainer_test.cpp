// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "core/method.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "model/optimizer.h"
#include "model/recorder.h"
#include "model/schedule.h"
#include "model/token_windows.h"
#include "model/training_step.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace wavlab::testing;

std::vector<std::int64_t> steps_of(const std::map<std::int64_t, double>& values) {
    std::vector<std::int64_t> steps;
    for (const auto& [step, value] : values) steps.push_back(step);
    return steps;
}

template <class Frame>
std::vector<std::int64_t> steps_of(const std::vector<Frame>& frames) {
    std::vector<std::int64_t> steps;
    for (const Frame& frame : frames) steps.push_back(frame.step);
    return steps;
}

TEST(Trainer, RunsAndRecordsEverything) {
    const TemporaryFolder folder;
    const Experiment experiment = training_experiment("wav", 10);
    const Events events = train(experiment, folder / "run");
    ASSERT_EQ(events.end().reason, "");
    EXPECT_EQ(events.end().exit_code, ExitCode::done);
    EXPECT_EQ(events.end().step, 10);
    const auto losses = events.scalar("train/loss");
    ASSERT_EQ(losses.size(), 10U);
    EXPECT_LT(losses.at(10), losses.at(1));
    for (const char* name : {"train/lr", "train/grad_norm", "train/tokens_per_second", "train/memory_bytes"})
        EXPECT_EQ(steps_of(events.scalar(name)), steps_of(losses)) << name;
    for (const auto& [step, rate] : events.scalar("train/lr")) EXPECT_EQ(rate, learning_rate(step, experiment.train));
    EXPECT_THAT(steps_of(events.scalar("val/loss")), ::testing::ElementsAre(0, 5, 10));
    EXPECT_THAT(steps_of(events.of<RoutingFrame>()), ::testing::ElementsAre(0, 3, 6, 9, 10));
    EXPECT_THAT(steps_of(events.of<DetailFrame>()), ::testing::ElementsAre(0, 3, 6, 9, 10));
    EXPECT_THAT(steps_of(events.of<DepthFrame>()), ::testing::ElementsAre(0, 3, 6, 9, 10));
    EXPECT_THAT(steps_of(events.of<CheckpointSaved>()), ::testing::ElementsAre(4, 8, 10));
    const RunDescription description = events.of<RunStarted>().at(0).description;
    EXPECT_EQ(description.device, "cpu");
    EXPECT_EQ(description.threads, 2);
    EXPECT_GT(description.parameters, description.added_parameters);
    EXPECT_FALSE(description.routing.empty());
    EXPECT_TRUE(description.validation_floor.has_value());
}

TEST(Trainer, MakesACompleteRunFolder) {
    const TemporaryFolder folder;
    (void)train(training_experiment("wav", 4), folder / "run");
    const RunFolder run{folder / "run"};
    EXPECT_EQ(load_experiment(run.experiment()).train.steps, 4);
    EXPECT_TRUE(fs::is_directory(run.samples()));
    EXPECT_THAT(read_file(run.log()), HasSubstr("checkpoint at step 4"));
    EXPECT_EQ(list_checkpoints(run).size(), 1U);
    EXPECT_FALSE(fs::exists(run.store().string() + "-wal")) << "the store is one file at the end";
    for (const auto& entry : fs::directory_iterator(folder.path()))
        EXPECT_EQ(entry.path(), run.path) << "nothing temporary is left";
    EXPECT_EQ(stored_run(run.path).scalars.count({4, "train/loss"}), 1U);
}

TEST(Trainer, ShowsUniformRoutingAtStepZero) {
    const TemporaryFolder folder;
    const Events events = train(training_experiment("attnres_block", 1), folder / "run");
    const RunDescription description = events.of<RunStarted>().at(0).description;
    const RoutingFrame frame = events.of<RoutingFrame>().at(0);
    EXPECT_EQ(frame.step, 0);
    ASSERT_EQ(frame.weight.size(), description.routing.cell_count());
    std::size_t cell = 0;
    for (std::size_t router = 0; router < description.routing.routers.size(); ++router) {
        const auto count = description.routing.routers[router].size();
        EXPECT_NEAR(frame.effective_sources[router], static_cast<float>(count), 1e-3);
        EXPECT_EQ(frame.query_norm[router], 0.0F);
        for (std::size_t i = 0; i < count; ++i, ++cell) {
            EXPECT_NEAR(frame.weight[cell], 1.0F / static_cast<float>(count), 1e-5);
            EXPECT_NEAR(frame.weight_spread[cell], 0.0F, 1e-5);
        }
    }
    const DepthFrame depth = events.of<DepthFrame>().at(0);
    EXPECT_EQ(depth.state_rms.size(), 5U);
    EXPECT_EQ(depth.update_rms.size(), 4U);
    ASSERT_EQ(depth.gradient_norm.size(), 4U);
    for (const float norm : depth.gradient_norm) EXPECT_GT(norm, 0.0F);
}

TEST(Trainer, ComputesInBfloat16AndDeterministically) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 6);
    experiment.train.deterministic = true;
    const auto exact = train(experiment, folder / "fp32").scalar("train/loss");
    experiment.train.precision = "bf16";
    const Events events = train(experiment, folder / "bf16");
    ASSERT_EQ(events.end().reason, "");
    const auto rounded = events.scalar("train/loss");
    EXPECT_NEAR(rounded.at(6), exact.at(6), 0.05);
    EXPECT_NE(rounded.at(6), exact.at(6));
    const SafetensorsFile file(list_checkpoints(RunFolder{folder / "bf16"}).back().model());
    EXPECT_EQ(file.find("head.weight")->type, TensorType::f32) << "master weights";
}

TEST(Trainer, DrawsSamples) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 4);
    experiment.train.sample_every = 2;
    const Events events = train(experiment, folder / "run");
    const std::vector<SampleDrawn> samples = events.of<SampleDrawn>();
    ASSERT_EQ(samples.size(), 6U);
    std::string whole;
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(samples[i].step, 2);
        EXPECT_EQ(samples[i + 3].step, 4);
        EXPECT_EQ(samples[i].prompt, samples[i + 3].prompt) << "the same at every step";
        EXPECT_NE(samples[i].prompt, samples[(i + 1) % 3].prompt);
        EXPECT_EQ(samples[i].text.size(), 96U);
        whole += (i ? "\n\n----\n\n" : "") + samples[i].prompt + samples[i].text;
    }
    EXPECT_EQ(read_file(RunFolder{folder / "run"}.samples() / "step-00000002.txt"), whole);
    EXPECT_NE(samples[0].text, samples[3].text);
    const auto again = train(experiment, folder / "again").of<SampleDrawn>();
    for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].text, again[i].text);
}

TEST(Trainer, TakesTheNextFreeNameWhereItMay) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 1);
    experiment.name = "run";
    fs::create_directories(folder / "run/something");
    TrainRequest request;
    request.experiment = experiment;
    request.run_folder = folder / "run";
    EXPECT_EQ(WatchedRun(request).wait_for_end().end().exit_code, ExitCode::bad_input);
    request.next_free_name = true;
    for (const char* expected : {"run-2", "run-3"}) {
        WatchedRun run(request);
        const Events& events = run.wait_for_end();
        EXPECT_EQ(events.end().state, RunState::finished) << events.end().reason;
        EXPECT_EQ(events.of<RunStarted>().at(0).folder, (folder / expected).string());
        EXPECT_TRUE(is_run_folder(folder / expected));
    }
}

TEST(Trainer, RefusesATextWhoseTokensTheDiskCannotHold) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 1);
    write_file_safely(folder / "huge.txt", "a");
    fs::resize_file(folder / "huge.txt", std::uintmax_t{1} << 42);  // all of it a hole
    experiment.data.dataset = "file:" + (folder / "huge.txt").string();
    const RunEnded end = train(experiment, folder / "run").end();
    EXPECT_EQ(end.exit_code, ExitCode::failed);
    EXPECT_THAT(end.reason, HasSubstr("4398.0 GB"));
    EXPECT_THAT(end.reason, HasSubstr("WAVLAB_CACHE"));
}

TEST(Trainer, IsNotDisturbedBySamples) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 6);
    experiment.model.dropout = 0.1;
    (void)train(experiment, folder / "without");
    experiment.train.sample_every = 2;
    (void)train(experiment, folder / "with");
    expect_same_run(stored_run(folder / "without"), stored_run(folder / "with"));
}

TEST(Trainer, KeepsTheNewestTheBestAndTheLastCheckpoint) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 11);
    experiment.train.checkpoint_every = 1;
    experiment.train.eval_every = 1;
    experiment.train.checkpoint_keep = 2;
    const Events events = train(experiment, folder / "run");
    const auto losses = events.scalar("val/loss");
    std::int64_t best = 1;
    for (const auto& [step, loss] : losses)
        if (step > 0 && loss < losses.at(best)) best = step;
    std::set<std::int64_t> expected{best, 10, 11};
    std::set<std::int64_t> found;
    for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{folder / "run"}))
        found.insert(checkpoint.step);
    EXPECT_EQ(found, expected);
}

TEST(Trainer, DivergesWithTheLastFiniteCheckpointKept) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 200);
    experiment.train.lr = 10;
    experiment.train.warmup = 0;
    experiment.train.weight_decay = 100;  // multiplies every matrix by -999 at each step
    experiment.train.grad_clip = 0;
    experiment.train.checkpoint_every = 2;
    const Events events = train(experiment, folder / "run");
    const RunEnded end = events.end();
    EXPECT_EQ(end.state, RunState::diverged);
    EXPECT_EQ(end.exit_code, ExitCode::diverged);
    EXPECT_THAT(end.reason, HasSubstr("diverged"));
    EXPECT_LT(end.step, 200);
    EXPECT_FALSE(list_checkpoints(RunFolder{folder / "run"}).empty());
    for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{folder / "run"})) {
        const SafetensorsFile file(checkpoint.model());
        for (const TensorView& tensor : file.tensors()) {
            const auto* values = reinterpret_cast<const float*>(tensor.bytes.data());
            for (std::size_t i = 0; i < tensor.bytes.size() / 4; ++i) ASSERT_TRUE(std::isfinite(values[i]));
        }
    }
}

TEST(Trainer, PausesStepsOnceAndObeysWhilePaused) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 1'000'000);
    experiment.train.eval_every = 0;
    experiment.train.checkpoint_every = 0;
    TrainRequest request;
    request.experiment = experiment;
    request.run_folder = folder / "run";
    WatchedRun run(request);
    run.wait_for_step(2);
    run.control().pause();
    run.wait_for_state(RunState::paused);
    const std::int64_t paused_at = run.trainer().progress().step;
    EXPECT_EQ(run.trainer().progress().activity, "paused");
    run.control().step_once();
    run.wait_for_step(paused_at + 1);
    run.control().evaluate_now();
    run.wait_for([](const RunEvent& event) {
        const auto* scalar = std::get_if<ScalarRecorded>(&event);
        return scalar && scalar->name == "val/loss" && scalar->step > 0;
    });
    run.control().checkpoint_now();
    const Events& events =
        run.wait_for([](const RunEvent& event) { return std::holds_alternative<CheckpointSaved>(event); });
    EXPECT_EQ(events.scalar("train/loss").rbegin()->first, paused_at + 1) << "exactly one step";
    EXPECT_EQ(events.scalar("val/loss").rbegin()->first, paused_at + 1);
    EXPECT_EQ(events.of<CheckpointSaved>().back().step, paused_at + 1);
    run.control().resume();
    run.wait_for_state(RunState::running);
    run.wait_for_step(paused_at + 3);
    run.control().stop(StopRequest::keep);
    const RunEnded end = run.wait_for_end().end();
    EXPECT_EQ(end.state, RunState::stopped);
    EXPECT_EQ(end.exit_code, ExitCode::done);
    EXPECT_EQ(list_checkpoints(RunFolder{folder / "run"}).back().step, end.step);
}

TEST(Trainer, SavesWhenInterruptedAndRemovesWhenDiscarded) {
    const TemporaryFolder folder;
    TrainRequest request;
    request.experiment = training_experiment("wav", 1'000'000);
    request.run_folder = folder / "kept";
    {
        WatchedRun run(request);
        run.wait_for_step(3);
        run.control().stop(StopRequest::interrupt);
        const RunEnded end = run.wait_for_end().end();
        EXPECT_EQ(end.state, RunState::interrupted);
        EXPECT_EQ(end.exit_code, ExitCode::interrupted);
        EXPECT_EQ(list_checkpoints(RunFolder{folder / "kept"}).back().step, end.step);
    }
    request.run_folder = folder / "discarded";
    WatchedRun run(request);
    run.wait_for_step(3);
    run.control().stop(StopRequest::discard);
    EXPECT_TRUE(run.wait_for_end().end().discarded);
    EXPECT_FALSE(fs::exists(folder / "discarded"));
}

TEST(Trainer, KeepsTheRunWhenItIsDestroyed) {
    const TemporaryFolder folder;
    TrainRequest request;
    request.experiment = training_experiment("standard", 1'000'000);
    request.run_folder = folder / "run";
    { WatchedRun(request).wait_for_step(2); }
    EXPECT_EQ(list_checkpoints(RunFolder{folder / "run"}).size(), 1U);
}

TEST(Trainer, RefusesBadInputWithoutMakingAFolder) {
    const TemporaryFolder folder;
    const auto refused = [&](const std::function<void(Experiment&)>& spoil) {
        Experiment experiment = training_experiment("wav", 3);
        spoil(experiment);
        const RunEnded end = train(experiment, folder / "run").end();
        EXPECT_EQ(end.exit_code, ExitCode::bad_input) << end.reason;
        EXPECT_EQ(end.state, RunState::failed);
        EXPECT_FALSE(fs::exists(folder / "run"));
        return end.reason;
    };
    EXPECT_THAT(refused([](Experiment& e) { e.model.layers = 0; }), HasSubstr("layers"));
    EXPECT_THAT(refused([](Experiment& e) { e.data.dataset = "file:/nowhere.txt"; }), HasSubstr("nowhere.txt"));
    EXPECT_THAT(refused([](Experiment& e) { e.train.device = "cuda:99"; }), HasSubstr("cuda:99"));
    EXPECT_THAT(refused([](Experiment& e) {
                    e.model.layers = 1000;
                    e.model.width = 65536;
                    e.model.heads = 64;
                    e.train.batch = 65536;
                }),
                HasSubstr("memory"));
    EXPECT_THAT(refused([](Experiment& e) { e.model.context = 100'000; }), HasSubstr("context"));
}

TEST(Trainer, RefusesAFolderThatIsNotFree) {
    const TemporaryFolder folder;
    write_file_safely(folder / "file", "x");
    fs::create_directory(folder / "full");
    write_file_safely(folder.path() / "full" / "precious", "x");
    fs::create_directory(folder / "empty");
    const Experiment experiment = training_experiment("standard", 1);
    EXPECT_EQ(train(experiment, folder / "file").end().exit_code, ExitCode::bad_input);
    EXPECT_EQ(train(experiment, folder / "full").end().exit_code, ExitCode::bad_input);
    EXPECT_EQ(train(experiment, folder.path() / "file" / "run").end().exit_code, ExitCode::bad_input);
    EXPECT_EQ(train(experiment, folder / "empty").end().exit_code, ExitCode::done);
    EXPECT_EQ(read_file(folder.path() / "full" / "precious"), "x");
}

TEST(Trainer, NamesIgnoredOptions) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 1);
    experiment.method["phase"] = false;
    const Events events = train(experiment, folder / "run");
    ASSERT_EQ(events.of<Message>().size(), 1U);
    EXPECT_THAT(events.of<Message>()[0].text, HasSubstr("phase"));
}

TEST(Trainer, DumpsItsBatches) {
    const TemporaryFolder folder;
    TrainRequest request;
    request.experiment = training_experiment("standard", 2);
    request.experiment.train.accumulate = 3;
    request.run_folder = folder / "run";
    request.dump_batches = folder / "batches.safetensors";
    (void)WatchedRun(request).wait_for_end();
    const SafetensorsFile file(folder / "batches.safetensors");
    EXPECT_EQ(file.tensors().size(), 4U);
    const TensorView* tokens = file.find("tokens.2");
    ASSERT_NE(tokens, nullptr);
    EXPECT_EQ(tokens->shape, (std::vector<std::int64_t>{12, 16}));
    EXPECT_NE(file.find("targets.1"), nullptr);
}

/// Decoder, optimizer and windows of an experiment, for single steps.
struct Workbench {
    explicit Workbench(const Experiment& experiment)
        : data(load_token_data(data_request(experiment), experiment.model.context)),
          decoder(experiment, data.tokenizer->vocabulary_size(), {}),
          optimizer(decoder.parameters(), experiment.train),
          windows(data.train, experiment.model.context, at::kCPU),
          steps(decoder, optimizer, windows) {}

    TokenData data;
    Decoder decoder;
    AdamW optimizer;
    TokenWindows windows;
    TrainingStep steps;
};

TEST(TrainingStep, AccumulationEqualsABiggerBatch) {
    Experiment small = training_experiment("wav", 10);
    small.train.batch = 2;
    small.train.accumulate = 3;
    Experiment big = small;
    big.train.batch = 6;
    big.train.accumulate = 1;
    Workbench a(small);
    Workbench b(big);
    for (std::int64_t step = 1; step <= 3; ++step) {
        const StepGradient first = a.steps.gradient(step, nullptr);
        const StepGradient second = b.steps.gradient(step, nullptr);
        EXPECT_NEAR(first.loss.item<float>(), second.loss.item<float>(), 1e-5);
        EXPECT_NEAR(first.norm.item<float>(), second.norm.item<float>(), 1e-4);
        a.steps.update(step, first);
        b.steps.update(step, second);
    }
    for (std::size_t i = 0; i < a.decoder.parameters().size(); ++i)
        EXPECT_TRUE(at::allclose(a.decoder.parameters()[i].value, b.decoder.parameters()[i].value, 1e-3, 1e-5));
}

TEST(TrainingStep, BlocksTheUpdateOfANonFiniteStepAndAllAfterIt) {
    Workbench bench(training_experiment("standard", 10));
    StepGradient gradient = bench.steps.gradient(1, nullptr);
    gradient.loss = at::full({}, std::nan(""));
    const at::Tensor before = bench.decoder.parameter("head.weight").detach().clone();
    bench.steps.update(1, gradient);
    EXPECT_TRUE(at::equal(before, bench.decoder.parameter("head.weight").detach()));
    bench.steps.update(2, bench.steps.gradient(2, nullptr));
    EXPECT_TRUE(at::equal(before, bench.decoder.parameter("head.weight").detach()));
    for (const AdamW::Slot& slot : bench.optimizer.slots()) EXPECT_EQ(slot.first.abs().sum().item<float>(), 0.0F);
}

TEST(TrainingStep, ClipsToTheGlobalNorm) {
    Experiment experiment = training_experiment("standard", 10);
    experiment.train.grad_clip = 1e-3;
    Workbench bench(experiment);
    const StepGradient gradient = bench.steps.gradient(1, nullptr);
    ASSERT_GT(gradient.norm.item<float>(), 1e-2);
    bench.steps.update(1, gradient);
    EXPECT_NEAR(at::linalg_vector_norm(bench.optimizer.gradient_norms()).item<float>(), 1e-3, 1e-5);
}

TEST(TrainingStep, DecaysTheNamedMatricesOnly) {
    Workbench bench(training_experiment("wav", 1));
    std::set<std::string> decayed;
    for (const AdamW::Slot& slot : bench.optimizer.slots())
        if (slot.parameter.decayed) decayed.insert(slot.parameter.name);
    EXPECT_EQ(decayed.size(), 5U * 2U + 1U);
    EXPECT_EQ(decayed.count("head.weight"), 1U);
    EXPECT_EQ(decayed.count("embed.weight"), 0U);
}

}  // namespace
}  // namespace wavlab
