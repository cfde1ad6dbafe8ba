// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace wavlab {

/// Routers that are scored together, at most: the lanes of a row of logits, whatever the machine's vectors are.
constexpr std::int64_t router_lanes = 16;
/// Numbers of scratch memory that a group needs for every source.
constexpr std::int64_t scratch_per_source = 2 * router_lanes + 1;
/// Widths must be multiples of this.
constexpr std::int64_t channel_multiple = 16;

/// The completed sources that a group of routers reads, for n tokens. Token-major: a token's sources lie side by side.
struct SourceRows {
    std::int64_t tokens = 0, width = 0;  ///< n, d
    std::int64_t count = 0;              ///< C, how many these routers read
    std::int64_t capacity = 0;           ///< how many there is room for: a token's stride
    const float* values = nullptr;       ///< [n, capacity, d]: v_i
    const float* inverse_rms = nullptr;  ///< [n, capacity]: r_i = 1 / sqrt(mean(v_i²) + eps)
};

/// Routers of one block that are scored together. Planes are [R, n, d] or [R, n], one router after the other.
struct RouterGroup {
    std::int64_t routers = 0;              ///< R, at most router_lanes
    const float* queries = nullptr;        ///< [R, d]: w ⊙ γ
    const float* query_columns = nullptr;  ///< [d, 16]: the same transposed, zeros beyond R
    const float* biases = nullptr;         ///< [C, 16]: β of every source, zeros beyond R
    float* logits = nullptr;               ///< [n, C, 16]: z_i
    float* maximum = nullptr;              ///< [R, n]: of the logits so far
    float* total = nullptr;                ///< [R, n]: Σ exp(z_i − maximum); after the merge its inverse
    float* values = nullptr;               ///< [R, n, d]: Σ exp(z_i − maximum) v_i; in the backward pass G = dL/dh
    float* scratch = nullptr;              ///< scratch_per_source · C numbers
};

/// The gradients of a group's routers with respect to the completed sources.
struct RouterGroupGradients {
    const float* sum_shares = nullptr;  ///< [R, n]: p G·S of the running sum, as merge_backward left it
    const int* bias_columns = nullptr;  ///< [C]: the column of routing.detail_bias that a source adds; -1: none
    float* sources = nullptr;           ///< [n, capacity, d], added to
    float* queries = nullptr;           ///< [R, d], of w ⊙ γ, added to
    float* biases = nullptr;            ///< [2, 16], added to
    float* attributions = nullptr;      ///< [C, 16]: −p_i G·v_i is added; null: nobody wants to know
};

/// A router at the boundary before its sublayer: what phase one knows is merged with the running sum of its block.
struct RouterBoundary {
    std::int64_t tokens = 0, width = 0;
    const float* query = nullptr;   ///< [d]: w ⊙ γ
    const float* before = nullptr;  ///< [n, d]: the running sum without the last update
    const float* update = nullptr;  ///< [n, d]: the last update; null: `sum` is there already
    float* sum = nullptr;           ///< [n, d]: the running sum, made from the two; null: there is none
    float* values = nullptr;        ///< planes of RouterGroup, this router's
    float* maximum = nullptr;
    float* total = nullptr;
    float* logit = nullptr;            ///< [n]: z of the running sum
    float* sum_inverse_rms = nullptr;  ///< [n]: its r
    float* normalised = nullptr;       ///< [n, d]: x̂ = h · r_h, which the sublayer reads
    float* inverse_rms = nullptr;      ///< [n]: r_h
};

struct RouterBoundaryGradients {
    const float* normalised = nullptr;  ///< [n, d]: dL/dx̂
    float* state = nullptr;             ///< [n, d]: G = dL/dh, written
    float* sum_share = nullptr;         ///< [n]: p G·S of the running sum, 0 without one; written
    float* sum = nullptr;               ///< [n, d]: of the running sum, added to
    const float* base = nullptr;        ///< [n, d]: what the last update gets from the block's own sources
    float* update = nullptr;            ///< [n, d]: of the last update, `sum` + `base`, written
    float* query = nullptr;             ///< [d], added to
    float* attribution = nullptr;       ///< −p G·S of the running sum is added; null: nobody wants to know
};

