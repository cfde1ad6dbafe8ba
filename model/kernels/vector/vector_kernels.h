// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "model/kernels/fused_kernels.h"

namespace wavlab {

/// The operations of the fused pass on the CPU in fp32, on one thread, in one part.
using VectorKernels = FusedKernels<float>;

/// Those that this machine can run, the fastest first; "plain" is always there, and last.
const std::vector<const VectorKernels*>& vector_kernels();

}  // namespace wavlab
