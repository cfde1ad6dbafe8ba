// SPDX-License-Identifier: GPL-3.0-or-later
// The fused pass against the plain one: losses and every gradient, for every method and option that it covers, by every
// set of vector kernels that this machine can run, and by the CUDA kernels as an emulated GPU runs them.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/method.h"
#include "model/fused/fused_loss.h"
#include "model/fused_check.h"
#include "model/initial_values.h"
#include "model/kernels/vector/vector_kernels.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/emulated_kernels.h"

namespace wavlab {

namespace {

using testing::ConformanceCase;

/// Wide enough for the vector kernels; the channels beyond a multiple of four vectors go another way.
Experiment widened(Experiment experiment, std::int64_t width = 80) {
    experiment.model.width = width;
    experiment.model.mlp_hidden = 48;
    experiment.model.heads = 2;
    return experiment;
}

struct Gradients {
    double loss = 0;
    std::vector<at::Tensor> values;
};

/// By autograd, in the decoder's own type.
Gradients plain_gradients(const Decoder& decoder, const at::Tensor& tokens, const at::Tensor& targets) {
    ForwardContext context;
    for (const Parameter& parameter : decoder.parameters()) parameter.value.mutable_grad().reset();
    const at::Tensor loss = decoder.loss(tokens, targets, context);
    loss.backward();
    Gradients result{loss.item<double>(), {}};
    for (const Parameter& parameter : decoder.parameters()) result.values.push_back(parameter.value.grad());
    return result;
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
    const double size = b.to(at::kDouble).norm().item<double>();
    const double difference = (a.to(at::kDouble) - b.to(at::kDouble)).norm().item<double>();
    return difference == 0 ? 0 : difference / size;
}

double relative_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    double size = 0, difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!b[i].defined()) continue;
        size += b[i].to(at::kDouble).square().sum().item<double>();
        difference += (a[i].to(at::kDouble) - b[i].to(at::kDouble)).square().sum().item<double>();
    }
    return std::sqrt(difference / size);
}

std::vector<const FusedKernels<float>*> tested_kernels() {
    std::vector<const FusedKernels<float>*> kernels(vector_kernels().begin(), vector_kernels().end());
#ifndef __SANITIZE_ADDRESS__  // which knows nothing of fibers
    kernels.push_back(&testing::emulated_cuda_kernels());
#endif
    return kernels;
}

/// Two threads while it lives, whatever the machine has.
class TwoThreads {
public:
    TwoThreads() { at::set_num_threads(2); }
    ~TwoThreads() { at::set_num_threads(before_); }

private:
    int before_ = at::get_num_threads();
};

/// What is known to have no fused pass.
bool is_plain(const Experiment& experiment) {
    const auto has = [&](const char* option, const OptionValue& value) {
        const auto found = experiment.method.find(option);
        return found != experiment.method.end() && found->second == value;
    };
    return experiment.model.method == "haares" || has("detail_scope", std::string("online")) ||
           has("rms_match", std::string("tensor")) || (has("detach", false) && !has("rms_match", std::string("off")));
}

class FusedPassTest : public ::testing::TestWithParam<ConformanceCase> {
protected:
    const TwoThreads two_threads_;

    static Decoder make(const Experiment& experiment, at::ScalarType type, bool fused) {
        DecoderOptions options;
        options.parameter_type = options.compute_type = type;
        options.fused = fused;
        Decoder decoder(experiment, testing::tiny_vocabulary, options);
        testing::scramble(decoder, 5);
        return decoder;
    }

    const at::Tensor tokens_ = testing::random_tokens(5, 7, 1);
    const at::Tensor targets_ = testing::random_tokens(5, 7, 2);
};

