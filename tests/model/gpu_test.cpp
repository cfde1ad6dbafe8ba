// SPDX-License-Identifier: GPL-3.0-or-later
// What runs on a GPU, checked against the CPU. Every suite here begins with Gpu, has the ctest label `gpu`, and is
// skipped on a machine without a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#ifdef WAVLAB_WITH_CUDA
#    include <c10/cuda/CUDAFunctions.h>
#endif

#include "core/error.h"
#include "core/method.h"
#include "core/run_folder.h"
#include "core/safetensors.h"
#include "model/device.h"
#include "model/kernels/dropout.h"
#include "model/recorder.h"
#include "model/token_windows.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/gpu_support.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using namespace wavlab::testing;
using ::testing::HasSubstr;

/// ‖a − b‖ / ‖b‖ on the CPU in fp64.
double relative_difference(const at::Tensor& actual, const at::Tensor& expected) {
    const at::Tensor a = actual.detach().to(at::kCPU, at::kDouble);
    const at::Tensor b = expected.detach().to(at::kCPU, at::kDouble);
    const double size = b.norm().item<double>();
    const double difference = (a - b).norm().item<double>();
    return size > 0 ? difference / size : difference;
}

/// One forward and backward pass.
struct Pass {
    at::Tensor logits;
    double loss = 0;
};

Pass run_pass(const Decoder& decoder, const at::Tensor& tokens, const at::Tensor& targets) {
    const at::Device device = decoder.options().device;
    ForwardContext context;
    Pass pass;
    pass.logits = decoder.forward(tokens.to(device), context);
    const at::Tensor loss =
        at::cross_entropy_loss(pass.logits.view({-1, decoder.vocabulary()}), targets.to(device).reshape({-1}));
    loss.backward();
    pass.loss = loss.item<double>();
    return pass;
}

/// The same model on the CPU and on the GPU, with scrambled parameters.
class Pair {
public:
    Pair(const Experiment& experiment, DecoderOptions options, at::ScalarType gpu_compute_type)
        : cpu_(experiment, tiny_vocabulary, options),
          gpu_(experiment, tiny_vocabulary, {gpu, options.parameter_type, gpu_compute_type, options.eps}) {
        scramble(cpu_, 3);
        copy_shared_parameters(cpu_, gpu_);
        const at::Tensor tokens = random_tokens(3, 8, 1), targets = random_tokens(3, 8, 2);
        on_cpu_ = run_pass(cpu_, tokens, targets);
        on_gpu_ = run_pass(gpu_, tokens, targets);
    }

    void expect_agreement(double logits, double loss, double gradients) const {
        EXPECT_TRUE(on_gpu_.logits.is_cuda());
        EXPECT_LT(relative_difference(on_gpu_.logits, on_cpu_.logits), logits);
        EXPECT_NEAR(on_gpu_.loss, on_cpu_.loss, loss);
        for (std::size_t i = 0; i < cpu_.parameters().size(); ++i) {
            const Parameter& expected = cpu_.parameters()[i];
            const Parameter& actual = gpu_.parameters()[i];
            ASSERT_EQ(actual.name, expected.name);
            EXPECT_TRUE(actual.value.is_cuda()) << actual.name;
            ASSERT_EQ(actual.value.grad().defined(), expected.value.grad().defined()) << actual.name;
            if (!actual.value.grad().defined()) continue;
            EXPECT_TRUE(actual.value.grad().is_cuda()) << actual.name;
            EXPECT_LT(relative_difference(actual.value.grad(), expected.value.grad()), gradients) << actual.name;
        }
    }

private:
    Decoder cpu_, gpu_;
    Pass on_cpu_, on_gpu_;
};

