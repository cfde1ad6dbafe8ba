// SPDX-License-Identifier: GPL-3.0-or-later
// First-order attribution: what the backward pass tells of each source, against its definition and against removal.
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/run_folder.h"
#include "model/initial_values.h"
#include "model/kernels/rms_norm.h"
#include "model/recorder.h"
#include "model/routing/removal.h"
#include "model/routing/route.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using ::testing::HasSubstr;
using namespace wavlab::testing;

at::Tensor drawn(at::IntArrayRef shape, const std::string& name) {
    return draw_normal(shape, 1.0, 17, name).to(at::kDouble);
}

TEST(Attribution, IsWeightTimesValueTimesGradient) {
    std::vector<RouteSource> sources;
    for (const Source& source :
         {Source{SourceKind::embedding, 0}, Source{SourceKind::block, 1}, Source{SourceKind::partial, 0}}) {
        const at::Tensor value = drawn({2, 3, 8}, label(source)).requires_grad_(true);
        sources.push_back({source, value, inverse_rms(value, 1e-6)});
    }
    const RouterParameters router{drawn({8}, "query"), {}, {}};
    const at::Tensor upstream = drawn({2, 3, 8}, "upstream");  // G
    const at::Tensor summed = at::zeros({3}, at::kDouble), per_token = at::zeros({3, 6}, at::kDouble);
    at::Tensor expected;
    for (const at::Tensor& attribution : {summed, per_token}) {
        const RoutedState routed = route(sources, router, attribution);
        routed.state.backward(upstream, /*keep_graph=*/true);
        std::vector<at::Tensor> rows;
        for (std::int64_t i = 0; i < 3; ++i)
            rows.push_back((-routed.weights.select(-1, i) * (sources[std::size_t(i)].value.detach() * upstream).sum(-1))
                               .flatten());
        expected = at::stack(rows);
    }
    EXPECT_TRUE(at::allclose(per_token, expected, 1e-12, 1e-13));
    EXPECT_TRUE(at::allclose(summed, expected.sum(1), 1e-12, 1e-13));
}

/// A tiny model with weights that are not those of its beginning, and a batch of tokens: losses are exact (fp64),
/// frames as they are recorded (fp32).
struct SmallModel {
    explicit SmallModel(const Experiment& experiment)
        : decoder(experiment, tiny_vocabulary, double_options()),
          recorded(experiment, tiny_vocabulary, {}),
          accumulate(experiment.train.accumulate) {
        for (const Decoder* each : {&decoder, &recorded}) {
            scramble(*each, 5);
            const at::NoGradGuard no_gradient;
            each->parameter("routing.detail_bias").fill_(-9.0);  // details weigh so little that Δloss is linear in them
        }
    }

    double loss(const SourceRemoval* removal) const {
        const at::NoGradGuard no_gradient;
        ForwardContext context;
        context.removal = removal;
        return decoder.loss(tokens, targets, context).item<double>();
    }

    RoutingFrame record() const {
        Recorder recorder(recorded);
        ForwardContext context;
        context.observer = &recorder;
        (recorded.loss(tokens, targets, context) / double(accumulate)).backward();
        return *recorder.take(1, {}, at::zeros({0})).routing;
    }

    Decoder decoder, recorded;
    std::int64_t accumulate;
    at::Tensor tokens = random_tokens(2, 8, 1), targets = random_tokens(2, 8, 2);
};

TEST(Attribution, OfAFrameForetellsWhatRemovingASmallSourceDoes) {
    for (const std::int64_t accumulate : {1, 3}) {
        Experiment experiment = tiny_experiment("wav");
        experiment.train.accumulate = accumulate;
        const SmallModel model(experiment);
        const RoutingFrame frame = model.record();
        const RoutingLayout& layout = model.decoder.routing_layout();
        ASSERT_EQ(frame.attribution.size(), layout.cell_count());
        const double with = model.loss(nullptr);
        int checked = 0;
        for (std::size_t router = 0; router < layout.routers.size(); ++router)
            for (std::size_t i = 0; i < layout.routers[router].size(); ++i) {
                const SourceKind kind = layout.routers[router][i].kind;
                if (kind != SourceKind::phase && kind != SourceKind::split) continue;
                SourceRemoval removal;
                removal.removed.resize(layout.routers.size());
                removal.removed[router] = {i};
                const double exact = model.loss(&removal) - with;
                const double estimate = frame.attribution[layout.first_cell(router) + i];
                EXPECT_NEAR(estimate, exact, 2e-2 * std::abs(exact) + 1e-9)
                    << "router " << router + 1 << ", " << label(layout.routers[router][i]);
                ++checked;
            }
        EXPECT_GT(checked, 4);
    }
}

