// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/random.h"

namespace wavlab {

namespace {

using Tokens = std::vector<std::int32_t>;

Tokens prompt_tokens(const Tokenizer& tokenizer, const std::string& prompt) {
    if (!prompt.empty()) return tokenizer.encode(prompt);
    try {
        return tokenizer.encode("\n");
    } catch (const InputError&) {
        return {0};
    }
}

/// The logits of the token that follows each text. Texts go through the model together, shorter ones filled up behind
/// their end, where a causal model does not look.
std::vector<std::vector<double>> next_logits(const Decoder& decoder, const std::vector<Tokens>& texts) {
    const std::int64_t context_length = decoder.experiment().model.context;
    const auto count = static_cast<std::int64_t>(texts.size());
    std::vector<std::int64_t> lengths;
    for (const Tokens& tokens : texts)
        lengths.push_back(std::min(static_cast<std::int64_t>(tokens.size()), context_length));
    const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    at::Tensor windows = at::zeros({count, longest}, at::kLong);
    for (std::size_t i = 0; i < texts.size(); ++i)
        std::copy(texts[i].end() - lengths[i], texts[i].end(),
                  windows.mutable_data_ptr<std::int64_t>() + static_cast<std::int64_t>(i) * longest);
    ForwardContext context;
    const at::Tensor logits = decoder.forward(windows.to(decoder.options().device), context);
    std::vector<at::Tensor> last;
    for (std::int64_t i = 0; i < count; ++i) last.push_back(logits[i][lengths[static_cast<std::size_t>(i)] - 1]);
    const at::Tensor host = at::stack(last).cpu().to(at::kDouble).contiguous();
    std::vector<std::vector<double>> result;
    for (std::int64_t i = 0; i < count; ++i) {
        const double* values = host.const_data_ptr<double>() + i * host.size(1);
        result.emplace_back(values, values + host.size(1));
    }
    return result;
}

/// Takes the logits of all but the `top_k` likeliest tokens away. Of equal ones the first tokens stay.
void keep_likeliest(std::vector<double>& logits, std::int64_t top_k) {
    if (top_k <= 0 || top_k >= static_cast<std::int64_t>(logits.size())) return;
    std::vector<std::size_t> order(logits.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto likelier = [&](std::size_t a, std::size_t b) {
        return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
    };
    const auto kept = order.begin() + top_k;
    std::nth_element(order.begin(), kept, order.end(), likelier);
    for (auto token = kept; token != order.end(); ++token) logits[*token] = -std::numeric_limits<double>::infinity();
}

/// Draws by inverting the cumulative distribution at `uniform` in [0, 1).
std::int32_t draw(std::vector<double> logits, const SampleSettings& settings, double uniform) {
    // A NaN compares as smaller than nothing, so every value is looked at.
    if (!std::all_of(logits.begin(), logits.end(), [](double value) { return std::isfinite(value); }))
        throw WorkError("the model gives values that are not finite, so no text can be drawn");
    const auto largest = std::max_element(logits.begin(), logits.end());
    const auto likeliest = static_cast<std::int32_t>(largest - logits.begin());
    if (settings.temperature <= 0) return likeliest;
    const double highest = *largest;
    keep_likeliest(logits, settings.top_k);
    double total = 0;
    for (double& value : logits) total += value = std::exp((value - highest) / settings.temperature);
    double left = uniform * total;
    for (std::size_t token = 0; token < logits.size(); ++token) {
        left -= logits[token];
        if (left < 0) return static_cast<std::int32_t>(token);
    }
    return likeliest;
}

}  // namespace

std::vector<std::string> draw_texts(const Decoder& decoder, const Tokenizer& tokenizer,
                                    const std::vector<std::string>& prompts, const SampleSettings& settings,
                                    const std::function<void(const std::string&)>& on_text) {
    const at::NoGradGuard no_gradient;
    const std::uint64_t key = random_key(settings.seed, "sample");
    std::vector<std::uint64_t> keys;
    std::vector<Tokens> tokens;
    for (const std::string& prompt : prompts) {
        keys.push_back(keys.empty() ? key : child_key(key, keys.size()));
        tokens.push_back(prompt_tokens(tokenizer, prompt));
    }
    std::vector<std::string> texts(prompts.size());
    if (prompts.empty()) return texts;
    for (std::int64_t step = 0; step < settings.tokens; ++step) {
        if (settings.cancelled && settings.cancelled()) break;
        const std::vector<std::vector<double>> logits = next_logits(decoder, tokens);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const double uniform = random_uniform(keys[i], static_cast<std::uint64_t>(step));
            tokens[i].push_back(draw(logits[i], settings, uniform));
            const std::string piece = tokenizer.decode_token(tokens[i].back());
            texts[i] += piece;
            if (on_text && i == 0) on_text(piece);
        }
    }
    return texts;
}

std::string sample_checkpoint(const SampleRequest& request, const std::function<void(const std::string&)>& on_text) {
    if (request.tokens < 0) throw InputError("the number of tokens to draw must be at least 0");
    if (!(request.temperature >= 0) || !std::isfinite(request.temperature))
        throw InputError("the temperature must be a finite number from 0");
    if (request.top_k < 0) throw InputError("the number of likeliest tokens to draw among must be at least 0 (0: all)");
    const ChosenDevice chosen = choose_device(request.device, 0);
    const LoadedModel model = load_model(request.checkpoint, chosen.device, {});
    configure_computation(model.experiment().train, chosen.device);
    const SampleSettings settings{request.tokens, request.seed, request.temperature, request.top_k,
                                  [&] { return request.stop.stop_requested(); }};
    try {
        (void)model.tokenizer->encode(request.prompt);
    } catch (const InputError& error) {
        throw InputError(std::string("the prompt does not fit the model: ") + error.what());
    }
    if (on_text) on_text(request.prompt);
    return request.prompt + draw_texts(*model.decoder, *model.tokenizer, {request.prompt}, settings, on_text).front();
}

}  // namespace wavlab
