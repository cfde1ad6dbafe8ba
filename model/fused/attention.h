// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace wavlab {

/// What attention gives, and what its backward pass wants to have back. Queries, keys and values are [B, heads, T,
/// d_head], and so is `mixed`.
struct Attended {
    at::Tensor mixed;
    std::vector<at::Tensor> kept;
    std::int64_t longest_query = 0, longest_key = 0;
};

/// One of LibTorch's ways to compute causal attention, without autograd.
struct AttentionBackend {
    const char* name;
    Attended (*forward)(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);
    /// The gradients of query, key and value.
    std::array<at::Tensor, 3> (*backward)(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                                          const at::Tensor& value, const Attended& attended);
};

/// The one for the CPU: flash attention.
const AttentionBackend& cpu_attention();
/// By plain products and a softmax; anywhere, and always with the same bits.
const AttentionBackend& plain_attention();

/// The backends that a GPU may have for this type; some refuse some sizes.
std::vector<const AttentionBackend*> gpu_attention(at::ScalarType type, bool deterministic);

/// A backend, and how it was chosen: "flash (0.11 ms; cudnn 0.14 ms, efficient 0.32 ms)".
struct ChosenAttention {
    const AttentionBackend* backend = nullptr;
    std::string reason;
};

/// On a GPU the fastest forward and backward pass of those that can do these sizes, timed here; on the CPU there is
/// one.
ChosenAttention choose_attention(at::Device device, at::ScalarType type, const std::array<std::int64_t, 4>& sizes,
                                 bool deterministic);

}  // namespace wavlab
