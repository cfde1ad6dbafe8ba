// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace wavlab {

/// Sets numbers to zero with the given probability and divides the others by (1 - probability). Which ones is a pure
/// function of `key` and the position, the same on every device.
at::Tensor dropout(const at::Tensor& value, double probability, std::uint64_t key);

/// The mask alone (1: kept), from the host's random numbers: what `dropout` is checked against.
at::Tensor dropout_mask_reference(at::IntArrayRef shape, double probability, std::uint64_t key);

}  // namespace wavlab
