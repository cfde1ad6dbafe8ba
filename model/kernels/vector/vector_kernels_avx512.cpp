// SPDX-License-Identifier: GPL-3.0-or-later
#define WAVLAB_LANES 16
#include "model/kernels/vector/kernel_table.h"

namespace wavlab {

extern const FusedKernels<float> avx512_kernels;
const FusedKernels<float> avx512_kernels = kernel_table("avx512");

}  // namespace wavlab
