// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused_memory.h"

#include <algorithm>

#include "core/method.h"

namespace wavlab {

namespace {

// As the fused pass has them.
constexpr std::int64_t tile_tokens = 256;
constexpr std::int64_t router_lanes = 16;
constexpr double most_gradient_bytes = 1 << 30;
constexpr double float_bytes = 4;

bool is_complete(const Source& source) { return source.kind == SourceKind::embedding || source.block > 0; }

/// Numbers a token that a pass keeps: of the type that the model computes in, and in fp32.
struct Numbers {
    double stored = 0, wide = 0;

    double bytes(double stored_bytes) const { return stored_bytes * stored + float_bytes * wide; }
};

/// For routing: sources and their gradients, running sums, the values that the routers of a block wait with, and the
/// logits of routers that are scored together.
Numbers routing_numbers(const ModelSettings& model, const RoutingLayout& layout) {
    if (layout.empty()) return {};
    std::int64_t completed = 0, together = 0, longest = 0, lanes_of_sources = 0;
    for (const std::vector<Source>& router : layout.routers) {
        const std::int64_t before = completed;
        completed = std::count_if(router.begin(), router.end(), is_complete);
        together = completed == before ? together + 1 : 1;
        longest = std::max(longest, together);
        if ((together - 1) % router_lanes == 0) lanes_of_sources += router_lanes * completed;
    }
    const double width = double(model.width);
    return {double(2 * completed + longest) * width, double(2 * model.layers) * width + double(lanes_of_sources)};
}

/// For the sublayers, the head and whatever it works on.
Numbers sublayer_numbers(const ModelSettings& model, std::int64_t vocabulary) {
    const double width = double(model.width), hidden = double(model.mlp_hidden);
    return {double(model.layers) * (6 * width + 2 * hidden) + 12 * width + 3 * hidden, 2 * double(vocabulary)};
}

/// What a recorded step keeps beside it, in fp32: states, updates, running sums and sources.
double recorded_numbers(const ModelSettings& model, const RoutingLayout& layout) {
    const auto sources = layout.empty() ? 0 : static_cast<std::int64_t>(layout.routers.back().size());
    return double((layout.empty() ? 4 : 6) * model.layers + 1 + sources) * double(model.width);
}

}  // namespace

double fused_memory_bytes(const Experiment& experiment, std::int64_t vocabulary, std::int64_t threads) {
    const ModelSettings& model = experiment.model;
    const double weights = float_bytes * double(estimate_cost(experiment, vocabulary).parameters);
    const std::int64_t affordable = std::max<std::int64_t>(1, std::int64_t(most_gradient_bytes / weights));
    const std::int64_t workers = std::min({threads, experiment.train.batch, affordable});
    const std::int64_t share = (experiment.train.batch + workers - 1) / workers;
    const std::int64_t tile = std::min(share, std::max<std::int64_t>(1, tile_tokens / model.context));
    const double token = sublayer_numbers(model, vocabulary).bytes(float_bytes) +
                         routing_numbers(model, routing_layout(experiment)).bytes(float_bytes);
    // Weights, gradients and two moments; the weights with gains multiplied in; what each thread gathers.
    return double(5 + workers) * weights + double(workers * tile * model.context) * token;
}

double training_memory_bytes(const Experiment& experiment, std::int64_t vocabulary, c10::Device device, bool fused) {
    const CostEstimate cost = estimate_cost(experiment, vocabulary);
    if (device.is_cpu() || !fused) return cost.memory_bytes;
    const ModelSettings& model = experiment.model;
    const TrainSettings& train = experiment.train;
    const RoutingLayout layout = routing_layout(experiment);
    const double stored_bytes = train.precision == "bf16" ? 2 : float_bytes;
    double token =
        sublayer_numbers(model, vocabulary).bytes(stored_bytes) + routing_numbers(model, layout).bytes(stored_bytes);
    if (train.record_every > 0) token += float_bytes * recorded_numbers(model, layout);
    // Weights, gradients and two moments; the weights with gains multiplied in.
    const double weights = (4 * float_bytes + stored_bytes) * double(cost.parameters);
    return weights + double(train.batch * model.context) * token;
}

}  // namespace wavlab
