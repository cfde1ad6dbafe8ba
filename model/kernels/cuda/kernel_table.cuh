// SPDX-License-Identifier: GPL-3.0-or-later
// The operations of the fused pass as launches of CUDA kernels. Before this is included, namespace wavlab::cuda has:
//   struct Device { std::int64_t multiprocessors, shared_bytes; };   shared_bytes: at most, of one block of threads
//   Device this_device();
//   template <class Kernel, class... Arguments>
//   void launch(Kernel* kernel, const Launch& launch, const Arguments&... arguments);
#pragma once

#include <algorithm>
#include <type_traits>

#include "model/kernels/cuda/backbone_kernels.cuh"
#include "model/kernels/cuda/launch.h"
#include "model/kernels/cuda/routing_backward_kernels.cuh"
#include "model/kernels/cuda/routing_forward_kernels.cuh"

namespace wavlab::cuda {
namespace {

constexpr std::int64_t most_warps = 4;  // of most blocks of threads; the kernels' launch bounds say the same
constexpr std::int64_t widest = 1024;
/// Blocks of threads a multiprocessor where each works on token after token.
constexpr std::int64_t blocks_at_once = 2;

/// Calls with the number of steps in which a warp reads a row, as a constant.
template <class Function>
void with_steps(std::int64_t width, const Function& function) {
    const std::int64_t steps = (width + warp_channels - 1) / warp_channels;
    if (steps <= 1) return function(std::integral_constant<int, 1>());
    if (steps <= 2) return function(std::integral_constant<int, 2>());
    if (steps <= 3) return function(std::integral_constant<int, 3>());
    if (steps <= 4) return function(std::integral_constant<int, 4>());
    if (steps <= 6) return function(std::integral_constant<int, 6>());
    return function(std::integral_constant<int, 8>());
}

/// Likewise with the number of pairs of channels that a lane turns at once.
template <class Function>
void with_pairs(std::int64_t head_width, const Function& function) {
    if (head_width / 2 % lane_channels == 0) return function(std::integral_constant<int, lane_channels>());
    return function(std::integral_constant<int, 1>());
}

/// One token a warp.
inline Launch every_token(std::int64_t tokens) { return {(tokens + most_warps - 1) / most_warps, most_warps, 0}; }

/// Four numbers a thread.
inline Launch every_number(std::int64_t threads) {
    const std::int64_t block = most_warps * warp_lanes;
    return {(threads + block - 1) / block, most_warps, 0};
}

inline std::int64_t parts_of(std::int64_t tokens) {
    return std::min((tokens + most_warps - 1) / most_warps, blocks_at_once * this_device().multiprocessors);
}

/// As many warps as shared memory has room for; 0 where there is none for one.
inline std::int64_t fitting_warps(std::int64_t block_numbers, std::int64_t warp_numbers,
                                  std::int64_t most = most_warps) {
    const auto size = static_cast<std::int64_t>(sizeof(float));
    const std::int64_t left = this_device().shared_bytes / size - block_numbers;
    return std::min(most, left / warp_numbers);
}

inline Launch with_shared(std::int64_t blocks, std::int64_t block_numbers, std::int64_t warp_numbers,
                          std::int64_t most = most_warps) {
    const std::int64_t fitting = fitting_warps(block_numbers, warp_numbers, most);
    const auto size = static_cast<std::int64_t>(sizeof(float));
    return {blocks, fitting, (block_numbers + fitting * warp_numbers) * size};
}

inline const char* obstacle(std::int64_t width, std::int64_t sources) {
    if (width > widest) return "the fused CUDA kernels are for widths of at most 1024";
    const std::int64_t numbers = group_warp_numbers(router_lanes, sources, width, true);
    if (fitting_warps(score_block_numbers(router_lanes, width), numbers) < 1)
        return "this GPU has too little shared memory for so many sources of this width";
    return nullptr;
}

inline std::int64_t no_scratch(std::int64_t /*sources*/) { return 0; }

template <class Real>
struct Operations {
    static void add_and_normalise(std::int64_t tokens, std::int64_t width, float eps, const Real* update, Real* stream,
                                  Real* normalised, float* inverse_rms) {
        with_steps(width, [&](auto steps) {
            launch(add_and_normalise_kernel<Real, steps()>, every_token(tokens), tokens, width, eps, update, stream,
                   normalised, inverse_rms);
        });
    }

    static void normalise_backward(std::int64_t tokens, std::int64_t width, const Real* normalised_gradient,
                                   const Real* normalised, const float* inverse_rms, Real* gradient) {
        with_steps(width, [&](auto steps) {
            launch(normalise_backward_kernel<Real, steps()>, every_token(tokens), tokens, width, normalised_gradient,
                   normalised, inverse_rms, gradient);
        });
    }

