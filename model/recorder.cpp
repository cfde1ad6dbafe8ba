// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/recorder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <type_traits>

namespace wavlab {

namespace {

at::Tensor token_norms(const at::Tensor& values) {
    return at::linalg_vector_norm(values, 2, {-1}, /*keepdim=*/false, at::kFloat);
}

/// rms per token, averaged over tokens: a scalar.
at::Tensor mean_rms(const at::Tensor& values) {
    return token_norms(values).mean() / std::sqrt(static_cast<double>(values.size(-1)));
}

at::Tensor not_a_number(const at::Tensor& like) {
    return at::full({}, std::numeric_limits<double>::quiet_NaN(), like.options().dtype(at::kFloat));
}

}  // namespace

Recorder::Recorder(const Decoder& decoder) : decoder_(&decoder) {}

void Recorder::keep(const std::string& name, std::int64_t number, const at::Tensor& values) {
    statistics_[name][number] = values.detach().to(at::kFloat).reshape({-1});
}

const at::Tensor& Recorder::norm_of(const at::Tensor& value) {
    for (const auto& [source, norms] : source_norms_)
        if (source.is_same(value) || (source.data_ptr() == value.data_ptr() && source.sizes() == value.sizes() &&
                                      source.strides() == value.strides()))
            return norms;
    source_norms_.emplace_back(value.detach(), token_norms(value.detach()));
    return source_norms_.back().second;
}

void Recorder::on_state(std::int64_t sublayer, const at::Tensor& state) {
    const at::NoGradGuard no_gradient;
    keep("state_rms", sublayer, mean_rms(state));
}

void Recorder::on_update(std::int64_t sublayer, const at::Tensor& update) {
    const at::NoGradGuard no_gradient;
    keep("update_rms", sublayer, mean_rms(update));
}

void Recorder::on_routing(std::int64_t router, const std::vector<Source>& sources,
                          const std::vector<at::Tensor>& values, const at::Tensor& weights) {
    const at::NoGradGuard no_gradient;
    const auto count = static_cast<std::int64_t>(sources.size());
    const at::Tensor alpha = weights.detach().to(at::kFloat).reshape({-1, count});  // [B·T, S]
    std::vector<at::Tensor> norms;
    norms.reserve(values.size());
    for (const at::Tensor& value : values) norms.push_back(norm_of(value).reshape({-1}));
    const auto [spread, mean] = at::std_mean(alpha, at::OptionalIntArrayRef({0}), /*correction=*/0);
    keep("weight", router, mean);
    keep("weight_spread", router, spread);
    keep("contribution", router, (alpha * at::stack(norms, 1)).mean(0));
    keep("entropy", router, at::special_entr(alpha).sum(1).mean());
}

void Recorder::on_attribution(std::int64_t router, const at::Tensor& attribution) {
    attributions_[router] = attribution;
}

/// The observed microbatch's loss counted as one of several.
void Recorder::keep_attributions() {
    const auto microbatches = static_cast<double>(decoder_->experiment().train.accumulate);
    for (const auto& [router, attribution] : attributions_) keep("attribution", router, attribution * microbatches);
}

void Recorder::keep_detail(const std::string& name, std::int64_t block, const at::Tensor& summary,
                           const std::optional<ObservedDetail>& detail) {
    if (!detail) {
        for (const char* part : {"_rms", "_matched_rms", "_scale", "_cosine"})
            keep(name + part, block, not_a_number(summary));
        return;
    }
    const at::Tensor raw = detail->raw.detach().to(at::kFloat);
    const at::Tensor sum = summary.detach().to(at::kFloat);
    const at::Tensor lengths = token_norms(raw) * token_norms(sum);
    keep(name + "_rms", block, mean_rms(raw));
    keep(name + "_matched_rms", block, mean_rms(detail->matched));
    keep(name + "_scale", block, detail->scale.detach().to(at::kFloat).mean());
    keep(name + "_cosine", block, ((raw * sum).sum(-1) / lengths.clamp_min(1e-30)).mean());
}

void Recorder::on_block(std::int64_t block, const at::Tensor& summary, const std::optional<ObservedDetail>& phase,
                        const std::optional<ObservedDetail>& split) {
    const at::NoGradGuard no_gradient;
    blocks_seen_ = true;
    keep("summary_rms", block, mean_rms(summary));
    keep_detail("phase", block, summary, phase);
    keep_detail("split", block, summary, split);
}

/// The biases and the length of the queries, as they are now: take() is called before the update.
void Recorder::keep_parameters() {
    for (const Parameter& parameter : decoder_->parameters()) {
        if (parameter.name == "routing.query") keep("query_norm", 0, token_norms(parameter.value.detach()));
        if (parameter.name == "routing.detail_bias") {
            keep("phase_bias", 0, parameter.value.detach().select(1, 0));
            keep("split_bias", 0, parameter.value.detach().select(1, 1));
        }
    }
}

std::map<std::string, std::vector<float>> Recorder::copy_to_host() {
    std::vector<at::Tensor> parts;
    for (const auto& [name, by_number] : statistics_)
        for (const auto& [number, values] : by_number) parts.push_back(values);
    std::map<std::string, std::vector<float>> result;
    if (parts.empty()) return result;
    const at::Tensor host = at::cat(parts).cpu().contiguous();
    const float* next = host.const_data_ptr<float>();
    for (const auto& [name, by_number] : statistics_)
        for (const auto& [number, values] : by_number) {
            result[name].insert(result[name].end(), next, next + values.numel());
            next += values.numel();
        }
    return result;
}

std::vector<float> Recorder::sublayer_norms(const std::vector<AdamW::Slot>& slots,
                                            const std::vector<float>& norms) const {
    const std::int64_t sublayers = 2 * decoder_->experiment().model.layers;
    std::vector<double> squares(static_cast<std::size_t>(sublayers), 0.0);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const std::int64_t sublayer = slots[i].parameter.sublayer;
        if (sublayer >= 1) squares.at(static_cast<std::size_t>(sublayer - 1)) += double{norms[i]} * double{norms[i]};
    }
    std::vector<float> result;
    for (const double square : squares) result.push_back(static_cast<float>(std::sqrt(square)));
    return result;
}

StepFrames Recorder::take(std::int64_t step, const std::vector<AdamW::Slot>& slots, const at::Tensor& norms) {
    const at::NoGradGuard no_gradient;
    keep("norms", 0, norms);
    keep_parameters();
    keep_attributions();
    std::map<std::string, std::vector<float>> host = copy_to_host();
    StepFrames frames;
    const auto fill = [&](auto& frame) {
        frame.step = step;
        for (const auto& [name, member] : std::decay_t<decltype(frame)>::fields())
            if (const auto found = host.find(name); found != host.end()) frame.*member = found->second;
    };
    fill(frames.depth);
    frames.depth.gradient_norm = sublayer_norms(slots, host["norms"]);
    if (!decoder_->routing_layout().empty()) {
        fill(frames.routing.emplace());
        for (const float entropy : frames.routing->entropy)
            frames.routing->effective_sources.push_back(std::exp(entropy));
    }
    if (blocks_seen_) fill(frames.details.emplace());
    statistics_.clear();
    source_norms_.clear();
    attributions_.clear();
    blocks_seen_ = false;
    return frames;
}

}  // namespace wavlab
