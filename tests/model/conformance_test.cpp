// SPDX-License-Identifier: GPL-3.0-or-later
// What every residual method must satisfy, with every option: no method is named where it need not be.
#include <cmath>
#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/method.h"
#include "model/initial_values.h"
#include "tests/model/conformance_cases.h"

namespace wavlab {

namespace {

using testing::ConformanceCase;

/// Keeps everything that a forward pass shows.
struct Recorder : ForwardObserver {
    struct Routing {
        std::vector<Source> sources;
        std::vector<at::Tensor> values;
        at::Tensor weights;
    };
    std::map<std::int64_t, at::Tensor> states, updates;
    std::map<std::int64_t, Routing> routers;
    std::map<std::int64_t, at::Tensor> summaries;
    std::map<std::int64_t, ObservedDetail> phases, splits;

    void on_state(std::int64_t sublayer, const at::Tensor& state) override { states[sublayer] = state; }
    void on_update(std::int64_t sublayer, const at::Tensor& update) override { updates[sublayer] = update; }
    void on_routing(std::int64_t router, const std::vector<Source>& sources, const std::vector<at::Tensor>& values,
                    const at::Tensor& weights) override {
        routers[router] = {sources, values, weights};
    }
    void on_block(std::int64_t block, const at::Tensor& summary, const std::optional<ObservedDetail>& phase,
                  const std::optional<ObservedDetail>& split) override {
        summaries[block] = summary;
        if (phase) phases[block] = *phase;
        if (split) splits[block] = *split;
    }
};

class Conformance : public ::testing::TestWithParam<ConformanceCase> {
protected:
    const Experiment& experiment() const { return GetParam().experiment; }
    const MethodDescriptor& descriptor() const { return *MethodRegistry::find(experiment().model.method); }
    std::int64_t sublayers() const { return 2 * experiment().model.layers; }

    Decoder make(DecoderOptions options = testing::double_options()) const {
        return Decoder(experiment(), testing::tiny_vocabulary, options);
    }

    /// A forward pass that shows everything; returns the logits.
    static at::Tensor observe(const Decoder& decoder, const at::Tensor& tokens, Recorder& recorder) {
        const at::NoGradGuard no_gradient;
        ForwardContext context;
        context.observer = &recorder;
        return decoder.forward(tokens, context);
    }

