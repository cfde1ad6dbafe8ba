// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss_unit.h"

#include <cmath>

#include <gtest/gtest.h>

namespace wavlab {
namespace {

RunDescription described(std::int64_t tokens, std::int64_t characters, std::int64_t bytes) {
    RunDescription run;
    run.validation_tokens = tokens;
    run.validation_characters = characters;
    run.validation_bytes = bytes;
    return run;
}

TEST(LossUnit, IsTheSameForEveryTokenizerOfOneText) {
    // A model that knows nothing but the number of equally likely tokens: 1000 characters of 1200 bytes, each way of
    // telling them carries the same bits in all.
    const double bits = 800;
    for (const std::int64_t tokens : {1000, 1200, 250}) {
        const RunDescription run = described(tokens, 1000, 1200);
        const double loss = bits * std::log(2.0) / static_cast<double>(tokens);
        EXPECT_NEAR(loss * *loss_factor(run, LossUnit::bits_per_character), 0.8, 1e-12);
        EXPECT_NEAR(loss * *loss_factor(run, LossUnit::bits_per_byte), bits / 1200, 1e-12);
        EXPECT_EQ(loss_factor(run, LossUnit::nats_per_token), 1.0);
    }
}

TEST(LossUnit, IsNotDefinedWhereTheTokensDoNotGiveTheTextBack) {
    EXPECT_FALSE(loss_factor(described(10, 0, 0), LossUnit::bits_per_character));
    EXPECT_FALSE(loss_factor(described(10, 0, 0), LossUnit::bits_per_byte));
    EXPECT_EQ(loss_factor(described(10, 0, 0), LossUnit::nats_per_token), 1.0);
}

TEST(LossUnit, OfALossThatIsThere) {
    const RunDescription run = described(250, 1000, 1200);
    EXPECT_NEAR(*loss_in(LossUnit::bits_per_byte, std::log(2.0), run), 250.0 / 1200, 1e-12);
    EXPECT_FALSE(loss_in(LossUnit::bits_per_byte, std::nullopt, run));
    EXPECT_FALSE(loss_in(LossUnit::bits_per_byte, 1.0, described(250, 0, 0)));
}

TEST(LossUnit, Names) {
    EXPECT_EQ(parse_loss_unit("bits-per-byte"), LossUnit::bits_per_byte);
    EXPECT_EQ(parse_loss_unit("bits-per-character"), LossUnit::bits_per_character);
    EXPECT_EQ(parse_loss_unit("nats-per-token"), LossUnit::nats_per_token);
    EXPECT_FALSE(parse_loss_unit("bits"));
}

}  // namespace
}  // namespace wavlab