class GpuConformance : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(GpuConformance, AgreesWithTheCpuInDouble) {
    SKIP_WITHOUT_GPU();
    Pair(GetParam().experiment, double_options(), at::kDouble).expect_agreement(1e-9, 1e-9, 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Options, GpuConformance, ::testing::ValuesIn(conformance_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

class GpuMethods : public ::testing::TestWithParam<ConformanceCase> {
protected:
    Experiment experiment(std::int64_t steps) const {
        return gpu_experiment(GetParam().experiment.model.method, steps);
    }
    /// A run on a device, which must finish.
    static Events run(Experiment experiment, const std::string& device, const std::filesystem::path& folder) {
        experiment.train.device = device;
        Events events = train(experiment, folder);
        EXPECT_EQ(events.end().state, RunState::finished) << events.end().reason;
        return events;
    }
};

TEST_P(GpuMethods, AgreesWithTheCpuInSinglePrecision) {
    SKIP_WITHOUT_GPU();
    Pair(GetParam().experiment, {}, at::kFloat).expect_agreement(1e-4, 1e-4, 1e-3);
}

TEST_P(GpuMethods, AgreesWithinRoundingInHalfPrecision) {
    SKIP_WITHOUT_GPU();
    Pair(GetParam().experiment, {}, at::kBFloat16).expect_agreement(0.1, 0.1, 0.3);
}

TEST_P(GpuMethods, TrainsLikeTheCpu) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    const Events cpu = run(experiment(10), "cpu", folder / "cpu");
    const Events on_gpu = run(experiment(10), "cuda", folder / "gpu");
    EXPECT_THAT(on_gpu.of<RunStarted>().at(0).description.device, HasSubstr("cuda:0"));
    // Adam divides by the size of each gradient, so that what differs in its last bits grows with every step.
    for (const char* name : {"train/loss", "train/grad_norm", "val/loss"}) {
        const auto expected = cpu.scalar(name), actual = on_gpu.scalar(name);
        ASSERT_EQ(actual.size(), expected.size());
        for (const auto& [step, value] : expected)
            EXPECT_NEAR(actual.at(step), value, (step <= 1 ? 1e-4 : 1e-2) * std::abs(value)) << name << ' ' << step;
    }
    for (const auto& [step, bytes] : on_gpu.scalar("train/memory_bytes")) EXPECT_GT(bytes, 0) << step;
    EXPECT_EQ(on_gpu.of<RoutingFrame>().size(), cpu.of<RoutingFrame>().size());
    EXPECT_EQ(on_gpu.of<DetailFrame>().size(), cpu.of<DetailFrame>().size());
    ASSERT_EQ(on_gpu.of<DepthFrame>().size(), cpu.of<DepthFrame>().size());
    const DepthFrame expected = cpu.of<DepthFrame>().front(), actual = on_gpu.of<DepthFrame>().front();
    for (const auto& [name, member] : DepthFrame::fields())
        for (std::size_t i = 0; i < (expected.*member).size(); ++i)
            EXPECT_NEAR((actual.*member).at(i), (expected.*member)[i], 1e-3 * std::abs((expected.*member)[i])) << name;
}

TEST_P(GpuMethods, TrainsInHalfPrecision) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    const Events exact = run(experiment(10), "cuda", folder / "fp32");
    Experiment rounded = experiment(10);
    rounded.train.precision = "bf16";
    const Events events = run(rounded, "cuda", folder / "bf16");
    EXPECT_NEAR(events.scalar("train/loss").at(10), exact.scalar("train/loss").at(10), 0.05);
    const SafetensorsFile file(list_checkpoints(RunFolder{folder / "bf16"}).back().model());
    for (const TensorView& tensor : file.tensors()) EXPECT_EQ(tensor.type, TensorType::f32) << "master weights";
}

TEST_P(GpuMethods, ResumesBitForBitWhenDeterministic) {
    SKIP_WITHOUT_GPU();
    for (const char* precision : {"fp32", "bf16"}) {
        const TemporaryFolder folder;
        Experiment experiment = this->experiment(12);
        experiment.train.device = "cuda";
        experiment.train.precision = precision;
        experiment.train.deterministic = true;
        experiment.train.accumulate = 2;
        experiment.model.dropout = 0.1;
        ASSERT_EQ(train(experiment, folder / "whole").end().reason, "");
        TrainRequest request;
        request.experiment = experiment;
        request.run_folder = folder / "parts";
        {
            WatchedRun first(request);
            first.wait_for_step(5);
            first.control().stop(StopRequest::keep);
            first.wait_for_end();
        }
        ASSERT_EQ(resume(folder / "parts").end().reason, "");
        expect_same_run(stored_run(folder / "whole"), stored_run(folder / "parts"));
        EXPECT_EQ(SafetensorsFile(list_checkpoints(RunFolder{folder / "whole"}).back().model()).metadata("checksums"),
                  SafetensorsFile(list_checkpoints(RunFolder{folder / "parts"}).back().model()).metadata("checksums"));
    }
}

TEST_P(GpuMethods, CheckpointsAreReadOnTheCpu) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    const Events events = run(experiment(4), "cuda", folder / "run");
    EvaluateRequest asked;
    asked.checkpoint = list_checkpoints(RunFolder{folder / "run"}).back().model();
    for (const char* device : {"cpu", "cuda"}) {
        asked.device = device;
        const EvaluationResult result = wavlab_model_library()->evaluate(asked);
        EXPECT_NEAR(result.loss, events.scalar("val/loss").at(4), 1e-3) << device;
        EXPECT_THAT(result.device, HasSubstr(device));
        SampleRequest text;
        text.checkpoint = asked.checkpoint;
        text.prompt = "Once ";
        text.tokens = 20;
        text.device = device;
        EXPECT_EQ(wavlab_model_library()->sample(text, nullptr).size(), 25U) << device;
    }
}