TEST_P(FusedPassTest, GivesThePlainGradients) {
    const Experiment experiment = widened(GetParam().experiment);
    const Decoder fused = make(experiment, at::kFloat, true);
    ASSERT_EQ(!fused.fused_obstacle().empty(), is_plain(experiment)) << fused.fused_obstacle();
    if (is_plain(experiment)) return;
    const Decoder in_double = make(experiment, at::kDouble, false), in_float = make(experiment, at::kFloat, false);
    const Gradients exact = plain_gradients(in_double, tokens_, targets_);
    // The most over several texts: where details almost cancel a rounding can grow a hundredfold, and which one does
    // differs between passes and CPUs.
    std::vector<double> noise(exact.values.size(), 0);
    for (std::uint64_t seed = 1; seed < 40; seed += 2) {
        const at::Tensor tokens = testing::random_tokens(5, 7, seed), targets = testing::random_tokens(5, 7, seed + 1);
        const Gradients expected = plain_gradients(in_double, tokens, targets);
        const Gradients plain = plain_gradients(in_float, tokens, targets);
        for (std::size_t i = 0; i < noise.size(); ++i)
            if (expected.values[i].defined())
                noise[i] = std::max(noise[i], relative_difference(plain.values[i], expected.values[i]));
    }
    for (const FusedKernels<float>* kernels : tested_kernels()) {
        SCOPED_TRACE(kernels->name);
        const auto [loss, gradients] = fused.fused_gradients(tokens_, targets_, *kernels);
        EXPECT_NEAR(loss, exact.loss, 1e-5 * exact.loss);
        for (std::size_t i = 0; i < gradients.size(); ++i) {
            const Parameter& parameter = fused.parameters()[i];
            ASSERT_EQ(gradients[i].defined(), exact.values[i].defined()) << parameter.name;
            if (!gradients[i].defined()) continue;
            // Router 1 reads the embedding alone; Adam would make steps of noise.
            if (parameter.name == "routing.query") {
                EXPECT_EQ(gradients[i][0].abs().max().item<double>(), 0.0);
            }
            EXPECT_LE(relative_difference(gradients[i], exact.values[i]), std::max(5e-5, 4 * noise[i]))
                << parameter.name;
        }
    }
}

TEST_P(FusedPassTest, IsWhatTrainingUses) {
    const Experiment experiment = widened(GetParam().experiment);
    const Decoder fused = make(experiment, at::kFloat, true);
    EXPECT_EQ(fused.routing_implementation(), fused.fused_obstacle().empty() ? "fused" : "plain");
    if (!fused.fused_obstacle().empty()) return;
    const auto [loss, gradients] = fused.fused_gradients(tokens_, targets_, chosen_vector_kernels());
    ForwardContext context;
    context.training = true;
    (fused.loss(tokens_, targets_, context) / 4).backward();
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        const Parameter& parameter = fused.parameters()[i];
        if (gradients[i].defined())
            EXPECT_TRUE(at::equal(parameter.value.grad() * 4, gradients[i])) << parameter.name << ": not the same bits";
    }
    // Evaluation is the forward half of it.
    {
        const at::NoGradGuard no_gradient;
        EXPECT_EQ(fused.loss(tokens_, targets_, context).item<double>(), static_cast<float>(loss));
    }
    // Again: gradients are added up.
    const at::Tensor before = fused.parameters()[0].value.grad().clone();
    fused.loss(tokens_, targets_, context).backward();
    EXPECT_LE(relative_difference(fused.parameters()[0].value.grad(), before * 5), 1e-6);
}

/// Keeps everything that a pass shows, by what it is.
struct Everything : ForwardObserver {
    std::map<std::string, at::Tensor> seen;
    std::map<std::int64_t, std::vector<Source>> names;

