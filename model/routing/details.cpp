// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/details.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/kernels/linear_combination.h"
#include "model/kernels/rms_norm.h"

namespace wavlab {

namespace {

/// Keeps the ratio of RMS matching finite where a detail is zero.
constexpr double match_epsilon = 1e-6;

at::Tensor matching_scale(const at::Tensor& raw, const at::Tensor& summary, const RoutingSettings& settings,
                          ForwardContext& context) {
    if (settings.match == ScaleMatch::off) return at::ones({1}, raw.options());
    const bool whole_tensor = settings.match == ScaleMatch::tensor;
    if (!settings.detach)
        return root_mean_square(summary, whole_tensor) / (root_mean_square(raw, whole_tensor) + match_epsilon);
    const std::size_t place = context.next_scale++;
    if (context.replay_scales) {
        if (place >= context.replay_scales->size()) throw WorkError("there are fewer recorded scales than details");
        return (*context.replay_scales)[place];
    }
    const at::Tensor scale = root_mean_square(summary.detach(), whole_tensor) /
                             (root_mean_square(raw.detach(), whole_tensor) + match_epsilon);
    if (context.record_scales) context.record_scales->push_back(scale);
    return scale;
}

}  // namespace

Detail make_detail(const std::vector<at::Tensor>& updates, const std::vector<double>& coefficients,
                   const at::Tensor& summary, const RoutingSettings& settings, ForwardContext& context) {
    const at::ScalarType type = updates[0].scalar_type();
    if (settings.detail == DetailKind::duplicate) return {summary, summary.to(type), at::ones({1}, summary.options())};
    const at::Tensor raw = linear_combination(updates, coefficients);
    const at::Tensor scale = matching_scale(raw, summary, settings, context);
    return {raw, (raw * scale).to(type), scale};
}

ObservedDetail observed(const Detail& detail) {
    return {detail.raw.detach(), detail.matched.detach(), detail.scale.detach()};
}

}  // namespace wavlab
