// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/kernels/fused_kernels.h"

namespace wavlab::testing {

/// The CUDA kernels of the fused pass, emulated on the CPU, for tensors there. As slow as it sounds; one thread at a
/// time.
const FusedKernels<float>& emulated_cuda_kernels();
const FusedKernels<Bf16>& emulated_narrow_cuda_kernels();

}  // namespace wavlab::testing
