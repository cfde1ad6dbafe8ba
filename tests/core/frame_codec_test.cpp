// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/frame_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstring>
#include <random>

#include "core/error.h"
#include "tests/core/some_run.h"

namespace wavlab {
namespace {

TEST(FrameCodec, RoundTripsEveryKind) {
    EXPECT_TRUE(same_frame(unpack_frame<RoutingFrame>(pack_frame(some_routing(3)), 3), some_routing(3)));
    EXPECT_TRUE(same_frame(unpack_frame<DetailFrame>(pack_frame(some_details(3)), 3), some_details(3)));
    EXPECT_TRUE(same_frame(unpack_frame<DepthFrame>(pack_frame(some_depth(3)), 3), some_depth(3)));
    EXPECT_TRUE(same_frame(unpack_frame<DepthFrame>(pack_frame(DepthFrame{}), 0), DepthFrame{}));
}

TEST(FrameCodec, IgnoresFieldsThatItDoesNotKnow) {
    const std::vector<float> values{1, 2};
    const std::vector<FrameField> fields{{"from the future", values}, {"state_rms", values}};
    const DepthFrame frame = unpack_frame<DepthFrame>(pack_fields(fields), 5);
    EXPECT_EQ(frame.step, 5);
    EXPECT_EQ(frame.state_rms, values);
    EXPECT_TRUE(frame.update_rms.empty());
}

TEST(FrameCodec, NoticesEveryTruncationAndFlippedBit) {
    std::string blob = pack_frame(some_routing(3));
    for (std::size_t length = 0; length < blob.size(); ++length)
        EXPECT_THROW(unpack_fields(std::string_view(blob).substr(0, length)), InputError) << length;
    for (std::size_t bit = 0; bit < 8 * blob.size(); ++bit) {
        const auto flip = [&] { blob[bit / 8] = static_cast<char>(blob[bit / 8] ^ (1 << (bit % 8))); };
        flip();
        try {
            EXPECT_TRUE(same_frame(unpack_frame<RoutingFrame>(blob, 3), some_routing(3))) << bit;
        } catch (const InputError&) {
        }
        flip();
    }
}

TEST(FrameCodec, DoesNotBelieveSizes) {
    const auto packed = [](const std::string& bytes) {
        std::string blob(1 + ZSTD_compressBound(bytes.size()), char(1));
        blob.resize(1 + ZSTD_compress(blob.data() + 1, blob.size() - 1, bytes.data(), bytes.size(), 1));
        return blob;
    };
    EXPECT_THROW(unpack_fields(packed(std::string(200 << 20, '\0'))), InputError);  // a bomb of 200 MB
    EXPECT_THROW(unpack_fields(packed(std::string(4, '\xff'))), InputError);
    EXPECT_THROW(unpack_fields(packed(std::string("\1\0\0\0\xff\xff\xff\xff", 8))), InputError);
    EXPECT_THROW(unpack_fields(packed(std::string("\1\0\0\0\1\0\0\0a\xff\xff\xff\xff", 13))), InputError);
    EXPECT_THROW(unpack_fields(packed(std::string("\0\0\0\0x", 5))), InputError);
    EXPECT_TRUE(unpack_fields(packed(std::string(4, '\0'))).empty());
    std::mt19937 random(3);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& byte : bytes) byte = char(random());
        try {
            unpack_fields(packed(bytes));
        } catch (const InputError&) {
        }
    }
}

}  // namespace
}  // namespace wavlab
