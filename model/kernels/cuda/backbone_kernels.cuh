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

/// A pair of channels (j, j + d_head / 2) of one head and token: which of them thread-number i works on.
struct HeadPair {
    std::int64_t token, part, offset, position;  ///< part 0 to 2: query, key, value; offset in the part's row
};

inline __device__ HeadPair head_pair(std::int64_t i, std::int64_t parts, std::int64_t length, std::int64_t heads,
                                     std::int64_t head_width) {
    const std::int64_t half = head_width / 2, j = i % half, head = i / half % heads, row = i / half / heads;
    const std::int64_t token = row / parts;
    return {token, row % parts, head * head_width + j, token % length * half + j};
}

/// Channel j turns with channel j + half; `direction` is 1, or -1 to turn back.
template <class Real>
__device__ void turn(const Real* source, Real* target, std::int64_t half, float cosine, float sine, float direction) {
    const auto first = wide(source[0]), second = wide(source[half]);
    target[0] = stored<Real>(first * cosine - second * direction * sine);
    target[half] = stored<Real>(second * cosine + first * direction * sine);
}

template <class Real>
__global__ void rotate_kernel(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                              const float* cosine, const float* sine, Real* joined) {
    const std::int64_t half = head_width / 2, width = heads * head_width;
    for (std::int64_t i = first_number() / lane_channels; i < tokens * 2 * heads * half;
         i += number_stride() / lane_channels) {
        const HeadPair pair = head_pair(i, 2, length, heads, head_width);
        Real* place = joined + (pair.token * 3 + pair.part) * width + pair.offset;
        turn(place, place, half, cosine[pair.position], sine[pair.position], 1.0f);
    }
}

template <class Real>
__global__ void rotate_back_kernel(std::int64_t tokens, std::int64_t length, std::int64_t heads,
                                   std::int64_t head_width, const float* cosine, const float* sine, const Real* query,
                                   const Real* key, const Real* value, Real* joined) {
    const std::int64_t half = head_width / 2, width = heads * head_width;
    for (std::int64_t i = first_number() / lane_channels; i < tokens * 3 * heads * half;
         i += number_stride() / lane_channels) {
        const HeadPair pair = head_pair(i, 3, length, heads, head_width);
        const Real* source = (pair.part == 0 ? query : pair.part == 1 ? key : value) + pair.token * width + pair.offset;
        Real* target = joined + (pair.token * 3 + pair.part) * width + pair.offset;
        if (pair.part < 2) {
            turn(source, target, half, cosine[pair.position], sine[pair.position], -1.0f);
        } else {
            target[0] = source[0];
            target[half] = source[half];
        }
    }
}

}  // namespace
}  // namespace wavlab::cuda
