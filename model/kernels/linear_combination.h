// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace wavlab {

/// Σ c_i v_i in the wide type; all values have one shape. Saves nothing for the backward pass.
at::Tensor linear_combination(const std::vector<at::Tensor>& values, const std::vector<double>& coefficients);

/// The same by plain ATen operations and their own gradients.
at::Tensor linear_combination_reference(const std::vector<at::Tensor>& values, const std::vector<double>& coefficients);

}  // namespace wavlab
