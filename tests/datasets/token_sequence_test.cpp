// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_sequence.h"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

namespace wavlab {
namespace {

class TokenSequenceOfSize : public testing::TestWithParam<std::int64_t> {};

TEST_P(TokenSequenceOfSize, HoldsEveryTokenOfItsVocabulary) {
    const std::int64_t vocabulary = GetParam();
    TokenSequence tokens(vocabulary);
    for (std::int64_t token = 0; token < vocabulary; ++token) tokens.push_back(static_cast<std::int32_t>(token));
    ASSERT_EQ(tokens.size(), vocabulary);
    for (std::int64_t token = 0; token < vocabulary; ++token) ASSERT_EQ(tokens[token], token);
    const std::vector<std::int64_t> counts = tokens.counts(vocabulary);
    EXPECT_EQ(counts, std::vector<std::int64_t>(static_cast<std::size_t>(vocabulary), 1));
    std::array<std::int64_t, 1> last{};
    tokens.copy(vocabulary - 1, last);
    EXPECT_EQ(last[0], vocabulary - 1);
    EXPECT_EQ(tokens.bytes(), vocabulary * (vocabulary <= 256 ? 1 : vocabulary <= 65536 ? 2 : 4));
}

INSTANTIATE_TEST_SUITE_P(Limits, TokenSequenceOfSize, testing::Values(1, 256, 257, 65536, 65537));

TEST(TokenSequence, CopiesOnlyWhatIsThere) {
    TokenSequence tokens(10);
    tokens.append(std::vector<std::int32_t>{5, 6, 7, 8});
    EXPECT_EQ(tokens.slice(1, 2), (std::vector<std::int32_t>{6, 7}));
    EXPECT_TRUE(tokens.slice(4, 0).empty());
    EXPECT_THROW(tokens.slice(3, 2), std::out_of_range);
    EXPECT_THROW(tokens.slice(-1, 2), std::out_of_range);
    EXPECT_THROW(tokens.slice(INT64_MAX, 2), std::out_of_range);
    std::array<std::int64_t, 3> window{};
    EXPECT_THROW(tokens.copy(2, window), std::out_of_range);
    tokens.copy(1, window);
    EXPECT_EQ(window, (std::array<std::int64_t, 3>{6, 7, 8}));
}

}  // namespace
}  // namespace wavlab
