// SPDX-License-Identifier: GPL-3.0-or-later
#define WAVLAB_LANES 8
#include "model/kernels/vector/kernel_table.h"

namespace wavlab {

extern const VectorKernels avx2_kernels;
const VectorKernels avx2_kernels = kernel_table("avx2");

}  // namespace wavlab
