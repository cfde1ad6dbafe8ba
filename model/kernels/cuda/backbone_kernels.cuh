// SPDX-License-Identifier: GPL-3.0-or-later
// Norms, SwiGLU and rotary positions on a GPU; see fused_kernels.h for what each does.
#pragma once

#include "model/kernels/cuda/warp.cuh"

namespace wavlab::cuda {
namespace {

template <class Real, int Steps>
__global__ void add_and_normalise_kernel(std::int64_t tokens, std::int64_t width, float eps, const Real* update,
                                         Real* stream, Real* normalised, float* inverse_rms) {
    for (std::int64_t t = first_token(); t < tokens; t += token_stride()) {
        Row<Steps> row = load_row<Steps>(stream + t * width, width);
        if (update) {
            add_scaled(row, load_row<Steps>(update + t * width, width), 1.0f);
            store_row(stream + t * width, width, row);
        }
        const float inverse = inverse_root(dot(row, row) / static_cast<float>(width), eps);
        if (lane() == 0) inverse_rms[t] = inverse;
        store_row(normalised + t * width, width, scaled(row, inverse));
    }
}

template <class Real, int Steps>
__global__ void normalise_backward_kernel(std::int64_t tokens, std::int64_t width, const Real* normalised_gradient,
                                          const Real* normalised, const float* inverse_rms, Real* gradient) {
    for (std::int64_t t = first_token(); t < tokens; t += token_stride()) {
        const Row<Steps> g = load_row<Steps>(normalised_gradient + t * width, width);
        const Row<Steps> x = load_row<Steps>(normalised + t * width, width);
        const float mean = dot(g, x) / static_cast<float>(width), inverse = inverse_rms[t];
        Row<Steps> row = load_row<Steps>(gradient + t * width, width);
        add_scaled(row, g, inverse);
        add_scaled(row, x, -mean * inverse);
        store_row(gradient + t * width, width, row);
    }
}

template <class Real, int Steps>
__global__ void inverse_rms_kernel(std::int64_t tokens, std::int64_t width, std::int64_t stride, float eps,
                                   const Real* values, std::int64_t target_stride, float* target) {
    for (std::int64_t t = first_token(); t < tokens; t += token_stride()) {
        const Row<Steps> row = load_row<Steps>(values + t * stride, width);
        const float inverse = inverse_root(dot(row, row) / static_cast<float>(width), eps);
        if (lane() == 0) target[t * target_stride] = inverse;
    }
}

/// The first of the numbers that a thread works on, four at a time, and how far it is to the next ones.
inline __device__ std::int64_t first_number() {
    return (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * lane_channels;
}
inline __device__ std::int64_t number_stride() {
    return static_cast<std::int64_t>(gridDim.x) * blockDim.x * lane_channels;
}

inline __device__ float sigmoid(float value) { return 1.0f / (1.0f + expf(-value)); }

template <class Real>
__global__ void swiglu_kernel(std::int64_t tokens, std::int64_t hidden, const Real* joined, Real* product) {
    for (std::int64_t i = first_number(); i < tokens * hidden; i += number_stride()) {
        const Real* gates = joined + i / hidden * 2 * hidden + i % hidden;
        const auto gate = *reinterpret_cast<const Four<Real>*>(gates);
        const auto up = *reinterpret_cast<const Four<Real>*>(gates + hidden);
        Four<Real> result;
        for (int k = 0; k < lane_channels; ++k) {
            const auto value = wide(gate.value[k]);
            result.value[k] = stored<Real>(value * sigmoid(value) * wide(up.value[k]));
        }
        *reinterpret_cast<Four<Real>*>(product + i) = result;
    }
}

template <class Real>
__global__ void swiglu_backward_kernel(std::int64_t tokens, std::int64_t hidden, Real* joined, Real* product) {
    for (std::int64_t i = first_number(); i < tokens * hidden; i += number_stride()) {
        Real* gates = joined + i / hidden * 2 * hidden + i % hidden;
        auto gate = *reinterpret_cast<const Four<Real>*>(gates);
        auto up = *reinterpret_cast<const Four<Real>*>(gates + hidden);
        auto both = *reinterpret_cast<const Four<Real>*>(product + i);
        for (int k = 0; k < lane_channels; ++k) {
            const auto value = wide(gate.value[k]), other = wide(up.value[k]);
            const auto gradient = wide(both.value[k]);
            const float share = sigmoid(value), activated = value * share;
            both.value[k] = stored<Real>(activated * other);
            up.value[k] = stored<Real>(gradient * activated);
            gate.value[k] = stored<Real>(gradient * other * (share + activated * (1.0f - share)));
        }
        *reinterpret_cast<Four<Real>*>(product + i) = both;
        *reinterpret_cast<Four<Real>*>(gates + hidden) = up;
        *reinterpret_cast<Four<Real>*>(gates) = gate;
    }
}

/// Neighbouring channels as they are stored.
template <class Real, int Count>
struct alignas(Count * sizeof(Real)) Channels {
    Real value[Count];
};

/// Pairs of channels: `first` and, half a head further, `second`.
template <class Real, int Pairs>
struct Turning {
    Channels<Real, Pairs> first, second;
};

template <class Real, int Pairs>
__device__ Turning<Real, Pairs> load_pairs(const Real* source, int half) {
    return {*reinterpret_cast<const Channels<Real, Pairs>*>(source),
            *reinterpret_cast<const Channels<Real, Pairs>*>(source + half)};
}

template <class Real, int Pairs>
__device__ void store_pairs(Real* target, int half, const Turning<Real, Pairs>& pairs) {
    store_whole(target, pairs.first);
    store_whole(target + half, pairs.second);
}

/// `direction` is 1, or -1 to turn back.
template <class Real, int Pairs>
__device__ Turning<Real, Pairs> turned(const Turning<Real, Pairs>& pairs, const Channels<float, Pairs>& cosines,
                                       const Channels<float, Pairs>& sines, float direction) {
    Turning<Real, Pairs> result;
    WAVLAB_UNROLL
    for (int k = 0; k < Pairs; ++k) {
        const float a = wide(pairs.first.value[k]), b = wide(pairs.second.value[k]), sine = direction * sines.value[k];
        result.first.value[k] = stored<Real>(a * cosines.value[k] - b * sine);
        result.second.value[k] = stored<Real>(b * cosines.value[k] + a * sine);
    }
    return result;
}

/// Pairs that a lane works on at once: 4, or 1 where half a head is no multiple of 4.
template <class Real, int Pairs>
__global__ void rotate_kernel(std::int64_t tokens, std::int64_t length, int heads, int head_width, const float* cosine,
                              const float* sine, Real* joined) {
    const int half = head_width / 2;
    for (std::int64_t t = first_token(); t < tokens; t += token_stride()) {
        const std::int64_t position = t % length * half;
        Real* row = joined + t * 3 * heads * head_width;
        for (int pair = lane() * Pairs; pair < 2 * heads * half; pair += warp_lanes * Pairs) {
            const int head = pair / half, j = pair - head * half;  // queries' heads, then keys'
            Real* place = row + head * head_width + j;
            const auto cosines = *reinterpret_cast<const Channels<float, Pairs>*>(cosine + position + j);
            const auto sines = *reinterpret_cast<const Channels<float, Pairs>*>(sine + position + j);
            store_pairs(place, half, turned(load_pairs<Real, Pairs>(place, half), cosines, sines, 1.0f));
        }
    }
}

template <class Real, int Pairs>
__global__ void rotate_back_kernel(std::int64_t tokens, std::int64_t length, int heads, int head_width,
                                   const float* cosine, const float* sine, const Real* query, const Real* key,
                                   const Real* value, Real* joined) {
    const int half = head_width / 2, width = heads * head_width;
    for (std::int64_t t = first_token(); t < tokens; t += token_stride()) {
        const std::int64_t position = t % length * half;
        Real* row = joined + t * 3 * width;
        for (int pair = lane() * Pairs; pair < heads * half; pair += warp_lanes * Pairs) {
            const int head = pair / half, j = pair - head * half, offset = head * head_width + j;
            const auto cosines = *reinterpret_cast<const Channels<float, Pairs>*>(cosine + position + j);
            const auto sines = *reinterpret_cast<const Channels<float, Pairs>*>(sine + position + j);
            const auto q = load_pairs<Real, Pairs>(query + t * width + offset, half);
            const auto k = load_pairs<Real, Pairs>(key + t * width + offset, half);
            const auto v = load_pairs<Real, Pairs>(value + t * width + offset, half);  // all, before anything is stored
            store_pairs(row + offset, half, turned(q, cosines, sines, -1.0f));
            store_pairs(row + width + offset, half, turned(k, cosines, sines, -1.0f));
            store_pairs(row + 2 * width + offset, half, v);
        }
    }
}

}  // namespace
}  // namespace wavlab::cuda
