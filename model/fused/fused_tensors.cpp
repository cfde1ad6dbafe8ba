// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_tensors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <utility>

#include "core/error.h"
#include "model/kernels/fused_kernels.h"

namespace wavlab {

namespace {

/// Tensors of one layer in Decoder::parameters(), and where the layers begin: after the embedding.
constexpr std::size_t first_layer = 1, tensors_per_layer = 7;

/// Σ over threads of one tensor, in their order.
template <class Part>
at::Tensor gather(const std::vector<FusedTensors>& gathered, Part part) {
    at::Tensor sum = part(gathered[0]);
    for (std::size_t i = 1; i < gathered.size(); ++i) sum.add_(part(gathered[i]));
    return sum;
}

/// Of a matrix W and a gain g that were multiplied, W' = W ⊙ g: dg = Σ_rows W ⊙ dW'; dW' becomes dW = dW' ⊙ g.
at::Tensor take_gain_gradient(const at::Tensor& matrix, const at::Tensor& gain, at::Tensor& gradient) {
    at::Tensor result = (matrix * gradient).sum(0);
    gradient.mul_(gain);
    return result;
}

/// Lays queries and biases out as the kernels read them.
void add_groups(const FusedCourse& course, FusedTensors& model) {
    const at::Tensor none = at::zeros({model.bias.size(0), 1}, model.bias.options());
    const at::Tensor biases = at::cat({none, model.bias}, 1);  // [2L+1, 3]: of sources without, phase, split
    for (const FusedGroup& group : course.plan.groups) {
        at::Tensor queries = at::zeros({model.query.size(1), router_lanes}, model.query.options());
        queries.narrow(1, 0, group.routers).copy_(model.query.narrow(0, group.first, group.routers).t());
        at::Tensor own = at::zeros({group.sources, router_lanes}, model.bias.options());
        const at::Tensor rows = course.bias_rows.narrow(0, 0, group.sources);
        own.narrow(1, 0, group.routers).copy_(biases.narrow(0, group.first, group.routers).t().index_select(0, rows));
        model.group_columns.push_back(queries);
        model.group_biases.push_back(own);
    }
}

/// In the memory of `device`, which waits for it once.
at::Tensor numbers_on(at::Device device, const std::vector<float>& numbers) {
    return at::tensor(numbers, at::kFloat).to(device);
}

}  // namespace

FusedCourse::FusedCourse(FusedPlan given_plan, at::Device device) : plan(std::move(given_plan)) {
    const at::Tensor columns = at::tensor(plan.bias_columns, at::kInt);
    bias_columns = columns.to(device);
    bias_rows = (columns + 1).to(device, at::kLong);
    for (const FusedBlock& block : plan.blocks) {
        sum_coefficients.push_back(numbers_on(device, block.sum_coefficients));
        update_coefficients.push_back(numbers_on(device, block.update_coefficients));
    }
}

FusedTensors zero_gradients(const FusedShape& shape, bool routed, bool whole_batch) {
    const std::int64_t d = shape.width, f = shape.hidden, routers = shape.sublayers() + 1;
    const at::TensorOptions wide = shape.wide();
    FusedTensors zero;
    zero.layers.resize(static_cast<std::size_t>(shape.layers));
    if (routed) {
        zero.query = at::zeros({routers, d}, wide);
        zero.bias = at::zeros({routers, 2}, wide);
    }
    if (whole_batch) return zero;
    for (FusedLayer& layer : zero.layers)
        layer = {at::zeros({3 * d, d}, wide), at::zeros({d, d}, wide), at::zeros({2 * f, d}, wide),
                 at::zeros({d, f}, wide)};
    zero.embedding = at::zeros({shape.vocabulary, d}, wide);
    zero.head = at::zeros({shape.vocabulary, d}, wide);
    return zero;
}

FusedParameters::FusedParameters(const FusedShape& shape, const std::vector<Parameter>& parameters,
                                 const FusedForm& form)
    : shape_(shape), parameters_(parameters), routing_(form.routing), scales_(form.scales) {
    for (Parameter& parameter : parameters_) parameter.value = parameter.value.detach();
}

std::size_t FusedParameters::index_of(const std::string& name) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        if (parameters_[i].name == name) return i;
    throw WorkError("the model has no parameter '" + name + "'");
}

/// λ of a sublayer as a column [d, 1], or a scalar.
at::Tensor FusedParameters::scale_of(std::int64_t sublayer) const {
    const at::Tensor row = scales_->value.detach()[scales_->row_of[static_cast<std::size_t>(sublayer - 1)]];
    return row.dim() == 0 ? row : row.unsqueeze(1);
}

/// λ ⊙ (W y) = (λ ⊙ W) y
at::Tensor FusedParameters::scaled(const at::Tensor& matrix, std::int64_t sublayer) const {
    return scales_ ? matrix * scale_of(sublayer) : matrix;
}

/// W ⊙ g, as it is stored.
at::Tensor FusedParameters::folded(const at::Tensor& matrix, const at::Tensor& gain) const {
    at::Tensor result = at::empty(matrix.sizes(), shape_.stored());
    return at::mul_out(result, matrix, gain);
}

