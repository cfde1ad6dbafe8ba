// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/optimizer.h"

#include <ATen/ATen.h>

namespace wavlab {

AdamW::AdamW(const std::vector<Parameter>& parameters, const TrainSettings& settings) : settings_(settings) {
    for (const Parameter& parameter : parameters) {
        if (!parameter.value.requires_grad()) continue;
        const at::Tensor value = parameter.value.detach();
        slots_.push_back({parameter, at::zeros_like(value), at::zeros_like(value)});
    }
    const at::Device device = slots_.empty() ? at::Device(at::kCPU) : slots_.front().first.device();
    number_ = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(device));
    rate_ = at::zeros({}, at::TensorOptions().dtype(device.is_cpu() ? at::kDouble : at::kFloat).device(device));
}

void AdamW::clear_gradients() {
    for (Slot& slot : slots_) slot.parameter.value.mutable_grad() = at::Tensor();
}

at::Tensor AdamW::gradient_norms() {
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> gradients;
    for (Slot& slot : slots_) {
        at::Tensor& gradient = slot.parameter.value.mutable_grad();
        if (!gradient.defined()) gradient = at::zeros_like(slot.first);
        gradients.push_back(gradient);
    }
    return at::stack(at::_foreach_norm(gradients, 2)).to(at::kFloat);
}

void AdamW::prepare(std::int64_t number, double rate) {
    number_.fill_(static_cast<double>(number));
    rate_.fill_(rate);
}

void AdamW::step(const at::Tensor& norm, const at::Tensor& blocked) {
    const at::NoGradGuard no_gradient;
    if (settings_.grad_clip > 0) {
        std::vector<at::Tensor> gradients;
        for (Slot& slot : slots_) gradients.push_back(slot.parameter.value.grad());
        const at::Tensor factor = (norm + clip_epsilon).reciprocal().mul(settings_.grad_clip).clamp_max(1.0);
        at::_foreach_mul_(gradients, factor);
    }
    update_group(true, blocked);
    update_group(false, blocked);
}

void AdamW::update_group(bool decayed, const at::Tensor& blocked) {
    std::vector<at::Tensor> values;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> first;
    std::vector<at::Tensor> second;
    for (Slot& slot : slots_) {
        if (slot.parameter.decayed != decayed) continue;
        values.push_back(slot.parameter.value);
        gradients.push_back(slot.parameter.value.grad());
        first.push_back(slot.first);
        second.push_back(slot.second);
    }
    if (values.empty()) return;
    const std::vector<at::Tensor> numbers(values.size(), number_);
    at::_fused_adamw_(values, gradients, first, second, {}, numbers, rate_, settings_.beta1, settings_.beta2,
                      decayed ? settings_.weight_decay : 0.0, epsilon, /*amsgrad=*/false, /*maximize=*/false,
                      /*grad_scale=*/std::nullopt, blocked);
}

}  // namespace wavlab
