// SPDX-License-Identifier: GPL-3.0-or-later
#define WAVLAB_LANES 8
#include "model/kernels/vector/kernel_table.h"

namespace wavlab {

extern const FusedKernels<float> avx2_kernels;
const FusedKernels<float> avx2_kernels = kernel_table("avx2");

}  // namespace wavlab