    void keep(const std::string& what, std::int64_t number, const at::Tensor& value) {
        seen[what + " " + std::to_string(number)] = value;
    }
    void keep_detail(const std::string& what, std::int64_t block, const std::optional<ObservedDetail>& detail) {
        if (!detail) return;
        keep(what + " raw", block, detail->raw);
        keep(what + " matched", block, detail->matched);
        keep(what + " scale", block, detail->scale.dim() == 1 ? detail->scale.expand({5, 7, 1}) : detail->scale);
    }
    void on_state(std::int64_t sublayer, const at::Tensor& state) override { keep("state", sublayer, state); }
    void on_update(std::int64_t sublayer, const at::Tensor& update) override { keep("update", sublayer, update); }
    void on_routing(std::int64_t router, const std::vector<Source>& sources, const std::vector<at::Tensor>& values,
                    const at::Tensor& weights) override {
        names[router] = sources;
        keep("weights", router, weights);
        for (std::size_t i = 0; i < values.size(); ++i) keep("source " + std::to_string(i) + " of", router, values[i]);
    }
    Attribution attribution() const override { return Attribution::summed; }
    void on_attribution(std::int64_t router, const at::Tensor& attribution) override {
        keep("attribution", router, attribution);
    }
    void on_block(std::int64_t block, const at::Tensor& summary, const std::optional<ObservedDetail>& phase,
                  const std::optional<ObservedDetail>& split) override {
        keep("summary", block, summary);
        keep_detail("phase", block, phase);
        keep_detail("split", block, split);
    }
};

void expect_the_same(const Everything& shown, const Everything& expected) {
    EXPECT_EQ(shown.names, expected.names);
    ASSERT_EQ(shown.seen.size(), expected.seen.size());
    for (const auto& [what, value] : expected.seen) {
        const auto found = shown.seen.find(what);
        ASSERT_NE(found, shown.seen.end()) << what;
        ASSERT_EQ(found->second.sizes(), value.sizes()) << what;
        const double largest = value.abs().max().item<double>();
        const double difference = (found->second - value).abs().max().item<double>();
        // Attributions are sums over tokens that nearly cancel.
        const bool cancels = what.starts_with("attribution");
        EXPECT_LE(difference, cancels ? 1e-4 * largest + 1e-6 : 2e-5 * largest) << what;
    }
}

TEST_P(FusedPassTest, ShowsWhatThePlainPassShows) {
    const Experiment experiment = widened(GetParam().experiment);
    const Decoder fused = make(experiment, at::kFloat, true), plain = make(experiment, at::kDouble, false);
    if (!fused.fused_obstacle().empty()) return;
    Everything expected, shown;
    for (const auto& [decoder, observer] : {std::pair{&plain, &expected}, std::pair{&fused, &shown}}) {
        ForwardContext context;
        context.observer = observer;
        (decoder->loss(tokens_, targets_, context) / 2).backward();
    }
    const Decoder unseen = make(experiment, at::kFloat, true);
    ForwardContext nobody;
    (unseen.loss(tokens_, targets_, nobody) / 2).backward();
    const std::string method = experiment.model.method;
    const bool scaled = method == "rezero" || method == "layerscale" || method == "block_layerscale";
    for (std::size_t i = 0; !scaled && i < unseen.parameters().size(); ++i)
        if (const at::Tensor expected_gradient = unseen.parameters()[i].value.grad(); expected_gradient.defined())
            EXPECT_TRUE(at::equal(fused.parameters()[i].value.grad(), expected_gradient))
                << "recording changes the run";
    expect_the_same(shown, expected);
    if (scaled) return;
    for (const FusedKernels<float>* kernels : tested_kernels()) {
        if (!kernels->whole_batch) continue;
        SCOPED_TRACE(kernels->name);
        Everything seen_there;
        const auto [loss, gradients] = fused.fused_gradients(tokens_, targets_, *kernels, &seen_there);
        for (auto& [what, value] : seen_there.seen)
            if (what.starts_with("attribution")) value = value / 2;
        expect_the_same(seen_there, expected);
    }
}

INSTANTIATE_TEST_SUITE_P(Methods, FusedPassTest, ::testing::ValuesIn(testing::conformance_cases()),
                         testing::case_name<::testing::TestParamInfo<ConformanceCase>>);