TEST_P(GpuMethods, ProbesLikeTheCpu) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    run(experiment(5), "cuda:0", folder / "run");
    ProbeRequest request;
    request.checkpoint = list_checkpoints(RunFolder{folder / "run"}).back().model();
    request.windows = 3;
    request.device = "cpu";
    const auto probe = [&] { return wavlab_model_library()->probe(request); };
    if (!MethodRegistry::find(GetParam().experiment.model.method)->routed()) {
        EXPECT_THROW((void)probe(), InputError);
        return;
    }
    const ProbeResult on_cpu = probe();
    request.device = "cuda:0";
    const ProbeResult on_gpu = probe();
    EXPECT_EQ(on_gpu.device, "cuda:0");
    EXPECT_NEAR(on_gpu.loss, on_cpu.loss, 1e-4);
    ASSERT_EQ(on_gpu.zero.size(), on_cpu.zero.size());
    for (std::size_t cell = 0; cell < on_cpu.zero.size(); ++cell) {
        EXPECT_NEAR(on_gpu.alpha[cell], on_cpu.alpha[cell], 1e-4);
        EXPECT_NEAR(on_gpu.contribution[cell], on_cpu.contribution[cell], 1e-3);
        EXPECT_NEAR(on_gpu.zero[cell].delta_loss, on_cpu.zero[cell].delta_loss, 1e-4);
        EXPECT_NEAR(on_gpu.zero[cell].attribution, on_cpu.zero[cell].attribution, 1e-4);
    }
}

INSTANTIATE_TEST_SUITE_P(Methods, GpuMethods, ::testing::ValuesIn(default_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

TEST(GpuTraining, IsDeterministicAfterARunThatWasNot) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    Experiment experiment = gpu_experiment("wav", 5);
    experiment.train.device = "cuda";
    ASSERT_EQ(train(experiment, folder / "free").end().reason, "");
    experiment.train.deterministic = true;
    ASSERT_EQ(train(experiment, folder / "first").end().reason, "");
    ASSERT_EQ(train(experiment, folder / "second").end().reason, "");
    expect_same_run(stored_run(folder / "first"), stored_run(folder / "second"));
}

TEST(GpuTraining, DivergesWithTheLastFiniteCheckpointKept) {
    SKIP_WITHOUT_GPU();
    const TemporaryFolder folder;
    Experiment experiment = gpu_experiment("wav", 200);
    experiment.train.device = "cuda";
    experiment.train.lr = 10;
    experiment.train.warmup = 0;
    experiment.train.weight_decay = 100;  // multiplies every matrix by -999 at each step
    experiment.train.grad_clip = 0;
    experiment.train.checkpoint_every = 2;
    experiment.train.record_every = 0;
    experiment.train.eval_every = 0;
    const Events events = train(experiment, folder / "run");
    EXPECT_EQ(events.end().state, RunState::diverged) << events.end().reason;
    const auto losses = events.scalar("train/loss");
    const auto norms = events.scalar("train/grad_norm");
    const auto first_bad = std::find_if(losses.begin(), losses.end(), [&](const auto& entry) {
        return !std::isfinite(entry.second) || !std::isfinite(norms.at(entry.first));
    });
    ASSERT_NE(first_bad, losses.end()) << "the non-finite value is shown";
    EXPECT_LE(losses.rbegin()->first, first_bad->first + 1) << "seen at most one step late";
    EXPECT_EQ(events.end().step, first_bad->first - 1);
    for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{folder / "run"})) {
        EXPECT_LT(checkpoint.step, first_bad->first);
        const SafetensorsFile file(checkpoint.model());
        for (const TensorView& tensor : file.tensors()) {
            const auto* values = reinterpret_cast<const float*>(tensor.bytes.data());
            for (std::size_t i = 0; i < tensor.bytes.size() / 4; ++i) ASSERT_TRUE(std::isfinite(values[i]));
        }
    }
}

TEST(GpuTraining, BlocksTheUpdateOfANonFiniteStepAndAllAfterIt) {
    SKIP_WITHOUT_GPU();
    GpuParts parts(gpu_experiment("wav", 10));
    parts.steps.update(1, parts.steps.gradient(1, nullptr));
    const std::vector<at::Tensor> before = parts.everything();
    for (const std::int64_t step : {2, 3}) {
        StepGradient gradient = parts.steps.gradient(step, nullptr);
        if (step == 2) gradient.norm = gradient.norm * std::numeric_limits<double>::quiet_NaN();
        parts.steps.update(step, gradient);
    }
    const std::vector<at::Tensor> after = parts.everything();
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(before[i], after[i]));
}

#ifdef WAVLAB_WITH_CUDA
/// While it lives, whatever makes the host wait for the GPU (but for events) is an error.
class NoWaiting {
public:
    NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR); }
    ~NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED); }
};

