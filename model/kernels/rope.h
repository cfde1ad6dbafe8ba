// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>

namespace wavlab {

/// Cosines and sines of rotary position embedding, base 10000, both [length, d_head / 2] in the wide type of `type`.
std::pair<at::Tensor, at::Tensor> rope_tables(std::int64_t length, std::int64_t head_width, at::ScalarType type,
                                              at::Device device);

/// Rotates queries and keys by position: channel j turns with channel j + d_head/2 (Su et al., RoFormer, 2021).
/// joined [B, T, 3, heads, d_head] (query, key, value) → the same with queries and keys rotated; values are copied.
/// cosine and sine [T, d_head / 2].
at::Tensor rotate_queries_and_keys(const at::Tensor& joined, const at::Tensor& cosine, const at::Tensor& sine);

/// The same by plain ATen operations and their own gradients, for one of the three: value [B, T, heads, d_head].
at::Tensor rotate_reference(const at::Tensor& value, const at::Tensor& cosine, const at::Tensor& sine);

}  // namespace wavlab
