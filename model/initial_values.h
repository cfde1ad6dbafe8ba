// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace wavlab {

/// Normal(0, deviation) numbers of a shape, fp32 on the CPU: a pure function of (seed, name), whatever the device, the
/// number of threads and the method.
at::Tensor draw_normal(at::IntArrayRef shape, double deviation, std::uint64_t seed, std::string_view name);

}  // namespace wavlab
