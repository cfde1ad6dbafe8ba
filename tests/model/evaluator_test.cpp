// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stop_token>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

using ::testing::HasSubstr;
using namespace wavlab::testing;

/// One short run for all tests of this file.
class Evaluator : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new TemporaryFolder;
        events_ = new Events(train(training_experiment("wav", 5), *folder_ / "run"));
    }
    static void TearDownTestSuite() {
        delete events_;
        delete folder_;
    }
    static EvaluateRequest request() {
        EvaluateRequest request;
        request.checkpoint = list_checkpoints(RunFolder{*folder_ / "run"}).back().model();
        request.device = "cpu";
        return request;
    }
    static std::vector<float> floats(const SafetensorsFile& file, const std::string& name) {
        const TensorView* view = file.find(name);
        if (!view) return {};
        std::vector<float> values(view->bytes.size() / 4);
        std::memcpy(values.data(), view->bytes.data(), view->bytes.size());
        return values;
    }
    static inline TemporaryFolder* folder_ = nullptr;
    static inline Events* events_ = nullptr;
};

TEST_F(Evaluator, AgreesWithTheRun) {
    const EvaluationResult result = wavlab_model_library()->evaluate(request());
    EXPECT_EQ(result.loss, events_->scalar("val/loss").at(5));
    EXPECT_EQ(result.windows, 6);
    EXPECT_EQ(result.tokens, 6 * 16);
    EXPECT_EQ(result.step, 5);
}

TEST_F(Evaluator, DumpsWhatTheContractSays) {
    EvaluateRequest asked = request();
    asked.windows = 5;
    asked.dump = *folder_ / "dump.safetensors";
    asked.gradients = true;
    const EvaluationResult result = wavlab_model_library()->evaluate(asked);
    const SafetensorsFile dump(asked.dump);
    using Shape = std::vector<std::int64_t>;
    EXPECT_EQ(dump.find("tokens")->shape, (Shape{5, 16}));
    EXPECT_EQ(dump.find("targets")->type, TensorType::i64);
    EXPECT_EQ(dump.find("logits")->shape.at(1), 16);
    EXPECT_NEAR(floats(dump, "loss").at(0), result.loss, 1e-6);
    for (int router = 1; router <= 5; ++router) {
        const std::string name = "routing." + std::to_string(router);
        const auto sources = nlohmann::json::parse(dump.metadata(name + ".sources"));
        EXPECT_EQ(sources.at(0), "embedding");
        EXPECT_EQ(dump.find(name + ".weights")->shape, (Shape{5, 16, static_cast<std::int64_t>(sources.size())}));
        const std::vector<float> weights = floats(dump, name + ".weights");
        EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 5 * 16, 1e-3);
    }
    const SafetensorsFile model(asked.checkpoint);
    for (const TensorView& tensor : model.tensors()) {
        const TensorView* gradient = dump.find("gradient." + tensor.name);
        ASSERT_NE(gradient, nullptr) << tensor.name;
        EXPECT_EQ(gradient->shape, tensor.shape);
    }
    double square = 0;
    for (const float value : floats(dump, "gradient.head.weight")) square += double{value} * value;
    EXPECT_GT(square, 0);
}

TEST_F(Evaluator, ReadsATextAndRefusesCharactersOutsideTheVocabulary) {
    EvaluateRequest asked = request();
    std::string text;
    for (int i = 0; i < 100; ++i) text += "the cat and the dog.\n";
    write_file_safely(*folder_ / "text.txt", text);
    asked.text = *folder_ / "text.txt";
    asked.windows = 1;
    EXPECT_TRUE(std::isfinite(wavlab_model_library()->evaluate(asked).loss));
    text.insert(7, "\xE2\x98\x83");  // a snowman
    write_file_safely(*folder_ / "text.txt", text);
    try {
        (void)wavlab_model_library()->evaluate(asked);
        FAIL() << "the snowman was accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("7"));
    }
    write_file_safely(*folder_ / "text.txt", "the");
    EXPECT_THROW((void)wavlab_model_library()->evaluate(asked), InputError);
    asked.text = *folder_ / "nothing.txt";
    EXPECT_THROW((void)wavlab_model_library()->evaluate(asked), InputError);
}

TEST_F(Evaluator, RefusesImpossibleRequests) {
    EvaluateRequest asked = request();
    asked.windows = 0;
    EXPECT_THROW((void)wavlab_model_library()->evaluate(asked), InputError);
    asked = request();
    asked.dump = *folder_ / "no/such/folder.safetensors";
    EXPECT_THROW((void)wavlab_model_library()->evaluate(asked), InputError);
    asked = request();
    asked.checkpoint = *folder_ / "nothing.safetensors";
    EXPECT_THROW((void)wavlab_model_library()->evaluate(asked), InputError);
}

TEST_F(Evaluator, SamplesTheSameTextForTheSameSeed) {
    SampleRequest asked;
    asked.checkpoint = request().checkpoint;
    asked.prompt = "Once ";
    asked.tokens = 30;
    asked.device = "cpu";
    std::string pieces;
    const std::string text = wavlab_model_library()->sample(asked, [&](const std::string& piece) { pieces += piece; });
    EXPECT_EQ(text, pieces);
    EXPECT_TRUE(text.starts_with("Once "));
    EXPECT_EQ(text, wavlab_model_library()->sample(asked, nullptr));
    asked.seed = 2;
    EXPECT_NE(text, wavlab_model_library()->sample(asked, nullptr));
    asked.prompt = "\xE2\x98\x83";
    EXPECT_THROW((void)wavlab_model_library()->sample(asked, nullptr), InputError);
    asked.prompt = "";
    asked.temperature = 0;
    EXPECT_EQ(wavlab_model_library()->sample(asked, nullptr).size(), 30U);
}

