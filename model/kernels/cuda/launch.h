// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace wavlab::cuda {

/// How a kernel is started.
struct Launch {
    std::int64_t blocks = 1, warps = 1;  ///< blocks of threads, and warps in each
    std::int64_t shared_bytes = 0;       ///< of each block
};

/// What the GPU has that decides it.
struct Device {
    std::int64_t multiprocessors = 1;
    std::int64_t shared_bytes = 48 * 1024;  ///< of one block, at most
};

}  // namespace wavlab::cuda
