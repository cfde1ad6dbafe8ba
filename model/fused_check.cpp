// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused_check.h"

#include <cmath>
#include <sstream>
#include <vector>

#include <ATen/ATen.h>

#include "model/failure.h"
#include "model/random.h"

namespace wavlab {

namespace {

/// What rounding may do: the plain pass in bf16 is a few per cent from the truth itself, once a deep model is trained.
constexpr double most_difference = 1e-3, most_narrow_difference = 0.2;

at::Tensor made_up_tokens(const Decoder& decoder, std::uint64_t key) {
    const std::int64_t length = decoder.experiment().model.context;
    at::Tensor tokens = at::empty({1, length}, at::kLong);
    std::int64_t* numbers = tokens.mutable_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < length; ++i)
        numbers[i] = static_cast<std::int64_t>(random_bits(key, static_cast<std::uint64_t>(i)) %
                                               static_cast<std::uint64_t>(decoder.vocabulary()));
    return tokens.to(decoder.options().device);
}

/// All gradients as one vector, in fp32, taken from the parameters.
at::Tensor take_gradients(const Decoder& decoder) {
    std::vector<at::Tensor> parts;
    for (const Parameter& parameter : decoder.parameters()) {
        at::Tensor value = parameter.value;
        if (value.requires_grad())
            parts.push_back(value.grad().defined() ? value.grad().flatten() : at::zeros_like(value).flatten());
        value.mutable_grad() = at::Tensor();
    }
    return at::cat(parts);
}

}  // namespace

FusedCheck check_fused_pass(const Decoder& decoder) {
    const at::Tensor tokens = made_up_tokens(decoder, 1), targets = made_up_tokens(decoder, 2);
    ForwardContext context;
    const at::Tensor logits = decoder.forward(tokens, context);
    const at::Tensor plain = at::cross_entropy_loss(logits.flatten(0, 1), targets.flatten());
    plain.backward();
    const at::Tensor expected = take_gradients(decoder);
    FusedCheck check;
    try {
        const at::Tensor fused = decoder.loss(tokens, targets, context);
        fused.backward();
        const at::Tensor difference = take_gradients(decoder) - expected;
        check.loss = std::abs(fused.item<double>() / plain.item<double>() - 1);
        check.gradients = (difference.norm() / expected.norm()).item<double>();
    } catch (const std::exception&) {
        (void)take_gradients(decoder);
        check.obstacle = "the fused one fails here (" + describe_failure().sentence + ")";
        return check;
    }
    const double most = decoder.options().compute_type == at::kFloat ? most_difference : most_narrow_difference;
    if (check.loss < most && check.gradients < most) return check;  // and they are numbers
    std::ostringstream text;
    text << "the fused one computes something else here (gradients differ by " << check.gradients << ", the loss by "
         << check.loss << ")";
    check.obstacle = text.str();
    return check;
}

}  // namespace wavlab
