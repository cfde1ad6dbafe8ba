// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/vector/vector_kernels.h"

namespace wavlab {

extern const VectorKernels avx512_kernels, avx2_kernels, plain_kernels;

const std::vector<const VectorKernels*>& vector_kernels() {
    static const std::vector<const VectorKernels*> known = [] {
        std::vector<const VectorKernels*> found;
#if defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
            found.push_back(&avx512_kernels);
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2_kernels);
#endif
        found.push_back(&plain_kernels);
        return found;
    }();
    return known;
}

}  // namespace wavlab
