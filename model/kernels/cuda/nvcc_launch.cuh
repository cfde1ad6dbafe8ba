// SPDX-License-Identifier: GPL-3.0-or-later
// How nvcc's kernels are started: on LibTorch's current stream.
#pragma once

#include <cuda_runtime.h>

#include "model/kernels/cuda/cuda_kernels.h"
#include "model/kernels/cuda/launch.h"

namespace wavlab::cuda {
namespace {

inline Device this_device() {
    int device = 0, multiprocessors = 0, shared_bytes = 0;
    require_success(cudaGetDevice(&device));
    require_success(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
    require_success(cudaDeviceGetAttribute(&shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device));
    return {multiprocessors, shared_bytes};
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, const Arguments&... arguments) {
    if (shape.blocks <= 0) return;
    // A permission only, and of the kernel, not of this launch: another thread or a captured launch may need more.
    if (shape.shared_bytes > 0)
        require_success(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                             static_cast<int>(this_device().shared_bytes)));
    kernel<<<static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.warps * 32),
             static_cast<std::size_t>(shape.shared_bytes), static_cast<cudaStream_t>(current_stream())>>>(arguments...);
    require_success(cudaGetLastError());
}

}  // namespace
}  // namespace wavlab::cuda
