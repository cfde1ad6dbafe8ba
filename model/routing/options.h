// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/block_layout.h"
#include "core/experiment.h"
#include "core/option.h"
#include "model/routing/routing_plan.h"

namespace wavlab {

/// Options that several methods share, each declared once.
Option blocks_option();
Option block_size_option();
Option key_gain_option();
Option phase_option();
Option split_option();
Option detail_scope_option();
Option detail_option();
Option rms_match_option();
Option detach_option();
Option detail_bias_option();
Option detail_bias_init_option();
Option layer_scale_init_option();

/// The value of an option, of which `values` hold those that differ from the default.
template <class T>
T method_option(const Option& option, const OptionValues& values) {
    return get_option<T>({option}, values, option.key);
}

/// From the options blocks and block_size.
BlockLayout block_layout(const ModelSettings& model, const OptionValues& values);

/// The initial λ of layerscale and block_layerscale: the option `init`, or CaiT's rule where that is negative.
double initial_layer_scale(const ModelSettings& model, const OptionValues& values);

/// The settings of a method without details: key_gain.
RoutingSettings read_routing_settings(const OptionValues& values);

/// The settings of a method with details: all but what the method itself decides (phase, split, online).
RoutingSettings read_detail_settings(const OptionValues& values);

}  // namespace wavlab
