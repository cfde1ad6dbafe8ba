// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/rope.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/kernels/precision.h"

namespace wavlab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double rope_base = 10000.0;

/// On the CPU in fp32 and fp64: one pass, no temporaries. `direction` is 1, or -1 to turn back.
template <class T>
void rotate_on_cpu(const at::Tensor& joined, const at::Tensor& cosine, const at::Tensor& sine, double direction,
                   at::Tensor& result) {
    const std::int64_t length = joined.size(1), heads = joined.size(3), width = joined.size(4), half = width / 2;
    const std::int64_t part = heads * width;  // numbers in the query of one token
    const T* source = joined.const_data_ptr<T>();
    const T* cosines = cosine.const_data_ptr<T>();
    const T* sines = sine.const_data_ptr<T>();
    T* target = result.data_ptr<T>();
    at::parallel_for(0, joined.size(0) * length, 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t token = begin; token < end; ++token) {
            const T* c = cosines + (token % length) * half;
            const T* s = sines + (token % length) * half;
            const T* in = source + token * 3 * part;
            T* out = target + token * 3 * part;
            for (std::int64_t head = 0; head < 2 * heads; ++head, in += width, out += width) {
                for (std::int64_t j = 0; j < half; ++j) {
                    const T turn = static_cast<T>(direction) * s[j];
                    out[j] = in[j] * c[j] - in[j + half] * turn;
                    out[j + half] = in[j + half] * c[j] + in[j] * turn;
                }
            }
            std::copy(in, in + part, out);
        }
    });
}

at::Tensor rotate(const at::Tensor& given, const at::Tensor& cosine, const at::Tensor& sine, double direction) {
    const at::Tensor joined = given.contiguous();
    at::Tensor result = at::empty_like(joined);
    const bool on_cpu = joined.device().is_cpu();
    if (on_cpu && joined.scalar_type() == at::kFloat) {
        rotate_on_cpu<float>(joined, cosine, sine, direction, result);
        return result;
    }
    if (on_cpu && joined.scalar_type() == at::kDouble) {
        rotate_on_cpu<double>(joined, cosine, sine, direction, result);
        return result;
    }
    const std::int64_t half = joined.size(-1) / 2;
    const at::Tensor c = cosine.unsqueeze(1).unsqueeze(1);  // [T, 1, 1, d_head / 2]
    const at::Tensor s = sine.unsqueeze(1).unsqueeze(1) * direction;
    const at::Tensor turned = joined.narrow(2, 0, 2);
    const at::Tensor first = turned.narrow(-1, 0, half), second = turned.narrow(-1, half, half);
    const at::Tensor target = result.narrow(2, 0, 2);
    target.narrow(-1, 0, half).copy_(first * c - second * s);
    target.narrow(-1, half, half).copy_(second * c + first * s);
    result.select(2, 2).copy_(joined.select(2, 2));
    return result;
}

struct RotateFunction : torch::autograd::Function<RotateFunction> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& joined, const at::Tensor& cosine,
                              const at::Tensor& sine) {
        context->save_for_backward({cosine, sine});
        return rotate(joined, cosine, sine, 1.0);
    }

    // A rotation's transpose turns back.
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        return {rotate(gradients[0], saved[0], saved[1], -1.0), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

std::pair<at::Tensor, at::Tensor> rope_tables(std::int64_t length, std::int64_t head_width, at::ScalarType type,
                                              at::Device device) {
    const auto options = at::TensorOptions(at::kDouble);
    const at::Tensor channel = at::arange(head_width / 2, options);
    const at::Tensor frequency = at::pow(rope_base, channel * (-2.0 / static_cast<double>(head_width)));
    const at::Tensor angle = at::arange(length, options).unsqueeze(1) * frequency.unsqueeze(0);
    const auto wanted = at::TensorOptions(device).dtype(wide_type(type));
    return {angle.cos().to(wanted), angle.sin().to(wanted)};
}

at::Tensor rotate_queries_and_keys(const at::Tensor& joined, const at::Tensor& cosine, const at::Tensor& sine) {
    return RotateFunction::apply(joined, cosine, sine);
}

at::Tensor rotate_reference(const at::Tensor& value, const at::Tensor& cosine, const at::Tensor& sine) {
    const std::int64_t half = value.size(-1) / 2;
    const at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1);  // [T, 1, d_head / 2]
    const at::Tensor wide = widened(value);
    const at::Tensor first = wide.narrow(-1, 0, half), second = wide.narrow(-1, half, half);
    return at::cat({first * c - second * s, second * c + first * s}, -1).to(value.scalar_type());
}

}  // namespace wavlab
