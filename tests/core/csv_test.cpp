// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/csv.h"

namespace wavlab {
namespace {

TEST(Csv, QuotesCellsThatWouldBreakTheLine) {
    EXPECT_EQ(csv_cell("layers.0.attn.q"), "layers.0.attn.q");
    EXPECT_EQ(csv_cell("a, b"), "\"a, b\"");
    EXPECT_EQ(csv_cell("the \"best\""), "\"the \"\"best\"\"\"");
    EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace wavlab
