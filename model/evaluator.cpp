// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/evaluator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/safetensors.h"
#include "datasets/text.h"
#include "datasets/token_data.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/evaluation_text.h"
#include "model/memory_check.h"

namespace wavlab {

namespace {

using Starts = std::span<const std::int64_t>;

/// Calls `use(part)` for `batch` of the starts at a time. False when `progress` stopped it before the end.
template <class Use>
bool for_each_batch(const std::vector<std::int64_t>& starts, std::int64_t batch, const EvaluationProgress& progress,
                    Use use) {
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(1, batch));
    const auto goes_on = [&](std::size_t done) {
        return !progress || progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(starts.size()));
    };
    for (std::size_t first = 0; first < starts.size(); first += size) {
        if (!goes_on(first)) return false;
        use(Starts(starts).subspan(first, std::min(size, starts.size() - first)));
    }
    return goes_on(starts.size());
}

/// Keeps every router's weights on the host.
class WeightKeeper : public ForwardObserver {
public:
    explicit WeightKeeper(std::size_t routers) : weights_(routers), sources_(routers) {}

    void on_routing(std::int64_t router, const std::vector<Source>& sources, const std::vector<at::Tensor>&,
                    const at::Tensor& weights) override {
        const auto index = static_cast<std::size_t>(router - 1);
        weights_.at(index).push_back(weights.detach().to(at::kFloat).cpu());
        sources_.at(index) = sources;
    }

    std::size_t routers() const { return weights_.size(); }
    /// [B, T, S] of all batches.
    at::Tensor weights(std::size_t router) const { return at::cat(weights_[router]).contiguous(); }
    /// The labels as a JSON list.
    std::string labels(std::size_t router) const {
        nlohmann::json list = nlohmann::json::array();
        for (const Source& source : sources_[router]) list.push_back(label(source));
        return list.dump();
    }

private:
    std::vector<std::vector<at::Tensor>> weights_;
    std::vector<std::vector<Source>> sources_;
};

/// Everything that goes into a dump, with the memory that its views borrow.
class Dump {
public:
    void add(const std::string& name, TensorType type, const at::Tensor& tensor) {
        held_.push_back(tensor.detach().cpu().contiguous());
        const at::Tensor& host = held_.back();
        views_.push_back(
            {name, type, host.sizes().vec(), {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}});
    }
    void add_routing(const WeightKeeper& keeper) {
        for (std::size_t router = 0; router < keeper.routers(); ++router) {
            const std::string name = "routing." + std::to_string(router + 1);
            add(name + ".weights", TensorType::f32, keeper.weights(router));
            metadata_[name + ".sources"] = keeper.labels(router);
        }
    }
    void write(const std::filesystem::path& file) { write_safetensors(file, views_, metadata_); }

private:
    std::vector<at::Tensor> held_;
    std::vector<TensorView> views_;
    TensorMetadata metadata_;
};

/// A dump needs memory for logits and weights of all windows: refuse before, not in the midst.
void require_memory_for_dump(const Decoder& decoder, std::int64_t windows) {
    const auto tokens = static_cast<double>(windows * decoder.experiment().model.context);
    const auto cells = static_cast<double>(decoder.routing_layout().cell_count());
    const double bytes = 2 * 4 * tokens * (static_cast<double>(decoder.vocabulary()) + cells);
    const std::optional<double> available = available_memory_bytes();
    if (available && bytes > *available)
        throw InputError("the dump of " + std::to_string(windows) + " windows needs about " + memory_text(bytes) +
                         " of memory and this machine has " + memory_text(*available) + " free: choose fewer windows");
}

