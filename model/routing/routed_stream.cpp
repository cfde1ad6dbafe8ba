// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/routed_stream.h"

#include <utility>

#include <ATen/ATen.h>

#include "model/kernels/precision.h"
#include "model/kernels/rms_norm.h"
#include "model/routing/removal.h"

namespace wavlab {

RoutedStream::RoutedStream(const RoutedMethod& method, const at::Tensor& embedding, ForwardContext& context)
    : method_(method), context_(context), signs_(method.signs()), routers_(method.routers()) {
    completed_.push_back(make_source(SourceKind::embedding, 0, embedding));
}

RouteSource RoutedStream::make_source(SourceKind kind, std::int64_t block, const at::Tensor& value) const {
    return {{kind, block}, value, inverse_rms(value, method_.eps())};
}

at::Tensor RoutedStream::input(std::int64_t sublayer) {
    std::vector<RouteSource> sources = completed_;
    sources.insert(sources.end(), running_.begin(), running_.end());
    const at::Tensor attribution = attribution_sink(sources);
    RoutedState routed = route(sources, routers_[static_cast<std::size_t>(sublayer - 1)], attribution);
    if (context_.removal) context_.removal->apply(sublayer, sources, routed);
    if (attribution.defined()) context_.observer->on_attribution(sublayer, attribution);
    if (context_.observer) {
        std::vector<Source> names;
        std::vector<at::Tensor> values;
        for (const RouteSource& source : sources) {
            names.push_back(source.source);
            values.push_back(source.value.detach());
        }
        context_.observer->on_routing(sublayer, names, values, routed.weights.detach());
    }
    return routed.state;
}

/// Undefined where nobody wants to know, or no backward pass can follow.
at::Tensor RoutedStream::attribution_sink(const std::vector<RouteSource>& sources) const {
    const Attribution wanted = context_.observer ? context_.observer->attribution() : Attribution::none;
    if (wanted == Attribution::none || !at::GradMode::is_enabled()) return {};
    const auto count = static_cast<std::int64_t>(sources.size());
    const at::Tensor& per_token = sources[0].inverse_rms;
    return wanted == Attribution::summed
               ? at::zeros({count}, per_token.options().requires_grad(false))
               : at::zeros({count, per_token.numel()}, per_token.options().requires_grad(false));
}

void RoutedStream::add(std::int64_t sublayer, const at::Tensor& update) {
    const at::Tensor wide = widened(update);
    sum_ = updates_.empty() ? wide : sum_ + wide;
    updates_.push_back(update);
    running_.clear();
    const std::int64_t block = method_.blocks().block_of(sublayer);
    if (method_.blocks().completes_block(sublayer)) {
        complete_block(block);
        updates_.clear();
    } else {
        renew_running(block);
    }
}

std::optional<Detail> RoutedStream::detail(std::int64_t row, std::int64_t block) {
    const RoutingSettings& settings = method_.settings();
    if (!(row == phase_row ? settings.phase : settings.split)) return std::nullopt;
    const auto done = static_cast<std::int64_t>(updates_.size());
    const std::vector<double> coefficients = detail_coefficients(method_.blocks(), settings, signs_, row, block, done);
    if (coefficients.empty()) return std::nullopt;
    return make_detail(updates_, coefficients, sum_, settings, context_);
}

void RoutedStream::complete_block(std::int64_t block) {
    const at::Tensor summary = sum_.to(updates_[0].scalar_type());
    completed_.push_back(make_source(SourceKind::block, block, summary));
    const std::optional<Detail> phase = detail(phase_row, block), split = detail(split_row, block);
    if (phase) completed_.push_back(make_source(SourceKind::phase, block, phase->matched));
    if (split) completed_.push_back(make_source(SourceKind::split, block, split->matched));
    if (context_.observer)
        context_.observer->on_block(block, summary.detach(), phase ? std::optional(observed(*phase)) : std::nullopt,
                                    split ? std::optional(observed(*split)) : std::nullopt);
}

void RoutedStream::renew_running(std::int64_t block) {
    running_.push_back(make_source(SourceKind::partial, 0, sum_.to(updates_[0].scalar_type())));
    if (!method_.settings().online) return;
    const std::optional<Detail> phase = detail(phase_row, block), split = detail(split_row, block);
    if (phase) running_.push_back(make_source(SourceKind::phase_partial, 0, phase->matched));
    if (split) running_.push_back(make_source(SourceKind::split_partial, 0, split->matched));
}

}  // namespace wavlab
