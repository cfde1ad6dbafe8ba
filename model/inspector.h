// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/model_library.h"

namespace wavlab {

/// Looks at every token of a text: routing weights, contributions, attributions and what comes next. See
/// ModelLibrary::inspect.
TokenRouting inspect_checkpoint(const InspectRequest& request);

}  // namespace wavlab
