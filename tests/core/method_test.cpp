// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/method.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace wavlab {
namespace {

TEST(MethodRegistry, OrdersByOrder) {
    const auto& all = MethodRegistry::all();
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].order, all[i].order);
    EXPECT_NE(MethodRegistry::find("wav"), nullptr);
    EXPECT_EQ(MethodRegistry::find("nothing"), nullptr);
    EXPECT_THROW(MethodRegistry::add(*MethodRegistry::find("wav")), WorkError);
}

TEST(CostEstimate, CountsParameters) {
    Experiment experiment;
    experiment.model.method = "standard";
    const std::int64_t d = 64, f = 256, vocabulary = 50;
    const CostEstimate plain = estimate_cost(experiment, vocabulary);
    EXPECT_EQ(plain.parameters, 2 * vocabulary * d + 12 * (2 * d + 4 * d * d + 3 * d * f) + d);
    EXPECT_EQ(plain.added_parameters, 0);
    EXPECT_EQ(plain.most_sources, 0);
    EXPECT_EQ(plain.routing_flops_per_token, 0);

    experiment.model.method = "wav";
    const CostEstimate routed = estimate_cost(experiment, vocabulary);
    EXPECT_EQ(routed.added_parameters, 25 * 2 * d);
    EXPECT_EQ(routed.parameters, plain.parameters + routed.added_parameters);
    EXPECT_EQ(routed.most_sources, 1 + 4 * 3);  // before the final norm: the embedding and four blocks with details
    EXPECT_GT(routed.mean_sources, 1);
    EXPECT_GT(routed.flops_per_token, plain.flops_per_token);
    EXPECT_GT(routed.memory_bytes, plain.memory_bytes);
    EXPECT_DOUBLE_EQ(routed.flops_per_token - routed.routing_flops_per_token, plain.flops_per_token);
}

TEST(CostEstimate, SurvivesTheLargestModel) {
    Experiment experiment;
    experiment.model = {"wav", 1000, 65536, 4, 1048576, 1048576, 0.0};
    const CostEstimate cost = estimate_cost(experiment, 1'000'000);
    EXPECT_GT(cost.parameters, 0);
    EXPECT_GT(cost.memory_bytes, double(cost.parameters));
}

TEST(CostEstimate, NamesAnUnknownMethod) {
    Experiment experiment;
    experiment.model.method = "nothing";
    EXPECT_THROW(estimate_cost(experiment, 50), InputError);
    EXPECT_THROW(routing_layout(experiment), InputError);
}

}  // namespace
}  // namespace wavlab
