// SPDX-License-Identifier: GPL-3.0-or-later
// The fused pass on a GPU. What its kernels compute is tested on the CPU, too, by an emulation (fused_test.cpp).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "model/fused/attention.h"
#include "model/fused_check.h"
#include "model/kernels/cuda/cuda_kernels.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/gpu_support.h"

namespace wavlab {
namespace {

using namespace wavlab::testing;

Experiment wide(Experiment experiment, std::int64_t width) {
    experiment.model.width = width;
    experiment.model.mlp_hidden = 2 * width;
    experiment.model.heads = width / 16;
    return experiment;
}

struct Gradients {
    double loss = 0;
    at::Tensor values;  ///< all of them, on the CPU in fp64
};

Gradients gradients_of(const Decoder& decoder) {
    const at::Device device = decoder.options().device;
    ForwardContext context;
    const at::Tensor loss = decoder.loss(random_tokens(5, 8, 1).to(device), random_tokens(5, 8, 2).to(device), context);
    loss.backward();
    std::vector<at::Tensor> parts;
    for (const Parameter& parameter : decoder.parameters())
        if (parameter.value.grad().defined())
            parts.push_back(parameter.value.grad().to(at::kCPU, at::kDouble).flatten());
    return {loss.item<double>(), at::cat(parts)};
}

double relative_difference(const Gradients& a, const Gradients& b) {
    return ((a.values - b.values).norm() / b.values.norm()).item<double>();
}

Decoder gpu_decoder(const Experiment& experiment, at::ScalarType type, bool fused) {
    DecoderOptions options;
    options.device = gpu;
    options.compute_type = type;
    options.fused = fused;
    return Decoder(experiment, tiny_vocabulary, options);
}

class GpuFused : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(GpuFused, GivesTheGradientsOfTheCpu) {
    SKIP_WITHOUT_GPU();
    const Experiment experiment = wide(GetParam().experiment, 80);
    const Decoder fused = gpu_decoder(experiment, at::kFloat, true);
    if (!fused.fused_obstacle().empty()) return;
    const Decoder plain = gpu_decoder(experiment, at::kFloat, false);
    const Decoder exact(experiment, tiny_vocabulary, double_options());
    for (const Decoder* decoder : {&fused, &plain, &exact}) scramble(*decoder, 5);
    const Gradients expected = gradients_of(exact), found = gradients_of(fused);
    EXPECT_NEAR(found.loss, expected.loss, 1e-5 * expected.loss);
    const double noise = relative_difference(gradients_of(plain), expected);
    EXPECT_LE(relative_difference(found, expected), std::max(5e-5, 4 * noise));
}

INSTANTIATE_TEST_SUITE_P(Options, GpuFused, ::testing::ValuesIn(conformance_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

TEST(GpuFusedPass, IsUsedInBothPrecisionsAndWidths) {
    SKIP_WITHOUT_GPU();
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
        for (const std::int64_t width : {64, 144, 384, 512, 768, 1024}) {
            const Decoder decoder = gpu_decoder(wide(tiny_experiment("wav"), width), type, true);
            EXPECT_EQ(decoder.fused_obstacle(), "") << width;
            EXPECT_EQ(decoder.routing_implementation(), "fused");
            EXPECT_THAT(decoder.fused_description(), ::testing::StartsWith("CUDA kernels, attention by "));
            const FusedCheck check = check_fused_pass(decoder);
            EXPECT_EQ(check.obstacle, "") << width;
            EXPECT_LT(check.gradients, type == at::kFloat ? 1e-4 : 3e-2) << width;
        }
    EXPECT_EQ(gpu_decoder(wide(tiny_experiment("wav"), 1040), at::kFloat, true).fused_obstacle(),
              "the fused CUDA kernels are for widths of at most 1024");
}

TEST(GpuFusedPass, InBf16IsNoFurtherFromTheTruthThanThePlainOne) {
    SKIP_WITHOUT_GPU();
    for (const char* method : {"standard", "rezero", "attnres_full", "attnres_block", "wav"}) {
        Experiment experiment = wide(tiny_experiment(method), 128);
        experiment.model.layers = 12;
        const Decoder exact(experiment, tiny_vocabulary, double_options());
        const Decoder plain = gpu_decoder(experiment, at::kBFloat16, false);
        const Decoder fused = gpu_decoder(experiment, at::kBFloat16, true);
        const Gradients expected = gradients_of(exact);
        EXPECT_LE(relative_difference(gradients_of(fused), expected),
                  1.2 * relative_difference(gradients_of(plain), expected))
            << method;
    }
}

TEST(GpuFusedPass, GivesTheSameBitsWhereItIsDeterministic) {
    SKIP_WITHOUT_GPU();
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        Experiment experiment = wide(tiny_experiment("wav"), 128);
        experiment.train.deterministic = true;
        const ComputationHold computation(experiment.train, gpu);
        const Gradients first = gradients_of(gpu_decoder(experiment, type, true));
        const Gradients second = gradients_of(gpu_decoder(experiment, type, true));
        EXPECT_EQ(first.loss, second.loss);
        EXPECT_TRUE(at::equal(first.values, second.values));
    }
}

TEST(GpuFusedPass, EveryWayToAttentionIsTheSame) {
    SKIP_WITHOUT_GPU();
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        const auto make = [&](std::int64_t seed) {
            at::manual_seed(static_cast<std::uint64_t>(seed));
            return at::randn({3, 20, 4, 64}, at::TensorOptions(gpu).dtype(type)).transpose(1, 2);
        };
        const at::Tensor query = make(1), key = make(2), value = make(3), gradient = make(4);
        const Attended expected = plain_attention().forward(query, key, value);
        const auto expected_gradients = plain_attention().backward(gradient, query, key, value, expected);
        const double most = type == at::kFloat ? 1e-5 : 2e-2;
        const auto difference = [](const at::Tensor& a, const at::Tensor& b) {
            return ((a - b).to(at::kFloat).norm() / b.to(at::kFloat).norm()).item<double>();
        };
        std::vector<std::string> able;
        for (const AttentionBackend* backend : gpu_attention(type, false)) {
            try {
                const Attended found = backend->forward(query, key, value);
                EXPECT_LT(difference(found.mixed, expected.mixed), most) << backend->name;
                const auto gradients = backend->backward(gradient, query, key, value, found);
                for (std::size_t i = 0; i < gradients.size(); ++i)
                    EXPECT_LT(difference(gradients[i], expected_gradients[i]), most) << backend->name;
                able.emplace_back(backend->name);
            } catch (const c10::Error&) {
                // Not for these sizes.
            }
        }
        EXPECT_THAT(able, ::testing::Contains(type == at::kFloat ? "efficient" : "flash"));
    }
}

/// The part of it that needs no GPU.
TEST(PlainAttention, IsTheCpusFlashAttention) {
    const auto make = [](std::int64_t seed) {
        at::manual_seed(static_cast<std::uint64_t>(seed));
        return at::randn({3, 9, 2, 16}).transpose(1, 2);
    };
    const at::Tensor query = make(1), key = make(2), value = make(3), gradient = make(4);
    const Attended expected = cpu_attention().forward(query, key, value);
    const Attended found = plain_attention().forward(query, key, value);
    EXPECT_LT((found.mixed - expected.mixed).abs().max().item<double>(), 1e-6);
    const auto expected_gradients = cpu_attention().backward(gradient, query, key, value, expected);
    const auto gradients = plain_attention().backward(gradient, query, key, value, found);
    for (std::size_t i = 0; i < gradients.size(); ++i)
        EXPECT_LT((gradients[i] - expected_gradients[i]).abs().max().item<double>(), 1e-5) << i;
}

}  // namespace
}  // namespace wavlab
