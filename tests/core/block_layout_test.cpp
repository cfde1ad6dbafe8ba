// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/block_layout.h"

#include <gtest/gtest.h>

#include <numeric>

namespace wavlab {
namespace {

TEST(BlockLayout, DerivesTheSizeFromTheNumber) {
    EXPECT_EQ(BlockLayout(12, 4, 0).block_size(), 6);
    EXPECT_EQ(BlockLayout(12, 5, 0).block_size(), 5);  // ceil(24 / 5)
    EXPECT_EQ(BlockLayout(12, 5, 0).block_count(), 5);
    EXPECT_EQ(BlockLayout(12, 7, 0).block_size(), 4);
    EXPECT_EQ(BlockLayout(12, 7, 0).block_count(), 6);  // the real number of blocks
    EXPECT_EQ(BlockLayout(12, 100, 0).block_size(), 1);
    EXPECT_EQ(BlockLayout(12, 4, 7).block_size(), 7);  // the size wins
    EXPECT_EQ(BlockLayout(2, 1, 1000).block_count(), 1);
}

TEST(BlockLayout, CutsEverySublayerIntoOneBlock) {
    for (const std::int64_t layers : {1, 2, 5, 12}) {
        for (std::int64_t size = 1; size <= 2 * layers + 1; ++size) {
            const BlockLayout layout(layers, 4, size);
            std::int64_t sublayer = 1;
            for (std::int64_t block = 1; block <= layout.block_count(); ++block) {
                EXPECT_EQ(layout.first_sublayer(block), sublayer);
                EXPECT_GE(layout.length(block), 1);
                for (; sublayer <= layout.last_sublayer(block); ++sublayer) {
                    EXPECT_EQ(layout.block_of(sublayer), block);
                    EXPECT_EQ(layout.completes_block(sublayer), sublayer == layout.last_sublayer(block));
                    EXPECT_EQ(layout.completed_blocks(sublayer), layout.completes_block(sublayer) ? block : block - 1);
                }
            }
            EXPECT_EQ(sublayer, 2 * layers + 1);
            EXPECT_EQ(layout.completed_blocks(0), 0);
        }
    }
}

TEST(DetailCoefficients, AlwaysSumToZero) {
    for (std::int64_t length = 1; length <= 9; ++length) {
        for (std::int64_t done = 1; done <= length; ++done) {
            for (const std::int64_t first : {1, 2}) {
                const std::vector<double> phase = phase_coefficients(first, done);
                EXPECT_NEAR(std::accumulate(phase.begin(), phase.end(), 0.0), 0, 1e-12);
                EXPECT_EQ(phase.empty(), done == 1);
            }
            const std::vector<double> split = split_coefficients(length, done);
            EXPECT_NEAR(std::accumulate(split.begin(), split.end(), 0.0), 0, 1e-12);
            EXPECT_EQ(split.empty(), done <= (length + 1) / 2);
        }
    }
}

TEST(DetailCoefficients, HaveTheContractsValues) {
    EXPECT_EQ(phase_coefficients(1, 4), (std::vector<double>{1, -1, 1, -1}));
    EXPECT_EQ(phase_coefficients(2, 2), (std::vector<double>{-1, 1}));
    EXPECT_EQ(phase_coefficients(1, 3), (std::vector<double>{0.75, -1.5, 0.75}));
    EXPECT_EQ(split_coefficients(4, 4), (std::vector<double>{1, 1, -1, -1}));
    EXPECT_EQ(split_coefficients(3, 3), (std::vector<double>{0.75, 0.75, -1.5}));
    EXPECT_EQ(split_coefficients(6, 4), (std::vector<double>{2.0 / 3, 2.0 / 3, 2.0 / 3, -2}));
}

}  // namespace
}  // namespace wavlab
