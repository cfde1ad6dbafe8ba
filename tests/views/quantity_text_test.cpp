// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gtest/gtest.h>

#include "views/quantity_text.h"

namespace wavlab {
namespace {

TEST(QuantityText, ReadsAsPeopleWriteIt) {
    EXPECT_EQ(count_text(1234567), "1,234,567");
    EXPECT_EQ(short_count_text(950), "950");
    EXPECT_EQ(short_count_text(999.9), "1.00 k");
    EXPECT_EQ(short_count_text(12345678), "12.3 M");
    EXPECT_EQ(bytes_text(412e6), "412 MB");
    EXPECT_EQ(bytes_text(1.34e9), "1.3 GB");
    EXPECT_EQ(duration_text(41.2), "0:42");
    EXPECT_EQ(duration_text(3723), "1:02:03");
    EXPECT_EQ(duration_text(90000), "1 d 01:00");
    EXPECT_EQ(duration_text(std::nan("")), "?");
    EXPECT_EQ(loss_text(std::nullopt), "–");
    EXPECT_EQ(loss_text(INFINITY), "inf");
    EXPECT_EQ(loss_text(0.47381), "0.4738");
}

}  // namespace
}  // namespace wavlab
