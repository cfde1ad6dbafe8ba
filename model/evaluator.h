// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "datasets/token_sequence.h"
#include "model/decoder.h"
#include "model/model_library.h"
#include "model/token_windows.h"

namespace wavlab {

/// Asked between batches, with the windows done and their number; false: stop. May be null.
using EvaluationProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

/// Mean loss in nats per token over the fixed evaluation windows of a text. Windows go through the model `batch` at a
/// time. Empty when `progress` said so.
std::optional<double> evaluation_loss(const Decoder& decoder, const TokenWindows& text, std::int64_t windows,
                                      std::int64_t batch, const EvaluationProgress& progress);

/// Evaluates a model file on a text, and dumps what it saw where that is asked for (design §5).
EvaluationResult evaluate_checkpoint(const EvaluateRequest& request);

}  // namespace wavlab
