// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/random.h"

namespace wavlab {

namespace {

std::vector<std::int32_t> prompt_tokens(const Tokenizer& tokenizer, const std::string& prompt) {
    if (!prompt.empty()) return tokenizer.encode(prompt);
    try {
        return tokenizer.encode("\n");
    } catch (const InputError&) {
        return {0};
    }
}

/// The logits of the token after the last one, on the host, in double.
at::Tensor next_logits(const Decoder& decoder, const std::vector<std::int32_t>& tokens) {
    const auto length = std::min(static_cast<std::int64_t>(tokens.size()), decoder.experiment().model.context);
    at::Tensor window = at::empty({1, length}, at::kLong);
    std::copy(tokens.end() - length, tokens.end(), window.mutable_data_ptr<std::int64_t>());
    ForwardContext context;
    const at::Tensor logits = decoder.forward(window.to(decoder.options().device), context);
    return logits.select(1, length - 1).select(0, 0).cpu().to(at::kDouble).contiguous();
}

/// Draws by inverting the cumulative distribution at `uniform` in [0, 1).
std::int32_t draw(const at::Tensor& logits, double temperature, double uniform) {
    const double* values = logits.const_data_ptr<double>();
    const double* end = values + logits.numel();
    const double* largest = std::max_element(values, end);
    if (!std::isfinite(*largest))
        throw WorkError("the model gives values that are not finite, so no text can be drawn");
    if (temperature <= 0) return static_cast<std::int32_t>(largest - values);
    double total = 0;
    for (const double* value = values; value != end; ++value) total += std::exp((*value - *largest) / temperature);
    double left = uniform * total;
    for (const double* value = values; value != end; ++value) {
        left -= std::exp((*value - *largest) / temperature);
        if (left < 0) return static_cast<std::int32_t>(value - values);
    }
    return static_cast<std::int32_t>(largest - values);
}

}  // namespace

std::string draw_text(const Decoder& decoder, const Tokenizer& tokenizer, const std::string& prompt,
                      const SampleSettings& settings, const std::function<void(const std::string&)>& on_text) {
    const at::NoGradGuard no_gradient;
    const std::uint64_t key = random_key(settings.seed, "sample");
    std::vector<std::int32_t> tokens = prompt_tokens(tokenizer, prompt);
    std::string text;
    for (std::int64_t i = 0; i < settings.tokens; ++i) {
        const std::int32_t token = draw(next_logits(decoder, tokens), settings.temperature,
                                        random_uniform(key, static_cast<std::uint64_t>(i)));
        tokens.push_back(token);
        const std::string piece = tokenizer.decode_token(token);
        text += piece;
        if (on_text) on_text(piece);
    }
    return text;
}

std::string sample_checkpoint(const SampleRequest& request, const std::function<void(const std::string&)>& on_text) {
    if (request.tokens < 0) throw InputError("the number of tokens to draw must be at least 0");
    if (!(request.temperature >= 0) || !std::isfinite(request.temperature))
        throw InputError("the temperature must be a finite number from 0");
    const ChosenDevice chosen = choose_device(request.device, 0);
    const LoadedModel model = load_model(request.checkpoint, chosen.device, {});
    configure_computation(model.experiment().train, chosen.device);
    const SampleSettings settings{request.tokens, request.seed, request.temperature};
    try {
        (void)model.tokenizer->encode(request.prompt);
    } catch (const InputError& error) {
        throw InputError(std::string("the prompt does not fit the model: ") + error.what());
    }
    if (on_text) on_text(request.prompt);
    return request.prompt + draw_text(*model.decoder, *model.tokenizer, request.prompt, settings, on_text);
}

}  // namespace wavlab