TEST_F(Evaluator, DrawsAmongTheLikeliestTokensOnly) {
    SampleRequest asked;
    asked.checkpoint = request().checkpoint;
    asked.prompt = "Once ";
    asked.tokens = 40;
    asked.device = "cpu";
    asked.temperature = 0;
    const std::string likeliest = wavlab_model_library()->sample(asked, nullptr);
    asked.temperature = 5.0;
    const std::string any = wavlab_model_library()->sample(asked, nullptr);
    asked.top_k = 1;
    EXPECT_EQ(wavlab_model_library()->sample(asked, nullptr), likeliest);
    asked.top_k = 1'000'000;
    EXPECT_EQ(wavlab_model_library()->sample(asked, nullptr), any);
    asked.top_k = 3;
    const std::string few = wavlab_model_library()->sample(asked, nullptr);
    EXPECT_NE(few, any);
    EXPECT_NE(few, likeliest);
    asked.top_k = -1;
    EXPECT_THROW((void)wavlab_model_library()->sample(asked, nullptr), InputError);
}

TEST_F(Evaluator, StopsWhenItIsAsked) {
    EvaluateRequest asked = request();
    std::stop_source stop;
    asked.stop = stop.get_token();
    asked.windows = 10;
    asked.dump = *folder_ / "never.safetensors";
    std::vector<std::int64_t> done;
    asked.on_progress = [&](std::int64_t windows, std::int64_t total) {
        EXPECT_EQ(total, 10);
        done.push_back(windows);
        if (windows > 3) stop.request_stop();
    };
    const EvaluationResult result = wavlab_model_library()->evaluate(asked);
    EXPECT_TRUE(result.cancelled);
    EXPECT_TRUE(std::isnan(result.loss));
    EXPECT_FALSE(std::filesystem::exists(asked.dump));
    EXPECT_EQ(done, (std::vector<std::int64_t>{0, 4}));

    std::stop_source stop_drawing;
    SampleRequest text;
    text.checkpoint = asked.checkpoint;
    text.prompt = "Once ";
    text.tokens = 1000;
    text.device = "cpu";
    text.stop = stop_drawing.get_token();
    std::string seen;
    const std::string drawn = wavlab_model_library()->sample(text, [&](const std::string& piece) {
        seen += piece;
        if (seen.size() >= 20) stop_drawing.request_stop();
    });
    EXPECT_EQ(drawn.size(), 20U);
    EXPECT_EQ(drawn, seen);
}

TEST_F(Evaluator, ChangesNoBitOfARunBesideIt) {
    Experiment experiment = training_experiment("wav", 200);
    experiment.model.dropout = 0.1;
    experiment.train.deterministic = true;
    experiment.train.threads = 1;
    ASSERT_EQ(train(experiment, *folder_ / "alone").end().state, RunState::finished);
    const double alone = wavlab_model_library()->evaluate(request()).loss;
    TrainRequest training;
    training.experiment = experiment;
    training.run_folder = *folder_ / "beside";
    WatchedRun run(training);
    run.wait_for_step(1);
    for (int evaluations = 0; evaluations < 5; ++evaluations) {
        EXPECT_EQ(wavlab_model_library()->evaluate(request()).loss, alone);
        SampleRequest text;
        text.checkpoint = request().checkpoint;
        text.tokens = 10;
        text.device = "cpu";
        EXPECT_EQ(wavlab_model_library()->sample(text, nullptr).size(), 10U);
    }
    EXPECT_EQ(run.wait_for_end().end().state, RunState::finished);
    expect_same_run(stored_run(*folder_ / "alone"), stored_run(*folder_ / "beside"));
}

TEST_F(Evaluator, WritesTheInitialModel) {
    const Experiment experiment = training_experiment("wav", 5);
    wavlab_model_library()->write_initial_model(experiment, *folder_ / "initial.safetensors");
    EvaluateRequest asked = request();
    asked.checkpoint = *folder_ / "initial.safetensors";
    EXPECT_EQ(wavlab_model_library()->evaluate(asked).loss, events_->scalar("val/loss").at(0));
}

TEST(ModelLibrary, ChoosesDevicesAndSaysWhy) {
    ModelLibrary* library = wavlab_model_library();
    EXPECT_EQ(library->choose_device("cpu", 2).name, "cpu");
    EXPECT_EQ(library->choose_device("cpu", 2).title, "CPU, 2 threads");
    EXPECT_FALSE(library->choose_device("auto", 0).reason.empty());
    EXPECT_THROW((void)library->choose_device("cuda:99", 0), InputError);
    EXPECT_THROW((void)library->choose_device("tpu", 0), InputError);
    EXPECT_THAT(library->devices(), ::testing::Contains("cpu"));
    EXPECT_FALSE(library->torch_version().empty());
    EXPECT_FALSE(library->cpu_capability().empty());
}

TEST(ModelLibrary, MeasuresStepsUntilStopped) {
    const Experiment experiment = training_experiment("wav", 5);
    const StepTime time = wavlab_model_library()->measure_step(experiment, 60, 5.0, {});
    EXPECT_GE(time.measured_steps, 1);
    EXPECT_GT(time.seconds_per_step, 0);
    EXPECT_GT(time.seconds_per_evaluation, 0);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(wavlab_model_library()->measure_step(experiment, 60, 5.0, stop.get_token()).measured_steps, 0);
}

}  // namespace
}  // namespace wavlab
