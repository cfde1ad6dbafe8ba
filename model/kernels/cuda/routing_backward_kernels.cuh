// SPDX-License-Identifier: GPL-3.0-or-later
// Routing in two phases on a GPU, backward by recomputation. With G = dL/dh, D = G · h, p the weights, e_i = G · v_i
// and z_i = y_i + β_i: dz_i = p_i (e_i − D), dv_i = p_i G + dz_i (r_i q − y_i r_i² v_i / d), dq = Σ dz_i r_i v_i, where
// q = w ⊙ γ. Every block of threads adds up what its tokens give to queries and biases, in shared memory, in the order
// of its warps, and writes it to its own part.
#pragma once

#include "model/kernels/cuda/routing_forward_kernels.cuh"

namespace wavlab::cuda {
namespace {

/// Numbers of shared memory that each warp needs: what its tokens give to a query.
inline std::int64_t merge_warp_numbers(std::int64_t width) { return width + lane_channels; }

/// More warps of a block hide more of the waiting, as long as their registers fit.
constexpr int merge_backward_warps(int steps) { return steps <= 4 ? 8 : 4; }

template <class Real, int Steps>
__global__ void __launch_bounds__(merge_backward_warps(Steps) * warp_lanes, 2)
    merge_backward_kernel(RouterBoundary<Real> b, RouterBoundaryGradients<Real> to, float eps) {
    WAVLAB_SHARED_MEMORY(shared);
    const std::int64_t width = b.width;
    const auto channels = static_cast<float>(width);
    Row<Steps> query_gradient = zero_row<Steps>();
    float attribution = 0;
    for (std::int64_t t = first_token(); t < b.tokens; t += token_stride()) {
        // G = r_h (g − x̂ mean(g ⊙ x̂)); D = G · h = (g · x̂) eps r_h², as mean(x̂²) = 1 − eps r_h².
        const Row<Steps> x = load_row<Steps>(b.normalised + t * width, width);
        Row<Steps> state = load_row<Steps>(to.normalised + t * width, width);
        const float product = dot(state, x), inverse = b.inverse_rms[t];
        const float mean = product * eps * inverse * inverse;
        add_scaled(state, x, -product / channels);
        state = scaled(state, inverse);
        store_row(to.state + t * width, width, state);
        if (!b.sum) {
            if (lane() == 0) to.sum_share[t] = 0;
            continue;
        }
        const Row<Steps> sum = load_row<Steps>(b.sum + t * width, width);
        const float sum_inverse = b.sum_inverse_rms[t], weight = expf(b.logit[t] - b.maximum[t]) * b.total[t];
        const float share = weight * dot(state, sum);
        const float step = (share - weight * mean) * sum_inverse;  // dz r
        if (lane() == 0) to.sum_share[t] = share;
        attribution -= share;
        Row<Steps> gradient = to.first ? zero_row<Steps>() : load_row<Steps>(to.sum + t * width, width);
        add_scaled(gradient, state, weight);
        add_scaled(gradient, load_row<Steps>(b.query, width), step);
        add_scaled(gradient, sum, -step * b.logit[t] * sum_inverse / channels);
        store_row(to.sum + t * width, width, gradient);
        add_scaled(gradient, load_row<Steps>(to.base + t * width, width), 1.0f);
        store_row(to.update + t * width, width, gradient);
        add_scaled(query_gradient, sum, step);
    }
    if (!b.sum) return;
    store_row(shared + warp() * width, width, query_gradient);
    if (lane() == 0) shared[warps() * width + warp()] = attribution;
    __syncthreads();
    const std::int64_t part = blockIdx.x;
    for (std::int64_t c = threadIdx.x; c <= width; c += blockDim.x) {
        float total = 0;
        for (int w = 0; w < warps(); ++w) total += c < width ? shared[w * width + c] : shared[warps() * width + w];
        if (c < width)
            to.query[part * width + c] += total;
        else if (to.attribution)
            to.attribution[part * to.attribution_stride] += total;
    }
}

/// Where a warp keeps what it needs of a group's backward pass, in shared memory.
struct GroupMemory {
    float* queries;       ///< [R, d]: what its tokens give to the queries so far
    float* attributions;  ///< [C, 16]: likewise, where wanted
    float* weights;       ///< [C, 16]: p_i of one token
    float* scaled;        ///< [C, 16]: e_i, then dz_i r_i
    float* shrinks;       ///< [C]: Σ_l dz y · r² / d
};

inline __host__ __device__ std::int64_t group_warp_numbers(std::int64_t routers, std::int64_t sources,
                                                           std::int64_t width, bool attributions) {
    const std::int64_t rows = padded(sources) * router_lanes;
    return routers * width + (attributions ? 3 : 2) * rows + padded(sources);
}

inline __device__ GroupMemory group_memory(float* shared, std::int64_t routers, std::int64_t sources,
                                           std::int64_t width, bool attributions) {
    const std::int64_t rows = padded(sources) * router_lanes;
    GroupMemory memory{};
    memory.queries = shared;
    memory.weights = memory.queries + routers * width;
    memory.scaled = memory.weights + rows;
    memory.shrinks = memory.scaled + rows;
    memory.attributions = attributions ? memory.shrinks + padded(sources) : nullptr;
    return memory;
}

/// Where registers do not hold as many rows as would be under way: a test before each keeps their loads apart.
template <class Real, int Steps>
constexpr bool crowded = Steps * sizeof(Real) > 24;

/// e_{i,l} = G_l · v_i of one token.
template <class Real, int Steps>
__device__ void project_token(const SourceRows<Real>& sources, const RouterGroup<Real>& group, std::int64_t t,
                              float* target) {
    const int width = static_cast<int>(sources.width), count = static_cast<int>(sources.count);
    const int routers = static_cast<int>(group.routers);
    const std::int64_t plane = sources.tokens * width;
    const Real* values = sources.values + t * sources.capacity * width;
    for (int first = 0; first < count; first += tile_sources) {
        Row<Steps> rows[tile_sources];
        load_sources(values, width, first, count, rows);
        const Real* gradients = group.values + t * width;
        for (int r0 = 0; r0 < routers; r0 += tile_routers) {
            float products[tile_sources * tile_routers];
            WAVLAB_UNROLL
            for (int r = 0; r < tile_routers; ++r) {
                const bool asked = !crowded<Real, Steps> || r0 + r < routers;  // else nobody reads the product
                const int router = r0 + r < routers ? r0 + r : routers - 1;
                const Row<Steps> gradient =
                    asked ? load_row<Steps>(gradients + router * plane, width) : zero_row<Steps>();
                WAVLAB_UNROLL
                for (int s = 0; s < tile_sources; ++s) products[s * tile_routers + r] = lane_dot(rows[s], gradient);
            }
            const float product = sixteen_sums(products);
            const int i = first + lane() / tile_routers, router = r0 + lane() % tile_routers;
            if (lane() < tile_sources * tile_routers && i < count) target[i * lanes_a_row + router] = product;
        }
    }
    __syncwarp();
}

/// Weights, dz ⊙ r and shrinks of one token from e; adds to the biases' gradients, which lane l keeps for router l.
template <class Real>
__device__ void logit_gradients(const SourceRows<Real>& sources, const RouterGroup<Real>& group,
                                const RouterGroupGradients<Real>& to, std::int64_t t, const GroupMemory& memory,
                                float (&biases)[2]) {
    const int router = lane();
    const bool active = router < group.routers;
    const float* logits = group.logits + t * sources.count * router_lanes;
    float maximum = 0, inverse_total = 0, mean = 0;
    if (active) {
        maximum = group.maximum[router * sources.tokens + t];
        inverse_total = group.total[router * sources.tokens + t];
        mean = to.sum_shares[router * sources.tokens + t];
        for (std::int64_t i = 0; i < sources.count; ++i) {
            const std::int64_t place = i * router_lanes + router;
            const float weight = expf(logits[place] - maximum) * inverse_total;
            memory.weights[place] = weight;
            mean += weight * memory.scaled[place];
        }
    }
    for (std::int64_t i = 0; i < sources.count; ++i) {
        const std::int64_t place = i * router_lanes + router;
        const float inverse = sources.inverse_rms[t * sources.capacity + i];
        float gradient = 0, shrink = 0;
        if (active) {
            const float weight = memory.weights[place], product = memory.scaled[place];
            gradient = weight * (product - mean);
            shrink = gradient * (logits[place] - group.biases[place]);
            memory.scaled[place] = gradient * inverse;
            if (memory.attributions) memory.attributions[place] -= weight * product;
            const int column = to.bias_columns[i];
            biases[0] += column == 0 ? gradient : 0.0f;
            biases[1] += column == 1 ? gradient : 0.0f;
        }
        shrink = lanes_sum<static_cast<int>(router_lanes)>(shrink);
        if (router == 0) memory.shrinks[i] = shrink * inverse * inverse / static_cast<float>(sources.width);
    }
    __syncwarp();
}

/// dv_i += Σ_l p_{i,l} G_l + t_{i,l} q_l − shrink_i v_i of one token.
template <class Real, int Steps>
__device__ void add_to_sources(const SourceRows<Real>& sources, const RouterGroup<Real>& group, std::int64_t t,
                               const float* queries, const GroupMemory& memory, Real* target) {
    const int width = static_cast<int>(sources.width), count = static_cast<int>(sources.count);
    const int routers = static_cast<int>(group.routers);
    const std::int64_t offset = t * sources.capacity * width, plane = sources.tokens * width;
    constexpr int rows_at_once = Steps <= 4 ? 4 : 1;  // that are under way; as many as registers hold
    for (int first = 0; first < count; first += tile_sources) {
        Row<Steps> rows[tile_sources];
        load_sources(sources.values + offset, width, first, count, rows);
        WAVLAB_UNROLL
        for (int s = 0; s < tile_sources; ++s) {
            if (crowded<Real, Steps> && first + s >= count) continue;
            const int i = first + s < count ? first + s : count - 1;
            const float shrink = memory.shrinks[i];
            const Row<Steps> before = load_row<Steps>(target + offset + i * width, width);
            rows[s] = scaled(rows[s], -shrink);
            add_scaled(rows[s], before, 1.0f);
        }
        const Real* gradients = group.values + t * width;
        WAVLAB_UNROLL_ROWS
        for (int l = 0; l < routers; ++l) {
            const Row<Steps> gradient = load_row<Steps>(gradients + l * plane, width);
            const Row<Steps> query = load_row<Steps>(queries + l * width, width);
            WAVLAB_UNROLL
            for (int s = 0; s < tile_sources; ++s) {
                const int place = (first + s) * lanes_a_row + l;
                add_scaled(rows[s], gradient, memory.weights[place]);
                add_scaled(rows[s], query, memory.scaled[place]);
            }
        }
        WAVLAB_UNROLL
        for (int s = 0; s < tile_sources; ++s)
            if (first + s < count) store_row(target + offset + (first + s) * width, width, rows[s]);
    }
}

/// dq_l += Σ_i t_{i,l} v_i of one token. Each lane adds to its own channels.
template <class Real, int Steps>
__device__ void add_to_queries(const SourceRows<Real>& sources, int routers, std::int64_t t,
                               const GroupMemory& memory) {
    const int width = static_cast<int>(sources.width), count = static_cast<int>(sources.count);
    const Real* values = sources.values + t * sources.capacity * width;
    constexpr int rows_at_once = Steps <= 4 ? 4 : 1;
    for (int r0 = 0; r0 < routers; r0 += tile_routers) {
        Row<Steps> sums[tile_routers];
        WAVLAB_UNROLL
        for (int r = 0; r < tile_routers; ++r)
            sums[r] = r0 + r < routers ? load_row<Steps>(memory.queries + (r0 + r) * width, width) : zero_row<Steps>();
        WAVLAB_UNROLL_ROWS
        for (int i = 0; i < count; ++i) {
            const Row<Steps> row = load_row<Steps>(values + i * width, width);
            WAVLAB_UNROLL
            for (int r = 0; r < tile_routers; ++r) add_scaled(sums[r], row, memory.scaled[i * lanes_a_row + r0 + r]);
        }
        WAVLAB_UNROLL
        for (int r = 0; r < tile_routers; ++r)
            if (r0 + r < routers) store_row(memory.queries + (r0 + r) * width, width, sums[r]);
    }
}

template <class Real, int Steps>
__global__ void __launch_bounds__(128, 2)
    score_sources_backward_kernel(SourceRows<Real> sources, RouterGroup<Real> group, RouterGroupGradients<Real> to) {
    WAVLAB_SHARED_MEMORY(shared);
    const std::int64_t width = sources.width, routers = group.routers;
    const bool attributed = to.attributions != nullptr;
    const std::int64_t numbers = group_warp_numbers(routers, sources.count, width, attributed);
    float* own = shared + padded(routers) * width;  // of the first warp; the queries of all come before
    const GroupMemory memory = group_memory(own + warp() * numbers, routers, sources.count, width, attributed);
    for (std::int64_t i = lane(); i < numbers; i += warp_lanes) memory.queries[i] = 0;
    share_queries(group, width, shared);
    float biases[2] = {0, 0};
    for (std::int64_t t = first_token(); t < sources.tokens; t += token_stride()) {
        project_token<Real, Steps>(sources, group, t, memory.scaled);
        logit_gradients(sources, group, to, t, memory, biases);
        add_to_sources<Real, Steps>(sources, group, t, shared, memory, to.sources);
        add_to_queries<Real, Steps>(sources, static_cast<int>(routers), t, memory);
        __syncwarp();
    }
    if (lane() < router_lanes)
        for (int column = 0; column < 2; ++column) memory.weights[column * router_lanes + lane()] = biases[column];
    __syncthreads();

    const std::int64_t part = blockIdx.x, parts = gridDim.x;
    const auto over_warps = [&](const float* first, std::int64_t i) {
        float total = 0;
        for (int w = 0; w < warps(); ++w) total += first[w * numbers + i];
        return total;
    };
    const GroupMemory first = group_memory(own, routers, sources.count, width, attributed);
    for (std::int64_t i = threadIdx.x; i < routers * width; i += blockDim.x)
        to.queries[(i / width * parts + part) * width + i % width] += over_warps(first.queries, i);
    for (std::int64_t i = threadIdx.x; i < 2 * router_lanes; i += blockDim.x)
        to.biases[part * 2 * router_lanes + i] += over_warps(first.weights, i);
    if (!attributed) return;
    for (std::int64_t i = threadIdx.x; i < sources.count * router_lanes; i += blockDim.x)
        to.attributions[part * sources.count * router_lanes + i] += over_warps(first.attributions, i);
}

template <class Real>
__global__ void make_sources_backward_kernel(BlockSources<Real> block, BlockSourcesGradients<Real> to) {
    const std::int64_t width = block.width, plane = block.tokens * width;
    for (std::int64_t t = first_token(); t < block.tokens; t += token_stride()) {
        const Real* gradients = to.sources + t * block.capacity * width;
        for (std::int64_t c = 0; c < width; c += warp_channels) {
            const std::int64_t left = width - c;
            for (std::int64_t m = 0; m < to.kinds; ++m) {
                Row<1> base = load_row<1>(gradients + c, left);
                for (std::int64_t k = 0; k < block.details; ++k)
                    add_scaled(base, load_row<1>(gradients + (k + 1) * width + c, left),
                               to.coefficients[m * block.details + k] * block.scales[k * block.tokens + t]);
                store_row(to.bases + m * plane + t * width + c, left, base);
            }
        }
    }
}

}  // namespace
}  // namespace wavlab::cuda
