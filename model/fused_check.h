// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "model/decoder.h"

namespace wavlab {

/// How far the fused pass is from the plain one, on one made-up sequence.
struct FusedCheck {
    double loss = 0;       ///< |difference| / loss
    double gradients = 0;  ///< ‖difference‖ / ‖gradients‖ over all parameters
    std::string obstacle;  ///< why the fused pass must not be used; ends a sentence, empty when it is right
};

/// Compares losses and gradients on the decoder's own device, where the fused pass covers the model. Leaves no
/// gradients. Throws nothing of the fused pass's: what fails there is an obstacle.
FusedCheck check_fused_pass(const Decoder& decoder);

}  // namespace wavlab
