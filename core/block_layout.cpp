// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/block_layout.h"

#include <algorithm>

namespace wavlab {

BlockLayout::BlockLayout(std::int64_t layers, std::int64_t blocks, std::int64_t block_size)
    : sublayers_(2 * layers), block_size_(block_size) {
    if (block_size_ <= 0) {
        const std::int64_t wanted = std::max<std::int64_t>(1, blocks);
        block_size_ = std::max<std::int64_t>(1, sublayers_ / wanted + (sublayers_ % wanted != 0));
    }
    // A block longer than the model is the whole model; this also keeps the sums below from overflowing.
    block_size_ = std::min(block_size_, std::max<std::int64_t>(1, sublayers_));
}

std::int64_t BlockLayout::last_sublayer(std::int64_t block) const { return std::min(block * block_size_, sublayers_); }

std::int64_t BlockLayout::completed_blocks(std::int64_t done) const {
    return done >= sublayers_ ? block_count() : done / block_size_;
}

namespace {

/// +n/(2 n_positive) where `positive(i)` holds for i in 0..n-1, -n/(2 n_negative) elsewhere.
template <class Positive>
std::vector<double> contrast(std::int64_t n, Positive positive) {
    std::int64_t n_positive = 0;
    for (std::int64_t i = 0; i < n; ++i) n_positive += positive(i) ? 1 : 0;
    const std::int64_t n_negative = n - n_positive;
    if (n_positive == 0 || n_negative == 0) return {};
    std::vector<double> coefficients;
    coefficients.reserve(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i)
        coefficients.push_back(positive(i) ? double(n) / (2.0 * double(n_positive))
                                           : -double(n) / (2.0 * double(n_negative)));
    return coefficients;
}

}  // namespace

std::vector<double> phase_coefficients(std::int64_t first, std::int64_t done) {
    return contrast(done, [first](std::int64_t i) { return is_attention(first + i); });
}

std::vector<double> split_coefficients(std::int64_t length, std::int64_t done) {
    const std::int64_t first_half = (length + 1) / 2;
    return contrast(done, [first_half](std::int64_t i) { return i < first_half; });
}

}  // namespace wavlab
