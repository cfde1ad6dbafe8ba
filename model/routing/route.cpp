// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/route.h"

#include <cstdint>
#include <optional>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/kernels/precision.h"

namespace wavlab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

OptionalTensor optional(const at::Tensor& tensor) { return tensor.defined() ? OptionalTensor(tensor) : std::nullopt; }

/// A tensor that the backward pass writes into; it takes no part in the graph.
struct Sink {
    at::Tensor values;
};

/// Sources of S tensors [B, T, d] as rows: N = B·T tokens.
struct RouteFunction : torch::autograd::Function<RouteFunction> {
    static variable_list forward(AutogradContext* context, at::TensorList values, at::TensorList inverse_rms,
                                 const at::Tensor& query, const OptionalTensor& gain, const OptionalTensor& bias,
                                 const std::vector<std::int64_t>& bias_columns, const Sink& attribution) {
        const auto count = static_cast<std::int64_t>(values.size());
        const std::int64_t channels = values[0].size(-1);
        const std::int64_t tokens = values[0].numel() / channels;
        const at::Tensor effective_query = gain ? query * *gain : query;  // w ⊙ γ [d]

        std::vector<at::Tensor> inverse;
        at::Tensor products = at::empty({count, tokens}, effective_query.options());  // v_i · (w ⊙ γ)
        for (std::int64_t i = 0; i < count; ++i) {
            at::Tensor row = products[i];
            at::mv_out(row, widened(values[i]).reshape({tokens, channels}), effective_query);
            inverse.push_back(inverse_rms[i].reshape({tokens}));
        }
        const at::Tensor inverses = at::stack(inverse);  // [S, N]
        at::Tensor logits = products * inverses;
        for (std::int64_t i = 0; i < count; ++i)
            if (bias && bias_columns[i] >= 0) logits[i].add_((*bias)[bias_columns[i]]);
        const at::Tensor weights = at::softmax(logits, 0);  // [S, N]

        const auto per_token = [&](std::int64_t i) { return weights[i].view(inverse_rms[i].sizes()); };
        at::Tensor state = at::mul(values[0], per_token(0));
        for (std::int64_t i = 1; i < count; ++i) state.addcmul_(widened(values[i]), per_token(i));

        variable_list saved(values.begin(), values.end());
        saved.insert(saved.end(), {inverses, products, weights, query, gain.value_or(at::Tensor())});
        context->save_for_backward(std::move(saved));
        context->saved_data["bias_columns"] = bias_columns;
        context->saved_data["has_bias"] = bias.has_value();
        if (attribution.values.defined()) context->saved_data["attribution"] = attribution.values;

        std::vector<std::int64_t> shape = values[0].sizes().vec();
        shape.back() = count;
        at::Tensor shown = weights.t().contiguous().view(shape);  // [B, T, S]
        context->mark_non_differentiable({shown});
        context->set_materialize_grads(false);
        return {state.to(values[0].scalar_type()), shown};
    }

    // With g = dL/dh: dα_i = g · v_i, dz = α ⊙ (dα - Σ α dα), and z_i = r_i (v_i · q) + β with q = w ⊙ γ.
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const auto count = static_cast<std::int64_t>(saved.size()) - 5;
        const at::Tensor &inverses = saved[count], &products = saved[count + 1], &weights = saved[count + 2];
        const at::Tensor &query = saved[count + 3], &gain = saved[count + 4];
        variable_list result(static_cast<std::size_t>(2 * count + 5));
        if (!gradients[0].defined()) return result;

        const std::int64_t channels = query.size(0), tokens = weights.size(1);
        const at::Tensor state_gradient = widened(gradients[0]).reshape({tokens, channels});
        const at::Tensor effective_query = gain.defined() ? query * gain : query;

