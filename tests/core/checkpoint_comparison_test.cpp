// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_comparison.h"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using ::testing::ElementsAre;

/// Writes tensors of one dimension.
class CheckpointComparisonTest : public ::testing::Test {
protected:
    template <class Number>
    void add(const std::string& name, TensorType type, const std::vector<Number>& numbers) {
        std::vector<std::byte>& bytes = held_.emplace_back(numbers.size() * sizeof(Number));
        std::memcpy(bytes.data(), numbers.data(), bytes.size());
        names_.push_back({name, type, {static_cast<std::int64_t>(numbers.size())}, {}});
    }
    std::filesystem::path write(const std::string& name) {
        for (std::size_t i = 0; i < names_.size(); ++i) names_[i].bytes = held_[i];
        write_safetensors(folder_ / name, names_, {});
        names_.clear();
        held_.clear();
        return folder_ / name;
    }

    TemporaryFolder folder_;
    std::vector<std::vector<std::byte>> held_;
    std::vector<TensorView> names_;
};

TEST_F(CheckpointComparisonTest, MeasuresEveryTensor) {
    add<float>("b.same", TensorType::f32, {1, 2, 2});
    add<float>("a.turned", TensorType::f32, {3, 0});
    add<float>("c.from_zero", TensorType::f32, {0, 0});
    add<float>("only.first", TensorType::f32, {1});
    add<float>("shape", TensorType::f32, {1, 2});
    const auto first = write("first.safetensors");
    add<float>("b.same", TensorType::f32, {1, 2, 2});
    add<float>("a.turned", TensorType::f32, {0, 4});
    add<float>("c.from_zero", TensorType::f32, {0, 2});
    add<float>("only.second", TensorType::f32, {1});
    add<float>("shape", TensorType::f32, {1});
    const auto second = write("second.safetensors");

    const CheckpointComparison result = compare_checkpoints(first, second);
    ASSERT_EQ(result.tensors.size(), 3U);
    const TensorChange& turned = result.tensors[0];
    EXPECT_EQ(turned.name, "a.turned");
    EXPECT_THAT(turned.shape, ElementsAre(2));
    EXPECT_DOUBLE_EQ(turned.first_norm, 3);
    EXPECT_DOUBLE_EQ(turned.second_norm, 4);
    EXPECT_DOUBLE_EQ(turned.difference_norm, 5);
    EXPECT_DOUBLE_EQ(turned.relative_change, 5.0 / 3);
    EXPECT_DOUBLE_EQ(turned.cosine, 0);
    const TensorChange& same = result.tensors[1];
    EXPECT_DOUBLE_EQ(same.difference_norm, 0);
    EXPECT_DOUBLE_EQ(same.relative_change, 0);
    EXPECT_DOUBLE_EQ(same.cosine, 1);
    const TensorChange& from_zero = result.tensors[2];
    EXPECT_EQ(from_zero.relative_change, HUGE_VAL);
    EXPECT_TRUE(std::isnan(from_zero.cosine));
    EXPECT_DOUBLE_EQ(result.whole.first_norm, std::sqrt(9.0 + 9.0));
    EXPECT_DOUBLE_EQ(result.whole.difference_norm, std::sqrt(25.0 + 4.0));
    EXPECT_THAT(result.only_first, ElementsAre("only.first", "shape"));
    EXPECT_THAT(result.only_second, ElementsAre("only.second", "shape"));
    EXPECT_FALSE(result.cancelled);
}

TEST_F(CheckpointComparisonTest, ReadsEveryType) {
    add<std::uint16_t>("bf16", TensorType::bf16, {0x3FC0, 0xC000});                // 1.5, -2
    add<std::uint16_t>("f16", TensorType::f16, {0x3E00, 0xC000, 0x0001, 0x7BFF});  // 1.5, -2, 2^-24, 65504
    add<double>("f64", TensorType::f64, {1.5, -2});
    add<std::int64_t>("i64", TensorType::i64, {-3});
    const auto first = write("first.safetensors");
    add<float>("bf16", TensorType::f32, {1.5F, -2});
    add<float>("f16", TensorType::f32, {1.5F, -2, 0x1p-24F, 65504});
    add<float>("f64", TensorType::f32, {1.5F, -2});
    add<std::int32_t>("i64", TensorType::i32, {-3});
    const CheckpointComparison result = compare_checkpoints(first, write("second.safetensors"));
    ASSERT_EQ(result.tensors.size(), 4U);
    for (const TensorChange& tensor : result.tensors) {
        EXPECT_EQ(tensor.difference_norm, 0) << tensor.name;
        EXPECT_GT(tensor.first_norm, 0) << tensor.name;
    }
}

TEST_F(CheckpointComparisonTest, CanBeStopped) {
    add<float>("a", TensorType::f32, {1});
    const auto file = write("file.safetensors");
    std::stop_source stop;
    stop.request_stop();
    const CheckpointComparison result = compare_checkpoints(file, file, stop.get_token());
    EXPECT_TRUE(result.cancelled);
    EXPECT_TRUE(result.tensors.empty());
    EXPECT_THROW((void)compare_checkpoints(file, folder_ / "missing"), InputError);
}

}  // namespace
}  // namespace wavlab
