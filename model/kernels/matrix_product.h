// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace wavlab {

/// result = a b, without autograd; a: [n, k], b: [k, m], either may be a transposed view. `result` may become another
/// tensor. On the CPU in fp32 by LibTorch's oneDNN where it was built with it: for matrices as small as ours on one
/// thread it is twice as fast as MKL where that has no AVX-512 kernels, as on AMD's processors.
void multiply(at::Tensor& result, const at::Tensor& a, const at::Tensor& b);

}  // namespace wavlab
