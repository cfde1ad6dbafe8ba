// SPDX-License-Identifier: GPL-3.0-or-later
// Routing in two phases, forward; see vector_body.h.
#pragma once

#include "model/kernels/vector/vector_body.h"

namespace wavlab {
namespace {

/// z_{l,i} = r_i (v_i · q_l) + β_{l,i} for `Count` sources and all routers, which lie in the lanes.
template <int Count>
void score(std::int64_t width, const float* values, const float* inverse_rms, const float* columns, const float* biases,
           float* logits) {
    Vector products[Count][row_vectors] = {};
    for (std::int64_t c = 0; c < width; ++c)
        for (int part = 0; part < row_vectors; ++part) {
            const Vector query = load(columns + c * router_lanes + part * lanes);
            for (int i = 0; i < Count; ++i) products[i][part] += query * values[i * width + c];
        }
    for (int i = 0; i < Count; ++i)
        for (int part = 0; part < row_vectors; ++part) {
            const std::int64_t place = i * router_lanes + part * lanes;
            store(logits + place, products[i][part] * inverse_rms[i] + load(biases + place));
        }
}

/// exp(z − max z) of all sources; the maximum and the sum of each router.
void exponentials(std::int64_t count, const float* logits, float* weights, float* maximum, float* total) {
    for (int part = 0; part < row_vectors; ++part) {
        Vector most = load(logits + part * lanes);
        for (std::int64_t i = 1; i < count; ++i) most = larger(most, load(logits + i * router_lanes + part * lanes));
        Vector sums{};
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t place = i * router_lanes + part * lanes;
            const Vector weight = exponential(load(logits + place) - most);
            store(weights + place, weight);
            sums += weight;
        }
        store(maximum + part * lanes, most);
        store(total + part * lanes, sums);
    }
}

/// Σ_i weight_{i,l} v_i of `Tile` vectors of channels and rows_at_once routers.
template <int Tile>
void weigh(std::int64_t count, std::int64_t width, const float* values, const float* weights, std::int64_t routers,
           std::int64_t plane, float* target) {
    Vector sums[rows_at_once][Tile] = {};
    for (std::int64_t i = 0; i < count; ++i)
        for (int k = 0; k < Tile; ++k) {
            const Vector value = load(values + i * width + k * lanes);
            for (int l = 0; l < rows_at_once; ++l) sums[l][k] += value * weights[i * router_lanes + l];
        }
    for (int l = 0; l < rows_at_once && l < routers; ++l)
        for (int k = 0; k < Tile; ++k) store(target + l * plane + k * lanes, sums[l][k]);
}

void score_sources(const SourceRows<float>& sources, const RouterGroup<float>& group) {
    const std::int64_t width = sources.width, count = sources.count, plane = sources.tokens * width;
    for (std::int64_t t = 0; t < sources.tokens; ++t) {
        const float* values = sources.values + t * sources.capacity * width;
        const float* inverse_rms = sources.inverse_rms + t * sources.capacity;
        float *logits = group.logits + t * count * router_lanes, *weights = group.scratch;
        std::int64_t i = 0;
        for (; i + rows_at_once <= count; i += rows_at_once)
            score<rows_at_once>(width, values + i * width, inverse_rms + i, group.query_columns,
                                group.biases + i * router_lanes, logits + i * router_lanes);
        for (; i < count; ++i)
            score<1>(width, values + i * width, inverse_rms + i, group.query_columns, group.biases + i * router_lanes,
                     logits + i * router_lanes);
        float maximum[router_lanes], total[router_lanes];
        exponentials(count, logits, weights, maximum, total);
        for (std::int64_t l = 0; l < group.routers; ++l) {
            group.maximum[l * sources.tokens + t] = maximum[l];
            group.total[l * sources.tokens + t] = total[l];
        }
        for (std::int64_t l = 0; l < group.routers; l += rows_at_once) {
            float* target = group.values + l * plane + t * width;
            std::int64_t c = 0;
            for (; c + 4 * lanes <= width; c += 4 * lanes)
                weigh<4>(count, width, values + c, weights + l, group.routers - l, plane, target + c);
            for (; c < width; c += lanes)
                weigh<1>(count, width, values + c, weights + l, group.routers - l, plane, target + c);
        }
    }
}

/// Writes the state h of one token where x̂ goes, then scales it. `own` and `others`: the shares of the running sum and
/// of what phase one left.
inline float normalise_mixture(std::int64_t width, float eps, const float* values, float others, const float* sum_row,
                               float own, float* normalised) {
    Vector squares{};
    for (std::int64_t c = 0; c < width; c += lanes) {
        Vector state = load(values + c) * others;
        if (sum_row) state += load(sum_row + c) * own;
        store(normalised + c, state);
        squares += state * state;
    }
    const float inverse = inverse_root(sum(squares) / static_cast<float>(width), eps);
    for (std::int64_t c = 0; c < width; c += lanes) store(normalised + c, load(normalised + c) * inverse);
    return inverse;
}

/// The running sum of one token, with its inverse RMS and its logit.
inline void score_sum(const RouterBoundary<float>& b, std::int64_t t, float eps) {
    const std::int64_t width = b.width;
    float* row = b.sum + t * width;
    Vector squares{}, products{};
    for (std::int64_t c = 0; c < width; c += lanes) {
        if (b.update) {
            const Vector update = load(b.update + t * width + c);
            store(row + c, b.before ? load(b.before + t * width + c) + update : update);
        }
        const Vector value = load(row + c);
        squares += value * value;
        products += value * load(b.query + c);
    }
    const float inverse = inverse_root(sum(squares) / static_cast<float>(width), eps);
    b.sum_inverse_rms[t] = inverse;
    b.logit[t] = sum(products) * inverse;
}

void merge(const RouterBoundary<float>& b, float eps) {
    const std::int64_t width = b.width;
    for (std::int64_t first = 0; first < b.tokens; first += lanes) {
        const std::int64_t last = first + lanes < b.tokens ? first + lanes : b.tokens;
        float own[lanes] = {}, others[lanes] = {};
        for (std::int64_t t = first; b.sum && t < last; ++t) {
            score_sum(b, t, eps);
            const float most = b.maximum[t] > b.logit[t] ? b.maximum[t] : b.logit[t];
            own[t - first] = b.logit[t] - most;
            others[t - first] = b.maximum[t] - most;
            b.maximum[t] = most;
        }
        if (b.sum) {
            store(own, exponential(load(own)));
            store(others, exponential(load(others)));
        }
        for (std::int64_t t = first; t < last; ++t) {
            float &mine = own[t - first], &rest = others[t - first];
            const float inverse_total = 1.0f / (b.sum ? rest * b.total[t] + mine : b.total[t]);
            b.total[t] = inverse_total;
            b.inverse_rms[t] =
                normalise_mixture(width, eps, b.values + t * width, b.sum ? rest * inverse_total : inverse_total,
                                  b.sum ? b.sum + t * width : nullptr, mine * inverse_total, b.normalised + t * width);
        }
    }
}

/// Writes one source of one token and gives its mean square.
inline float store_detail(const BlockSources<float>& block, std::int64_t t, std::int64_t detail, float* target) {
    const std::int64_t plane = block.tokens * block.width, last = block.length - 1;
    const float* coefficients = block.coefficients + detail * block.length;
    const float* summary = block.values + t * block.capacity * block.width;
    Vector squares{};
    for (std::int64_t c = 0; c < block.width; c += lanes) {
        Vector value = load(summary + c) * coefficients[last];
        for (std::int64_t j = 0; j < last; ++j)
            if (coefficients[j] != 0) value += load(block.sums + j * plane + t * block.width + c) * coefficients[j];
        store(target + c, value);
        squares += value * value;
    }
    return sum(squares) / static_cast<float>(block.width);
}

inline float store_summary(const BlockSources<float>& block, std::int64_t t, float* target) {
    const std::int64_t plane = block.tokens * block.width, row = t * block.width;
    const std::int64_t known = block.length - (block.update ? 1 : 0);  // running sums
    const float* before = known > 0 ? block.sums + (known - 1) * plane + row : nullptr;
    Vector squares{};
    for (std::int64_t c = 0; c < block.width; c += lanes) {
        Vector value = before ? load(before + c) : Vector{};
        if (block.update) value += load(block.update + row + c);
        store(target + c, value);
        squares += value * value;
    }
    return sum(squares) / static_cast<float>(block.width);
}

void make_sources(const BlockSources<float>& block, float eps) {
    const std::int64_t width = block.width;
    for (std::int64_t t = 0; t < block.tokens; ++t) {
        float* target = block.values + t * block.capacity * width;
        float* inverse_rms = block.inverse_rms + t * block.capacity;
        const float summary = store_summary(block, t, target);
        inverse_rms[0] = inverse_root(summary, eps);
        for (std::int64_t k = 0; k < block.details; ++k) {
            float* detail = target + (k + 1) * width;
            const float raw = store_detail(block, t, k, detail);
            const float scale = block.matched ? __builtin_sqrtf(summary) / (__builtin_sqrtf(raw) + 1e-6f) : 1.0f;
            if (block.matched)
                for (std::int64_t c = 0; c < width; c += lanes) store(detail + c, load(detail + c) * scale);
            block.scales[k * block.tokens + t] = scale;
            inverse_rms[k + 1] = inverse_root(raw * scale * scale, eps);
        }
    }
}

}  // namespace
}  // namespace wavlab
