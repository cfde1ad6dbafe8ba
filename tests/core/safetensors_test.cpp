// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "core/error.h"
#include "core/safe_file.h"
#include "core/safetensors_header.h"
#include "tests/core/child_process.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

template <class Value>
std::span<const std::byte> bytes_of(const std::vector<Value>& values) {
    return std::as_bytes(std::span(values));
}

const std::vector<float> weights{1.5f, -2.0f, 0.25f, 1e-20f, 3.0f, 4.0f};
const std::vector<std::int64_t> positions{7, -1};
const std::vector<std::uint8_t> odd{1, 2, 3};

std::vector<TensorView> some_tensors() {
    return {{"u8", TensorType::u8, {3}, bytes_of(odd)},
            {"weights", TensorType::f32, {2, 3}, bytes_of(weights)},
            {"empty", TensorType::f32, {0, 5}, {}},
            {"positions", TensorType::i64, {2}, bytes_of(positions)}};
}

/// A file from a header's text and data of so many zero bytes.
std::string file_text(const std::string& header, std::size_t data_bytes = 0) {
    const std::uint64_t length = header.size();
    std::string text(8, '\0');
    std::memcpy(text.data(), &length, 8);
    return text + header + std::string(data_bytes, '\0');
}

TEST(Safetensors, RoundTrips) {
    const TemporaryFolder folder;
    write_safetensors(folder / "m.safetensors", some_tensors(), {{"step", "100"}, {"text", "a \"b\" \u00e9 \n"}});
    const SafetensorsFile file(folder / "m.safetensors");
    EXPECT_EQ(file.tensors().size(), 4u);
    for (const TensorView& expected : some_tensors()) {
        const TensorView* found = file.find(expected.name);
        ASSERT_NE(found, nullptr) << expected.name;
        EXPECT_EQ(found->type, expected.type);
        EXPECT_EQ(found->shape, expected.shape);
        EXPECT_TRUE(std::equal(found->bytes.begin(), found->bytes.end(), expected.bytes.begin(), expected.bytes.end()));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->bytes.data()) % size_of(found->type), 0u);
    }
    EXPECT_EQ(file.find("nothing"), nullptr);
    EXPECT_EQ(file.metadata("step"), "100");
    EXPECT_EQ(file.metadata("text"), "a \"b\" \u00e9 \n");
    EXPECT_THAT(message_of<InputError>([&] { file.metadata("vocabulary"); }), HasSubstr("'vocabulary' is missing"));
}

TEST(Safetensors, IsDeterministicAndAligned) {
    const TemporaryFolder folder;
    std::vector<TensorView> tensors = some_tensors();
    write_safetensors(folder / "a", tensors, {});
    std::reverse(tensors.begin(), tensors.end());
    write_safetensors(folder / "b", tensors, {});
    const std::string text = read_file(folder / "a");
    EXPECT_EQ(text, read_file(folder / "b"));
    std::uint64_t header = 0;
    std::memcpy(&header, text.data(), 8);
    EXPECT_EQ(header % 8, 0u);
}

TEST(Safetensors, HasAChecksumForEachTensor) {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", some_tensors(), {});
    const TensorMetadata checksums = parse_string_map(SafetensorsFile(folder / "a").metadata("checksums"));
    EXPECT_EQ(checksums.size(), 4u);
    EXPECT_EQ(checksums.at("empty"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Safetensors, AcceptsFilesOfOtherPrograms) {
    const TemporaryFolder folder;
    write_text(folder / "a", file_text(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   )", 8));
    EXPECT_EQ(SafetensorsFile(folder / "a").tensors().front().name, "x");
    write_text(folder / "scalar", file_text(R"({"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]}})", 8));
    EXPECT_EQ(SafetensorsFile(folder / "scalar").tensors().front().bytes.size(), 8u);
    write_text(folder / "none", file_text("{}"));
    EXPECT_TRUE(SafetensorsFile(folder / "none").tensors().empty());
}

struct BadHeader {
    const char* json;
    std::size_t data_bytes;
    const char* part;
};

class BadHeaders : public testing::TestWithParam<BadHeader> {};

TEST_P(BadHeaders, AreErrorsThatNameFileAndReason) {
    const TemporaryFolder folder;
    write_text(folder / "bad", file_text(GetParam().json, GetParam().data_bytes));
    const std::string message = message_of<InputError>([&] { SafetensorsFile file(folder / "bad"); });
    EXPECT_THAT(message, testing::StartsWith((folder / "bad").string() + ": "));
    EXPECT_THAT(message, HasSubstr(GetParam().part));
}

INSTANTIATE_TEST_SUITE_P(
    Safetensors, BadHeaders,
    testing::Values(
        BadHeader{"", 0, "does not begin with {"}, BadHeader{"[]", 0, "does not begin with {"},
        BadHeader{"{", 0, "not valid JSON"}, BadHeader{"{}x", 0, "not valid JSON"},
        BadHeader{"{}", 1, "belong to no tensor"}, BadHeader{R"({"x":1})", 0, "a number where it must not be"},
        BadHeader{R"({"x":[]})", 0, "a list where it must not be"},
        BadHeader{R"({"x":{}})", 0, "must have dtype, shape and data_offsets"},
        BadHeader{R"({"":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1, "without a name"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1]}})", 1, "must have dtype, shape and data_offsets"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"a":"b"}})", 1, "text where it must not be"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1, "must have two data offsets"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1, "must have two data offsets"},
        BadHeader{R"({"x":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", 1, "unknown type 'F8'"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "a negative number"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1, "not whole"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}})", 1, "too large"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "another size"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})", 1, "another size than its shape"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 1, "lies outside of the file"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}})", 2, "lies outside"},
        BadHeader{R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "does not begin where"},
        BadHeader{
            R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
            1, "does not begin where"},
        BadHeader{
            R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
            2, "names 'x' twice"},
        BadHeader{R"({"x":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1, "'dtype' of 'x' twice"},
        BadHeader{R"({"__metadata__":{"a":1}})", 0, "a number where it must not be"},
        BadHeader{R"({"__metadata__":{"a":"1","a":"2"}})", 0, "'a' of '__metadata__' twice"},
        BadHeader{R"({"__metadata__":{"checksums":"{\"x\":\"00\"}"}})", 0, "no such tensor"},
        BadHeader{R"({"__metadata__":{"checksums":"["}})", 0, "the checksums cannot be read"},
        BadHeader{
            R"({"__metadata__":{"checksums":"{\"x\":\"00\"}"},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
            "tensor 'x' do not match their checksum"},
        BadHeader{"{\"\xff\":1}", 0, "not valid JSON"}));

