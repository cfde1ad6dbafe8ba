// SPDX-License-Identifier: GPL-3.0-or-later
// What all CUDA kernels here are made of: one warp works on one token, each lane on four neighbouring channels at a
// time (8 or 16 bytes), and adds up in fp32. The sources *.cuh are CUDA C++ for nvcc; tests compile them for the CPU,
// too, where tests/model/emulated_cuda.h has given its few words a meaning before they are included; both may be in one
// program, so everything is in an unnamed namespace.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#    include <cuda_bf16.h>
#    define WAVLAB_UNROLL _Pragma("unroll")
#    define WAVLAB_UNROLL_ROWS _Pragma("unroll rows_at_once")
#    define WAVLAB_SHARED_MEMORY(name) extern __shared__ __align__(16) float name[]
#endif

#include "model/kernels/fused_kernels.h"

namespace wavlab::cuda {
namespace {

constexpr int warp_lanes = 32;
/// Channels that a lane reads at once, and that a warp does.
constexpr int lane_channels = 4, warp_channels = warp_lanes * lane_channels;

inline __device__ int lane() { return static_cast<int>(threadIdx.x) % warp_lanes; }
inline __device__ int warp() { return static_cast<int>(threadIdx.x) / warp_lanes; }
inline __device__ int warps() { return static_cast<int>(blockDim.x) / warp_lanes; }
/// The first token of this warp, and how far it is to its next.
inline __device__ std::int64_t first_token() { return static_cast<std::int64_t>(blockIdx.x) * warps() + warp(); }
inline __device__ std::int64_t token_stride() { return static_cast<std::int64_t>(gridDim.x) * warps(); }

inline __device__ float wide(float value) { return value; }

inline __device__ float wide(Bf16 value) {
#if defined(__CUDACC__)
    return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
#else
    return emulated_wide(value);
#endif
}

/// To the nearest number that can be stored.
template <class Real>
__device__ Real stored(float value) {
    if constexpr (sizeof(Real) == sizeof(float)) {
        return value;
    } else {
#if defined(__CUDACC__)
        return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
#else
        return emulated_narrow(value);
#endif
    }
}

/// Four channels as they are stored.
template <class Real>
struct alignas(lane_channels * sizeof(Real)) Four {
    Real value[lane_channels];
};

/// Stores neighbouring numbers at once: as words, which the compiler does not take apart.
template <class Numbers>
__device__ void store_whole(void* target, const Numbers& numbers) {
#if defined(__CUDACC__)
    if constexpr (sizeof(Numbers) == sizeof(uint2)) {
        uint2 words;
        memcpy(&words, &numbers, sizeof(words));
        *static_cast<uint2*>(target) = words;
        return;
    } else if constexpr (sizeof(Numbers) == sizeof(uint4)) {
        uint4 words;
        memcpy(&words, &numbers, sizeof(words));
        *static_cast<uint4*>(target) = words;
        return;
    }
#endif
    *static_cast<Numbers*>(target) = numbers;
}

/// A lane's share of a token's row: channels (step · 32 + lane) · 4 and the three after, for every step. Zero beyond
/// the width.
template <int Steps>
struct Row {
    float value[Steps][lane_channels];
};

inline __device__ int channel(int step) { return (step * warp_lanes + lane()) * lane_channels; }

template <int Steps>
__device__ Row<Steps> zero_row() {
    return {};
}

template <int Steps, class Real>
__device__ Row<Steps> load_row(const Real* source, int width) {
    Row<Steps> row;
    WAVLAB_UNROLL
    for (int step = 0; step < Steps; ++step) {
        Four<Real> four{};
        if (channel(step) < width) four = *reinterpret_cast<const Four<Real>*>(source + channel(step));
        WAVLAB_UNROLL
        for (int k = 0; k < lane_channels; ++k) row.value[step][k] = wide(four.value[k]);
    }
    return row;
}

template <int Steps, class Real>
__device__ void store_row(Real* target, int width, const Row<Steps>& row) {
    WAVLAB_UNROLL
    for (int step = 0; step < Steps; ++step) {
        if (channel(step) >= width) continue;
        Four<Real> four;
        WAVLAB_UNROLL
        for (int k = 0; k < lane_channels; ++k) four.value[k] = stored<Real>(row.value[step][k]);
        store_whole(target + channel(step), four);
    }
}

/// target += source · factor
template <int Steps>
__device__ void add_scaled(Row<Steps>& target, const Row<Steps>& source, float factor) {
    WAVLAB_UNROLL
    for (int step = 0; step < Steps; ++step) WAVLAB_UNROLL
    for (int k = 0; k < lane_channels; ++k) target.value[step][k] += source.value[step][k] * factor;
}

template <int Steps>
__device__ Row<Steps> scaled(const Row<Steps>& row, float factor) {
    Row<Steps> result = zero_row<Steps>();
    add_scaled(result, row, factor);
    return result;
}

/// This lane's part of a · b.
template <int Steps>
__device__ float lane_dot(const Row<Steps>& a, const Row<Steps>& b) {
    float sum = 0;
    WAVLAB_UNROLL
    for (int step = 0; step < Steps; ++step) WAVLAB_UNROLL
    for (int k = 0; k < lane_channels; ++k) sum += a.value[step][k] * b.value[step][k];
    return sum;
}

/// Σ over `Lanes` neighbouring lanes, in each of them.
template <int Lanes = warp_lanes>
__device__ float lanes_sum(float value) {
    WAVLAB_UNROLL
    for (int distance = Lanes / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
    return value;
}

template <int Steps>
__device__ float dot(const Row<Steps>& a, const Row<Steps>& b) {
    return lanes_sum(lane_dot(a, b));
}

/// 16 sums over the warp for the price of 16 shuffles: lane l gets the one of values[l % 16]. In each round lanes that
/// are `Half` apart share what is left: one keeps the upper half of it, the other the lower.
template <int Half = 8>
__device__ float sixteen_sums(float (&values)[16]) {
    const bool upper = (lane() & Half) != 0;
    WAVLAB_UNROLL
    for (int k = 0; k < Half; ++k) {
        const float kept = upper ? values[k + Half] : values[k];
        const float given = upper ? values[k] : values[k + Half];
        values[k] = kept + __shfl_xor_sync(0xffffffffu, given, Half);
    }
    if constexpr (Half > 1)
        return sixteen_sums<Half / 2>(values);
    else
        return values[0] + __shfl_xor_sync(0xffffffffu, values[0], 16);
}

inline __device__ float inverse_root(float mean_square, float eps) { return 1.0f / sqrtf(mean_square + eps); }

}  // namespace
}  // namespace wavlab::cuda
