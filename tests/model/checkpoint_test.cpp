// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "datasets/char_tokenizer.h"
#include "model/checkpoint.h"
#include "model/evaluator.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace wavlab::testing;

const CharTokenizer tokenizer = CharTokenizer::from_text("abcdefghijk");

class CheckpointRoundTrip : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(CheckpointRoundTrip, KeepsEveryBit) {
    const TemporaryFolder folder;
    const Decoder decoder(GetParam().experiment, tokenizer.vocabulary_size(), {});
    scramble(decoder, 3);
    write_model(folder / "model.safetensors", decoder, tokenizer, 42);
    const LoadedModel loaded = load_model(folder / "model.safetensors", at::kCPU, {});
    EXPECT_EQ(loaded.step, 42);
    EXPECT_EQ(loaded.tokenizer->vocabulary(), tokenizer.vocabulary());
    ASSERT_EQ(loaded.decoder->parameters().size(), decoder.parameters().size());
    for (const Parameter& parameter : decoder.parameters())
        EXPECT_TRUE(at::equal(parameter.value.detach(), loaded.decoder->parameter(parameter.name).detach()))
            << parameter.name;
}

INSTANTIATE_TEST_SUITE_P(Methods, CheckpointRoundTrip, ::testing::ValuesIn(conformance_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

TEST(Checkpoint, HasTheNamesAndShapesOfTheContract) {
    const TemporaryFolder folder;
    const Decoder decoder(tiny_experiment("wav"), tokenizer.vocabulary_size(), {});
    write_model(folder / "model.safetensors", decoder, tokenizer, 0);
    const SafetensorsFile file(folder / "model.safetensors");
    using Shape = std::vector<std::int64_t>;
    std::map<std::string, Shape> expected{{"embed.weight", {11, 8}},    {"final_norm.weight", {8}},
                                          {"head.weight", {11, 8}},     {"routing.query", {7, 8}},
                                          {"routing.key_gain", {7, 8}}, {"routing.detail_bias", {7, 2}}};
    for (int i = 0; i < 3; ++i) {
        const std::string layer = "layers." + std::to_string(i) + ".";
        expected[layer + "attn.norm.weight"] = {8};
        expected[layer + "attn.qkv.weight"] = {24, 8};
        expected[layer + "attn.out.weight"] = {8, 8};
        expected[layer + "mlp.norm.weight"] = {8};
        expected[layer + "mlp.gate.weight"] = {12, 8};
        expected[layer + "mlp.up.weight"] = {12, 8};
        expected[layer + "mlp.down.weight"] = {8, 12};
    }
    std::map<std::string, Shape> found;
    for (const TensorView& tensor : file.tensors()) {
        EXPECT_EQ(tensor.type, TensorType::f32);
        found[tensor.name] = tensor.shape;
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(file.metadata("step"), "0");
    EXPECT_EQ(nlohmann::json::parse(file.metadata("vocabulary")).at(0), 'a');
    EXPECT_NO_THROW((void)parse_experiment(file.metadata("experiment"), "x", {}));
    EXPECT_FALSE(file.metadata("wavlab_version").empty());
    EXPECT_EQ(nlohmann::json::parse(file.metadata("checksums")).size(), found.size());
}

/// A model file rebuilt with changes: hostile files that pass the format's own checks.
class HostileFile : public ::testing::Test {
protected:
    void SetUp() override {
        const Decoder decoder(tiny_experiment("wav"), tokenizer.vocabulary_size(), {});
        write_model(folder_ / "good.safetensors", decoder, tokenizer, 5);
        good_.emplace(folder_ / "good.safetensors");
        tensors_ = good_->tensors();
        metadata_ = good_->metadata();
        metadata_.erase("checksums");
    }
    std::string problem() {
        write_safetensors(folder_ / "bad.safetensors", tensors_, metadata_);
        try {
            (void)load_model(folder_ / "bad.safetensors", at::kCPU, {});
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(), HasSubstr("bad.safetensors"));
            return error.what();
        }
        ADD_FAILURE() << "the file was accepted";
        return "";
    }
    void replace_in_experiment(const std::string& from, const std::string& to) {
        std::string& text = metadata_["experiment"];
        const std::size_t place = text.find(from);
        ASSERT_NE(place, std::string::npos) << text;
        text.replace(place, from.size(), to);
    }
    TensorView& tensor(const std::string& name) {
        return *std::find_if(tensors_.begin(), tensors_.end(), [&](const TensorView& t) { return t.name == name; });
    }

    TemporaryFolder folder_;
    std::optional<SafetensorsFile> good_;
    std::vector<TensorView> tensors_;
    TensorMetadata metadata_;
};

TEST_F(HostileFile, MissingTensor) {
    std::erase_if(tensors_, [](const TensorView& t) { return t.name == "routing.query"; });
    EXPECT_THAT(problem(), HasSubstr("bad.safetensors"));
}

TEST_F(HostileFile, ForeignTensor) {
    tensors_.push_back(tensors_.front());
    tensors_.back().name = "foreign";
    EXPECT_THAT(problem(), HasSubstr("foreign"));
}

TEST_F(HostileFile, WrongShape) {
    tensor("routing.query").shape = {8, 7};
    EXPECT_THAT(problem(), HasSubstr("[8, 7]"));
}

TEST_F(HostileFile, WrongType) {
    tensor("final_norm.weight").type = TensorType::i32;
    EXPECT_THAT(problem(), HasSubstr("I32"));
}

TEST_F(HostileFile, HugeExperiment) {
    replace_in_experiment("layers = 3", "layers = 1000");
    EXPECT_THAT(problem(), HasSubstr("describes a model of"));
}

TEST_F(HostileFile, HugeWidth) {
    replace_in_experiment("width = 8", "width = 65536");
    EXPECT_THAT(problem(), HasSubstr("embedding"));
}

TEST_F(HostileFile, ImpossibleExperiment) {
    replace_in_experiment("layers = 3", "layers = 1000000000");
    (void)problem();
}

TEST_F(HostileFile, HugeContext) {
    replace_in_experiment("context = 8", "context = 1048576");
    metadata_["experiment"].replace(metadata_["experiment"].find("heads = 2"), 9, "heads = 1");
    // With a head width of 8 the table is small, so the model can be read.
    write_safetensors(folder_ / "long.safetensors", tensors_, metadata_);
    EXPECT_NO_THROW((void)load_model(folder_ / "long.safetensors", at::kCPU, {}));
}

TEST_F(HostileFile, NoToml) {
    metadata_["experiment"] = "\x01 = [";
    (void)problem();
}

TEST_F(HostileFile, UnusableVocabularies) {
    for (const char* vocabulary :
         {"", "[", "{}", "[1.5]", "[97, 97]", "[-1]", "[1114112]", "\"abc\"", "[97]", "null"}) {
        metadata_["vocabulary"] = vocabulary;
        (void)problem();
    }
}

TEST_F(HostileFile, ImpossibleSteps) {
    for (const char* step : {"", "-1", "x", "1e9", "99999999999999999999"}) {
        metadata_["step"] = step;
        EXPECT_THAT(problem(), HasSubstr("step"));
    }
}

TEST_F(HostileFile, MissingMetadata) {
    for (const char* key : {"experiment", "vocabulary", "step"}) {
        const TensorMetadata all = metadata_;
        metadata_.erase(key);
        EXPECT_THAT(problem(), HasSubstr(key));
        metadata_ = all;
    }
}

TEST_F(HostileFile, TruncatedAndFlippedBytes) {
    const std::string good = read_file(folder_ / "good.safetensors");
    const auto refuse = [&](const std::string& bytes) {
        write_file_safely(folder_ / "bad.safetensors", bytes);
        EXPECT_THROW((void)load_model(folder_ / "bad.safetensors", at::kCPU, {}), InputError);
    };
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, good.size() / 2, good.size() - 1})
        refuse(good.substr(0, size));
    for (std::size_t place = good.size() - 40; place < good.size(); place += 13) {
        std::string flipped = good;
        flipped[place] = static_cast<char>(flipped[place] ^ 0x10);
        refuse(flipped);
    }
}

}  // namespace
}  // namespace wavlab
