// SPDX-License-Identifier: GPL-3.0-or-later
// Routing in two phases on a GPU, forward; see fused_kernels.h for what each kernel does.
#pragma once

#include "model/kernels/cuda/warp.cuh"

namespace wavlab::cuda {
namespace {

/// Sources and routers whose products are made together: 16 at a time, a lane's share of which one router row or one
/// source row in registers serves.
constexpr int tile_sources = 4, tile_routers = 4;
constexpr int lanes_a_row = static_cast<int>(router_lanes);

template <class Count>
inline __host__ __device__ Count padded(Count count) {
    return (count + 3) / 4 * 4;
}

/// Numbers of shared memory: all routers' queries for the block, and for each warp a row of logits a source.
inline std::int64_t score_block_numbers(std::int64_t routers, std::int64_t width) { return padded(routers) * width; }
inline __host__ __device__ std::int64_t score_warp_numbers(std::int64_t sources) {
    return padded(sources) * router_lanes + lane_channels;  // `weigh` may look at two lanes that a row has not
}

/// The queries of a group's routers, zeros up to a multiple of four.
template <class Real>
__device__ void share_queries(const RouterGroup<Real>& group, std::int64_t width, float* queries) {
    for (std::int64_t i = threadIdx.x; i < padded(group.routers) * width; i += blockDim.x)
        queries[i] = i < group.routers * width ? group.queries[i] : 0.0f;
    __syncthreads();
}

/// The rows of up to four sources from `first` on; the last one again beyond `count`, so that no test stands between
/// the loads and all are under way at once.
template <int Steps, class Real>
__device__ void load_sources(const Real* values, int width, int first, int count, Row<Steps> (&rows)[tile_sources]) {
    WAVLAB_UNROLL
    for (int s = 0; s < tile_sources; ++s)
        rows[s] = load_row<Steps>(values + (first + s < count ? first + s : count - 1) * width, width);
}

/// z_{l,i} of one token for all routers and sources: to `logits` in shared memory, and to the group's.
template <class Real, int Steps>
__device__ void score_token(const SourceRows<Real>& sources, const RouterGroup<Real>& group, std::int64_t t,
                            const float* queries, float* logits) {
    const int width = static_cast<int>(sources.width), count = static_cast<int>(sources.count);
    const int routers = static_cast<int>(group.routers);
    const Real* values = sources.values + t * sources.capacity * width;
    const float* inverse_rms = sources.inverse_rms + t * sources.capacity;
    float* kept = group.logits + t * count * router_lanes;
    for (int first = 0; first < count; first += tile_sources) {
        Row<Steps> rows[tile_sources];
        load_sources(values, width, first, count, rows);
        for (int r0 = 0; r0 < routers; r0 += tile_routers) {
            float products[tile_sources * tile_routers];
            WAVLAB_UNROLL
            for (int r = 0; r < tile_routers; ++r) {
                const Row<Steps> query = load_row<Steps>(queries + (r0 + r) * width, width);
                WAVLAB_UNROLL
                for (int s = 0; s < tile_sources; ++s) products[s * tile_routers + r] = lane_dot(rows[s], query);
            }
            const float product = sixteen_sums(products);
            const int i = first + lane() / tile_routers, router = r0 + lane() % tile_routers;
            if (lane() >= tile_sources * tile_routers || i >= count) continue;
            const int place = i * lanes_a_row + router;
            const float logit = product * inverse_rms[i] + group.biases[place];
            logits[place] = logit;
            kept[place] = logit;
        }
    }
    __syncwarp();
}

/// Logits become exp(z − maximum); the maximum and the sum of each router are kept. Lane l has router l.
template <class Real>
__device__ void exponentials(const SourceRows<Real>& sources, const RouterGroup<Real>& group, std::int64_t t,
                             float* logits) {
    const int router = lane();
    if (router < group.routers) {
        float most = logits[router];
        for (std::int64_t i = 1; i < sources.count; ++i) most = fmaxf(most, logits[i * router_lanes + router]);
        float total = 0;
        for (std::int64_t i = 0; i < sources.count; ++i) {
            const float weight = expf(logits[i * router_lanes + router] - most);
            logits[i * router_lanes + router] = weight;
            total += weight;
        }
        group.maximum[router * sources.tokens + t] = most;
        group.total[router * sources.tokens + t] = total;
    } else if (router < router_lanes) {
        for (std::int64_t i = 0; i < sources.count; ++i) logits[i * router_lanes + router] = 0;
    }
    __syncwarp();
}

/// Σ_i weight_{i,l} v_i of `Routers` routers at a time.
template <class Real, int Steps, int Routers>
__device__ void weigh(const SourceRows<Real>& sources, const RouterGroup<Real>& group, std::int64_t t,
                      const float* weights) {
    const int width = static_cast<int>(sources.width), count = static_cast<int>(sources.count);
    const int routers = static_cast<int>(group.routers);
    const Real* values = sources.values + t * sources.capacity * width;
    constexpr int rows_at_once = sizeof(Real) == 2 ? 2 : 1;  // that are under way; more cost a block of threads
    for (int r0 = 0; r0 < routers; r0 += Routers) {
        Row<Steps> sums[Routers];
        WAVLAB_UNROLL
        for (int r = 0; r < Routers; ++r) sums[r] = zero_row<Steps>();
        WAVLAB_UNROLL_ROWS
        for (int i = 0; i < count; ++i) {
            const Row<Steps> row = load_row<Steps>(values + i * width, width);
            WAVLAB_UNROLL
            for (int r = 0; r < Routers; ++r) add_scaled(sums[r], row, weights[i * lanes_a_row + r0 + r]);
        }
        WAVLAB_UNROLL
        for (int r = 0; r < Routers; ++r)
            if (r0 + r < routers) store_row(group.values + ((r0 + r) * sources.tokens + t) * width, width, sums[r]);
    }
}

template <class Real, int Steps>
__global__ void __launch_bounds__(128, 2) score_sources_kernel(SourceRows<Real> sources, RouterGroup<Real> group) {
    WAVLAB_SHARED_MEMORY(shared);
    constexpr int routers_at_once = Steps <= 3 ? 6 : 4;  // so that four blocks fit a multiprocessor
    float* logits = shared + padded(group.routers) * sources.width + warp() * score_warp_numbers(sources.count);
    share_queries(group, sources.width, shared);
    for (std::int64_t t = first_token(); t < sources.tokens; t += token_stride()) {
        score_token<Real, Steps>(sources, group, t, shared, logits);
        exponentials(sources, group, t, logits);
        weigh<Real, Steps, routers_at_once>(sources, group, t, logits);
        __syncwarp();
    }
}

template <class Real, int Steps>
__global__ void merge_kernel(RouterBoundary<Real> b, float eps) {
    const std::int64_t width = b.width;
    const auto channels = static_cast<float>(width);
    for (std::int64_t t = first_token(); t < b.tokens; t += token_stride()) {
        Row<Steps> state = load_row<Steps>(b.values + t * width, width);
        float total = b.total[t];
        if (b.sum) {
            const float maximum = b.maximum[t];
            Row<Steps> sum = zero_row<Steps>();
            if (b.update) {
                sum = load_row<Steps>(b.update + t * width, width);
                if (b.before) add_scaled(sum, load_row<Steps>(b.before + t * width, width), 1.0f);
                store_row(b.sum + t * width, width, sum);
            } else {
                sum = load_row<Steps>(b.sum + t * width, width);
            }
            const float inverse = inverse_root(dot(sum, sum) / channels, eps);
            const float logit = dot(sum, load_row<Steps>(b.query, width)) * inverse;
            const float most = fmaxf(maximum, logit), own = expf(logit - most), others = expf(maximum - most);
            total = others * total + own;
            state = scaled(state, others);
            add_scaled(state, sum, own);
            __syncwarp();  // all lanes have read what is written now
            if (lane() == 0) {
                b.maximum[t] = most;
                b.logit[t] = logit;
                b.sum_inverse_rms[t] = inverse;
            }
        }
        __syncwarp();
        state = scaled(state, 1.0f / total);
        const float inverse = inverse_root(dot(state, state) / channels, eps);
        if (lane() == 0) {
            b.total[t] = 1.0f / total;
            b.inverse_rms[t] = inverse;
        }
        store_row(b.normalised + t * width, width, scaled(state, inverse));
    }
}

template <class Real, int Steps>
__global__ void make_sources_kernel(BlockSources<Real> block, float eps) {
    const std::int64_t width = block.width, plane = block.tokens * width;
    const std::int64_t known = block.length - (block.update ? 1 : 0);  // running sums
    const auto channels = static_cast<float>(width);
    for (std::int64_t t = first_token(); t < block.tokens; t += token_stride()) {
        Row<Steps> summary = zero_row<Steps>(), details[2] = {zero_row<Steps>(), zero_row<Steps>()};
        // Without details the last sum is all.
        for (std::int64_t j = block.details == 0 && known > 0 ? known - 1 : 0; j < block.length; ++j) {
            if (j < known)
                summary = load_row<Steps>(block.sums + j * plane + t * width, width);
            else
                add_scaled(summary, load_row<Steps>(block.update + t * width, width), 1.0f);
            WAVLAB_UNROLL
            for (int k = 0; k < 2; ++k)
                if (k < block.details) add_scaled(details[k], summary, block.coefficients[k * block.length + j]);
        }
        Real* target = block.values + t * block.capacity * width;
        float* inverse_rms = block.inverse_rms + t * block.capacity;
        const float mean_square = dot(summary, summary) / channels;
        store_row(target, width, summary);
        if (lane() == 0) inverse_rms[0] = inverse_root(mean_square, eps);
        WAVLAB_UNROLL
        for (int k = 0; k < 2; ++k) {
            if (k >= block.details) continue;
            const float raw = dot(details[k], details[k]) / channels;
            const float scale = block.matched ? sqrtf(mean_square) / (sqrtf(raw) + 1e-6f) : 1.0f;
            store_row(target + (k + 1) * width, width, scaled(details[k], scale));
            if (lane() != 0) continue;
            block.scales[k * block.tokens + t] = scale;
            inverse_rms[k + 1] = inverse_root(raw * scale * scale, eps);
        }
    }
}

}  // namespace
}  // namespace wavlab::cuda
