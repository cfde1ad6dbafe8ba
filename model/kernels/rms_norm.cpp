// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/rms_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/kernels/precision.h"

namespace wavlab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor compute_inverse_rms(const at::Tensor& value, double eps) {
    const auto channels = static_cast<double>(value.size(-1));
    at::Tensor norm =
        at::linalg_vector_norm(value, 2, at::IntArrayRef{-1}, true, wide_type(value.scalar_type()));  // [..., 1]
    return norm.square_().div_(channels).add_(eps).rsqrt_();
}

struct RmsNormFunction : torch::autograd::Function<RmsNormFunction> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& value, const at::Tensor& gain, double eps) {
        const at::Tensor inverse = compute_inverse_rms(value, eps);
        context->save_for_backward({value, gain, inverse});
        return at::mul(value, inverse).mul_(gain).to(value.scalar_type());
    }

    // With x̂ = v·r and r = inverse rms: dgain = Σ g ⊙ x̂, dv = r (g ⊙ gain - x̂ · mean(g ⊙ gain ⊙ x̂)).
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor value = widened(saved[0]);
        const at::Tensor& gain = saved[1];
        const at::Tensor& inverse = saved[2];
        const at::Tensor gradient = widened(gradients[0]);
        const at::Tensor normalised = value * inverse;
        const at::Tensor product = gradient * normalised;
        const std::int64_t channels = value.size(-1);
        const at::Tensor gain_gradient = product.reshape({-1, channels}).sum(0);
        const at::Tensor mean = product.matmul(gain).div_(static_cast<double>(channels)).unsqueeze(-1);
        at::Tensor value_gradient = at::mul(gradient, gain).addcmul_(normalised, mean, -1).mul_(inverse);
        return {value_gradient.to(saved[0].scalar_type()), gain_gradient, at::Tensor()};
    }
};

struct InverseRmsFunction : torch::autograd::Function<InverseRmsFunction> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& value, double eps) {
        at::Tensor inverse = compute_inverse_rms(value, eps);
        context->save_for_backward({value, inverse});
        return inverse;
    }

    // dv = -g r³ v / d
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const auto channels = static_cast<double>(saved[0].size(-1));
        const at::Tensor factor = saved[1].pow(3).mul_(gradients[0]).div_(-channels);
        return {at::mul(saved[0], factor).to(saved[0].scalar_type()), at::Tensor()};
    }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& value, const at::Tensor& gain, double eps) {
    return RmsNormFunction::apply(value, gain, eps);
}

at::Tensor rms_norm_reference(const at::Tensor& value, const at::Tensor& gain, double eps) {
    const at::Tensor wide = widened(value);
    const at::Tensor normalised = wide / at::sqrt(wide.square().mean(-1, true) + eps);
    return (normalised * gain).to(value.scalar_type());
}

at::Tensor inverse_rms(const at::Tensor& value, double eps) { return InverseRmsFunction::apply(value, eps); }

at::Tensor root_mean_square(const at::Tensor& value, bool whole_tensor) {
    const at::Tensor square = widened(value).square();
    const at::Tensor mean = whole_tensor ? square.mean().reshape({1}) : square.mean(-1, true);
    const at::Tensor positive = mean > 0;
    // The inner `where` keeps the infinite slope of the root at 0 out of the backward pass.
    const at::Tensor root = at::sqrt(at::where(positive, mean, at::ones_like(mean)));
    return at::where(positive, root, at::zeros_like(root));
}

}  // namespace wavlab
