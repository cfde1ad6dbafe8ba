// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/model_library.h"

namespace wavlab {

/// Measures what the loss does when routers must do without their sources, one source at one router at a time, and
/// without whole families of sources. See ModelLibrary::probe.
ProbeResult probe_checkpoint(const ProbeRequest& request);

}  // namespace wavlab