/// Attributions of a run are recorded for every step that has a frame.
TEST(Attribution, IsRecordedWhileTraining) {
    const TemporaryFolder folder;
    const Events events = train(training_experiment("attnres_block", 4), folder / "run");
    for (const RoutingFrame& frame : events.of<RoutingFrame>()) {
        EXPECT_EQ(frame.attribution.size(), frame.weight.size());
        EXPECT_GT(std::accumulate(frame.attribution.begin(), frame.attribution.end(), 0.0F,
                                  [](float sum, float value) { return sum + std::abs(value); }),
                  0.0F);
    }
}

class Inspector : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new TemporaryFolder;
        (void)train(training_experiment("wav", 5), *folder_ / "wav");
        (void)train(training_experiment("standard", 2), *folder_ / "standard");
    }
    static void TearDownTestSuite() { delete folder_; }
    static InspectRequest request(const std::string& run = "wav") {
        InspectRequest request;
        request.checkpoint = list_checkpoints(RunFolder{*folder_ / run}).back().model();
        request.device = "cpu";
        return request;
    }
    static std::string problem(const InspectRequest& request) {
        try {
            wavlab_model_library()->inspect(request);
        } catch (const InputError& error) {
            return error.what();
        }
        return "";
    }
    static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(Inspector, LooksAtEveryTokenOfAWindow) {
    const TokenRouting routing = wavlab_model_library()->inspect(request());
    ASSERT_EQ(routing.tokens.size(), 16u);
    const std::size_t cells = routing.layout.cell_count();
    ASSERT_EQ(routing.weight.size(), cells * 16);
    ASSERT_EQ(routing.contribution.size(), cells * 16);
    ASSERT_EQ(routing.attribution.size(), cells * 16);
    for (std::size_t router = 0; router < routing.layout.routers.size(); ++router)
        for (std::size_t token = 0; token < 16; ++token) {
            double sum = 0;
            for (std::size_t i = 0; i < routing.layout.routers[router].size(); ++i)
                sum += routing.weight[routing.index(routing.layout.first_cell(router) + i, token)];
            EXPECT_NEAR(sum, 1, 1e-5);
        }
    EXPECT_FALSE(routing.tokens[0].loss);
    double sum = 0;
    for (std::size_t i = 1; i < 16; ++i) sum += *routing.tokens[i].loss;
    EXPECT_NEAR(routing.loss, sum / 15, 1e-9);
    EXPECT_EQ(routing.step, 5);
    EXPECT_THAT(routing.source, HasSubstr("window 0 of the validation part"));
}

TEST_F(Inspector, TellsWhatComesNext) {
    InspectRequest asked = request();
    asked.text = "the";
    asked.next_tokens = 1000;  // all there are
    const TokenRouting routing = wavlab_model_library()->inspect(asked);
    ASSERT_EQ(routing.tokens.size(), 3u);
    EXPECT_EQ(routing.tokens[1].text, "h");
    for (const InspectedToken& token : routing.tokens) {
        double sum = 0, last = 1;
        for (const NextToken& next : token.next) {
            sum += next.probability;
            EXPECT_LE(next.probability, last);
            last = next.probability;
        }
        EXPECT_NEAR(sum, 1, 1e-6);
    }
    // The loss of a token is what its forerunner expected of it.
    for (const NextToken& next : routing.tokens[0].next)
        if (next.id == routing.tokens[1].id) EXPECT_NEAR(-std::log(next.probability), *routing.tokens[1].loss, 1e-9);
}

TEST_F(Inspector, TakesASingleToken) {
    InspectRequest asked = request();
    asked.text = "t";
    const TokenRouting routing = wavlab_model_library()->inspect(asked);
    EXPECT_EQ(routing.tokens.size(), 1u);
    EXPECT_FALSE(routing.tokens[0].loss);
}

TEST_F(Inspector, RefusesWhatItCannotLookAt) {
    EXPECT_EQ(problem(request("standard")), "the model uses the method standard, which has no routing");
    InspectRequest asked = request();
    asked.text = std::string(17, 't');
    EXPECT_EQ(problem(asked), "the text has 17 tokens and the model reads at most 16");
    asked.text = "t\xe6\xbc\xa2";
    EXPECT_THAT(problem(asked), HasSubstr("the text does not fit the model"));
    asked = request();
    asked.window = 6;
    EXPECT_EQ(problem(asked), "there is no window 6; the validation part has 6, counted from 0");
}

}  // namespace
}  // namespace wavlab