FusedLayer FusedParameters::prepare_layer(std::int64_t i) const {
    const std::size_t first = first_layer + static_cast<std::size_t>(i) * tensors_per_layer;
    FusedLayer layer;
    layer.qkv = folded(value(first + 1), value(first));
    layer.out = scaled(value(first + 2), 2 * i + 1).to(shape_.type);
    layer.gate_up = at::empty({2 * shape_.hidden, shape_.width}, shape_.stored());
    at::Tensor gate = layer.gate_up.narrow(0, 0, shape_.hidden);
    at::Tensor up = layer.gate_up.narrow(0, shape_.hidden, shape_.hidden);
    at::mul_out(gate, value(first + 4), value(first + 3));
    at::mul_out(up, value(first + 5), value(first + 3));
    layer.down = scaled(value(first + 6), 2 * i + 2).to(shape_.type);
    return layer;
}

/// By all threads; on a GPU by this one, whose stream the others do not know.
template <class Work>
void FusedParameters::for_each_layer(const Work& work) const {
    const auto some = [&](std::int64_t begin, std::int64_t end) {
        const at::AutoDispatchBelowADInplaceOrView below;
        for (std::int64_t layer = begin; layer < end; ++layer) work(layer);
    };
    if (shape_.device.is_cpu())
        at::parallel_for(0, shape_.layers, 1, some);
    else
        some(0, shape_.layers);
}

FusedTensors FusedParameters::prepare(const FusedCourse* course) const {
    FusedTensors model;
    model.layers.resize(static_cast<std::size_t>(shape_.layers));
    for_each_layer([&](std::int64_t i) { model.layers[static_cast<std::size_t>(i)] = prepare_layer(i); });
    model.embedding = value(0);
    model.head = folded(value(index_of("head.weight")), value(index_of("final_norm.weight")));
    if (routing_) {
        model.query = routing_->key_gain.defined() ? routing_->query.detach() * routing_->key_gain.detach()
                                                   : routing_->query.detach();
        model.bias = routing_->detail_bias.defined() ? routing_->detail_bias.detach()
                                                     : at::zeros({shape_.sublayers() + 1, 2}, shape_.wide());
        add_groups(*course, model);
    }
    return model;
}

void FusedParameters::layer_gradients(std::int64_t layer, const std::vector<FusedTensors>& gathered,
                                      std::vector<at::Tensor>& result, std::vector<at::Tensor>& scale_gradients) const {
    const auto index = static_cast<std::size_t>(layer);
    const std::size_t first = first_layer + index * tensors_per_layer;
    at::Tensor qkv = gather(gathered, [&](const FusedTensors& part) { return part.layers[index].qkv; });
    result[first] = take_gain_gradient(value(first + 1), value(first), qkv);
    result[first + 1] = qkv;
    result[first + 2] = gather(gathered, [&](const FusedTensors& part) { return part.layers[index].out; });
    const at::Tensor joined = gather(gathered, [&](const FusedTensors& part) { return part.layers[index].gate_up; });
    at::Tensor gate = joined.narrow(0, 0, shape_.hidden), up = joined.narrow(0, shape_.hidden, shape_.hidden);
    result[first + 3] = take_gain_gradient(value(first + 4), value(first + 3), gate)
                            .add_(take_gain_gradient(value(first + 5), value(first + 3), up));
    result[first + 4] = gate;
    result[first + 5] = up;
    result[first + 6] = gather(gathered, [&](const FusedTensors& part) { return part.layers[index].down; });
    if (!scales_) return;
    for (const auto& [sublayer, place] : {std::pair(2 * layer + 1, first + 2), std::pair(2 * layer + 2, first + 6)}) {
        const at::Tensor product = value(place) * result[place];  // W ⊙ dW'
        scale_gradients[static_cast<std::size_t>(sublayer - 1)] =
            scales_->value.dim() == 1 ? product.sum() : product.sum(1);
        result[place].mul_(scale_of(sublayer));
    }
}

std::vector<at::Tensor> FusedParameters::gradients(const std::vector<FusedTensors>& gathered) const {
    std::vector<at::Tensor> result(parameters_.size()), scale_gradients(static_cast<std::size_t>(shape_.sublayers()));
    for_each_layer([&](std::int64_t layer) { layer_gradients(layer, gathered, result, scale_gradients); });
    result[0] = gather(gathered, [](const FusedTensors& part) { return part.embedding; });
    at::Tensor head = gather(gathered, [](const FusedTensors& part) { return part.head; });
    const std::size_t head_index = index_of("head.weight"), norm_index = index_of("final_norm.weight");
    result[norm_index] = take_gain_gradient(value(head_index), value(norm_index), head);
    result[head_index] = head;
    if (scales_) {
        at::Tensor& gradient = result[index_of(scales_->parameter)] = at::zeros_like(scales_->value.detach());
        for (std::size_t i = 0; i < scale_gradients.size(); ++i) gradient[scales_->row_of[i]].add_(scale_gradients[i]);
    }
    if (!routing_) return result;
    const at::Tensor query = gather(gathered, [](const FusedTensors& part) { return part.query; });
    if (routing_->key_gain.defined()) {
        result[index_of("routing.key_gain")] = query * routing_->query.detach();
        result[index_of("routing.query")] = query * routing_->key_gain.detach();
    } else {
        result[index_of("routing.query")] = query;
    }
    if (routing_->detail_bias.defined() && parameters_[index_of("routing.detail_bias")].trainable)
        result[index_of("routing.detail_bias")] = gather(gathered, [](const FusedTensors& part) { return part.bias; });
    return result;
}

}  // namespace wavlab
