// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "datasets/token_sequence.h"

namespace wavlab {

/// Tokens and what follows each of them.
struct TokenBatch {
    at::Tensor tokens;   ///< [B, T] int64
    at::Tensor targets;  ///< [B, T] int64
};

/// Cuts windows out of a text. On a GPU the whole text lies there, in as few bytes a token as it has here.
class TokenWindows {
public:
    /// The sequence must outlive this object.
    TokenWindows(const TokenSequence& sequence, std::int64_t context, at::Device device);

    /// The windows of context + 1 tokens at `starts`, each cut into tokens and targets [starts, context].
    TokenBatch batch(std::span<const std::int64_t> starts) const;
    /// The same from starts [B], int64, that lie on the device already: nothing passes between it and the host.
    TokenBatch batch(const at::Tensor& starts) const;
    std::int64_t size() const { return sequence_->size(); }

private:
    const TokenSequence* sequence_;
    std::int64_t context_;
    at::Device device_;
    at::Tensor on_device_;  ///< the text, on a GPU only
    at::Tensor offsets_;    ///< [1, context + 1], on a GPU only
};

}  // namespace wavlab
