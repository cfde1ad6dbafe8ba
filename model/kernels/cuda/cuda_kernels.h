// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/kernels/fused_kernels.h"

namespace c10 {
struct BFloat16;
}

namespace wavlab {

/// The operations of the fused pass on a GPU, on the calling thread's current CUDA stream; `Real` is float or
/// c10::BFloat16. Null where this program was built without a CUDA compiler.
template <class Real>
const FusedKernels<Real>* cuda_kernels();
template <>
const FusedKernels<float>* cuda_kernels<float>();
template <>
const FusedKernels<c10::BFloat16>* cuda_kernels<c10::BFloat16>();

}  // namespace wavlab
