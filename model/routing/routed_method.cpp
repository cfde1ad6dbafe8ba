// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/routed_method.h"

#include <utility>

#include <ATen/ATen.h>

#include "model/kernels/precision.h"
#include "model/routing/options.h"
#include "model/routing/routed_stream.h"

namespace wavlab {

namespace {

at::Tensor to_tensor(const DetailSigns& signs) {
    at::Tensor tensor = at::empty({2, static_cast<std::int64_t>(signs[0].size())}, at::kFloat);
    float* numbers = tensor.mutable_data_ptr<float>();
    for (const std::vector<int>& row : signs)
        for (const int sign : row) *numbers++ = static_cast<float>(sign);
    return tensor;
}

MethodDescriptor with_costs(MethodDescriptor descriptor, RoutingSettings (*read_settings)(const OptionValues&)) {
    descriptor.added_parameters = [read_settings](const ModelSettings& model, const OptionValues& options) {
        return routing_parameters(model.layers, model.width, read_settings(options));
    };
    descriptor.routing_layout = [read_settings](const ModelSettings& model, const OptionValues& options) {
        return make_routing_layout(block_layout(model, options), read_settings(options));
    };
    return descriptor;
}

}  // namespace

RoutedMethod::RoutedMethod(const MethodInput& input, const BlockLayout& blocks, const RoutingSettings& settings)
    : blocks_(blocks), settings_(settings), eps_(input.decoder.eps) {
    const std::int64_t routers = blocks.sublayers() + 1, width = input.model.width;
    query_ = add_parameter("routing.query", at::zeros({routers, width}), true, input.decoder);
    if (settings.key_gain)
        key_gain_ = add_parameter("routing.key_gain", at::ones({routers, width}), true, input.decoder);
    if (settings.has_detail_bias)
        detail_bias_ = add_parameter("routing.detail_bias", at::full({routers, 2}, settings.bias_init, at::kDouble),
                                     settings.bias_learned, input.decoder);
    if (settings.has_detail_bias && settings.detail == DetailKind::random_sign)
        detail_sign_ = add_parameter("routing.detail_sign", to_tensor(draw_detail_signs(blocks, input.seed)), false,
                                     input.decoder);
    else
        layout_ = make_routing_layout(blocks_, settings_);
}

std::unique_ptr<ResidualStream> RoutedMethod::begin(const at::Tensor& embedding, ForwardContext& context) const {
    return std::make_unique<RoutedStream>(*this, embedding, context);
}

const RoutingLayout& RoutedMethod::routing_layout() const {
    read_signs();
    return layout_;
}

FusedForm RoutedMethod::fused_form() const {
    const bool details = settings_.phase || settings_.split;
    FusedForm form;
    if (details && settings_.online) form.obstacle = "details of the running block are sources";
    if (details && settings_.match == ScaleMatch::tensor) form.obstacle = "details are matched over the whole tensor";
    if (details && !settings_.detach && settings_.match != ScaleMatch::off) form.obstacle = "gradients go through the matching scale";
    form.routing = {blocks_, settings_, signs(), query_, key_gain_, detail_bias_};
    return form;
}

const DetailSigns* RoutedMethod::signs() const {
    read_signs();
    return detail_sign_.defined() ? &signs_ : nullptr;
}

void RoutedMethod::read_signs() const {
    if (!detail_sign_.defined() || version_ == detail_sign_._version()) return;
    const at::Tensor host = detail_sign_.detach().to(at::kCPU, at::kDouble).contiguous();
    const double* numbers = host.const_data_ptr<double>();
    signs_.assign(2, {});
    for (std::vector<int>& row : signs_)
        for (std::int64_t i = 0; i < host.size(1); ++i) row.push_back(*numbers++ > 0 ? 1 : -1);
    layout_ = make_routing_layout(blocks_, settings_, &signs_);
    version_ = detail_sign_._version();
}

std::vector<RouterParameters> RoutedMethod::routers() const {
    // One `unbind` instead of a slice for each router: its backward pass is one stack.
    const auto rows = [](const at::Tensor& parameter) {
        return parameter.defined() ? widened(parameter).unbind(0) : std::vector<at::Tensor>();
    };
    const std::vector<at::Tensor> queries = rows(query_), gains = rows(key_gain_), biases = rows(detail_bias_);
    std::vector<RouterParameters> routers(queries.size());
    for (std::size_t i = 0; i < routers.size(); ++i) {
        routers[i].query = queries[i];
        if (!gains.empty()) routers[i].key_gain = gains[i];
        if (!biases.empty()) routers[i].detail_bias = biases[i];
    }
    return routers;
}

BlockRoutedRegistration::BlockRoutedRegistration(MethodDescriptor descriptor,
                                                 RoutingSettings (*read_settings)(const OptionValues&))
    : MethodRegistration(with_costs(std::move(descriptor), read_settings), [read_settings](const MethodInput& input) {
          return std::make_unique<RoutedMethod>(input, block_layout(input.model, input.options),
                                                read_settings(input.options));
      }) {}

}  // namespace wavlab
