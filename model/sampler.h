// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "datasets/tokenizer.h"
#include "model/decoder.h"
#include "model/model_library.h"

namespace wavlab {

/// How a text is drawn.
struct SampleSettings {
    std::int64_t tokens = 200;
    std::uint64_t seed = 1;
    double temperature = 1.0;                   ///< 0: always the likeliest token
    std::int64_t top_k = 0;                     ///< draws among the so many likeliest tokens; 0: among all
    std::function<bool()> cancelled = nullptr;  ///< asked before each token; may be null
};

/// Draws tokens one after the other, each from the model's distribution over what follows the last `context` tokens,
/// for all prompts together, each with random numbers of its own. An empty prompt starts after a line feed, where the
/// vocabulary has one. Returns what follows each prompt, up to where `cancelled` said so; `on_text` (may be null) gets
/// what follows the first piece by piece. Throws InputError for a prompt with characters outside the vocabulary.
std::vector<std::string> draw_texts(const Decoder& decoder, const Tokenizer& tokenizer,
                                    const std::vector<std::string>& prompts, const SampleSettings& settings,
                                    const std::function<void(const std::string&)>& on_text);

/// Draws from a model file. Returns the prompt and what follows it.
std::string sample_checkpoint(const SampleRequest& request, const std::function<void(const std::string&)>& on_text);

}  // namespace wavlab
