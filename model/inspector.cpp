// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/inspector.h"

#include "core/error.h"

namespace wavlab {

TokenRouting inspect_checkpoint(const InspectRequest&) { throw WorkError("not built yet"); }

}  // namespace wavlab
