// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/method.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace wavlab {

const RoutingLayout& ResidualMethod::routing_layout() const {
    static const RoutingLayout none;
    return none;
}

FusedForm ResidualMethod::fused_form() const { return {.obstacle = "the method has no fused form", .routing = {}, .scales = {}}; }

at::Tensor ResidualMethod::add_parameter(std::string name, const at::Tensor& initial, bool trainable,
                                         const DecoderOptions& options) {
    const auto wanted = at::TensorOptions(options.device).dtype(options.parameter_type);
    at::Tensor value = initial.to(wanted, false, true).contiguous();
    value.requires_grad_(trainable);
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.value = value;
    parameter.trainable = trainable;
    parameters_.push_back(std::move(parameter));
    return value;
}

std::unique_ptr<ResidualMethod> make_method(const std::string& id, const MethodInput& input) {
    const MethodFactory* factory = Registry<MethodFactory>::find(id);
    if (!factory) throw WorkError("there is no residual method '" + id + "'");
    return factory->make(input);
}

MethodRegistration::MethodRegistration(MethodDescriptor descriptor,
                                       std::function<std::unique_ptr<ResidualMethod>(const MethodInput&)> make) {
    Registry<MethodFactory>::add({descriptor.id, descriptor.order, std::move(make)});
    MethodRegistry::add(std::move(descriptor));
}

}  // namespace wavlab
