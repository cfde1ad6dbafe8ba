// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace wavlab {

/// v / sqrt(mean over channels of v² + eps) ⊙ gain. value [..., d], gain [d] → [..., d] in the value's type,
/// computed in the wide type. The backward pass recomputes the normalised value.
at::Tensor rms_norm(const at::Tensor& value, const at::Tensor& gain, double eps);

/// The same by plain ATen operations and their own gradients: what rms_norm is checked against.
at::Tensor rms_norm_reference(const at::Tensor& value, const at::Tensor& gain, double eps);

/// 1 / sqrt(mean over channels of v² + eps): [..., d] → [..., 1] in the wide type.
at::Tensor inverse_rms(const at::Tensor& value, double eps);

/// sqrt(mean(v²)) of every token, [..., d] → [..., 1], or with `whole_tensor` of all of it, → [1]; in the wide type.
/// Its gradient at 0 is defined as 0.
at::Tensor root_mean_square(const at::Tensor& value, bool whole_tensor);

}  // namespace wavlab
