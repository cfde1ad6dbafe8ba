// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/cuda/cuda_kernels.h"
#include "model/kernels/cuda/nvcc_launch.cuh"
// After what it starts kernels with:
#include "model/kernels/cuda/kernel_table.cuh"

namespace wavlab {

template <>
const FusedKernels<float>* cuda_kernels<float>() {
    static const FusedKernels<float> kernels = cuda::kernel_table<float>("cuda");
    return &kernels;
}

}  // namespace wavlab