/// A completed block becomes sources: b = S_n, and details p = Σ_j e_j S_j of its running sums, matched to rms(b).
struct BlockSources {
    std::int64_t tokens = 0, width = 0;
    std::int64_t length = 0;              ///< n sublayers
    std::int64_t details = 0;             ///< 0 to 2
    std::int64_t capacity = 0;            ///< stride of a token in `values`, in sources
    const float* sums = nullptr;          ///< [n, tokens, d]: S_1 .. S_n; with an update there is no S_n
    const float* update = nullptr;        ///< [tokens, d]: S_n = S_{n−1} + update; null: S_n is there
    const float* coefficients = nullptr;  ///< [details, n]: e_j
    bool matched = false;                 ///< details: v = p · rms(b) / (rms(p) + 1e-6), else v = p
    float* values = nullptr;              ///< the block's first source of the first token: b, then the details
    float* inverse_rms = nullptr;         ///< likewise, with stride `capacity`
    float* scales = nullptr;              ///< [details, tokens]
};

/// Of the gradients of a block's sources what each kind of update gets: base_m = g_b + Σ_k c_{m,k} scale_k g_k.
struct BlockSourcesGradients {
    std::int64_t kinds = 0;               ///< M
    const float* coefficients = nullptr;  ///< [M, details]: c
    const float* sources = nullptr;       ///< the gradient of the block's first source, as `values`
    float* bases = nullptr;               ///< [M, tokens, d]
};

/// The operations of the fused pass in fp32, for one range of tokens on one thread. Values are [n, d] and contiguous
/// unless said otherwise; widths are multiples of channel_multiple.
struct VectorKernels {
    const char* name;  ///< "avx512", "avx2", "plain"

    /// stream += update (null: as it stands); normalised = stream · r, r = 1 / sqrt(mean(stream²) + eps).
    void (*add_and_normalise)(std::int64_t tokens, std::int64_t width, float eps, const float* update, float* stream,
                              float* normalised, float* inverse_rms);
    /// gradient += r (g − x̂ · mean(g ⊙ x̂)).
    void (*normalise_backward)(std::int64_t tokens, std::int64_t width, const float* normalised_gradient,
                               const float* normalised, const float* inverse_rms, float* gradient);
    /// 1 / sqrt(mean(v²) + eps) of rows `stride` apart, to numbers `target_stride` apart.
    void (*inverse_rms)(std::int64_t tokens, std::int64_t width, std::int64_t stride, float eps, const float* values,
                        std::int64_t target_stride, float* target);
    /// joined [n, 2f]: gate, then up → product [n, f] = silu(gate) ⊙ up.
    void (*swiglu)(std::int64_t tokens, std::int64_t hidden, const float* joined, float* product);
    /// product holds its gradient and becomes the product again; joined becomes its own gradient.
    void (*swiglu_backward)(std::int64_t tokens, std::int64_t hidden, float* joined, float* product);
    /// Rotary positions: joined [n, 3, heads, d_head], whole sequences of `length`; queries and keys turn in place.
    void (*rotate)(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                   const float* cosine, const float* sine, float* joined);
    /// Turned back, and joined again: the gradients of query, key, value [n, heads, d_head] → [n, 3, heads, d_head].
    void (*rotate_back)(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                        const float* cosine, const float* sine, const float* query, const float* key,
                        const float* value, float* joined);

    /// Phase one of routing: all routers of a group over the completed sources.
    void (*score_sources)(const SourceRows& sources, const RouterGroup& group);
    /// Phase two: one router before its sublayer, and the norm that follows.
    void (*merge)(const RouterBoundary& boundary, float eps);
    void (*merge_backward)(const RouterBoundary& boundary, const RouterBoundaryGradients& gradients, float eps);
    /// Phase one's backward pass: of all routers of a group at once.
    void (*score_sources_backward)(const SourceRows& sources, const RouterGroup& group,
                                   const RouterGroupGradients& gradients);
    void (*make_sources)(const BlockSources& block, float eps);
    void (*make_sources_backward)(const BlockSources& block, const BlockSourcesGradients& gradients);
};

/// Those that this machine can run, the fastest first; "plain" is always there, and last.
const std::vector<const VectorKernels*>& vector_kernels();

}  // namespace wavlab
