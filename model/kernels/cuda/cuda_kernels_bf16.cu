// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/cuda/cuda_kernels.h"
#include "model/kernels/cuda/nvcc_launch.cuh"
// After what it starts kernels with:
#include "model/kernels/cuda/kernel_table.cuh"

namespace wavlab {

template <>
const FusedKernels<Bf16>* cuda_kernels<Bf16>() {
    static const FusedKernels<Bf16> kernels = cuda::kernel_table<Bf16>("cuda");
    return &kernels;
}

}  // namespace wavlab
