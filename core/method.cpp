// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/method.h"

#include <algorithm>

#include "core/error.h"

namespace wavlab {

namespace {

const MethodDescriptor& method_of(const Experiment& experiment) {
    const MethodDescriptor* method = MethodRegistry::find(experiment.model.method);
    if (!method) throw InputError("model.method = \"" + experiment.model.method + "\": there is no such method");
    return *method;
}

/// What the routers add up to.
struct RoutingSize {
    double sources = 0;  ///< over all routers
    std::int64_t most = 0;
    bool phase = false;
    bool split = false;
};

RoutingSize size_of_routing(const RoutingLayout& layout) {
    RoutingSize size;
    for (const std::vector<Source>& sources : layout.routers) {
        size.sources += double(sources.size());
        size.most = std::max(size.most, std::int64_t(sources.size()));
        for (const Source& source : sources) {
            size.phase |= source.kind == SourceKind::phase || source.kind == SourceKind::phase_partial;
            size.split |= source.kind == SourceKind::split || source.kind == SourceKind::split_partial;
        }
    }
    return size;
}

/// Forward and backward. Per source and router: its mean square, the dot product with the query and the weighted sum,
/// two operations a channel each; a detail adds every update to its sum.
double routing_flops(const ModelSettings& model, const RoutingSize& size) {
    constexpr double forward_and_backward = 3;
    const double width = double(model.width);
    const double details = double(size.phase) + double(size.split);
    return forward_and_backward * (6 * width * size.sources + details * 2 * width * 2 * double(model.layers));
}

/// Bytes kept for the backward pass of one microbatch: what the sublayers save, the routers' sources and keys, logits.
double activation_bytes(const Experiment& experiment, const RoutingSize& size, double vocabulary) {
    const ModelSettings& model = experiment.model;
    const double tokens = double(experiment.train.batch) * double(model.context);
    const double width = double(model.width);
    const double value_bytes = experiment.train.precision == "bf16" ? 2 : 4;
    const double layer = 10 * width + 4 * double(model.mlp_hidden);
    const double routing = 2 * width * size.sources;
    constexpr double logit_bytes = 3 * 4;  // logits, their log-softmax and its gradient, in fp32
    return tokens * (value_bytes * (double(model.layers) * layer + routing + 2 * width) + logit_bytes * vocabulary);
}

}  // namespace

RoutingLayout routing_layout(const Experiment& experiment) {
    const MethodDescriptor& method = method_of(experiment);
    return method.routed() ? method.routing_layout(experiment.model, resolved_method_options(experiment))
                           : RoutingLayout{};
}

CostEstimate estimate_cost(const Experiment& experiment, std::int64_t vocabulary) {
    const MethodDescriptor& method = method_of(experiment);
    const ModelSettings& model = experiment.model;
    const RoutingLayout layout = routing_layout(experiment);
    const RoutingSize size = size_of_routing(layout);

    const std::int64_t d = model.width;
    const std::int64_t per_layer = 2 * d + 4 * d * d + 3 * d * model.mlp_hidden;
    CostEstimate cost;
    if (method.added_parameters)
        cost.added_parameters = method.added_parameters(model, resolved_method_options(experiment));
    cost.parameters = 2 * vocabulary * d + model.layers * per_layer + d + cost.added_parameters;

    // Multiply-adds of the matrices count 2 forward and 4 backward; attention over the whole context as in PaLM
    // (Chowdhery et al. 2022, appendix B). The embedding is a look-up.
    const double matrices =
        double(model.layers) * double(4 * d * d + 3 * d * model.mlp_hidden) + double(vocabulary * d);
    const double attention = 12.0 * double(model.layers) * double(d) * double(model.context);
    cost.routing_flops_per_token = routing_flops(model, size);
    cost.flops_per_token = 6 * matrices + attention + cost.routing_flops_per_token;

    // Master weights, gradients and AdamW's two moments are fp32; bf16 keeps a copy of the weights.
    const double parameter_bytes = experiment.train.precision == "bf16" ? 18 : 16;
    cost.memory_bytes =
        parameter_bytes * double(cost.parameters) + activation_bytes(experiment, size, double(vocabulary));
    cost.most_sources = size.most;
    if (!layout.empty()) cost.mean_sources = size.sources / double(layout.routers.size());
    return cost;
}

}  // namespace wavlab
