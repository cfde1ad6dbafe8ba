// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "views/microscope/microscope_state.h"
#include "views/plots/plot.h"

namespace wavlab {

/// The slice that is looked at as a plot for figures: the seen part, in the same colours; cells below the threshold
/// are left blank. The run that it is given only names where the model is from.
PlotDescriptor token_map_descriptor(const MicroscopeState& state);

}  // namespace wavlab
