// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/decoder.h"

#include <cmath>
#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/initial_values.h"
#include "model/kernels/dropout.h"
#include "model/kernels/linear_combination.h"
#include "model/kernels/rms_norm.h"
#include "model/kernels/rope.h"
#include "model/random.h"
#include "tests/model/conformance_cases.h"

namespace wavlab {

namespace {

using Shape = std::vector<std::int64_t>;

std::map<std::string, Shape> shapes_of(const Decoder& decoder) {
    std::map<std::string, Shape> shapes;
    for (const Parameter& parameter : decoder.parameters()) shapes[parameter.name] = parameter.value.sizes().vec();
    return shapes;
}

/// d = 8, f = 12, V = 11, L = 3, as in design §4.
std::map<std::string, Shape> backbone_shapes() {
    std::map<std::string, Shape> shapes = {
        {"embed.weight", {11, 8}}, {"final_norm.weight", {8}}, {"head.weight", {11, 8}}};
    for (const std::string layer : {"layers.0.", "layers.1.", "layers.2."}) {
        shapes[layer + "attn.norm.weight"] = {8};
        shapes[layer + "attn.qkv.weight"] = {24, 8};
        shapes[layer + "attn.out.weight"] = {8, 8};
        shapes[layer + "mlp.norm.weight"] = {8};
        shapes[layer + "mlp.gate.weight"] = {12, 8};
        shapes[layer + "mlp.up.weight"] = {12, 8};
        shapes[layer + "mlp.down.weight"] = {8, 12};
    }
    return shapes;
}

Decoder tiny(const std::string& method, const OptionValues& options = {}, double eps = 1e-6) {
    return Decoder(testing::tiny_experiment(method, options), testing::tiny_vocabulary, testing::double_options(eps));
}

at::Tensor logits(const Decoder& decoder, const at::Tensor& tokens) {
    const at::NoGradGuard no_gradient;
    ForwardContext context;
    return decoder.forward(tokens, context);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

/// Compares values and all gradients of two computations of the same leaves.
void expect_same_gradients(const std::vector<at::Tensor>& leaves, const std::function<at::Tensor()>& one,
                           const std::function<at::Tensor()>& other, double tolerance = 1e-12) {
    const at::Tensor first = one(), second = other();
    EXPECT_LE(largest_difference(first, second), tolerance);
    const at::Tensor upstream = draw_normal(first.sizes(), 1.0, 17, "upstream").to(first.scalar_type());
    std::vector<at::Tensor> expected;
    second.backward(upstream);
    for (const at::Tensor& leaf : leaves) {
        expected.push_back(leaf.grad().clone());
        leaf.mutable_grad() = at::Tensor();
    }
    first.backward(upstream);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        EXPECT_LE(largest_difference(leaves[i].grad(), expected[i]), tolerance) << "leaf " << i;
        leaves[i].mutable_grad() = at::Tensor();
    }
}

at::Tensor leaf(at::IntArrayRef shape, const std::string& name) {
    return draw_normal(shape, 1.0, 23, name).to(at::kDouble).requires_grad_(true);
}

TEST(DecoderParameters, HaveTheContractsNamesAndShapes) {
    std::map<std::string, std::map<std::string, Shape>> own = {
        {"standard", {}},
        {"rezero", {{"rezero.alpha", {6}}}},
        {"layerscale", {{"layerscale.lambda", {6, 8}}}},
        {"block_layerscale", {{"layerscale.lambda", {3, 8}}}},  // ceil(6 / 4) = 2 sublayers a block
        {"attnres_full", {{"routing.query", {7, 8}}, {"routing.key_gain", {7, 8}}}},
        {"attnres_block", {{"routing.query", {7, 8}}, {"routing.key_gain", {7, 8}}}},
        {"wav", {{"routing.query", {7, 8}}, {"routing.key_gain", {7, 8}}, {"routing.detail_bias", {7, 2}}}},
        {"haares", {{"routing.query", {7, 8}}, {"routing.key_gain", {7, 8}}, {"routing.detail_bias", {7, 2}}}}};
    for (auto& [method, shapes] : own) {
        shapes.merge(backbone_shapes());
        EXPECT_EQ(shapes_of(tiny(method)), shapes) << method;
    }
    const auto without_gain = shapes_of(tiny("wav", {{"key_gain", false}, {"phase", false}, {"split", false}}));
    EXPECT_FALSE(without_gain.contains("routing.key_gain"));
    EXPECT_EQ(without_gain.at("routing.detail_bias"), (Shape{7, 2}));
    const auto random = shapes_of(tiny("haares", {{"detail", std::string("random_sign")}}));
    EXPECT_EQ(random.at("routing.detail_sign"), (Shape{2, 6}));
}

TEST(DecoderParameters, DecayByName) {
    const Decoder decoder = tiny("wav");
    for (const Parameter& parameter : decoder.parameters()) {
        bool expected = parameter.name == "head.weight";
        for (const char* part : {".qkv.", ".out.", ".gate.", ".up.", ".down."})
            expected |= parameter.name.find(part) != std::string::npos;
        EXPECT_EQ(parameter.decayed, expected) << parameter.name;
        const bool in_layer = parameter.name.starts_with("layers.");
        EXPECT_EQ(parameter.sublayer > 0, in_layer) << parameter.name;
    }
    for (const Parameter& parameter : decoder.parameters()) {
        if (parameter.name == "layers.1.mlp.up.weight") {
            EXPECT_EQ(parameter.sublayer, 4);
        }
    }
}

TEST(DecoderParameters, StartAsTheContractSays) {
    Experiment experiment = testing::tiny_experiment("wav");
    experiment.model.width = 64;
    experiment.model.heads = 4;
    experiment.model.mlp_hidden = 256;
    const Decoder decoder(experiment, 40, {});
    const auto deviation = [&](const char* name) { return decoder.parameter(name).std().item<double>(); };
    EXPECT_NEAR(deviation("embed.weight"), 0.02, 0.001);
    EXPECT_NEAR(deviation("head.weight"), 0.02, 0.001);
    EXPECT_NEAR(deviation("layers.0.attn.qkv.weight"), 0.02, 0.0005);
    EXPECT_NEAR(deviation("layers.0.mlp.gate.weight"), 0.02, 0.0005);
    EXPECT_NEAR(deviation("layers.2.attn.out.weight"), 0.02 / std::sqrt(6.0), 0.0004);
    EXPECT_NEAR(deviation("layers.2.mlp.down.weight"), 0.02 / std::sqrt(6.0), 0.0003);
    EXPECT_NEAR(decoder.parameter("layers.0.mlp.gate.weight").mean().item<double>(), 0, 0.0005);
    EXPECT_TRUE(at::equal(decoder.parameter("final_norm.weight"), at::ones({64})));
    EXPECT_TRUE(at::equal(decoder.parameter("routing.query"), at::zeros({7, 64})));
    EXPECT_TRUE(at::equal(decoder.parameter("routing.key_gain"), at::ones({7, 64})));
    EXPECT_TRUE(at::equal(decoder.parameter("routing.detail_bias"), at::full({7, 2}, -2.0)));
    EXPECT_FALSE(at::equal(decoder.parameter("layers.0.mlp.gate.weight"), decoder.parameter("layers.0.mlp.up.weight")));
}

TEST(DecoderParameters, ScaleLayersByTheRuleOfCaiT) {
    const auto initial = [](const std::string& method, std::int64_t layers, const OptionValues& options) {
        Experiment experiment = testing::tiny_experiment(method, options);
        experiment.model.layers = layers;
        return Decoder(experiment, 5, testing::double_options()).parameter("layerscale.lambda").max().item<double>();
    };
    for (const std::string method : {"layerscale", "block_layerscale"}) {
        EXPECT_EQ(initial(method, 18, {}), 0.1);
        EXPECT_EQ(initial(method, 19, {}), 1e-5);
        EXPECT_EQ(initial(method, 24, {}), 1e-5);
        EXPECT_EQ(initial(method, 25, {}), 1e-6);
        EXPECT_EQ(initial(method, 25, {{"init", 0.5}}), 0.5);
        EXPECT_EQ(initial(method, 25, {{"init", 0.0}}), 0.0);
    }
    EXPECT_EQ(tiny("rezero").parameter("rezero.alpha").abs().max().item<double>(), 0.0);
}

TEST(DecoderParameters, UnknownNameIsAnError) { EXPECT_THROW(tiny("standard").parameter("nothing"), WorkError); }

TEST(InitialValues, DependOnSeedAndNameAlone) {
    EXPECT_TRUE(at::equal(draw_normal({7, 5}, 1, 1, "a"), draw_normal({7, 5}, 1, 1, "a")));
    EXPECT_FALSE(at::equal(draw_normal({7, 5}, 1, 1, "a"), draw_normal({7, 5}, 1, 2, "a")));
    EXPECT_FALSE(at::equal(draw_normal({7, 5}, 1, 1, "a"), draw_normal({7, 5}, 1, 1, "b")));
    const at::Tensor many = draw_normal({200, 999}, 1, 1, "a").to(at::kDouble);
    EXPECT_NEAR(many.mean().item<double>(), 0, 0.01);
    EXPECT_NEAR(many.var().item<double>(), 1, 0.01);
    EXPECT_NEAR(many.pow(4).mean().item<double>(), 3, 0.06);
    const std::uint64_t key = random_key(1, "a");  // the same by itself, in another order
    EXPECT_EQ(many[0][2].item<double>(), static_cast<float>(random_normal(key, 2)));
    EXPECT_EQ(many[0][3].item<double>(), static_cast<float>(random_normal(key, 3)));
}

TEST(Kernels, RmsNormMatchesItsReference) {
    const at::Tensor value = leaf({2, 3, 8}, "value"), gain = leaf({8}, "gain");
    expect_same_gradients(
        {value, gain}, [&] { return rms_norm(value, gain, 1e-6); },
        [&] { return rms_norm_reference(value, gain, 1e-6); });
    const at::Tensor ones = at::ones({1, 4}, at::kDouble) * 3;
    EXPECT_NEAR(rms_norm(ones, at::full({4}, 2.0, at::kDouble), 0)[0][0].item<double>(), 2.0, 1e-15);
    const at::Tensor zero = at::zeros({1, 4}, at::kDouble);
    EXPECT_EQ(rms_norm(zero, at::ones({4}, at::kDouble), 1e-6).abs().max().item<double>(), 0.0);
}

TEST(Kernels, InverseRmsMatchesPlainGradients) {
    const at::Tensor value = leaf({2, 3, 8}, "value");
    expect_same_gradients(
        {value}, [&] { return inverse_rms(value, 1e-6); },
        [&] { return (value.square().mean(-1, true) + 1e-6).rsqrt(); });
}

TEST(Kernels, RootMeanSquareHasGradientZeroAtZero) {
    at::Tensor value = leaf({2, 4}, "value");
    {
        const at::NoGradGuard no_gradient;
        value[1].zero_();
    }
    const at::Tensor rms = root_mean_square(value, false);
    EXPECT_NEAR(rms[0][0].item<double>(), value[0].square().mean().sqrt().item<double>(), 1e-15);
    rms.sum().backward();
    EXPECT_EQ(value.grad()[1].abs().max().item<double>(), 0.0);
    EXPECT_TRUE(at::allclose(value.grad()[0], value[0] / (4 * rms[0])));
    EXPECT_NEAR(root_mean_square(value, true).item<double>(), value.square().mean().sqrt().item<double>(), 1e-15);
}

TEST(Kernels, RopeMatchesItsReference) {
    const at::Tensor joined = leaf({2, 5, 3, 2, 6}, "joined");
    const auto [cosine, sine] = rope_tables(5, 6, at::kDouble, at::kCPU);
    const auto reference = [&, c = cosine, s = sine] {
        return at::stack({rotate_reference(joined.select(2, 0), c, s), rotate_reference(joined.select(2, 1), c, s),
                          joined.select(2, 2)},
                         2);
    };
    expect_same_gradients(
        {joined}, [&, c = cosine, s = sine] { return rotate_queries_and_keys(joined, c, s); }, reference);
    // Also on the path that has no loop of its own.
    const at::Tensor rounded = joined.detach().to(at::kBFloat16);
    const auto [c, s] = rope_tables(5, 6, at::kBFloat16, at::kCPU);
    const at::Tensor turned = rotate_queries_and_keys(rounded, c, s);
    EXPECT_TRUE(at::equal(turned.select(2, 1), rotate_reference(rounded.select(2, 1), c, s)));
    EXPECT_TRUE(at::equal(turned.select(2, 2), rounded.select(2, 2)));
}

TEST(Kernels, RopeTurnsChannelsByPosition) {
    const auto [cosine, sine] = rope_tables(4, 4, at::kDouble, at::kCPU);
    at::Tensor joined = at::zeros({1, 4, 3, 1, 4}, at::kDouble);
    joined.select(-1, 1).fill_(1.0);  // channel 1 turns with channel 3, by position · 10000^(-1/2)
    const at::Tensor key = rotate_queries_and_keys(joined, cosine, sine)[0][3][1][0];
    EXPECT_NEAR(key[1].item<double>(), std::cos(3 * 0.01), 1e-15);
    EXPECT_NEAR(key[3].item<double>(), std::sin(3 * 0.01), 1e-15);
    EXPECT_EQ(key[0].item<double>(), 0.0);
}

TEST(Kernels, LinearCombinationMatchesItsReference) {
    const std::vector<at::Tensor> values = {leaf({2, 3}, "a"), leaf({2, 3}, "b"), leaf({2, 3}, "c")};
    const std::vector<double> coefficients = {1.0, -0.5, 1.0};
    expect_same_gradients(
        values, [&] { return linear_combination(values, coefficients); },
        [&] { return linear_combination_reference(values, coefficients); });
}

TEST(Kernels, DropoutMatchesTheHostsRandomNumbers) {
    const at::Tensor value = at::ones({40, 50}, at::kDouble);
    const at::Tensor dropped = dropout(value, 0.25, std::uint64_t{99});
    EXPECT_TRUE(at::allclose(dropped, dropout_mask_reference({40, 50}, 0.25, 99) / 0.75));
    EXPECT_NEAR(dropped.mean().item<double>(), 1.0, 0.05);
    EXPECT_FALSE(at::equal(dropped, dropout(value, 0.25, std::uint64_t{100})));
}

TEST(DecoderForward, AttentionMatchesTheFormula) {
    // One layer, written out: u_1 = softmax(q kᵀ / sqrt(d_head)) v Wᵀ.
    Experiment experiment = testing::tiny_experiment("standard");
    experiment.model.layers = 1;
    const Decoder decoder(experiment, testing::tiny_vocabulary, testing::double_options());
    testing::scramble(decoder, 4);
    struct : ForwardObserver {
        at::Tensor state, update, mlp_state, mlp_update;
        void on_state(std::int64_t l, const at::Tensor& h) override {
            (l == 1 ? state : mlp_state) = l < 3 ? h : mlp_state;
        }
        void on_update(std::int64_t l, const at::Tensor& u) override { (l == 1 ? update : mlp_update) = u; }
    } seen;
    const at::NoGradGuard no_gradient;
    ForwardContext context;
    context.observer = &seen;
    const at::Tensor result = decoder.forward(testing::random_tokens(1, 6, 3), context);
    const auto weight = [&](const char* name) { return decoder.parameter(name); };
    const at::Tensor x = rms_norm_reference(seen.state, weight("layers.0.attn.norm.weight"), 1e-6)[0];  // [6, 8]
    const at::Tensor joined = x.matmul(weight("layers.0.attn.qkv.weight").t());
    const auto [cosine, sine] = rope_tables(6, 4, at::kDouble, at::kCPU);
    std::vector<at::Tensor> heads;
    for (std::int64_t head = 0; head < 2; ++head) {
        const auto part = [&](std::int64_t which) {
            return joined.narrow(1, which * 8 + head * 4, 4).unsqueeze(0).unsqueeze(2);
        };
        const at::Tensor query = rotate_reference(part(0), cosine, sine)[0].squeeze(1);
        const at::Tensor key = rotate_reference(part(1), cosine, sine)[0].squeeze(1);
        at::Tensor scores = query.matmul(key.t()) / 2.0;
        scores = scores.masked_fill(at::ones({6, 6}, at::kBool).triu(1), -INFINITY);
        heads.push_back(at::softmax(scores, -1).matmul(part(2)[0].squeeze(1)));
    }
    const at::Tensor update = at::cat(heads, 1).matmul(weight("layers.0.attn.out.weight").t());
    EXPECT_LE(largest_difference(seen.update[0], update), 1e-12);
    const at::Tensor y = rms_norm_reference(seen.mlp_state, weight("layers.0.mlp.norm.weight"), 1e-6);
    const at::Tensor hidden =
        at::silu(y.matmul(weight("layers.0.mlp.gate.weight").t())) * y.matmul(weight("layers.0.mlp.up.weight").t());
    EXPECT_LE(largest_difference(seen.mlp_update, hidden.matmul(weight("layers.0.mlp.down.weight").t())), 1e-12);
    const at::Tensor last = rms_norm_reference(seen.mlp_state + seen.mlp_update, weight("final_norm.weight"), 1e-6);
    EXPECT_LE(largest_difference(result, last.matmul(weight("head.weight").t())), 1e-11);
}

TEST(DecoderForward, LossIsTheMeanCrossEntropy) {
    const Decoder decoder = tiny("standard");
    const at::Tensor tokens = testing::random_tokens(2, 5, 1), targets = testing::random_tokens(2, 5, 2);
    ForwardContext context;
    const at::Tensor chosen = at::log_softmax(logits(decoder, tokens), -1).gather(-1, targets.unsqueeze(-1));
    EXPECT_NEAR(decoder.loss(tokens, targets, context).item<double>(), -chosen.mean().item<double>(), 1e-13);
}

TEST(DecoderForward, RefusesTooLongSequences) {
    const Decoder decoder = tiny("standard");
    ForwardContext context;
    EXPECT_THROW(decoder.forward(testing::random_tokens(1, 9, 1), context), WorkError);
    EXPECT_THROW(decoder.forward(testing::random_tokens(1, 8, 1)[0], context), WorkError);
    EXPECT_NO_THROW(decoder.forward(testing::random_tokens(1, 1, 1), context));
}

/// The identities of design §2: in double, eps = 0, the same scrambled weights.
class Identities : public ::testing::Test {
protected:
    static Decoder scrambled(const std::string& method, const OptionValues& options = {}) {
        Decoder decoder = tiny(method, options, 0);
        testing::scramble(decoder, 8);
        return decoder;
    }
    static void clear(const Decoder& decoder, const std::string& name, double value = 0) {
        const at::NoGradGuard no_gradient;
        decoder.parameter(name).fill_(value);
    }
    const at::Tensor tokens_ = testing::random_tokens(2, 8, 6);
};

TEST_F(Identities, UniformRoutingIsTheStandardResidual) {
    const at::Tensor expected = logits(scrambled("standard"), tokens_);
    const Decoder full = scrambled("attnres_full");
    clear(full, "routing.query");
    EXPECT_LE(largest_difference(logits(full, tokens_), expected), 1e-11);
    for (const std::int64_t size : {1, 2, 3, 4, 5, 6}) {
        const Decoder blocks = scrambled("attnres_block", {{"block_size", size}});
        EXPECT_GT(largest_difference(logits(blocks, tokens_), expected), 1e-3) << "scrambled routers change nothing";
        clear(blocks, "routing.query");
        EXPECT_LE(largest_difference(logits(blocks, tokens_), expected), 1e-11) << size;
    }
}

TEST_F(Identities, BlocksOfOneAreFullAttnRes) {
    const at::Tensor expected = logits(scrambled("attnres_full"), tokens_);
    EXPECT_LE(
        largest_difference(logits(scrambled("attnres_block", {{"block_size", std::int64_t{1}}}), tokens_), expected),
        1e-12);
    EXPECT_LE(largest_difference(logits(scrambled("wav", {{"block_size", std::int64_t{1}}}), tokens_), expected),
              1e-12);
}

TEST_F(Identities, SuppressedDetailsAreBlockAttnRes) {
    for (const std::int64_t size : {2, 4, 5}) {
        const at::Tensor expected = logits(scrambled("attnres_block", {{"block_size", size}}), tokens_);
        for (const std::string scope : {"completed", "online"}) {
            const Decoder wav = scrambled("wav", {{"block_size", size}, {"detail_scope", scope}});
            EXPECT_GT(largest_difference(logits(wav, tokens_), expected), 1e-3);
            clear(wav, "routing.detail_bias", -1e4);
            EXPECT_LE(largest_difference(logits(wav, tokens_), expected), 1e-12);
        }
    }
}

TEST_F(Identities, HaaResIsWavWithItsSettings) {
    const OptionValues size = {{"block_size", std::int64_t{4}}};
    OptionValues fixed = size;
    fixed.insert({{"phase", false}, {"split", true}, {"detail_scope", std::string("online")}});
    EXPECT_EQ(largest_difference(logits(scrambled("haares", size), tokens_), logits(scrambled("wav", fixed), tokens_)),
              0.0);
}

TEST_F(Identities, ScaledStreamsWithScaleOneAreTheStandardResidual) {
    const at::Tensor expected = logits(scrambled("standard"), tokens_);
    for (const std::string method : {"rezero", "layerscale", "block_layerscale"}) {
        const Decoder decoder = scrambled(method);
        clear(decoder, method == "rezero" ? "rezero.alpha" : "layerscale.lambda", 1);
        EXPECT_LE(largest_difference(logits(decoder, tokens_), expected), 1e-12) << method;
    }
}

}  // namespace

}  // namespace wavlab
