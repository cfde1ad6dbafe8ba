// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss_unit.h"

#include <numbers>

namespace wavlab {

std::optional<LossUnit> parse_loss_unit(std::string_view text) {
    if (text == "nats-per-token") return LossUnit::nats_per_token;
    if (text == "bits-per-character") return LossUnit::bits_per_character;
    if (text == "bits-per-byte") return LossUnit::bits_per_byte;
    return std::nullopt;
}

std::optional<double> loss_factor(const RunDescription& run, LossUnit unit) {
    if (unit == LossUnit::nats_per_token) return 1.0;
    const std::int64_t size = unit == LossUnit::bits_per_character ? run.validation_characters : run.validation_bytes;
    if (size <= 0 || run.validation_tokens <= 0) return std::nullopt;
    return static_cast<double>(run.validation_tokens) / static_cast<double>(size) / std::numbers::ln2;
}

std::optional<double> loss_in(LossUnit unit, std::optional<double> loss, const RunDescription& run) {
    const std::optional<double> factor = loss_factor(run, unit);
    return loss && factor ? std::optional(*loss * *factor) : std::nullopt;
}

}  // namespace wavlab
