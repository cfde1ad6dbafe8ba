// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/cuda/cuda_kernels.h"

#ifndef WAVLAB_WITH_CUDA

namespace wavlab {

template <>
const FusedKernels<float>* cuda_kernels<float>() {
    return nullptr;
}

template <>
const FusedKernels<c10::BFloat16>* cuda_kernels<c10::BFloat16>() {
    return nullptr;
}

}  // namespace wavlab

#endif
