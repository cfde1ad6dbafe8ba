// SPDX-License-Identifier: GPL-3.0-or-later
// The words of CUDA that model/kernels/cuda uses, on the CPU: every thread of a block is a fiber, which goes on until
// it must wait for others. Whatever a GPU would do in step is done one after the other, so a missing barrier, a shuffle
// that not all lanes reach and shared memory that nobody has written show here. To be included before those sources.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#include "model/kernels/cuda/launch.h"
#include "model/kernels/fused_kernels.h"

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(threads, blocks)
#define WAVLAB_UNROLL
#define WAVLAB_UNROLL_ROWS
#define WAVLAB_SHARED_MEMORY(name) float* const name = ::wavlab::cuda::emulated_shared_memory()

namespace wavlab::cuda {

struct Index {
    unsigned x = 0;
};

/// Of the fiber that runs now.
extern Index threadIdx, blockIdx, blockDim, gridDim;

void __syncthreads();
void __syncwarp();
float __shfl_xor_sync(unsigned mask, float value, int distance);
float* emulated_shared_memory();
float emulated_wide(Bf16 value);
Bf16 emulated_narrow(float value);

/// Runs `thread` as every thread of every block. Throws std::logic_error when threads wait for each other.
void run_emulated(const Launch& shape, const std::function<void()>& thread);

}  // namespace wavlab::cuda