TEST(FusedCoverage, SaysWhyNot) {
    const TwoThreads two_threads;
    const auto obstacle = [](const Experiment& experiment, DecoderOptions options = {}) {
        return Decoder(experiment, testing::tiny_vocabulary, options).fused_obstacle();
    };
    for (const char* method :
         {"standard", "rezero", "layerscale", "block_layerscale", "attnres_full", "attnres_block", "wav"})
        EXPECT_EQ(obstacle(widened(testing::tiny_experiment(method))), "") << method;
    EXPECT_EQ(obstacle(widened(testing::tiny_experiment("haares"))), "details of the running block are sources");
    EXPECT_EQ(obstacle(widened(testing::tiny_experiment("wav"), 24)), "the width is not a multiple of 16");
    Experiment dropped = widened(testing::tiny_experiment("wav"));
    dropped.model.dropout = 0.1;
    EXPECT_EQ(obstacle(dropped), "there is dropout");
    EXPECT_EQ(obstacle(widened(testing::tiny_experiment("wav")), testing::double_options()),
              "the fused one computes in fp32");
    DecoderOptions plain;
    plain.fused = false;
    EXPECT_EQ(obstacle(widened(testing::tiny_experiment("wav")), plain), "the fused one was not asked for");
    at::set_num_threads(5);
    EXPECT_TRUE(obstacle(widened(testing::tiny_experiment("wav"))).starts_with("too many threads would idle"));
}

TEST(FusedPassErrors, RefusesTokensOutsideOfTheVocabulary) {
    const TwoThreads two_threads;
    const Decoder decoder(widened(testing::tiny_experiment("wav")), testing::tiny_vocabulary, DecoderOptions());
    ForwardContext context;
    const at::Tensor tokens = testing::random_tokens(4, 7, 1),
                     wrong = at::full({4, 7}, testing::tiny_vocabulary, at::kLong);
    EXPECT_THROW(decoder.loss(wrong, tokens, context), WorkError);
    EXPECT_THROW(decoder.loss(tokens, wrong - 20, context), WorkError);
    EXPECT_THROW(decoder.loss(testing::random_tokens(4, 9, 1), tokens, context), WorkError) << "too long";
    EXPECT_THROW(decoder.loss(tokens, testing::random_tokens(4, 6, 1), context), WorkError);
    const at::Tensor loss = decoder.loss(tokens, tokens, context);
    loss.backward();
    EXPECT_ANY_THROW(loss.backward());
}

TEST(FusedCheck, FindsThePassRightAndLeavesNoTrace) {
    const TwoThreads two_threads;
    Decoder decoder(widened(testing::tiny_experiment("wav")), testing::tiny_vocabulary, DecoderOptions());
    testing::scramble(decoder, 5);
    const FusedCheck check = check_fused_pass(decoder);
    EXPECT_EQ(check.obstacle, "");
    EXPECT_LT(check.loss, 1e-5);
    EXPECT_LT(check.gradients, 1e-4);
    EXPECT_GT(check.gradients, 0) << "a pass was compared with itself";
    for (const Parameter& parameter : decoder.parameters()) EXPECT_FALSE(parameter.value.grad().defined());
    decoder.refuse_fused("the one here is broken");
    EXPECT_EQ(decoder.fused_obstacle(), "the one here is broken");
    EXPECT_EQ(decoder.routing_implementation(), "plain");
    EXPECT_EQ(check_fused_pass(decoder).gradients, 0);
}

TEST(FusedCheck, FindsAWrongOne) {
    const TwoThreads two_threads;
    const Decoder decoder(widened(testing::tiny_experiment("wav")), testing::tiny_vocabulary, DecoderOptions());
    at::Tensor spoiled = decoder.parameter("head.weight");
    {
        const at::NoGradGuard no_gradient;
        spoiled.fill_(NAN);
    }
    EXPECT_THAT(check_fused_pass(decoder).obstacle, ::testing::StartsWith("the fused one computes something else"));
}