        at::Tensor weight_gradient = at::empty_like(weights);  // dα [S, N]
        for (std::int64_t i = 0; i < count; ++i) {
            at::Tensor row = weight_gradient[i];
            at::sum_out(row, state_gradient * saved[i].reshape({tokens, channels}), at::IntArrayRef{-1});
        }
        const at::Tensor shares = weights * weight_gradient;  // α ⊙ dα [S, N]
        if (const auto wanted = context->saved_data.find("attribution"); wanted != context->saved_data.end())
            write_attribution(shares, wanted->second.toTensor());
        const at::Tensor mean = shares.sum(0, true);
        const at::Tensor logit_gradient = weight_gradient.sub_(mean).mul_(weights);  // dz [S, N]
        const at::Tensor product_gradient = logit_gradient * inverses;               // [S, N]
        const at::Tensor inverse_gradient = logit_gradient * products;               // [S, N]
        at::Tensor query_gradient = at::zeros_like(query);                           // of w ⊙ γ
        std::vector<std::int64_t> per_token = saved[0].sizes().vec();
        per_token.back() = 1;
        for (std::int64_t i = 0; i < count; ++i) {
            const at::Tensor rows = widened(saved[i]).reshape({tokens, channels});
            query_gradient.addmv_(rows.t(), product_gradient[i]);
            at::Tensor gradient = at::mul(state_gradient, weights[i].unsqueeze(-1));
            gradient.addr_(product_gradient[i], effective_query);
            result[i] = gradient.view_as(saved[i]).to(saved[i].scalar_type());
            result[count + i] = inverse_gradient[i].view(per_token);
        }
        result[2 * count] = gain.defined() ? query_gradient * gain : query_gradient;
        if (gain.defined()) result[2 * count + 1] = query_gradient * query;
        if (context->saved_data["has_bias"].toBool())
            result[2 * count + 2] = bias_gradient(logit_gradient, context->saved_data["bias_columns"].toIntVector());
        return result;
    }

    static void write_attribution(const at::Tensor& shares, const at::Tensor& attribution) {
        at::Tensor target = attribution;
        if (target.dim() == 1)
            at::sum_out(target, shares, at::IntArrayRef{1}).neg_();
        else
            target.copy_(shares).neg_();
    }

    static at::Tensor bias_gradient(const at::Tensor& logit_gradient, const std::vector<std::int64_t>& columns) {
        const at::Tensor sums = logit_gradient.sum(1);  // [S]
        at::Tensor gradient = at::zeros({2}, sums.options());
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (columns[i] >= 0) gradient[columns[i]].add_(sums[static_cast<std::int64_t>(i)]);
        return gradient;
    }
};

}  // namespace

int detail_bias_column(SourceKind kind) {
    switch (kind) {
        case SourceKind::phase:
        case SourceKind::phase_partial:
            return 0;
        case SourceKind::split:
        case SourceKind::split_partial:
            return 1;
        default:
            return -1;
    }
}

RoutedState route(const std::vector<RouteSource>& sources, const RouterParameters& router,
                  const at::Tensor& attribution) {
    std::vector<at::Tensor> values, inverses;
    std::vector<std::int64_t> columns;
    for (const RouteSource& source : sources) {
        values.push_back(source.value);
        inverses.push_back(source.inverse_rms);
        columns.push_back(detail_bias_column(source.source.kind));
    }
    const variable_list outputs =
        RouteFunction::apply(at::TensorList(values), at::TensorList(inverses), router.query, optional(router.key_gain),
                             optional(router.detail_bias), columns, Sink{attribution});
    return {outputs[0], outputs[1]};
}

RoutedState route_reference(const std::vector<RouteSource>& sources, const RouterParameters& router, double eps) {
    std::vector<at::Tensor> logits;
    for (const RouteSource& source : sources) {
        const at::Tensor value = widened(source.value);
        at::Tensor key = value / at::sqrt(value.square().mean(-1, true) + eps);
        if (router.key_gain.defined()) key = key * router.key_gain;
        at::Tensor logit = (key * router.query).sum(-1);  // [B, T]
        const int column = detail_bias_column(source.source.kind);
        if (router.detail_bias.defined() && column >= 0) logit = logit + router.detail_bias[column];
        logits.push_back(logit);
    }
    const at::Tensor weights = at::softmax(at::stack(logits, -1), -1);  // [B, T, S]
    at::Tensor state;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const at::Tensor part =
            weights.select(-1, static_cast<std::int64_t>(i)).unsqueeze(-1) * widened(sources[i].value);
        state = i == 0 ? part : state + part;
    }
    return {state.to(sources[0].value.scalar_type()), weights};
}

}  // namespace wavlab
