// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/probe.h"

#include <cmath>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "core/checkpoint_evaluations.h"
#include "core/error.h"
#include "core/safe_file.h"
#include "datasets/char_tokenizer.h"
#include "datasets/token_data.h"
#include "model/checkpoint.h"
#include "model/evaluator.h"
#include "model/initial_values.h"
#include "model/probe_plan.h"
#include "model/token_windows.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace wavlab::testing;

const CharTokenizer tokenizer = CharTokenizer::from_text("abcdefghijk");

std::string some_text() {
    std::string text;
    const at::Tensor tokens = random_tokens(1, 300, 5);
    for (std::int64_t i = 0; i < tokens.numel(); ++i)
        text += static_cast<char>('a' + tokens.const_data_ptr<std::int64_t>()[i]);
    return text;
}

/// A model with scrambled parameters and a text to probe it on.
class Probed {
public:
    explicit Probed(Experiment experiment, const std::function<void(const Decoder&)>& change = nullptr) {
        const Decoder decoder(experiment, tokenizer.vocabulary_size(), {});
        scramble(decoder, 3);
        if (change) {
            const at::NoGradGuard no_gradient;
            change(decoder);
        }
        write_model(folder_ / "model.safetensors", decoder, tokenizer, 42);
        write_file_safely(folder_ / "text.txt", some_text());
        request.checkpoint = folder_ / "model.safetensors";
        request.text = folder_ / "text.txt";
        request.windows = 5;  // in batches of 2: the last is smaller
        request.device = "cpu";
    }
    ProbeResult result() const { return wavlab_model_library()->probe(request); }
    LoadedModel model() const { return load_model(request.checkpoint, at::kCPU, folder_.path()); }

    ProbeRequest request;

private:
    TemporaryFolder folder_;
};

/// Every method, and the options that make a pass depend on more than its own tokens or on its running block.
std::vector<ConformanceCase> telling_cases() {
    std::vector<ConformanceCase> cases = default_cases();
    for (const ConformanceCase& one : conformance_cases())
        for (const std::string option : {"online__", "rms_match_tensor__detach", "detail_random_sign", "block_size_1"})
            if (one.name.starts_with("wav") && one.name.find(option) != std::string::npos) {
                cases.push_back(one);
                break;
            }
    return cases;
}

/// The mean loss with a removal, by whole forward passes.
double loss_with(const LoadedModel& model, const ProbeRequest& request, const SourceRemoval* removal) {
    const at::NoGradGuard no_gradient;
    TokenSequence text(model.tokenizer->vocabulary_size());
    model.tokenizer->encode_into(read_file(request.text), text);
    const std::int64_t context = model.experiment().model.context;
    const std::vector<std::int64_t> starts = evaluation_starts(text.size(), context, *request.windows);
    const TokenWindows windows(text, context, at::kCPU);
    double sum = 0;
    const auto batch = static_cast<std::size_t>(model.experiment().train.batch);
    for (std::size_t first = 0; first < starts.size(); first += batch) {
        const auto part = std::span(starts).subspan(first, std::min(batch, starts.size() - first));
        const TokenBatch tokens = windows.batch(part);
        ForwardContext pass;
        pass.removal = removal;
        sum +=
            model.decoder->loss(tokens.tokens, tokens.targets, pass).item<double>() * static_cast<double>(part.size());
    }
    return sum / static_cast<double>(starts.size());
}

class ForwardPasses : public ::testing::TestWithParam<ConformanceCase> {};
class ProbeCases : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(ForwardPasses, ABranchOfAPassEndsAsTheWholeOne) {
    const at::NoGradGuard no_gradient;
    const Decoder decoder(GetParam().experiment, tiny_vocabulary, {});
    scramble(decoder, 3);
    const at::Tensor tokens = random_tokens(2, 8, 1);
    ForwardContext context;
    const at::Tensor whole = decoder.forward(tokens, context);
    ForwardPass pass = decoder.begin(tokens, context);
    for (std::int64_t sublayer = 1; sublayer <= 6; ++sublayer) {
        EXPECT_EQ(pass.sublayer(), sublayer);
        EXPECT_TRUE(at::equal(decoder.finish(pass.branch()), whole)) << sublayer;
        decoder.advance(pass);
    }
    EXPECT_TRUE(at::equal(decoder.finish(std::move(pass)), whole));
}

