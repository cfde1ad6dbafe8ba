// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/kernels/fused_kernels.h"

namespace wavlab {

/// The operations of the fused pass on a GPU, on the calling thread's current CUDA stream. Null where this program was
/// built without a CUDA compiler.
template <class Real>
const FusedKernels<Real>* cuda_kernels();
template <>
const FusedKernels<float>* cuda_kernels<float>();
template <>
const FusedKernels<Bf16>* cuda_kernels<Bf16>();

namespace cuda {

/// A cudaStream_t: the calling thread's current one.
void* current_stream();
/// Throws what LibTorch throws when this cudaError_t is not cudaSuccess.
void require_success(int error);

}  // namespace cuda

}  // namespace wavlab
