// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/inspector.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "datasets/text.h"
#include "datasets/token_data.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/evaluation_text.h"

namespace wavlab {

namespace {

/// Keeps weights, contributions and attributions of every token.
class TokenObserver : public ForwardObserver {
public:
    void on_routing(std::int64_t, const std::vector<Source>&, const std::vector<at::Tensor>& values,
                    const at::Tensor& weights) override {
        const at::NoGradGuard no_gradient;
        std::vector<at::Tensor> norms;
        for (const at::Tensor& value : values)
            norms.push_back(at::linalg_vector_norm(value, 2, {-1}, false, at::kFloat).reshape({-1}));
        const at::Tensor alpha = weights.to(at::kFloat).reshape({-1, weights.size(-1)}).t();  // [S, T]
        weights_.push_back(alpha);
        contributions_.push_back(alpha * at::stack(norms));
    }
    Attribution attribution() const override { return Attribution::per_token; }
    void on_attribution(std::int64_t, const at::Tensor& attribution) override { attributions_.push_back(attribution); }

    /// After the backward pass.
    void write(TokenRouting& routing) const {
        routing.weight = numbers(weights_);
        routing.contribution = numbers(contributions_);
        routing.attribution = numbers(attributions_);
    }

private:
    static std::vector<float> numbers(const std::vector<at::Tensor>& routers) {
        const at::Tensor host = at::cat(routers).to(at::kFloat).cpu().contiguous();
        const float* first = host.const_data_ptr<float>();
        return {first, first + host.numel()};
    }

    std::vector<at::Tensor> weights_, contributions_, attributions_;  // [S, T] a router
};

std::vector<std::int32_t> tokens_of(const LoadedModel& model, const InspectRequest& request, std::string& source) {
    const std::int64_t context = model.experiment().model.context;
    if (request.text.empty()) {
        const EvaluationText text = evaluation_text(model, "");
        const std::int64_t windows = model.experiment().train.eval_windows;
        if (request.window < 0 || request.window >= windows)
            throw InputError("there is no window " + std::to_string(request.window) + "; the validation part has " +
                             std::to_string(windows) + ", counted from 0");
        source = "window " + std::to_string(request.window) + " of the " + text.source;
        const std::int64_t start =
            evaluation_starts(text.tokens.size(), context, windows)[static_cast<std::size_t>(request.window)];
        return text.tokens.slice(start, context);
    }
    source = "text of " + std::to_string(count_characters(request.text)) + " characters";
    std::vector<std::int32_t> tokens;
    try {
        tokens = model.tokenizer->encode(request.text);
    } catch (const InputError& error) {
        throw InputError(std::string("the text does not fit the model: ") + error.what());
    }
    if (const auto count = static_cast<std::int64_t>(tokens.size()); count > context)
        throw InputError("the text has " + std::to_string(count) + " tokens and the model reads at most " +
                         std::to_string(context));
    return tokens;
}

/// What each token stands for; one that is only a part of a character is U+FFFD.
std::string shown_text(const Tokenizer& tokenizer, std::int32_t token) {
    return normalise_text(tokenizer.decode_token(token));
}

void describe_tokens(TokenRouting& routing, const Tokenizer& tokenizer, const std::vector<std::int32_t>& tokens,
                     const at::Tensor& logits, std::int64_t next_tokens) {
    const at::Tensor logs = at::log_softmax(logits[0].detach().cpu().to(at::kDouble), -1);  // [T, V]
    const std::int64_t kept = std::clamp<std::int64_t>(next_tokens, 0, logs.size(1));
    const auto [best, places] = logs.topk(kept, -1);
    double sum = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i);
        InspectedToken token{tokens[i], shown_text(tokenizer, tokens[i]), std::nullopt, {}};
        if (i > 0) token.loss = -logs[row - 1][tokens[i]].item<double>();
        sum += token.loss.value_or(0);
        for (std::int64_t rank = 0; rank < kept; ++rank) {
            const auto id = places[row][rank].item<std::int64_t>();
            token.next.push_back(
                {id, shown_text(tokenizer, static_cast<std::int32_t>(id)), std::exp(best[row][rank].item<double>())});
        }
        routing.tokens.push_back(std::move(token));
    }
    if (tokens.size() > 1) routing.loss = sum / static_cast<double>(tokens.size() - 1);
}

}  // namespace

TokenRouting inspect_checkpoint(const InspectRequest& request) {
    const ChosenDevice chosen = choose_device(request.device, 0);
    const LoadedModel model = load_model(request.checkpoint, chosen.device, request.base_folder);
    configure_computation(model.experiment().train, chosen.device);
    require_routing(*model.decoder);
    TokenRouting routing;
    const std::vector<std::int32_t> tokens = tokens_of(model, request, routing.source);
    const at::Tensor input =
        at::tensor(std::vector<std::int64_t>(tokens.begin(), tokens.end()), at::kLong).to(chosen.device).unsqueeze(0);
    TokenObserver observer;
    ForwardContext context;
    context.observer = &observer;
    const at::AutoGradMode gradients(true);
    const at::Tensor logits = model.decoder->forward(input, context);
    // A single token predicts nothing that is known: there is no loss to attribute.
    if (const auto last = static_cast<std::int64_t>(tokens.size()) - 1; last > 0)
        at::cross_entropy_loss(logits[0].narrow(0, 0, last), input[0].narrow(0, 1, last)).backward();
    observer.write(routing);
    describe_tokens(routing, *model.tokenizer, tokens, logits, request.next_tokens);
    routing.layout = model.decoder->routing_layout();
    routing.step = model.step;
    routing.device = chosen.choice.name;
    return routing;
}

}  // namespace wavlab