/// One token, one vector of channels, more threads than sequences.
TEST(FusedShapes, TheSmallestAgree) {
    const int before = at::get_num_threads();
    for (const auto& [sequences, length, threads] : {std::tuple(1, 1, 1), std::tuple(3, 1, 2), std::tuple(2, 8, 3)}) {
        at::set_num_threads(threads);
        Experiment experiment = widened(testing::tiny_experiment("wav"), 16);
        experiment.train.batch = sequences;
        const Decoder fused(experiment, testing::tiny_vocabulary, DecoderOptions());
        const Decoder exact(experiment, testing::tiny_vocabulary, testing::double_options());
        for (const Decoder* decoder : {&fused, &exact}) testing::scramble(*decoder, 5);
        const at::Tensor tokens = testing::random_tokens(sequences, length, 1);
        const at::Tensor targets = testing::random_tokens(sequences, length, 2);
        const Gradients expected = plain_gradients(exact, tokens, targets);
        for (const FusedKernels<float>* kernels : tested_kernels())
            EXPECT_LE(relative_difference(fused.fused_gradients(tokens, targets, *kernels).second, expected.values),
                      3e-5)
                << kernels->name << ", " << sequences << " sequences of " << length;
    }
    at::set_num_threads(before);
}

/// Deep, with more routers in a block than are scored together, and sequences that do not fill the last tile.
TEST(FusedDepth, FortyEightLayersAgree) {
    const TwoThreads two_threads;
    for (const auto& [method, options] : {std::pair<std::string, OptionValues>{"wav", {{"blocks", std::int64_t{8}}}},
                                          std::pair<std::string, OptionValues>{"wav", {{"blocks", std::int64_t{3}}}},
                                          std::pair<std::string, OptionValues>{"attnres_full", {}},
                                          std::pair<std::string, OptionValues>{"standard", {}}}) {
        Experiment experiment = widened(testing::tiny_experiment(method, options), 32);
        experiment.model.layers = 48;
        const DecoderOptions exact_options = testing::double_options();
        DecoderOptions plain_options;
        plain_options.fused = false;
        const Decoder exact(experiment, testing::tiny_vocabulary, exact_options);
        const Decoder plain(experiment, testing::tiny_vocabulary, plain_options);
        const Decoder fused(experiment, testing::tiny_vocabulary, DecoderOptions());
        const at::Tensor tokens = testing::random_tokens(7, 8, 1), targets = testing::random_tokens(7, 8, 2);
        for (const Decoder* decoder : {&exact, &plain, &fused}) testing::scramble(*decoder, 5);
        const Gradients expected = plain_gradients(exact, tokens, targets);
        const auto [loss, gradients] = fused.fused_gradients(tokens, targets, *vector_kernels().front());
        EXPECT_NEAR(loss, expected.loss, 2e-5 * expected.loss) << method;
        const double noise = relative_difference(plain_gradients(plain, tokens, targets).values, expected.values);
        EXPECT_LE(relative_difference(gradients, expected.values), std::max(3e-5, 2 * noise)) << method;
    }
}

/// A model as it is before training, where rounding is no more than that, but with routers that prefer some sources.
void give_routers_preferences(const Decoder& decoder) {
    const at::NoGradGuard no_gradient;
    for (const Parameter& parameter : decoder.parameters()) {
        if (parameter.name != "routing.query" && parameter.name != "rezero.alpha") continue;
        at::Tensor value = parameter.value;
        value.copy_(draw_normal(value.sizes().vec(), 0.2, 7, parameter.name));
    }
}

/// The CUDA kernels read a row in steps of 128 channels, and each number of steps is a kernel of its own.
TEST(FusedWidths, EmulatedCudaKernelsAgree) {
    for (const std::int64_t width : {144, 320, 400, 560, 1024}) {
        Experiment experiment = widened(testing::tiny_experiment("wav"), width);
        experiment.model.layers = 3;
        const Decoder fused(experiment, testing::tiny_vocabulary, DecoderOptions());
        const Decoder exact(experiment, testing::tiny_vocabulary, testing::double_options());
        for (const Decoder* decoder : {&fused, &exact}) give_routers_preferences(*decoder);
        const at::Tensor tokens = testing::random_tokens(1, 5, 1), targets = testing::random_tokens(1, 5, 2);
        const Gradients expected = plain_gradients(exact, tokens, targets);
        for (const FusedKernels<float>* kernels : tested_kernels())
            EXPECT_LE(relative_difference(fused.fused_gradients(tokens, targets, *kernels).second, expected.values),
                      1e-5)
                << kernels->name << ", width " << width;
    }
}

