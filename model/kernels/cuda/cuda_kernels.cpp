// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels need of LibTorch; and where there is no CUDA, that there are none.
#include "model/kernels/cuda/cuda_kernels.h"

#ifdef WAVLAB_WITH_CUDA

#    include <c10/cuda/CUDAException.h>
#    include <c10/cuda/CUDAStream.h>

namespace wavlab::cuda {

void* current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

void require_success(int error) { C10_CUDA_CHECK(static_cast<cudaError_t>(error)); }

}  // namespace wavlab::cuda

#else

namespace wavlab {

template <>
const FusedKernels<float>* cuda_kernels<float>() {
    return nullptr;
}

template <>
const FusedKernels<Bf16>* cuda_kernels<Bf16>() {
    return nullptr;
}

}  // namespace wavlab

#endif
