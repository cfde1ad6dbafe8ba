// SPDX-License-Identifier: GPL-3.0-or-later
// How nvcc's kernels are started: on PyTorch's current stream.
#pragma once

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include "model/kernels/cuda/launch.h"

namespace wavlab::cuda {
namespace {

inline Device this_device() {
    int device = 0, multiprocessors = 0, shared_bytes = 0;
    C10_CUDA_CHECK(cudaGetDevice(&device));
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device));
    return {multiprocessors, shared_bytes};
}

/// What a kernel may use without asking.
constexpr std::int64_t granted_shared_bytes = 48 * 1024;

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, const Arguments&... arguments) {
    if (shape.blocks <= 0) return;
    if (shape.shared_bytes > granted_shared_bytes)
        C10_CUDA_CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                            static_cast<int>(shape.shared_bytes)));
    kernel<<<static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.warps * 32),
             static_cast<std::size_t>(shape.shared_bytes), c10::cuda::getCurrentCUDAStream()>>>(arguments...);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace
}  // namespace wavlab::cuda
