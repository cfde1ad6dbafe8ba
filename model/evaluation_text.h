// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "datasets/token_sequence.h"
#include "model/checkpoint.h"

namespace wavlab {

/// A text as tokens of a model's vocabulary.
struct EvaluationText {
    TokenSequence tokens;
    std::string source;  ///< what text it is
};

/// A text file, used whole, or (no path) the validation part of the model's own dataset. Throws InputError where it
/// cannot be read or holds what the model does not know.
EvaluationText evaluation_text(const LoadedModel& model, const std::filesystem::path& file);

/// Throws InputError, which names the method, for a model that has no routers.
void require_routing(const Decoder& decoder);

}  // namespace wavlab