TEST(Safetensors, RefusesWhatIsNoFile) {
    const TemporaryFolder folder;
    const auto message = [](const fs::path& path) {
        return message_of<InputError>([&] { SafetensorsFile file(path); });
    };
    EXPECT_THAT(message(folder / "none"), HasSubstr("there is no such file"));
    EXPECT_THAT(message(folder.path()), HasSubstr("this is a folder"));
    EXPECT_THAT(message("/dev/zero"), HasSubstr("not an ordinary file"));
    write_text(folder / "short", "abc");
    EXPECT_THAT(message(folder / "short"), HasSubstr("too short"));
    write_text(folder / "huge", std::string(16, '\xff'));
    EXPECT_THAT(message(folder / "huge"), HasSubstr("its header would have 18446744073709551615 bytes"));
}

TEST(Safetensors, HostileNestingIsCheap) {
    const TemporaryFolder folder;
    write_text(folder / "deep", file_text("{\"x\":" + std::string(5'000'000, '[')));
    EXPECT_THROW(SafetensorsFile(folder / "deep"), InputError);
    write_text(folder / "deeper",
               file_text(R"({"__metadata__":{"checksums":")" + std::string(5'000'000, '[') + "\"}}"));
    EXPECT_THROW(SafetensorsFile(folder / "deeper"), InputError);
}

TEST(Safetensors, EveryTruncationIsNoticed) {
    const TemporaryFolder folder;
    write_safetensors(folder / "cut", some_tensors(), {{"step", "100"}});
    for (std::size_t length = fs::file_size(folder / "cut"); length-- > 0;) {
        fs::resize_file(folder / "cut", length);
        EXPECT_THROW(SafetensorsFile(folder / "cut"), InputError) << length;
    }
}

TEST(Safetensors, EveryFlippedBitIsNoticedOrHarmless) {
    const TemporaryFolder folder;
    write_safetensors(folder / "whole", some_tensors(), {{"step", "100"}});
    const std::string text = read_file(folder / "whole");
    std::fstream flipped(folder / "whole", std::ios::in | std::ios::out | std::ios::binary);
    const auto put = [&](std::size_t position, char byte) {
        flipped.seekp(static_cast<std::streamoff>(position));
        flipped.put(byte);
        flipped.flush();
    };
    int harmless = 0;
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
        put(bit / 8, static_cast<char>(text[bit / 8] ^ (1 << (bit % 8))));
        try {
            const SafetensorsFile file(folder / "whole");
            ++harmless;
            EXPECT_EQ(file.metadata("step"), "100") << bit;
            ASSERT_EQ(file.tensors().size(), 4u);
            for (const TensorView& expected : some_tensors()) {
                const TensorView* found = file.find(expected.name);
                ASSERT_NE(found, nullptr) << bit;
                EXPECT_EQ(found->shape, expected.shape) << bit;
                EXPECT_TRUE(
                    std::equal(found->bytes.begin(), found->bytes.end(), expected.bytes.begin(), expected.bytes.end()));
            }
        } catch (const InputError&) {
        }
        put(bit / 8, text[bit / 8]);
    }
    // Spaces of the padding that become other white space, and the name of the header's own checksum.
    EXPECT_LT(harmless, 200);
}

TEST(Safetensors, AFullDiskLeavesNothing) {
    const TemporaryFolder folder;
    const std::vector<float> many(100'000, 1.0f);
    const int code = run_in_child([&] {
        limit_file_size(100'000);
        const auto write = [&] {
            write_safetensors(folder / "a", {{"x", TensorType::f32, {100'000}, bytes_of(many)}}, {});
        };
        return message_of<WorkError>(write).empty() ? 1 : 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(folder.entries(), 0);
}

TEST(Safetensors, RefusesToWriteWhatIsInconsistent) {
    const TemporaryFolder folder;
    const auto write = [&](const std::vector<TensorView>& tensors) { write_safetensors(folder / "a", tensors, {}); };
    EXPECT_THROW(write({{"x", TensorType::f32, {5}, bytes_of(weights)}}), WorkError);
    const TensorView good{"x", TensorType::f32, {6}, bytes_of(weights)};
    EXPECT_THROW(write({good, good}), WorkError);
    EXPECT_THROW(write({{"\xff", TensorType::f32, {6}, bytes_of(weights)}}), WorkError);
    EXPECT_EQ(folder.entries(), 0);
}

}  // namespace
}  // namespace wavlab
