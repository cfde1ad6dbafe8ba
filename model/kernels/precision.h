// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace wavlab {

/// The type in which norms, logits, softmax and sums are computed: fp32, or the compute type where it is wider.
inline at::ScalarType wide_type(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

/// `tensor` in its wide type; the same tensor when it has it already.
inline at::Tensor widened(const at::Tensor& tensor) { return tensor.to(wide_type(tensor.scalar_type())); }

}  // namespace wavlab
