// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/data_order.h"

#include "core/error.h"
#include "model/random.h"

namespace wavlab {

namespace {

/// A number below `bound` from 64 random bits, by the high half of their product (Lemire 2019; the bias of at most
/// bound/2^64 is far below anything measurable).
std::int64_t below(std::uint64_t random, std::int64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((static_cast<Wide>(random) * static_cast<std::uint64_t>(bound)) >> 64);
}

}  // namespace

std::vector<std::int64_t> window_starts(std::uint64_t seed, std::int64_t step, std::int64_t microbatch,
                                        std::int64_t batch, std::int64_t tokens, std::int64_t context) {
    const std::int64_t places = tokens - context;
    if (places < 1) throw WorkError("the training text is shorter than one window of context + 1 tokens");
    const std::uint64_t key = child_key(random_key(seed, "batches"), static_cast<std::uint64_t>(step));
    std::vector<std::int64_t> starts(static_cast<std::size_t>(batch));
    for (std::int64_t i = 0; i < batch; ++i) {
        const auto index = static_cast<std::uint64_t>(microbatch * batch + i);
        starts[static_cast<std::size_t>(i)] = below(random_bits(key, index), places);
    }
    return starts;
}

}  // namespace wavlab
