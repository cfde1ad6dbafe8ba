// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sha256.h"

#include <string>

#include <gtest/gtest.h>

namespace wavlab {
namespace {

// FIPS 180-4 examples.
TEST(Sha256, KnownDigests) {
    EXPECT_EQ(sha256_hex(std::string_view("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex(std::string_view("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(std::string_view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheSameDigestAndItStartsOver) {
    Sha256 hash;
    const std::string text(300, 'x');
    for (int round = 0; round < 2; ++round) {
        for (const char character : text) hash.update(std::string_view(&character, 1));
        EXPECT_EQ(hash.hex_digest(), sha256_hex(text));
    }
    const std::string bytes("\0\xFF", 2);
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span(bytes))), sha256_hex(bytes));
}

}  // namespace
}  // namespace wavlab
