// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/options.h"
#include "model/routing/routed_method.h"

namespace wavlab {

namespace {

/// Every sublayer is a block of its own.
BlockLayout single_blocks(const ModelSettings& model) { return {model.layers, 1, 1}; }

const MethodRegistration registration{
    {.id = "attnres_full",
     .order = 50,
     .title = WAVLAB_TEXT("Full AttnRes"),
     .summary = WAVLAB_TEXT(
         "Before every sublayer a router takes a softmax over the embedding and every single update so far, and "
         "passes on their weighted mean."),
     .formula = "k_i = RMSNorm(v_i) ⊙ γ_l,  α_l = softmax_i(w_l · k_i),  h_l = Σ_i α_{l,i} v_i,  "
                "v = x_0, u_1 .. u_{l−1}",
     .citation = "Attention Residuals (Kimi Team)",
     .options = {key_gain_option()},
     .added_parameters =
         [](const ModelSettings& model, const OptionValues& options) {
             return routing_parameters(model.layers, model.width, read_routing_settings(options));
         },
     .routing_layout =
         [](const ModelSettings& model, const OptionValues& options) {
             return make_routing_layout(single_blocks(model), read_routing_settings(options));
         }},
    [](const MethodInput& input) {
        return std::make_unique<RoutedMethod>(input, single_blocks(input.model), read_routing_settings(input.options));
    }};

}  // namespace

}  // namespace wavlab
