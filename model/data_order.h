// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace wavlab {

/// Where the `batch` windows of context + 1 tokens of one microbatch start in a text of `tokens` tokens: uniform over
/// all places where a window fits, a pure function of (seed, step, microbatch). Microbatches 0..a-1 of b windows
/// together are the one microbatch of a·b windows. Throws WorkError when the text is shorter than a window.
std::vector<std::int64_t> window_starts(std::uint64_t seed, std::int64_t step, std::int64_t microbatch,
                                        std::int64_t batch, std::int64_t tokens, std::int64_t context);

}  // namespace wavlab
