// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <numeric>
#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/method.h"
#include "model/initial_values.h"
#include "model/kernels/rms_norm.h"
#include "model/routing/details.h"
#include "model/routing/route.h"
#include "model/routing/routing_plan.h"
#include "tests/model/conformance_cases.h"

namespace wavlab {

namespace {

using Labels = std::vector<std::string>;

Labels labels(const std::vector<Source>& sources) {
    Labels result;
    for (const Source& source : sources) result.push_back(label(source));
    return result;
}

RoutingLayout layout_of(const std::string& method, std::int64_t layers, const OptionValues& options) {
    ModelSettings model;
    model.method = method;
    model.layers = layers;
    return MethodRegistry::find(method)->routing_layout(model, options);
}

at::Tensor leaf(at::IntArrayRef shape, const std::string& name) {
    return draw_normal(shape, 1.0, 31, name).to(at::kDouble).requires_grad_(true);
}

// ---- which sources there are ----

TEST(RoutingLayout, OfWavHasTheContractsOrder) {
    const RoutingLayout layout = layout_of("wav", 12, {});  // 4 blocks of 6 sublayers
    ASSERT_EQ(layout.routers.size(), 25u);
    EXPECT_EQ(labels(layout.routers[0]), (Labels{"embedding"}));
    EXPECT_EQ(labels(layout.routers[1]), (Labels{"embedding", "partial"}));
    EXPECT_EQ(labels(layout.routers[6]), (Labels{"embedding", "block1", "phase1", "split1"}));
    EXPECT_EQ(labels(layout.routers[7]), (Labels{"embedding", "block1", "phase1", "split1", "partial"}));
    EXPECT_EQ(labels(layout.routers[24]),
              (Labels{"embedding", "block1", "phase1", "split1", "block2", "phase2", "split2", "block3", "phase3",
                      "split3", "block4", "phase4", "split4"}));
}

TEST(RoutingLayout, OnlineDetailsStartWhenBothSignsArePresent) {
    const RoutingLayout layout =
        layout_of("wav", 3, {{"block_size", std::int64_t{4}}, {"detail_scope", std::string("online")}});
    ASSERT_EQ(layout.routers.size(), 7u);
    EXPECT_EQ(labels(layout.routers[1]), (Labels{"embedding", "partial"}));
    EXPECT_EQ(labels(layout.routers[2]), (Labels{"embedding", "partial", "phase-partial"}));
    EXPECT_EQ(labels(layout.routers[3]), (Labels{"embedding", "partial", "phase-partial", "split-partial"}));
    EXPECT_EQ(labels(layout.routers[4]), (Labels{"embedding", "block1", "phase1", "split1"}));
    EXPECT_EQ(labels(layout.routers[5]), (Labels{"embedding", "block1", "phase1", "split1", "partial"}));
    EXPECT_EQ(labels(layout.routers[6]),  // the last block has two sublayers
              (Labels{"embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"}));
}

TEST(RoutingLayout, BlocksOfOneHaveNoDetails) {
    const RoutingLayout layout = layout_of("wav", 2, {{"block_size", std::int64_t{3}}});
    EXPECT_EQ(labels(layout.routers[4]), (Labels{"embedding", "block1", "phase1", "split1", "block2"}));
    EXPECT_EQ(labels(layout_of("attnres_full", 2, {}).routers[4]),
              (Labels{"embedding", "block1", "block2", "block3", "block4"}));
    EXPECT_EQ(layout_of("attnres_full", 2, {}), layout_of("wav", 2, {{"block_size", std::int64_t{1}}}));
}

TEST(RoutingLayout, OfHaaResHasSplitsAlone) {
    const RoutingLayout layout = layout_of("haares", 2, {{"blocks", std::int64_t{1}}});
    EXPECT_EQ(labels(layout.routers[2]), (Labels{"embedding", "partial"}));
    EXPECT_EQ(labels(layout.routers[3]), (Labels{"embedding", "partial", "split-partial"}));
    EXPECT_EQ(labels(layout.routers[4]), (Labels{"embedding", "block1", "split1"}));
}

TEST(RoutingLayout, BlockSizeWinsOverBlocks) {
    const RoutingLayout layout =
        layout_of("attnres_block", 2, {{"blocks", std::int64_t{4}}, {"block_size", std::int64_t{2}}});
    EXPECT_EQ(labels(layout.routers[4]), (Labels{"embedding", "block1", "block2"}));
}

// ---- coefficients ----

TEST(DetailSigns, AreBalancedInEveryBlock) {
    for (const std::int64_t size : {1, 2, 3, 4, 5, 6, 8}) {
        const BlockLayout blocks(4, 1, size);
        for (const std::uint64_t seed : {1u, 2u, 3u}) {
            const DetailSigns signs = draw_detail_signs(blocks, seed);
            ASSERT_EQ(signs.size(), 2u);
            for (const std::vector<int>& row : signs) {
                ASSERT_EQ(row.size(), 8u);
                for (std::int64_t block = 1; block <= blocks.block_count(); ++block) {
                    const auto first = row.begin() + blocks.first_sublayer(block) - 1;
                    const auto length = blocks.length(block);
                    EXPECT_EQ(std::accumulate(first, first + length, 0), length % 2);
                    if (length > 1) {
                        EXPECT_EQ(first[0], -first[1]);
                    }
                }
            }
        }
    }
    const BlockLayout blocks(12, 1, 6);
    std::set<DetailSigns> drawn;
    for (std::uint64_t seed = 0; seed < 20; ++seed) drawn.insert(draw_detail_signs(blocks, seed));
    EXPECT_EQ(drawn.size(), 20u);
    EXPECT_EQ(draw_detail_signs(blocks, 5), draw_detail_signs(blocks, 5));
}

TEST(DetailCoefficients, SumToZero) {
    const BlockLayout blocks(5, 1, 4);
    for (const DetailKind kind : {DetailKind::contrast, DetailKind::random_sign, DetailKind::duplicate}) {
        RoutingSettings settings;
        settings.detail = kind;
        const DetailSigns signs = draw_detail_signs(blocks, 1);
        for (std::int64_t row = 0; row < 2; ++row)
            for (std::int64_t block = 1; block <= blocks.block_count(); ++block)
                for (std::int64_t done = 1; done <= blocks.length(block); ++done) {
                    const auto c = detail_coefficients(blocks, settings, &signs, row, block, done);
                    if (c.empty()) continue;
                    ASSERT_EQ(std::int64_t(c.size()), done);
                    EXPECT_NEAR(std::accumulate(c.begin(), c.end(), 0.0), 0.0, 1e-14);
                    double size = 0;
                    for (const double value : c) size += std::abs(value);
                    EXPECT_NEAR(size, double(done), 1e-14);
                }
    }
    EXPECT_EQ(balanced_coefficients({1, -1, -1}), (std::vector<double>{1.5, -0.75, -0.75}));
    EXPECT_TRUE(balanced_coefficients({1, 1}).empty());
    EXPECT_TRUE(balanced_coefficients({}).empty());
}

TEST(DetailSigns, AreReadFromTheStoredTensor) {
    const Experiment experiment =
        testing::tiny_experiment("haares", {{"detail", std::string("random_sign")}, {"blocks", std::int64_t{1}}});
    const Decoder decoder(experiment, testing::tiny_vocabulary, testing::double_options());
    EXPECT_EQ(labels(decoder.routing_layout().routers[2]), (Labels{"embedding", "partial", "split-partial"}));
    {
        const at::NoGradGuard no_gradient;
        const at::Tensor signs = decoder.parameter("routing.detail_sign");
        signs.fill_(1).narrow(1, 3, 3).fill_(-1);
    }
    EXPECT_EQ(labels(decoder.routing_layout().routers[3]), (Labels{"embedding", "partial"}));
    EXPECT_EQ(labels(decoder.routing_layout().routers[4]), (Labels{"embedding", "partial", "split-partial"}));
}

// ---- details ----

TEST(Details, AreMatchedToTheSummary) {
    const std::vector<at::Tensor> updates = {leaf({2, 3, 8}, "a"), leaf({2, 3, 8}, "b")};
    const at::Tensor summary = updates[0] + updates[1];
    RoutingSettings settings;
    settings.phase = true;
    ForwardContext context;
    const Detail token = make_detail(updates, {1, -1}, summary, settings, context);
    EXPECT_TRUE(at::allclose(token.raw, updates[0] - updates[1]));
    EXPECT_EQ(token.scale.sizes(), (std::vector<std::int64_t>{2, 3, 1}));
    EXPECT_TRUE(at::allclose(root_mean_square(token.matched, false), root_mean_square(summary, false), 1e-5));
    settings.match = ScaleMatch::tensor;
    const Detail tensor = make_detail(updates, {1, -1}, summary, settings, context);
    EXPECT_EQ(tensor.scale.sizes(), (std::vector<std::int64_t>{1}));
    EXPECT_TRUE(at::allclose(root_mean_square(tensor.matched, true), root_mean_square(summary, true), 1e-5));
    EXPECT_FALSE(at::allclose(root_mean_square(tensor.matched, false), root_mean_square(summary, false), 1e-3));
    settings.match = ScaleMatch::off;
    EXPECT_TRUE(at::equal(make_detail(updates, {1, -1}, summary, settings, context).matched, token.raw));
    settings.detail = DetailKind::duplicate;
    EXPECT_TRUE(at::equal(make_detail(updates, {1, -1}, summary, settings, context).matched, summary));
}

TEST(Details, DetachTheScale) {
    const std::vector<at::Tensor> updates = {leaf({1, 2, 4}, "a"), leaf({1, 2, 4}, "b")};
    const at::Tensor summary = updates[0] + updates[1];
    RoutingSettings settings;
    ForwardContext context;
    const Detail held = make_detail(updates, {1, -1}, summary, settings, context);
    EXPECT_FALSE(held.scale.requires_grad());
    held.matched.sum().backward();
    EXPECT_TRUE(at::allclose(updates[1].grad(), -held.scale.expand({1, 2, 4})));
    settings.detach = false;
    EXPECT_TRUE(make_detail(updates, {1, -1}, summary, settings, context).scale.requires_grad());
}

TEST(Details, StayFiniteWhenTheContrastVanishes) {
    const at::Tensor update = leaf({1, 2, 4}, "a");
    RoutingSettings settings;
    settings.detach = false;
    ForwardContext context;
    const Detail detail = make_detail({update, update}, {1, -1}, update + update, settings, context);
    EXPECT_EQ(detail.matched.abs().max().item<double>(), 0.0);
    detail.matched.sum().backward();
    EXPECT_TRUE(at::isfinite(update.grad()).all().item<bool>());
}

TEST(Details, ReplayRecordedScales) {
    const std::vector<at::Tensor> updates = {leaf({1, 2, 4}, "a"), leaf({1, 2, 4}, "b")};
    RoutingSettings settings;
    std::vector<at::Tensor> scales;
    ForwardContext recording;
    recording.record_scales = &scales;
    const Detail first = make_detail(updates, {1, -1}, updates[0] + updates[1], settings, recording);
    ASSERT_EQ(scales.size(), 1u);
    ForwardContext replaying;
    replaying.replay_scales = &scales;
    const std::vector<at::Tensor> others = {3 * updates[0], updates[1]};
    const Detail second = make_detail(others, {1, -1}, others[0] + others[1], settings, replaying);
    EXPECT_TRUE(at::equal(first.scale, second.scale));
    EXPECT_THROW(make_detail(others, {1, -1}, others[0] + others[1], settings, replaying), WorkError);
}

// ---- the routing operation ----

struct RouteCase {
    std::vector<RouteSource> sources;
    RouterParameters router;
    std::vector<at::Tensor> leaves;
};

RouteCase make_route_case(bool gain, bool bias, double eps, bool single = false) {
    RouteCase result;
    std::vector<Source> kinds = {{SourceKind::embedding, 0}, {SourceKind::block, 1},         {SourceKind::phase, 1},
                                 {SourceKind::split, 1},     {SourceKind::split_partial, 0}, {SourceKind::partial, 0}};
    if (single) kinds.resize(1);
    for (const Source& kind : kinds) {
        const at::Tensor value = leaf({2, 3, 8}, label(kind));
        result.leaves.push_back(value);
        result.sources.push_back({kind, value, inverse_rms(value, eps)});
    }
    result.router.query = leaf({8}, "query");
    result.leaves.push_back(result.router.query);
    if (gain) result.leaves.push_back(result.router.key_gain = leaf({8}, "gain"));
    if (bias) result.leaves.push_back(result.router.detail_bias = leaf({2}, "bias"));
    return result;
}

TEST(Route, MatchesItsReference) {
    for (const bool gain : {true, false})
        for (const bool bias : {true, false})
            for (const bool single : {false, true}) {
                RouteCase given = make_route_case(gain, bias, 1e-6, single);
                const RoutedState expected = route_reference(given.sources, given.router, 1e-6);
                const at::Tensor upstream = draw_normal({2, 3, 8}, 1.0, 2, "upstream").to(at::kDouble);
                expected.state.backward(upstream);
                std::vector<at::Tensor> gradients;
                for (const at::Tensor& leaf : given.leaves) {
                    // A single source without details leaves the biases out of the reference's graph.
                    gradients.push_back(leaf.grad().defined() ? leaf.grad().clone() : at::zeros_like(leaf));
                    leaf.mutable_grad() = at::Tensor();
                }
                const RoutedState got = route(given.sources, given.router);
                EXPECT_TRUE(at::allclose(got.state, expected.state, 1e-12, 1e-13));
                EXPECT_TRUE(at::allclose(got.weights, expected.weights, 1e-12, 1e-13));
                EXPECT_FALSE(got.weights.requires_grad());
                got.state.backward(upstream);
                for (std::size_t i = 0; i < gradients.size(); ++i)
                    EXPECT_TRUE(at::allclose(given.leaves[i].grad(), gradients[i], 1e-10, 1e-12)) << "leaf " << i;
            }
}

TEST(Route, ScalingASourceLeavesItsWeight) {
    const at::NoGradGuard no_gradient;
    RouteCase given = make_route_case(true, true, 0);
    const RoutedState before = route(given.sources, given.router);
    for (RouteSource& source : given.sources) {
        source.value = 10 * source.value;
        source.inverse_rms = inverse_rms(source.value, 0);
        EXPECT_TRUE(at::allclose(route(given.sources, given.router).weights, before.weights, 1e-12, 1e-14));
    }
    EXPECT_TRUE(at::allclose(route(given.sources, given.router).state, 10 * before.state, 1e-12, 1e-12));
}

TEST(Route, GivesStatesInTheTypeOfTheSourcesAndWeightsInFp32) {
    const at::NoGradGuard no_gradient;
    RouteCase given = make_route_case(true, true, 1e-6);
    const RoutedState exact = route(given.sources, given.router);
    for (RouteSource& source : given.sources) {
        source.value = source.value.to(at::kBFloat16);
        source.inverse_rms = inverse_rms(source.value, 1e-6);
        EXPECT_EQ(source.inverse_rms.scalar_type(), at::kFloat);
    }
    given.router = {given.router.query.to(at::kFloat), given.router.key_gain.to(at::kFloat),
                    given.router.detail_bias.to(at::kFloat)};
    const RoutedState rounded = route(given.sources, given.router);
    EXPECT_EQ(rounded.state.scalar_type(), at::kBFloat16);
    EXPECT_EQ(rounded.weights.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::allclose(rounded.weights.to(at::kDouble), exact.weights, 0.05, 0.01));
    EXPECT_TRUE(at::allclose(rounded.state.to(at::kDouble), exact.state, 0.05, 0.05));
}

}  // namespace

}  // namespace wavlab
