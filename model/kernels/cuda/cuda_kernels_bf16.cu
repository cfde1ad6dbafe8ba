// SPDX-License-Identifier: GPL-3.0-or-later
#include <c10/util/BFloat16.h>

#include "model/kernels/cuda/cuda_kernels.h"
#include "model/kernels/cuda/kernel_table.cuh"
#include "model/kernels/cuda/nvcc_launch.cuh"

namespace wavlab {

template <>
const FusedKernels<c10::BFloat16>* cuda_kernels<c10::BFloat16>() {
    static const FusedKernels<c10::BFloat16> kernels = cuda::kernel_table<c10::BFloat16>("cuda");
    return &kernels;
}

}  // namespace wavlab