    const at::Tensor tokens_ = testing::random_tokens(2, 7, 1);
    const at::Tensor targets_ = testing::random_tokens(2, 7, 2);
};

TEST_P(Conformance, IsAValidExperiment) {
    for (const ExperimentProblem& problem : problems(experiment())) ADD_FAILURE() << problem.key << problem.message;
    EXPECT_FALSE(descriptor().title.empty());
    EXPECT_FALSE(descriptor().summary.empty());
    EXPECT_FALSE(descriptor().formula.empty());
    EXPECT_FALSE(descriptor().citation.empty());
    for (const Option& option : descriptor().options) EXPECT_FALSE(option.help.empty()) << option.key;
}

TEST_P(Conformance, WeightsAreNonNegativeAndSumToOne) {
    const Decoder decoder = make();
    testing::scramble(decoder, 3);
    Recorder recorder;
    observe(decoder, tokens_, recorder);
    ASSERT_EQ(std::int64_t(recorder.routers.size()), descriptor().routed() ? sublayers() + 1 : 0);
    for (const auto& [number, router] : recorder.routers) {
        ASSERT_EQ(router.weights.sizes(), (std::vector<std::int64_t>{2, 7, std::int64_t(router.sources.size())}));
        EXPECT_GE(router.weights.min().item<double>(), 0.0);
        EXPECT_LE((router.weights.sum(-1) - 1).abs().max().item<double>(), 1e-12);
        at::Tensor mixed = at::zeros_like(router.values[0]);
        for (std::size_t i = 0; i < router.values.size(); ++i)
            mixed += router.weights.select(-1, std::int64_t(i)).unsqueeze(-1) * router.values[i];
        EXPECT_TRUE(at::allclose(mixed, recorder.states.at(number), 1e-12, 1e-12)) << "router " << number;
    }
}

TEST_P(Conformance, ShowsEveryStateUpdateAndBlock) {
    const Decoder decoder = make();
    testing::scramble(decoder, 3);
    Recorder recorder;
    const at::Tensor logits = observe(decoder, tokens_, recorder);
    EXPECT_EQ(std::int64_t(recorder.states.size()), sublayers() + 1);
    EXPECT_EQ(std::int64_t(recorder.updates.size()), sublayers());
    ForwardContext context;
    EXPECT_TRUE(at::equal(logits, decoder.forward(tokens_, context))) << "looking inside changes the result";
    at::Tensor all = at::zeros_like(recorder.updates.at(1)), summed = at::zeros_like(all);
    for (const auto& [number, update] : recorder.updates) all += update;
    for (const auto& [number, summary] : recorder.summaries) summed += summary;
    if (descriptor().routed()) {
        EXPECT_TRUE(at::allclose(all, summed, 1e-12, 1e-12));
    }
}

TEST_P(Conformance, EarlierTokensIgnoreLaterOnes) {
    if (!GetParam().causal()) GTEST_SKIP() << "not causal by definition";
    const Decoder decoder = make();
    testing::scramble(decoder, 3);
    at::Tensor changed = tokens_.clone();
    changed.narrow(1, 4, 3).add_(1).remainder_(testing::tiny_vocabulary);
    changed[1].copy_(testing::random_tokens(1, 7, 9)[0]);  // the other sequence of the batch must not matter either
    Recorder before, after;
    const at::Tensor first = observe(decoder, tokens_, before)[0], second = observe(decoder, changed, after)[0];
    EXPECT_TRUE(at::allclose(first.narrow(0, 0, 4), second.narrow(0, 0, 4), 1e-11, 1e-12));
    EXPECT_FALSE(at::allclose(first.narrow(0, 4, 3), second.narrow(0, 4, 3), 1e-3, 1e-3));
    for (const auto& [number, router] : before.routers)
        EXPECT_TRUE(at::allclose(router.weights[0].narrow(0, 0, 4), after.routers.at(number).weights[0].narrow(0, 0, 4),
                                 1e-11, 1e-12));
}

TEST_P(Conformance, GradientsMatchFiniteDifferences) {
    const Decoder decoder = make();
    testing::scramble(decoder, 3);
    std::vector<at::Tensor> scales;
    ForwardContext recording;
    recording.record_scales = &scales;
    decoder.loss(tokens_, targets_, recording).backward();

    const at::NoGradGuard no_gradient;
    ForwardContext held;  // detached scales stay as they are
    held.replay_scales = &scales;
    constexpr double step = 2e-6;
    for (const Parameter& parameter : decoder.parameters()) {
        if (!parameter.trainable) continue;
        ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
        const at::Tensor direction = draw_normal(parameter.value.sizes(), 1.0, 5, parameter.name).to(at::kDouble);
        const double expected = (parameter.value.grad() * direction).sum().item<double>();
        const at::Tensor kept = parameter.value.clone();
        const auto loss_at = [&](double distance) {
            parameter.value.copy_(kept + distance * direction);
            return decoder.loss(tokens_, targets_, held).item<double>();
        };
        const double measured = (loss_at(step) - loss_at(-step)) / (2 * step);
        parameter.value.copy_(kept);
        EXPECT_NEAR(measured, expected, 1e-7 + 1e-6 * std::abs(expected)) << parameter.name;
    }
}

TEST_P(Conformance, FrozenParametersGetNoGradient) {
    const Decoder decoder = make();
    ForwardContext context;
    decoder.loss(tokens_, targets_, context).backward();
    for (const Parameter& parameter : decoder.parameters())
        EXPECT_EQ(parameter.value.grad().defined(), parameter.trainable) << parameter.name;
}

TEST_P(Conformance, CountsWhatItAdds) {
    const Decoder decoder = make(),
                  plain(testing::tiny_experiment("standard"), testing::tiny_vocabulary, testing::double_options());
    std::int64_t added = 0;
    for (const Parameter& parameter : decoder.parameters())
        if (parameter.trainable) added += parameter.value.numel();
    for (const Parameter& parameter : plain.parameters()) added -= parameter.value.numel();
    EXPECT_EQ(added, descriptor().added_parameters(experiment().model, experiment().method));
}

TEST_P(Conformance, HasTheLayoutThatItsDescriptorSays) {
    const Decoder decoder = make();
    Recorder recorder;
    observe(decoder, tokens_, recorder);
    RoutingLayout seen;
    for (const auto& [number, router] : recorder.routers) seen.routers.push_back(router.sources);
    EXPECT_EQ(seen, routing_layout(experiment()));
    EXPECT_EQ(seen, decoder.routing_layout());
}

TEST_P(Conformance, SharesItsBackboneWithStandard) {
    const Decoder decoder = make(),
                  plain(testing::tiny_experiment("standard"), testing::tiny_vocabulary, testing::double_options());
    ASSERT_GE(decoder.parameters().size(), plain.parameters().size());
    for (std::size_t i = 0; i < plain.parameters().size(); ++i) {
        EXPECT_EQ(decoder.parameters()[i].name, plain.parameters()[i].name);
        EXPECT_TRUE(at::equal(decoder.parameters()[i].value, plain.parameters()[i].value));
    }
    Experiment other = experiment();
    other.seed += 1;
    const Decoder different(other, testing::tiny_vocabulary, testing::double_options());
    EXPECT_FALSE(at::equal(different.parameter("embed.weight"), decoder.parameter("embed.weight")));
}

TEST_P(Conformance, RoutesUniformlyAtTheStart) {
    const Decoder decoder = make();
    Recorder recorder;
    observe(decoder, tokens_, recorder);
    const OptionValues options = resolved_method_options(experiment());
    const auto bias = options.find("detail_bias_init");
    for (const auto& [number, router] : recorder.routers) {
        const at::Tensor first = router.weights.select(-1, 0);
        for (std::size_t i = 0; i < router.sources.size(); ++i) {
            const SourceKind kind = router.sources[i].kind;
            const bool detail =
                kind != SourceKind::embedding && kind != SourceKind::block && kind != SourceKind::partial;
            const double factor = detail ? std::exp(std::get<double>(bias->second)) : 1.0;
            EXPECT_TRUE(at::allclose(router.weights.select(-1, std::int64_t(i)), factor * first, 1e-12, 1e-12));
        }
    }
}

TEST_P(Conformance, RoutesByDirectionNotByLength) {
    // With eps = 0 a source scaled by 10 keeps its logit: keys are normalised. Seen here as the weights that follow
    // from the shown values alone.
    const Decoder decoder = make(testing::double_options(0));
    testing::scramble(decoder, 3);
    Recorder recorder;
    observe(decoder, tokens_, recorder);
    const at::NoGradGuard no_gradient;
    for (const auto& [number, router] : recorder.routers) {
        std::vector<at::Tensor> logits;
        for (std::size_t i = 0; i < router.values.size(); ++i) {
            at::Tensor key = 10 * router.values[i];
            key = key / key.square().mean(-1, true).sqrt();
            if (std::get<bool>(resolved_method_options(experiment()).at("key_gain")))
                key = key * decoder.parameter("routing.key_gain")[number - 1];
            at::Tensor logit = (key * decoder.parameter("routing.query")[number - 1]).sum(-1);
            const SourceKind kind = router.sources[i].kind;
            if (kind == SourceKind::phase || kind == SourceKind::phase_partial)
                logit = logit + decoder.parameter("routing.detail_bias")[number - 1][0];
            if (kind == SourceKind::split || kind == SourceKind::split_partial)
                logit = logit + decoder.parameter("routing.detail_bias")[number - 1][1];
            logits.push_back(logit);
        }
        EXPECT_TRUE(at::allclose(router.weights, at::softmax(at::stack(logits, -1), -1), 1e-10, 1e-12));
    }
}

TEST_P(Conformance, StaysCloseInBfloat16) {
    const Decoder exact = make(DecoderOptions{});
    DecoderOptions options;
    options.compute_type = at::kBFloat16;
    const Decoder rounded = make(options);
    testing::scramble(exact, 3);
    testing::copy_shared_parameters(exact, rounded);
    ForwardContext context;
    const at::Tensor expected = exact.forward(tokens_, context), got = rounded.forward(tokens_, context);
    EXPECT_EQ(got.scalar_type(), at::kFloat);
    EXPECT_LT((got - expected).norm().item<double>(), 0.04 * expected.norm().item<double>());
    Recorder recorder;
    observe(rounded, tokens_, recorder);
    for (const auto& [number, router] : recorder.routers) {
        EXPECT_EQ(router.weights.scalar_type(), at::kFloat);
        for (const at::Tensor& value : router.values) EXPECT_EQ(value.scalar_type(), at::kBFloat16);
    }
    rounded.loss(tokens_, targets_, context).backward();
    exact.loss(tokens_, targets_, context).backward();
    double dot = 0, one_square = 0, two_square = 0;  // of all gradients taken together
    for (std::size_t i = 0; i < exact.parameters().size(); ++i) {
        if (!exact.parameters()[i].trainable) continue;
        const at::Tensor one = exact.parameters()[i].value.grad(), two = rounded.parameters()[i].value.grad();
        EXPECT_EQ(two.scalar_type(), at::kFloat);
        dot += (one * two).sum().item<double>();
        one_square += one.square().sum().item<double>();
        two_square += two.square().sum().item<double>();
    }
    EXPECT_GT(dot / std::sqrt(one_square * two_square), 0.95);
    EXPECT_NEAR(std::sqrt(two_square / one_square), 1.0, 0.2);
}

TEST_P(Conformance, DropsOutAsAFunctionOfSeedStepAndMicrobatch) {
    Experiment dropping = experiment();
    dropping.model.dropout = 0.3;
    const Decoder decoder(dropping, testing::tiny_vocabulary, testing::double_options());
    testing::scramble(decoder, 3);
    const at::NoGradGuard no_gradient;
    const auto run = [&](bool training, std::int64_t step, std::int64_t microbatch) {
        ForwardContext context;
        context.training = training;
        context.seed = 5;
        context.step = step;
        context.microbatch = microbatch;
        return decoder.forward(tokens_, context);
    };
    EXPECT_TRUE(at::equal(run(true, 3, 1), run(true, 3, 1)));
    EXPECT_FALSE(at::allclose(run(true, 3, 1), run(true, 4, 1)));
    EXPECT_FALSE(at::allclose(run(true, 3, 1), run(true, 3, 0)));
    const Decoder plain = make();
    testing::scramble(plain, 3);
    ForwardContext context;
    EXPECT_TRUE(at::equal(run(false, 3, 1), plain.forward(tokens_, context)));
}

INSTANTIATE_TEST_SUITE_P(Methods, Conformance, ::testing::ValuesIn(testing::conformance_cases()),
                         testing::case_name<::testing::TestParamInfo<ConformanceCase>>);

}  // namespace

}  // namespace wavlab
