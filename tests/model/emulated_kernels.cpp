// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/model/emulated_kernels.h"

#include "tests/model/emulated_cuda.h"

namespace wavlab::cuda {

namespace {

/// Few of everything, so that blocks go from token to token and parts are added up.
Device this_device() { return {.multiprocessors = 2, .shared_bytes = 160 * 1024}; }

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, const Arguments&... arguments) {
    run_emulated(shape, [&] { kernel(arguments...); });
}

}  // namespace

}  // namespace wavlab::cuda

#include "model/kernels/cuda/kernel_table.cuh"

namespace wavlab::testing {

const FusedKernels<float>& emulated_cuda_kernels() {
    static constexpr FusedKernels<float> kernels = cuda::kernel_table<float>("emulated");
    return kernels;
}

const FusedKernels<Bf16>& emulated_narrow_cuda_kernels() {
    static constexpr FusedKernels<Bf16> kernels = cuda::kernel_table<Bf16>("emulated");
    return kernels;
}

}  // namespace wavlab::testing
