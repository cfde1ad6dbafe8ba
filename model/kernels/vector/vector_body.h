// SPDX-License-Identifier: GPL-3.0-or-later
// Included once by each of the sources that are compiled for one instruction set; WAVLAB_LANES says how wide it is.
// Everything is in an unnamed namespace and nothing of the standard library is used: an inline function compiled here
// must never be the one that the rest of the program runs.
#pragma once

#include <cstdint>

#include "model/kernels/fused_kernels.h"

namespace wavlab {
namespace {

constexpr int lanes = WAVLAB_LANES;
/// Vectors in a row of logits.
constexpr int row_vectors = static_cast<int>(router_lanes) / lanes;
/// Sources or routers that share the loads of one tile: as many as the registers hold.
constexpr int rows_at_once = lanes == 16 ? 4 : 2;

typedef float Vector __attribute__((vector_size(4 * WAVLAB_LANES)));
typedef float LooseVector __attribute__((vector_size(4 * WAVLAB_LANES), aligned(4), may_alias));
typedef std::int32_t Integers __attribute__((vector_size(4 * WAVLAB_LANES)));

inline Vector load(const float* numbers) { return *reinterpret_cast<const LooseVector*>(numbers); }
inline void store(float* target, Vector value) { *reinterpret_cast<LooseVector*>(target) = value; }
inline Vector all(float number) { return Vector{} + number; }
inline Vector larger(Vector a, Vector b) { return a > b ? a : b; }

inline float sum(Vector value) {
#if WAVLAB_LANES == 16
    typedef float Eight __attribute__((vector_size(32)));
    const Eight eight = __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7) +
                        __builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15);
#elif WAVLAB_LANES == 8
    const Vector eight = value;
#endif
    typedef float Four __attribute__((vector_size(16)));
#if WAVLAB_LANES >= 8
    Four four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
    Four four = value;
#endif
    four += __builtin_shufflevector(four, four, 2, 3, 0, 1);
    return four[0] + four[1];
}

/// e^x to within two units in the last place; 0 below -87, as e^-87 is 1e-38.
inline Vector exponential(Vector x) {
    const Vector clamped = x < -87.0f ? all(-87.0f) : (x > 88.0f ? all(88.0f) : x);
    constexpr float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
    const Vector shifted = clamped * 1.44269504088896341f + magic;
    const Vector power = shifted - magic;
    const Vector rest = (clamped - power * 0.693359375f) + power * 2.12194440e-4f;
    Vector series = rest * 1.9875691500e-4f + 1.3981999507e-3f;
    series = series * rest + 8.3334519073e-3f;
    series = series * rest + 4.1665795894e-2f;
    series = series * rest + 1.6666665459e-1f;
    series = series * rest + 5.0000001201e-1f;
    series = series * rest * rest + rest + 1.0f;
    const Integers exponent = (__builtin_convertvector(power, Integers) + 127) << 23;
    const Vector result = series * (Vector)exponent;
    return x < -87.0f ? Vector{} : result;
}

inline float dot(const float* a, const float* b, std::int64_t width) {
    Vector result{};
    for (std::int64_t c = 0; c < width; c += lanes) result += load(a + c) * load(b + c);
    return sum(result);
}

inline float inverse_root(float mean_square, float eps) { return 1.0f / __builtin_sqrtf(mean_square + eps); }

}  // namespace
}  // namespace wavlab
