// SPDX-License-Identifier: GPL-3.0-or-later
// Routing in two phases, backward by recomputation; see vector_body.h. With G = dL/dh, D = G · h, p the weights,
// e_i = G · v_i and z_i = y_i + β_i: dz_i = p_i (e_i − D), dv_i = p_i G + dz_i (r_i q − y_i r_i² v_i / d),
// dq = Σ dz_i r_i v_i, where q = w ⊙ γ.
#pragma once

#include "model/kernels/vector/vector_body.h"

namespace wavlab {
namespace {

/// G = r_h (g − x̂ mean(g ⊙ x̂)). Gives D = G · h = (g · x̂) eps r_h², as mean(x̂²) = 1 − eps r_h².
inline float state_gradient(const RouterBoundary<float>& b, const RouterBoundaryGradients<float>& to, float eps,
                            std::int64_t t) {
    const std::int64_t row = t * b.width;
    const float *g = to.normalised + row, *x = b.normalised + row;
    const float product = dot(g, x, b.width), mean = product / static_cast<float>(b.width), inverse = b.inverse_rms[t];
    for (std::int64_t c = 0; c < b.width; c += lanes)
        store(to.state + row + c, (load(g + c) - load(x + c) * mean) * inverse);
    return product * eps * inverse * inverse;
}

void merge_backward(const RouterBoundary<float>& b, const RouterBoundaryGradients<float>& to, float eps) {
    const std::int64_t width = b.width;
    for (std::int64_t first = 0; first < b.tokens; first += lanes) {
        const std::int64_t last = first + lanes < b.tokens ? first + lanes : b.tokens;
        float weights[lanes] = {}, means[lanes] = {};
        for (std::int64_t t = first; t < last; ++t) {
            means[t - first] = state_gradient(b, to, eps, t);
            to.sum_share[t] = 0;
        }
        if (!b.sum) continue;
        for (std::int64_t t = first; t < last; ++t) weights[t - first] = b.logit[t] - b.maximum[t];
        store(weights, exponential(load(weights)));
        for (std::int64_t t = first; t < last; ++t) {
            const std::int64_t row = t * width;
            const float inverse = b.sum_inverse_rms[t], weight = weights[t - first] * b.total[t];
            const float product = dot(to.state + row, b.sum + row, width);
            const float logit_gradient = weight * (product - means[t - first]);
            to.sum_share[t] = weight * product;
            if (to.attribution) *to.attribution -= weight * product;
            const float scaled = logit_gradient * inverse;
            const float shrink = scaled * b.logit[t] * inverse / static_cast<float>(width);
            for (std::int64_t c = 0; c < width; c += lanes) {
                const Vector value = load(b.sum + row + c);
                const Vector before = to.first ? Vector{} : load(to.sum + row + c);
                const Vector gradient =
                    before + load(to.state + row + c) * weight + load(b.query + c) * scaled - value * shrink;
                store(to.sum + row + c, gradient);
                store(to.update + row + c, gradient + load(to.base + row + c));
                store(to.query + c, load(to.query + c) + value * scaled);
            }
        }
    }
}

/// e_{i,l} = G_l · v_i for `Count` sources of one token and one router.
template <int Count>
void project(std::int64_t width, const float* values, const float* gradient, float* products) {
    Vector sums[Count] = {};
    for (std::int64_t c = 0; c < width; c += lanes) {
        const Vector g = load(gradient + c);
        for (int i = 0; i < Count; ++i) sums[i] += g * load(values + i * width + c);
    }
    for (int i = 0; i < Count; ++i) products[i * router_lanes] = sum(sums[i]);
}

/// dv_i += Σ_l p_{i,l} G_l + t_{i,l} q_l − shrink_i v_i for rows_at_once sources and `Tile` vectors of channels.
template <int Count, int Tile>
void add_to_sources(std::int64_t routers, std::int64_t width, std::int64_t plane, const float* gradients,
                    const float* queries, const float* weights, const float* scaled, const float* shrinks,
                    const float* values, float* target) {
    Vector sums[Count][Tile];
    for (int i = 0; i < Count; ++i)
        for (int k = 0; k < Tile; ++k)
            sums[i][k] = load(target + i * width + k * lanes) - load(values + i * width + k * lanes) * shrinks[i];
    for (std::int64_t l = 0; l < routers; ++l)
        for (int k = 0; k < Tile; ++k) {
            const Vector g = load(gradients + l * plane + k * lanes), q = load(queries + l * width + k * lanes);
            for (int i = 0; i < Count; ++i)
                sums[i][k] += g * weights[i * router_lanes + l] + q * scaled[i * router_lanes + l];
        }
    for (int i = 0; i < Count; ++i)
        for (int k = 0; k < Tile; ++k) store(target + i * width + k * lanes, sums[i][k]);
}

/// dq_l += Σ_i t_{i,l} v_i for rows_at_once routers.
template <int Tile>
void add_to_queries(std::int64_t count, std::int64_t width, std::int64_t routers, const float* values,
                    const float* scaled, float* target) {
    Vector sums[rows_at_once][Tile] = {};
    for (std::int64_t i = 0; i < count; ++i)
        for (int k = 0; k < Tile; ++k) {
            const Vector value = load(values + i * width + k * lanes);
            for (int l = 0; l < rows_at_once; ++l) sums[l][k] += value * scaled[i * router_lanes + l];
        }
    for (int l = 0; l < rows_at_once && l < routers; ++l)
        for (int k = 0; k < Tile; ++k) {
            float* place = target + l * width + k * lanes;
            store(place, load(place) + sums[l][k]);
        }
}

/// From logits and products e to weights p, t = dz ⊙ r (in place of e) and `shrinks`; adds to the biases' gradients.
void logit_gradients(const SourceRows<float>& sources, const RouterGroup<float>& group,
                     const RouterGroupGradients<float>& to, std::int64_t t, const float* logits, float* weights,
                     float* products, float* shrinks) {
    // D = Σ p_i e_i in this form, so that a router that reads one source alone has no gradient at all.
    float maximum[router_lanes] = {}, inverse_total[router_lanes] = {}, means[router_lanes] = {};
    for (std::int64_t l = 0; l < group.routers; ++l) {
        maximum[l] = group.maximum[l * sources.tokens + t];
        inverse_total[l] = group.total[l * sources.tokens + t];
        means[l] = to.sum_shares[l * sources.tokens + t];
    }
    for (int part = 0; part < row_vectors; ++part) {
        const std::int64_t lane = part * lanes;
        Vector mean = load(means + lane);
        for (std::int64_t i = 0; i < sources.count; ++i) {
            const std::int64_t place = i * router_lanes + lane;
            const Vector weight = exponential(load(logits + place) - load(maximum + lane)) * load(inverse_total + lane);
            store(weights + place, weight);
            mean += weight * load(products + place);
        }
        store(means + lane, mean);
    }
    const float* inverse_rms = sources.inverse_rms + t * sources.capacity;
    for (std::int64_t i = 0; i < sources.count; ++i) {
        Vector shrink{};
        for (int part = 0; part < row_vectors; ++part) {
            const std::int64_t lane = part * lanes, place = i * router_lanes + lane;
            const Vector weight = load(weights + place);
            const Vector gradient = weight * (load(products + place) - load(means + lane));
            shrink += gradient * (load(logits + place) - load(group.biases + place));
            if (to.attributions) {
                const Vector before = load(to.attributions + place);
                store(to.attributions + place, before - weight * load(products + place));
            }
            store(products + place, gradient * inverse_rms[i]);
            if (to.bias_columns[i] >= 0) {
                float* bias = to.biases + to.bias_columns[i] * router_lanes + lane;
                store(bias, load(bias) + gradient);
            }
        }
        shrinks[i] = sum(shrink) * inverse_rms[i] * inverse_rms[i] / static_cast<float>(sources.width);
    }
}

template <int Count>
void add_to_sources(const SourceRows<float>& sources, const RouterGroup<float>& group, std::int64_t t, std::int64_t i,
                    const float* weights, const float* scaled, const float* shrinks, float* target) {
    const std::int64_t width = sources.width, plane = sources.tokens * width;
    const float* values = sources.values + (t * sources.capacity + i) * width;
    std::int64_t c = 0;
    for (; c + 4 * lanes <= width; c += 4 * lanes)
        add_to_sources<Count, 4>(group.routers, width, plane, group.values + t * width + c, group.queries + c,
                                 weights + i * router_lanes, scaled + i * router_lanes, shrinks + i, values + c,
                                 target + c);
    for (; c < width; c += lanes)
        add_to_sources<Count, 1>(group.routers, width, plane, group.values + t * width + c, group.queries + c,
                                 weights + i * router_lanes, scaled + i * router_lanes, shrinks + i, values + c,
                                 target + c);
}

void score_sources_backward(const SourceRows<float>& sources, const RouterGroup<float>& group,
                            const RouterGroupGradients<float>& to) {
    const std::int64_t width = sources.width, count = sources.count, plane = sources.tokens * width;
    float *weights = group.scratch, *products = weights + count * router_lanes;
    float* shrinks = products + count * router_lanes;
    for (std::int64_t place = 0; place < count * router_lanes; ++place) products[place] = 0;
    for (std::int64_t t = 0; t < sources.tokens; ++t) {
        const float* values = sources.values + t * sources.capacity * width;
        for (std::int64_t l = 0; l < group.routers; ++l) {
            const float* gradient = group.values + l * plane + t * width;
            std::int64_t i = 0;
            for (; i + 4 <= count; i += 4)
                project<4>(width, values + i * width, gradient, products + i * router_lanes + l);
            for (; i < count; ++i) project<1>(width, values + i * width, gradient, products + i * router_lanes + l);
        }
        logit_gradients(sources, group, to, t, group.logits + t * count * router_lanes, weights, products, shrinks);
        float* target = to.sources + t * sources.capacity * width;
        std::int64_t i = 0;
        for (; i + rows_at_once <= count; i += rows_at_once)
            add_to_sources<rows_at_once>(sources, group, t, i, weights, products, shrinks, target + i * width);
        for (; i < count; ++i) add_to_sources<1>(sources, group, t, i, weights, products, shrinks, target + i * width);
        for (std::int64_t l = 0; l < group.routers; l += rows_at_once) {
            std::int64_t c = 0;
            for (; c + 4 * lanes <= width; c += 4 * lanes)
                add_to_queries<4>(count, width, group.routers - l, values + c, products + l,
                                  to.queries + l * width + c);
            for (; c < width; c += lanes)
                add_to_queries<1>(count, width, group.routers - l, values + c, products + l,
                                  to.queries + l * width + c);
        }
    }
}

void make_sources_backward(const BlockSources<float>& block, const BlockSourcesGradients<float>& to) {
    const std::int64_t width = block.width, plane = block.tokens * width;
    for (std::int64_t t = 0; t < block.tokens; ++t) {
        const float* gradient = to.sources + t * block.capacity * width;
        for (std::int64_t m = 0; m < to.kinds; ++m)
            for (std::int64_t c = 0; c < width; c += lanes) {
                Vector base = load(gradient + c);
                for (std::int64_t k = 0; k < block.details; ++k)
                    base += load(gradient + (k + 1) * width + c) *
                            (to.coefficients[m * block.details + k] * block.scales[k * block.tokens + t]);
                store(to.bases + m * plane + t * width + c, base);
            }
    }
}

}  // namespace
}  // namespace wavlab