TEST_P(ProbeCases, LossesAreThoseOfWholePassesWithTheRemoval) {
    const Probed probed(GetParam().experiment);
    const LoadedModel model = probed.model();
    if (model.decoder->routing_layout().empty()) {
        EXPECT_THROW((void)probed.result(), InputError);
        return;
    }
    const ProbeResult result = probed.result();
    const double loss = loss_with(model, probed.request, nullptr);
    EXPECT_NEAR(result.loss, loss, 1e-6);
    EXPECT_EQ(result.layout, model.decoder->routing_layout());
    ASSERT_EQ(result.zero.size(), result.layout.cell_count());
    ASSERT_EQ(result.renormalise.size(), result.layout.cell_count());
    std::size_t families = 0;
    for (const PlannedRemoval& planned : plan_removals(result.layout, true, 3)) {
        const double change = loss_with(model, probed.request, &planned.removal) - loss;
        const bool zeroes = planned.removal.mode == Removal::zero;
        const ProbeEffect& effect = planned.cell ? (zeroes ? result.zero : result.renormalise)[*planned.cell]
                                                 : result.families.at(families++).effect;
        EXPECT_NEAR(effect.delta_loss, change, 2e-6 * std::max(1.0, loss));
        EXPECT_TRUE(std::isfinite(effect.attribution));
    }
    EXPECT_EQ(families, result.families.size());
    for (std::size_t router = 0; router < result.layout.routers.size(); ++router) {
        double sum = 0;
        const std::size_t first = result.layout.first_cell(router), count = result.layout.routers[router].size();
        for (std::size_t cell = first; cell < first + count; ++cell) sum += result.alpha[cell];
        EXPECT_NEAR(sum, 1, 1e-5);
        EXPECT_EQ(std::isnan(result.renormalise[first].delta_loss), count == 1);
        EXPECT_EQ(std::isnan(result.renormalise[first].attribution), count == 1);
    }
}