#ifndef __SANITIZE_ADDRESS__

/// Values in bf16, sums in fp32: no further from the truth than the plain pass in bf16.
TEST(FusedPrecision, EmulatedCudaKernelsInBf16) {
    for (const char* method : {"standard", "rezero", "attnres_full", "attnres_block", "wav"}) {
        Experiment experiment = widened(testing::tiny_experiment(method), 64);
        experiment.model.layers = 6;
        DecoderOptions narrow;
        narrow.compute_type = at::kBFloat16;
        const Decoder fused(experiment, testing::tiny_vocabulary, narrow);
        const Decoder plain(experiment, testing::tiny_vocabulary, narrow);
        const Decoder exact(experiment, testing::tiny_vocabulary, testing::double_options());
        for (const Decoder* decoder : {&fused, &plain, &exact}) give_routers_preferences(*decoder);
        const at::Tensor tokens = testing::random_tokens(3, 8, 1), targets = testing::random_tokens(3, 8, 2);
        const Gradients expected = plain_gradients(exact, tokens, targets);
        const Gradients rounded = plain_gradients(plain, tokens, targets);
        const auto [loss, gradients] = fused.fused_gradients(tokens, targets, testing::emulated_narrow_cuda_kernels());
        const double noise = relative_difference(rounded.values, expected.values);
        EXPECT_GT(noise, 1e-4) << method;
        EXPECT_LT(noise, 2e-2) << method;
        EXPECT_LE(relative_difference(gradients, expected.values), 1.1 * noise) << method;
        EXPECT_NEAR(loss, expected.loss, 2e-3 * expected.loss) << method;
    }
}

TEST(FusedPrecision, EmulatedCudaKernelsGiveTheSameBits) {
    const Experiment experiment = widened(testing::tiny_experiment("wav"));
    const Decoder decoder(experiment, testing::tiny_vocabulary, DecoderOptions());
    testing::scramble(decoder, 5);
    const at::Tensor tokens = testing::random_tokens(5, 7, 1), targets = testing::random_tokens(5, 7, 2);
    const auto first = decoder.fused_gradients(tokens, targets, testing::emulated_cuda_kernels());
    const auto second = decoder.fused_gradients(tokens, targets, testing::emulated_cuda_kernels());
    EXPECT_EQ(first.first, second.first);
    for (std::size_t i = 0; i < first.second.size(); ++i)
        if (first.second[i].defined()) EXPECT_TRUE(at::equal(first.second[i], second.second[i]));
}

#endif

TEST(FusedThreads, EachNumberGivesTheSameEveryTime) {
    const TwoThreads two_threads;
    const Experiment experiment = widened(testing::tiny_experiment("wav"));
    const Decoder decoder(experiment, testing::tiny_vocabulary, DecoderOptions());
    testing::scramble(decoder, 5);
    const at::Tensor tokens = testing::random_tokens(5, 7, 1), targets = testing::random_tokens(5, 7, 2);
    const int before = at::get_num_threads();
    for (const int threads : {1, 2, 3}) {
        at::set_num_threads(threads);
        const VectorKernels& kernels = *vector_kernels().front();
        const auto first = decoder.fused_gradients(tokens, targets, kernels);
        const auto second = decoder.fused_gradients(tokens, targets, kernels);
        EXPECT_EQ(first.first, second.first);
        for (std::size_t i = 0; i < first.second.size(); ++i)
            if (first.second[i].defined()) EXPECT_TRUE(at::equal(first.second[i], second.second[i]));
    }
    at::set_num_threads(before);
}

}  // namespace

}  // namespace wavlab