    static void inverse_rms(std::int64_t tokens, std::int64_t width, std::int64_t stride, float eps, const Real* values,
                            std::int64_t target_stride, float* target) {
        with_steps(width, [&](auto steps) {
            launch(inverse_rms_kernel<Real, steps()>, every_token(tokens), tokens, width, stride, eps, values,
                   target_stride, target);
        });
    }

    static void swiglu(std::int64_t tokens, std::int64_t hidden, const Real* joined, Real* product) {
        launch(swiglu_kernel<Real>, every_number(tokens * hidden / lane_channels), tokens, hidden, joined, product);
    }

    static void swiglu_backward(std::int64_t tokens, std::int64_t hidden, Real* joined, Real* product) {
        launch(swiglu_backward_kernel<Real>, every_number(tokens * hidden / lane_channels), tokens, hidden, joined,
               product);
    }

    static void rotate(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                       const float* cosine, const float* sine, Real* joined) {
        with_pairs(head_width, [&](auto pairs) {
            launch(rotate_kernel<Real, pairs()>, every_token(tokens), tokens, length, static_cast<int>(heads),
                   static_cast<int>(head_width), cosine, sine, joined);
        });
    }

    static void rotate_back(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                            const float* cosine, const float* sine, const Real* query, const Real* key,
                            const Real* value, Real* joined) {
        with_pairs(head_width, [&](auto pairs) {
            launch(rotate_back_kernel<Real, pairs()>, every_token(tokens), tokens, length, static_cast<int>(heads),
                   static_cast<int>(head_width), cosine, sine, query, key, value, joined);
        });
    }

    static void score_sources(const SourceRows<Real>& sources, const RouterGroup<Real>& group) {
        const std::int64_t block = score_block_numbers(group.routers, sources.width);
        const Launch shape = with_shared(2 * parts_of(sources.tokens), block, score_warp_numbers(sources.count));
        with_steps(sources.width,
                   [&](auto steps) { launch(score_sources_kernel<Real, steps()>, shape, sources, group); });
    }

    static void merge(const RouterBoundary<Real>& boundary, float eps) {
        with_steps(boundary.width, [&](auto steps) {
            launch(merge_kernel<Real, steps()>, every_token(boundary.tokens), boundary, eps);
        });
    }

    static void merge_backward(const RouterBoundary<Real>& boundary, const RouterBoundaryGradients<Real>& gradients,
                               float eps) {
        with_steps(boundary.width, [&](auto steps) {
            const Launch shape = with_shared(parts_of(boundary.tokens), 0, merge_warp_numbers(boundary.width),
                                             merge_backward_warps(steps()));
            launch(merge_backward_kernel<Real, steps()>, shape, boundary, gradients, eps);
        });
    }

    static void score_sources_backward(const SourceRows<Real>& sources, const RouterGroup<Real>& group,
                                       const RouterGroupGradients<Real>& gradients) {
        const Launch shape =
            with_shared(parts_of(sources.tokens), score_block_numbers(group.routers, sources.width),
                        group_warp_numbers(group.routers, sources.count, sources.width, gradients.attributions));
        with_steps(sources.width, [&](auto steps) {
            launch(score_sources_backward_kernel<Real, steps()>, shape, sources, group, gradients);
        });
    }

    static void make_sources(const BlockSources<Real>& block, float eps) {
        with_steps(block.width, [&](auto steps) {
            launch(make_sources_kernel<Real, steps()>, every_token(block.tokens), block, eps);
        });
    }

    static void make_sources_backward(const BlockSources<Real>& block, const BlockSourcesGradients<Real>& gradients) {
        launch(make_sources_backward_kernel<Real>, every_token(block.tokens), block, gradients);
    }
};

template <class Real>
constexpr FusedKernels<Real> kernel_table(const char* name) {
    using Own = Operations<Real>;
    return {.name = name,
            .whole_batch = true,
            .obstacle = obstacle,
            .parts = parts_of,
            .scratch_numbers = no_scratch,
            .add_and_normalise = Own::add_and_normalise,
            .normalise_backward = Own::normalise_backward,
            .inverse_rms = Own::inverse_rms,
            .swiglu = Own::swiglu,
            .swiglu_backward = Own::swiglu_backward,
            .rotate = Own::rotate,
            .rotate_back = Own::rotate_back,
            .score_sources = Own::score_sources,
            .merge = Own::merge,
            .merge_backward = Own::merge_backward,
            .score_sources_backward = Own::score_sources_backward,
            .make_sources = Own::make_sources,
            .make_sources_backward = Own::make_sources_backward};
}

}  // namespace
}  // namespace wavlab::cuda