/// Runs all windows and dumps them; returns their mean loss. Empty, and no dump, when `progress` said so.
std::optional<double> evaluate_with_dump(const Decoder& decoder, const TokenWindows& text,
                                         const std::vector<std::int64_t>& starts, const EvaluateRequest& request,
                                         const EvaluationProgress& progress) {
    require_memory_for_dump(decoder, static_cast<std::int64_t>(starts.size()));
    const at::AutoGradMode gradient(request.gradients);
    WeightKeeper keeper(decoder.routing_layout().routers.size());
    std::vector<at::Tensor> tokens;
    std::vector<at::Tensor> targets;
    std::vector<at::Tensor> logits;
    at::Tensor loss = at::zeros({1}, at::kDouble);
    const bool done = for_each_batch(starts, decoder.experiment().train.batch, progress, [&](Starts part) {
        const TokenBatch batch = text.batch(part);
        ForwardContext context;
        context.observer = &keeper;
        const at::Tensor output = decoder.forward(batch.tokens, context);
        const double share = static_cast<double>(part.size()) / static_cast<double>(starts.size());
        const at::Tensor mean = at::cross_entropy_loss(output.flatten(0, 1), batch.targets.flatten()) * share;
        if (request.gradients) mean.backward();
        loss += mean.detach().cpu().to(at::kDouble);
        tokens.push_back(batch.tokens.cpu());
        targets.push_back(batch.targets.cpu());
        logits.push_back(output.detach().cpu());
    });
    if (!done) return std::nullopt;
    Dump dump;
    dump.add("tokens", TensorType::i64, at::cat(tokens));
    dump.add("targets", TensorType::i64, at::cat(targets));
    dump.add("logits", TensorType::f32, at::cat(logits).to(at::kFloat));
    dump.add("loss", TensorType::f32, loss.to(at::kFloat));
    dump.add_routing(keeper);
    if (request.gradients)
        for (const Parameter& parameter : decoder.parameters()) {
            const at::Tensor value = parameter.value.grad();
            dump.add("gradient." + parameter.name, TensorType::f32,
                     value.defined() ? value.to(at::kFloat) : at::zeros_like(parameter.value.detach()));
        }
    dump.write(request.dump);
    return loss.item<double>();
}

}  // namespace

std::optional<double> evaluation_loss(const Decoder& decoder, const TokenWindows& text, std::int64_t windows,
                                      std::int64_t batch, const EvaluationProgress& progress) {
    const at::NoGradGuard no_gradient;
    const std::vector<std::int64_t> starts =
        evaluation_starts(text.size(), decoder.experiment().model.context, windows);
    std::vector<at::Tensor> losses;
    const bool done = for_each_batch(starts, batch, progress, [&](Starts part) {
        const TokenBatch tokens = text.batch(part);
        ForwardContext context;
        losses.push_back(decoder.loss(tokens.tokens, tokens.targets, context).to(at::kDouble) *
                         static_cast<double>(part.size()));
    });
    if (!done) return std::nullopt;
    return at::stack(losses).sum().item<double>() / static_cast<double>(starts.size());
}

EvaluationResult evaluate_checkpoint(const EvaluateRequest& request) {
    const ChosenDevice chosen = choose_device(request.device, 0);
    const LoadedModel model = load_model(request.checkpoint, chosen.device, request.base_folder);
    const Experiment& experiment = model.experiment();
    configure_computation(experiment.train, chosen.device);
    const EvaluationText text = evaluation_text(model, request.text);
    const std::int64_t count = request.windows.value_or(experiment.train.eval_windows);
    const std::int64_t context = experiment.model.context;
    const std::vector<std::int64_t> starts = evaluation_starts(text.tokens.size(), context, count);
    const TokenWindows windows(text.tokens, context, chosen.device);
    const EvaluationProgress progress = [&](std::int64_t done, std::int64_t total) {
        if (request.stop.stop_requested()) return false;
        if (request.on_progress) request.on_progress(done, total);
        return true;
    };
    EvaluationResult result;
    const std::optional<double> loss =
        request.dump.empty() ? evaluation_loss(*model.decoder, windows, count, experiment.train.batch, progress)
                             : evaluate_with_dump(*model.decoder, windows, starts, request, progress);
    result.cancelled = !loss;
    result.loss = loss.value_or(std::numeric_limits<double>::quiet_NaN());
    result.windows = count;
    result.tokens = count * context;
    if (model.tokenizer->is_lossless())
        for (const std::int64_t start : starts) {
            const std::string predicted = model.tokenizer->decode(text.tokens.slice(start + 1, context));
            result.characters += count_characters(predicted);
            result.bytes += static_cast<std::int64_t>(predicted.size());
        }
    result.step = model.step;
    result.source = text.source;
    result.device = chosen.choice.name;
    return result;
}

}  // namespace wavlab
