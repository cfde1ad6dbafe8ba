// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/probe.h"

#include "core/error.h"

namespace wavlab {

ProbeResult probe_checkpoint(const ProbeRequest&) { throw WorkError("not built yet"); }

}  // namespace wavlab
