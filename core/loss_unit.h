// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "core/run_event.h"

namespace wavlab {

/// What a loss is given in. Losses are recorded in nats per token; per character and per byte they can be compared
/// between runs whose tokenizers differ.
enum class LossUnit { nats_per_token, bits_per_character, bits_per_byte };

/// "nats-per-token", "bits-per-character", "bits-per-byte"; empty for anything else.
std::optional<LossUnit> parse_loss_unit(std::string_view text);

/// By what a loss of this run in nats per token is multiplied. Bits per character = loss / ln 2 · tokens / characters,
/// both counted over the whole validation part (training losses too: the parts are taken to be alike). Empty where it
/// is not defined, because the tokens do not give the text back, or not known, in runs of older versions.
std::optional<double> loss_factor(const RunDescription& run, LossUnit unit);

/// A loss in nats per token in this unit; empty where there is none or the unit is not defined.
std::optional<double> loss_in(LossUnit unit, std::optional<double> loss, const RunDescription& run);

}  // namespace wavlab
