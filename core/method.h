// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/experiment.h"
#include "core/option.h"
#include "core/registry.h"
#include "core/source.h"

namespace wavlab {

/// What is known of a residual method without a model: its options, and what it would cost. The tensor side of it
/// stands in the same source file under model/routing/.
struct MethodDescriptor {
    std::string id;       ///< "wav"
    int order = 0;        ///< in lists
    std::string title;    ///< "WAV"
    std::string summary;  ///< one or two sentences for the form's help
    std::string formula;  ///< h_l, in plain text
    std::string citation;
    std::vector<Option> options;
    /// Parameters that the method adds to the plain decoder.
    std::function<std::int64_t(const ModelSettings&, const OptionValues&)> added_parameters;
    /// The sources of every router; null for methods without routing.
    std::function<RoutingLayout(const ModelSettings&, const OptionValues&)> routing_layout;

    bool routed() const { return static_cast<bool>(routing_layout); }
};

using MethodRegistry = Registry<MethodDescriptor>;

/// What a run will cost, for the form, before it exists.
struct CostEstimate {
    std::int64_t parameters = 0;         ///< all of them
    std::int64_t added_parameters = 0;   ///< of these, added by the method
    double flops_per_token = 0;          ///< forward and backward, multiply and add counted as two
    double routing_flops_per_token = 0;  ///< of these, spent on routing
    double memory_bytes = 0;             ///< parameters, gradients, optimizer and activations of one microbatch
    std::int64_t most_sources = 0;       ///< sources of the router that has most; 0 without routing
    double mean_sources = 0;
};

/// The estimate for an experiment whose method is known. `vocabulary` is the number of tokens.
CostEstimate estimate_cost(const Experiment& experiment, std::int64_t vocabulary);

/// The layout of the experiment's routers; empty for methods without routing.
RoutingLayout routing_layout(const Experiment& experiment);

}  // namespace wavlab
