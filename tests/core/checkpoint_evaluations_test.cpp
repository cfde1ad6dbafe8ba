// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_evaluations.h"

#include <array>
#include <cmath>
#include <limits>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CheckpointEvaluations, AreKeptInTheRunsFolder) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    EXPECT_TRUE(read_evaluations(run).empty());
    const RecordedEvaluation first{100, "abc", 1.25, 64, 8192, "validation part of Toy stories", "cpu"};
    RecordedEvaluation second = first;
    second.source = "a \"text\" of one's own";
    RecordedEvaluation infinite = first;
    infinite.step = 200;
    infinite.loss = -std::numeric_limits<double>::infinity();
    for (const RecordedEvaluation& one : {first, second, infinite}) record_evaluation(run, one);
    EXPECT_THAT(read_evaluations(run), ElementsAre(first, second, infinite));
    RecordedEvaluation again = first;
    again.loss = 1.5;
    record_evaluation(run, again);
    EXPECT_THAT(read_evaluations(run), ElementsAre(second, infinite, again));
    RecordedEvaluation none = first;
    none.loss = std::nan("");
    record_evaluation(run, none);
    EXPECT_TRUE(std::isnan(read_evaluations(run).back().loss));
}

TEST(CheckpointEvaluations, ADamagedFileIsNamedAndKept) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    write_text(folder / "evaluations.json", "{");
    EXPECT_THAT(message_of<InputError>([&] { read_evaluations(run); }), HasSubstr("evaluations.json: "));
    record_evaluation(run, {100, "abc", 1.25, 64, 8192, "a text", "cpu"});
    EXPECT_EQ(read_evaluations(run).size(), 1u);
    EXPECT_TRUE(std::filesystem::exists(folder / "evaluations.json.damaged"));
}

TEST(CheckpointEvaluations, AModelThatWasWrittenAnewIsAnother) {
    const TemporaryFolder folder;
    const auto file = folder / "model.safetensors";
    const auto write = [&](float value) {
        const std::array<float, 2> values = {3, value};
        write_safetensors(file, {{"a.weight", TensorType::f32, {2}, std::as_bytes(std::span(values))}},
                          {{"checksums", std::to_string(value)}});
        return model_identity(file);
    };
    EXPECT_EQ(model_identity(file), "") << "it is not there";
    const std::string one = write(1);
    EXPECT_EQ(one.size(), 64u);
    EXPECT_EQ(write(1), one);
    EXPECT_NE(write(2), one);
    write_text(file, "no model");
    EXPECT_EQ(model_identity(file), "");
}

}  // namespace
}  // namespace wavlab