TEST(GpuTraining, DoesNotWaitForTheDeviceAtEachStep) {
    SKIP_WITHOUT_GPU();
    for (const auto& [method, dropout, type] :
         {std::tuple("standard", 0.1, at::kFloat), std::tuple("wav", 0.1, at::kFloat),
          std::tuple("standard", 0.0, at::kFloat), std::tuple("attnres_full", 0.0, at::kFloat),
          std::tuple("attnres_block", 0.0, at::kBFloat16), std::tuple("wav", 0.0, at::kBFloat16)}) {
        Experiment experiment = gpu_experiment(method, 10);
        experiment.train.accumulate = 2;
        experiment.model.dropout = dropout;
        GpuParts parts(experiment, type);
        EXPECT_EQ(parts.decoder.fused_obstacle().empty(), dropout == 0) << parts.decoder.fused_obstacle();
        parts.steps.update(1, parts.steps.gradient(1, nullptr));  // what is made once may wait
        std::vector<HostCopy> numbers;
        {
            const NoWaiting guard;
            for (std::int64_t step = 2; step <= 5; ++step) {
                const StepGradient gradient = parts.steps.gradient(step, nullptr);
                numbers.emplace_back(at::stack({gradient.loss, gradient.norm}));
                EXPECT_NO_THROW(parts.steps.update(step, gradient)) << method;
            }
        }
        for (HostCopy& copy : numbers)
            for (const double number : copy.wait()) EXPECT_TRUE(std::isfinite(number)) << method;
    }
}
#endif

TEST(GpuTraining, LeavesMemoryForTheNextRun) {
    SKIP_WITHOUT_GPU();
    const double before = free_memory_bytes(gpu).value();
    { const at::Tensor large = at::zeros({64, 1024, 1024}, at::TensorOptions(gpu)); }
    EXPECT_GE(free_memory_bytes(gpu).value(), before - 64e6) << "what the allocator keeps can be used again";
    EXPECT_GE(used_memory_bytes(gpu), 64.0 * 1024 * 1024 * 4);
    forget_used_memory(gpu);
    EXPECT_LT(used_memory_bytes(gpu), 64.0 * 1024 * 1024 * 4);
    release_unused_memory();
}

TEST(GpuDevice, IsWhatAutoPicks) {
    SKIP_WITHOUT_GPU();
    for (const char* wanted : {"auto", "cuda", "cuda:0"}) {
        const DeviceChoice choice = choose_device(wanted, 2).choice;
        EXPECT_EQ(choice.name, "cuda:0");
        EXPECT_THAT(choice.reason, HasSubstr(choice.title));
        EXPECT_FALSE(choice.title.empty());
    }
    EXPECT_THROW((void)choose_device("cuda:99", 2), InputError);
    const StepTime time = wavlab_model_library()->measure_step(gpu_experiment("wav", 5), 60, 5.0, {});
    EXPECT_GE(time.measured_steps, 1);
}

TEST(GpuDevice, CopiesNumbersInTheBackground) {
    SKIP_WITHOUT_GPU();
    std::vector<HostCopy> copies;
    for (int i = 0; i < 100; ++i) copies.emplace_back(at::full({2}, i, at::TensorOptions(gpu).dtype(at::kFloat)));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(copies[static_cast<std::size_t>(i)].wait(), (std::vector<double>{double(i), double(i)}));
}

TEST(GpuDevice, CutsTheSameWindowsAsTheCpu) {
    SKIP_WITHOUT_GPU();
    for (const std::int64_t vocabulary : {200, 3000, 100'000}) {  // 1, 2 and 4 bytes a token
        TokenSequence text(vocabulary);
        for (std::int64_t i = 0; i < 500; ++i) text.push_back(static_cast<std::int32_t>(i * 977 % vocabulary));
        const std::vector<std::int64_t> starts{0, 17, 483};
        const TokenBatch expected = TokenWindows(text, 16, at::kCPU).batch(starts);
        const TokenBatch actual = TokenWindows(text, 16, gpu).batch(starts);
        EXPECT_TRUE(at::equal(actual.tokens.cpu(), expected.tokens)) << vocabulary;
        EXPECT_TRUE(at::equal(actual.targets.cpu(), expected.targets)) << vocabulary;
    }
}

TEST(GpuDevice, DropsTheSameNumbersAsTheCpu) {
    SKIP_WITHOUT_GPU();
    const at::Tensor ones = at::ones({3, 50, 40});
    const at::Tensor expected = wavlab::dropout(ones, 0.3, 99U);
    EXPECT_TRUE(at::equal(wavlab::dropout(ones.to(gpu), 0.3, 99U).cpu(), expected));
}

}  // namespace
}  // namespace wavlab
