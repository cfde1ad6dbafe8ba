// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wavlab {

/// How the 2L sublayers are cut into consecutive blocks (design §2). Sublayers and blocks are numbered from 1.
/// Odd sublayers are attention, even ones the MLP.
class BlockLayout {
public:
    /// `block_size` 0: from `blocks`, as max(1, ceil(2L / blocks)). The last block may be shorter.
    BlockLayout(std::int64_t layers, std::int64_t blocks, std::int64_t block_size);

    std::int64_t sublayers() const { return sublayers_; }
    std::int64_t block_size() const { return block_size_; }
    std::int64_t block_count() const { return (sublayers_ + block_size_ - 1) / block_size_; }
    std::int64_t block_of(std::int64_t sublayer) const { return (sublayer - 1) / block_size_ + 1; }
    std::int64_t first_sublayer(std::int64_t block) const { return (block - 1) * block_size_ + 1; }
    std::int64_t last_sublayer(std::int64_t block) const;
    std::int64_t length(std::int64_t block) const { return last_sublayer(block) - first_sublayer(block) + 1; }
    bool completes_block(std::int64_t sublayer) const { return sublayer == last_sublayer(block_of(sublayer)); }
    /// Blocks completed once `done` sublayers have run (0..2L).
    std::int64_t completed_blocks(std::int64_t done) const;

private:
    std::int64_t sublayers_;
    std::int64_t block_size_;
};

inline bool is_attention(std::int64_t sublayer) { return sublayer % 2 == 1; }

/// Coefficients c_l of the phase detail over `done` sublayers of a block that starts at `first` (1-based):
/// +n/(2 n_att) on attention, -n/(2 n_mlp) on MLP sublayers, n = done. Empty when one side is empty.
std::vector<double> phase_coefficients(std::int64_t first, std::int64_t done);

/// Coefficients of the split detail over the first `done` of `length` sublayers: +n/(2 n_first) on those among the
/// first ceil(length/2), -n/(2 n_second) on the rest, n = done. Empty when one side is empty.
std::vector<double> split_coefficients(std::int64_t length, std::int64_t done);

}  // namespace wavlab