INSTANTIATE_TEST_SUITE_P(Methods, ForwardPasses, ::testing::ValuesIn(conformance_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);
INSTANTIATE_TEST_SUITE_P(Methods, ProbeCases, ::testing::ValuesIn(telling_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

// ---- what is removed ----

/// One router over three sources, without gradients.
struct SomeRouter {
    std::vector<RouteSource> sources;
    RoutedState routed;
    SomeRouter() {
        const at::NoGradGuard no_gradient;
        for (const std::string name : {"a", "b", "c"}) {
            const at::Tensor value = draw_normal({2, 4, 8}, 1.0, 9, name).to(at::kDouble);
            sources.push_back({{SourceKind::block, 1}, value, value.square().mean(-1, true).rsqrt()});
        }
        const RouterParameters router{draw_normal({8}, 1.0, 9, "query").to(at::kDouble), {}, {}};
        routed = route(sources, router);
    }
};

TEST(SourceRemoval, TakesASourceOutOfTheSum) {
    const at::NoGradGuard no_gradient;
    const SomeRouter some;
    const at::Tensor weight = some.routed.weights.select(-1, 1).unsqueeze(-1);
    const at::Tensor without = some.routed.state - weight * some.sources[1].value;
    RoutedState zeroed = some.routed, scaled = some.routed, other = some.routed, nothing = some.routed;
    SourceRemoval{Removal::zero, {{}, {1}}}.apply(2, some.sources, zeroed);
    EXPECT_TRUE(at::allclose(zeroed.state, without, 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(zeroed.weights.sum(-1), 1 - weight.squeeze(-1)));
    SourceRemoval{Removal::renormalise, {{}, {1}}}.apply(2, some.sources, scaled);
    EXPECT_TRUE(at::allclose(scaled.state, without / (1 - weight), 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(scaled.weights.sum(-1), at::ones_like(weight.squeeze(-1))));
    SourceRemoval{Removal::zero, {{}, {1}}}.apply(1, some.sources, other);
    EXPECT_TRUE(other.state.is_same(some.routed.state)) << "another router is left alone";
    SourceRemoval{Removal::zero, {{0, 1, 2}}}.apply(1, some.sources, nothing);
    EXPECT_EQ(nothing.state.abs().max().item<double>(), 0);
    EXPECT_THROW((SourceRemoval{Removal::renormalise, {{0, 1, 2}}}.apply(1, some.sources, nothing)), WorkError);
    const at::AutoGradMode gradients(true);
    EXPECT_THROW((SourceRemoval{Removal::zero, {{0}}}.apply(1, some.sources, nothing)), WorkError);
}

TEST(ProbePlan, HasEveryCellAndEveryFamilyOnce) {
    // Routers: embedding | embedding, partial | embedding, block1, phase1 | embedding, block1, phase1, partial
    const Source embedding{}, partial{SourceKind::partial, 0}, block{SourceKind::block, 1}, phase{SourceKind::phase, 1};
    const RoutingLayout layout{
        {{embedding}, {embedding, partial}, {embedding, block, phase}, {embedding, block, phase, partial}}};
    const auto families = [&](std::int64_t bands) {
        std::vector<std::string> rows;
        for (const PlannedRemoval& one : plan_removals(layout, false, bands)) {
            EXPECT_FALSE(one.cell);
            EXPECT_EQ(one.first_router, one.routers().front());
            std::string row = kind_label(one.family) + " " + to_string(one.removal.mode);
            for (const std::int64_t router : one.routers()) row.append(" ").append(std::to_string(router));
            rows.push_back(row);
        }
        return rows;
    };
    EXPECT_THAT(families(2),
                ElementsAre("embedding zero 1 2 3 4", "embedding renormalise 2 3 4", "embedding zero 1 2",
                            "embedding renormalise 2", "embedding zero 3 4", "embedding renormalise 3 4",
                            "block zero 3 4", "block renormalise 3 4", "phase zero 3 4", "phase renormalise 3 4",
                            "partial zero 2 4", "partial renormalise 2 4", "partial zero 2", "partial renormalise 2",
                            "partial zero 4", "partial renormalise 4"));
    EXPECT_EQ(families(0).size(), 8u);
    EXPECT_EQ(families(1), families(0));
    EXPECT_EQ(families(1000), families(4)) << "more bands than routers";
    EXPECT_THROW((void)plan_removals(layout, false, -1), InputError);
    std::set<std::pair<std::size_t, Removal>> cells;
    for (const PlannedRemoval& one : plan_removals(layout, true, 0))
        if (one.cell) {
            EXPECT_TRUE(cells.insert({*one.cell, one.removal.mode}).second);
        }
    EXPECT_EQ(cells.size(), 2 * layout.cell_count() - 1) << "the first router's embedding stands alone";
}

// ---- what is found ----

bool is_detail(const Source& source) { return source.kind == SourceKind::phase || source.kind == SourceKind::split; }

TEST(Probe, WhatWeighsNothingChangesNothing) {
    const Probed probed(tiny_experiment("wav"), [](const Decoder& decoder) {
        const at::Tensor bias = decoder.parameter("routing.detail_bias");
        bias.fill_(-1e4);
    });
    const ProbeResult result = probed.result();
    std::size_t cell = 0, details = 0;
    for (const std::vector<Source>& sources : result.layout.routers)
        for (const Source& source : sources) {
            if (is_detail(source)) {
                ++details;
                EXPECT_EQ(result.alpha[cell], 0);
                EXPECT_EQ(result.contribution[cell], 0);
                EXPECT_EQ(result.zero[cell].delta_loss, 0);
                EXPECT_EQ(result.zero[cell].attribution, 0);
                EXPECT_NEAR(result.renormalise[cell].delta_loss, 0, 1e-7);
                EXPECT_EQ(result.renormalise[cell].attribution, 0);
            } else {
                EXPECT_NE(result.zero[cell].delta_loss, 0) << label(source);
            }
            ++cell;
        }
    EXPECT_GT(details, 5u);
    for (const ProbedFamily& family : result.families)
        if (family.family == SourceKind::phase || family.family == SourceKind::split) {
            EXPECT_NEAR(family.effect.delta_loss, 0, 1e-7);
        }
}

TEST(Probe, TheEstimateOfSmallWeightsIsClose) {
    const Probed probed(tiny_experiment("wav"), [](const Decoder& decoder) {
        const at::Tensor bias = decoder.parameter("routing.detail_bias");
        bias.fill_(-6.5);
    });
    const ProbeResult result = probed.result();
    double apart_zero = 0, apart_renormalise = 0, size = 0;
    std::size_t cell = 0;
    for (const std::vector<Source>& sources : result.layout.routers)
        for (const Source& source : sources) {
            if (is_detail(source)) {
                EXPECT_LT(result.alpha[cell], 0.02);
                apart_zero += std::abs(result.zero[cell].attribution - result.zero[cell].delta_loss);
                apart_renormalise += std::abs(result.renormalise[cell].attribution - result.zero[cell].delta_loss);
                size += std::abs(result.zero[cell].delta_loss);
            }
            ++cell;
        }
    EXPECT_GT(size, 1e-4);
    EXPECT_LT(apart_zero, 0.03 * size);
    EXPECT_LT(apart_renormalise, 0.03 * size);
    const ProbeAgreement found = agreement(result);
    ASSERT_TRUE(found.attribution && found.weight && found.contribution);
    EXPECT_EQ(found.cells, result.layout.cell_count());
}

TEST(Probe, BothModesDifferOnlyByTheEpsOfTheNorm) {
    // What enters a sublayer is normalised first, so that a scale of h_l alone is lost.
    const at::NoGradGuard no_gradient;
    const Decoder decoder(tiny_experiment("wav"), tiny_vocabulary, double_options(0));
    scramble(decoder, 3);
    const at::Tensor tokens = random_tokens(2, 8, 1);
    const auto logits = [&](Removal mode) {
        SourceRemoval removal{mode, {}};
        removal.removed.resize(7);
        removal.removed[5] = {0, 2};
        ForwardContext context;
        context.removal = &removal;
        return decoder.forward(tokens, context);
    };
    ForwardContext context;
    EXPECT_TRUE(at::allclose(logits(Removal::zero), logits(Removal::renormalise), 1e-10, 1e-10));
    EXPECT_FALSE(at::allclose(logits(Removal::zero), decoder.forward(tokens, context), 1e-3, 1e-3));
}

TEST(Probe, MeansOfFamiliesAreThoseOfTheirCells) {
    const ProbeResult result = Probed(tiny_experiment("wav")).result();
    for (const ProbedFamily& family : result.families) {
        double alpha = 0, contribution = 0, attribution = 0;
        for (const std::int64_t number : family.routers) {
            const auto router = static_cast<std::size_t>(number - 1);
            for (std::size_t i = 0; i < result.layout.routers[router].size(); ++i) {
                if (result.layout.routers[router][i].kind != family.family) continue;
                const std::size_t cell = result.layout.first_cell(router) + i;
                alpha += result.alpha[cell];
                contribution += result.contribution[cell];
                attribution += result.zero[cell].attribution;
            }
        }
        EXPECT_NEAR(family.alpha, alpha / static_cast<double>(family.routers.size()), 1e-9);
        EXPECT_NEAR(family.contribution, contribution / static_cast<double>(family.routers.size()), 1e-9);
        if (family.removal == Removal::zero) {
            EXPECT_NEAR(family.effect.attribution, attribution, 1e-9);
        }
    }
}

TEST(Probe, IsRepeatableOnAnyNumberOfThreadsAndSaysWhatItLookedAt) {
    Experiment experiment = tiny_experiment("wav");
    experiment.train.threads = 1;
    const Probed probed(experiment);
    experiment.train.threads = 3;
    const ProbeResult one = probed.result(), two = Probed(experiment).result();
    for (std::size_t cell = 0; cell < one.zero.size(); ++cell) {
        EXPECT_EQ(one.zero[cell].delta_loss, two.zero[cell].delta_loss);
        EXPECT_NEAR(one.zero[cell].attribution, two.zero[cell].attribution, 1e-6);
        EXPECT_NEAR(one.alpha[cell], two.alpha[cell], 1e-6);
        EXPECT_NEAR(one.contribution[cell], two.contribution[cell], 1e-6);
    }
    const ProbeResult again = probed.result();
    for (std::size_t i = 0; i < one.families.size(); ++i) {
        EXPECT_EQ(one.families[i].effect.delta_loss, again.families[i].effect.delta_loss);
        EXPECT_EQ(one.families[i].effect.attribution, again.families[i].effect.attribution);
    }
    EXPECT_EQ(one.step, 42);
    EXPECT_EQ(one.model, model_identity(probed.request.checkpoint));
    EXPECT_EQ(one.source, probed.request.text.string());
    EXPECT_EQ(one.device, "cpu");
    EXPECT_EQ(one.windows, 5);
    EXPECT_EQ(one.tokens, 5 * 8);
    EXPECT_FALSE(one.cancelled);
    EvaluateRequest evaluation;
    evaluation.checkpoint = probed.request.checkpoint;
    evaluation.text = probed.request.text;
    evaluation.windows = 5;
    evaluation.device = "cpu";
    EXPECT_NEAR(wavlab_model_library()->evaluate(evaluation).loss, one.loss, 1e-6);
}

TEST(Probe, GoesWithoutSingleSources) {
    Probed probed(tiny_experiment("attnres_block"));
    const ProbeResult whole = probed.result();
    probed.request.cells = false;
    const ProbeResult families = probed.result();
    EXPECT_TRUE(families.zero.empty());
    EXPECT_TRUE(families.renormalise.empty());
    EXPECT_EQ(families.alpha, whole.alpha);
    ASSERT_EQ(families.families.size(), whole.families.size());
    for (std::size_t i = 0; i < whole.families.size(); ++i)
        EXPECT_EQ(families.families[i].effect.delta_loss, whole.families[i].effect.delta_loss);
}

TEST(Probe, WorksInBf16) {
    Experiment experiment = tiny_experiment("wav");
    experiment.train.precision = "bf16";
    const ProbeResult narrow = Probed(experiment).result(), wide = Probed(tiny_experiment("wav")).result();
    EXPECT_NEAR(narrow.loss, wide.loss, 0.1);
    for (std::size_t cell = 0; cell < wide.zero.size(); ++cell) {
        EXPECT_NEAR(narrow.zero[cell].delta_loss, wide.zero[cell].delta_loss, 0.15) << cell;
        EXPECT_NEAR(narrow.zero[cell].attribution, wide.zero[cell].attribution, 0.3) << cell;
        EXPECT_NEAR(narrow.alpha[cell], wide.alpha[cell], 0.03) << cell;
    }
}

TEST(Probe, StopsWhenItIsAskedAndCountsForwardPasses) {
    Probed probed(tiny_experiment("wav"));
    std::vector<std::int64_t> done;
    std::int64_t total = 0;
    probed.request.on_progress = [&](std::int64_t passes, std::int64_t all) {
        done.push_back(passes);
        total = all;
    };
    EXPECT_FALSE(probed.result().cancelled);
    const auto removals =
        static_cast<std::int64_t>(plan_removals(probed.model().decoder->routing_layout(), true, 3).size());
    EXPECT_EQ(total, 3 * (removals + 2));  // three batches
    EXPECT_EQ(done.front(), 0);
    EXPECT_EQ(done.back(), total);
    EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
    EXPECT_GT(done.size(), 10u);

    const std::thread::id caller = std::this_thread::get_id();
    for (const std::int64_t last : {std::int64_t{0}, std::int64_t{1}, std::int64_t{20}, removals + 5}) {
        std::stop_source stop;
        probed.request.stop = stop.get_token();
        std::int64_t seen = -1;
        probed.request.on_progress = [&](std::int64_t passes, std::int64_t) {
            seen = passes;
            EXPECT_FALSE(stop.stop_requested()) << "it was told to stop";
            EXPECT_EQ(std::this_thread::get_id(), caller);
            if (passes >= last) stop.request_stop();
        };
        EXPECT_TRUE(probed.result().cancelled);
        EXPECT_GE(seen, last);
        EXPECT_LT(seen, total);
    }
}

TEST(Probe, ChangesNoBitOfARunBesideIt) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("wav", 150);
    experiment.train.deterministic = true;
    experiment.train.threads = 2;
    ASSERT_EQ(train(experiment, folder / "alone").end().state, RunState::finished);
    Experiment other = tiny_experiment("wav");
    other.train.threads = 3;
    const Probed probed(other);
    const ProbeResult alone = probed.result();
    TrainRequest training;
    training.experiment = experiment;
    training.run_folder = folder / "beside";
    WatchedRun run(training);
    run.wait_for_step(1);
    for (int probes = 0; probes < 3; ++probes) {
        const ProbeResult beside = probed.result();
        EXPECT_EQ(beside.loss, alone.loss);
        for (std::size_t cell = 0; cell < alone.zero.size(); ++cell)
            EXPECT_EQ(beside.zero[cell].delta_loss, alone.zero[cell].delta_loss);
    }
    EXPECT_EQ(run.wait_for_end().end().state, RunState::finished);
    expect_same_run(stored_run(folder / "alone"), stored_run(folder / "beside"));
}

TEST(Probe, RefusesWhatItCannotProbe) {
    const auto message = [](const Probed& probed) -> std::string {
        try {
            (void)probed.result();
        } catch (const InputError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_THAT(message(Probed(tiny_experiment("standard"))), HasSubstr("the method standard, which has no routing"));
    EXPECT_THAT(message(Probed(tiny_experiment("layerscale"))), HasSubstr("layerscale"));
    Probed probed(tiny_experiment("wav"));
    probed.request.windows = 0;
    EXPECT_NE(message(probed), "");
    probed.request.windows = 2;
    probed.request.bands = -1;
    EXPECT_THAT(message(probed), HasSubstr("-1"));
    probed.request.bands = 2;
    probed.request.device = "cuda:77";
    EXPECT_THAT(message(probed), HasSubstr("cuda:77"));
}

}  // namespace
}  // namespace wavlab
