// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

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
