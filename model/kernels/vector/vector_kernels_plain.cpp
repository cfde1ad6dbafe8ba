// SPDX-License-Identifier: GPL-3.0-or-later
#define WAVLAB_LANES 4
#include "model/kernels/vector/kernel_table.h"

namespace wavlab {

extern const FusedKernels<float> plain_kernels;
const FusedKernels<float> plain_kernels = kernel_table("plain");

}  // namespace wavlab
