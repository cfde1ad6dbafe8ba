// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace wavlab {

// The operations of the fused pass (docs/decisions/0016), as vector code on the CPU and as CUDA kernels on a GPU.
// `Real` is the type of what is stored for every channel, float or Bf16; statistics, running sums and whatever is added
// up are fp32 always. All pointers are of the device that computes.
//
// Gradients that are summed over tokens come in P parts, FusedKernels::parts, one for each group of tokens that are
// worked on together: the caller adds them up, in their order, so that the same bits come out every time.

/// A number in bf16: the upper half of an fp32's bits.
struct Bf16 {
    std::uint16_t bits;
};

/// Routers that are scored together, at most: the lanes of a row of logits, whatever the machine's vectors are.
constexpr std::int64_t router_lanes = 16;
/// Widths must be multiples of this.
constexpr std::int64_t channel_multiple = 16;

/// The completed sources that a group of routers reads, for n tokens. Token-major: a token's sources lie side by side.
template <class Real>
struct SourceRows {
    std::int64_t tokens = 0, width = 0;  ///< n, d
    std::int64_t count = 0;              ///< C, how many these routers read
    std::int64_t capacity = 0;           ///< how many there is room for: a token's stride
    const Real* values = nullptr;        ///< [n, capacity, d]: v_i
    const float* inverse_rms = nullptr;  ///< [n, capacity]: r_i = 1 / sqrt(mean(v_i²) + eps)
};

/// Routers of one block that are scored together. Planes are [R, n, d] or [R, n], one router after the other.
template <class Real>
struct RouterGroup {
    std::int64_t routers = 0;              ///< R, at most router_lanes
    const float* queries = nullptr;        ///< [R, d]: w ⊙ γ
    const float* query_columns = nullptr;  ///< [d, 16]: the same transposed, zeros beyond R
    const float* biases = nullptr;         ///< [C, 16]: β of every source, zeros beyond R
    float* logits = nullptr;               ///< [n, C, 16]: z_i
    float* maximum = nullptr;              ///< [R, n]: of the logits so far
    float* total = nullptr;                ///< [R, n]: Σ exp(z_i − maximum); after the merge its inverse
    Real* values = nullptr;                ///< [R, n, d]: Σ exp(z_i − maximum) v_i; in the backward pass G = dL/dh
    float* scratch = nullptr;              ///< FusedKernels::scratch_numbers(C)
};

/// The gradients of a group's routers with respect to the completed sources.
template <class Real>
struct RouterGroupGradients {
    const float* sum_shares = nullptr;  ///< [R, n]: p G·S of the running sum, as merge_backward left it
    const int* bias_columns = nullptr;  ///< [C]: the column of routing.detail_bias that a source adds; -1: none
    Real* sources = nullptr;            ///< [n, capacity, d], added to
    float* queries = nullptr;           ///< [R, P, d], of w ⊙ γ, added to
    float* biases = nullptr;            ///< [P, 2, 16], added to
    float* attributions = nullptr;      ///< [P, C, 16]: −p_i G·v_i is added; null: nobody wants to know
};

/// A router at the boundary before its sublayer: what phase one knows is merged with the running sum of its block.
template <class Real>
struct RouterBoundary {
    std::int64_t tokens = 0, width = 0;
    const float* query = nullptr;   ///< [d]: w ⊙ γ
    const float* before = nullptr;  ///< [n, d]: the running sum without the last update; null: there was none
    const Real* update = nullptr;   ///< [n, d]: the last update; null: `sum` is there already
    float* sum = nullptr;           ///< [n, d]: the running sum, made from the two; null: there is none
    Real* values = nullptr;         ///< planes of RouterGroup, this router's
    float* maximum = nullptr;
    float* total = nullptr;
    float* logit = nullptr;            ///< [n]: z of the running sum
    float* sum_inverse_rms = nullptr;  ///< [n]: its r
    Real* normalised = nullptr;        ///< [n, d]: x̂ = h · r_h, which the sublayer reads
    float* inverse_rms = nullptr;      ///< [n]: r_h
};

template <class Real>
struct RouterBoundaryGradients {
    const Real* normalised = nullptr;     ///< [n, d]: dL/dx̂
    Real* state = nullptr;                ///< [n, d]: G = dL/dh, written
    float* sum_share = nullptr;           ///< [n]: p G·S of the running sum, 0 without one; written
    float* sum = nullptr;                 ///< [n, d]: of the running sum, added to
    bool first = false;                   ///< `sum` holds nothing yet: it is written
    const Real* base = nullptr;           ///< [n, d]: what the last update gets from the block's own sources
    Real* update = nullptr;               ///< [n, d]: of the last update, `sum` + `base`, written
    float* query = nullptr;               ///< [P, d], added to
    float* attribution = nullptr;         ///< [P]: −p G·S of the running sum is added; null: nobody wants to know
    std::int64_t attribution_stride = 0;  ///< from one part to the next
};

/// A completed block becomes sources: b = S_n, and details p = Σ_j e_j S_j of its running sums, matched to rms(b).
template <class Real>
struct BlockSources {
    std::int64_t tokens = 0, width = 0;
    std::int64_t length = 0;              ///< n sublayers
    std::int64_t details = 0;             ///< 0 to 2
    std::int64_t capacity = 0;            ///< stride of a token in `values`, in sources
    const float* sums = nullptr;          ///< [n, tokens, d]: S_1 .. S_n; with an update there is no S_n
    const Real* update = nullptr;         ///< [tokens, d]: S_n = S_{n−1} + update, S_0 = 0; null: S_n is there
    const float* coefficients = nullptr;  ///< [details, n]: e_j
    bool matched = false;                 ///< details: v = p · rms(b) / (rms(p) + 1e-6), else v = p
    Real* values = nullptr;               ///< the block's first source of the first token: b, then the details
    float* inverse_rms = nullptr;         ///< likewise, with stride `capacity`
    float* scales = nullptr;              ///< [details, tokens]
};

/// Of the gradients of a block's sources what each kind of update gets: base_m = g_b + Σ_k c_{m,k} scale_k g_k.
template <class Real>
struct BlockSourcesGradients {
    std::int64_t kinds = 0;               ///< M
    const float* coefficients = nullptr;  ///< [M, details]: c
    const Real* sources = nullptr;        ///< the gradient of the block's first source, as `values`
    Real* bases = nullptr;                ///< [M, tokens, d]
};

/// The operations themselves, for a range of tokens. Values are [n, d] and contiguous unless said otherwise; widths are
/// multiples of channel_multiple.
template <class Real>
struct FusedKernels {
    const char* name;  ///< "avx512", "avx2", "plain", "cuda"
    bool whole_batch;  ///< one call works on all tokens of a batch; else every thread calls for some of its own

    /// Why they cannot do widths d or numbers of sources like these; null: they can.
    const char* (*obstacle)(std::int64_t width, std::int64_t sources);
    /// P: how many parts gradients come in that are summed over tokens.
    std::int64_t (*parts)(std::int64_t tokens);
    /// How many numbers of scratch memory a group of routers needs that read this many sources.
    std::int64_t (*scratch_numbers)(std::int64_t sources);

    /// stream += update (null: as it stands); normalised = stream · r, r = 1 / sqrt(mean(stream²) + eps).
    void (*add_and_normalise)(std::int64_t tokens, std::int64_t width, float eps, const Real* update, Real* stream,
                              Real* normalised, float* inverse_rms);
    /// gradient += r (g − x̂ · mean(g ⊙ x̂)).
    void (*normalise_backward)(std::int64_t tokens, std::int64_t width, const Real* normalised_gradient,
                               const Real* normalised, const float* inverse_rms, Real* gradient);
    /// 1 / sqrt(mean(v²) + eps) of rows `stride` apart, to numbers `target_stride` apart.
    void (*inverse_rms)(std::int64_t tokens, std::int64_t width, std::int64_t stride, float eps, const Real* values,
                        std::int64_t target_stride, float* target);
    /// joined [n, 2f]: gate, then up → product [n, f] = silu(gate) ⊙ up.
    void (*swiglu)(std::int64_t tokens, std::int64_t hidden, const Real* joined, Real* product);
    /// product holds its gradient and becomes the product again; joined becomes its own gradient.
    void (*swiglu_backward)(std::int64_t tokens, std::int64_t hidden, Real* joined, Real* product);
    /// Rotary positions: joined [n, 3, heads, d_head], whole sequences of `length`; queries and keys turn in place.
    void (*rotate)(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                   const float* cosine, const float* sine, Real* joined);
    /// Turned back, and joined again: the gradients of query, key, value [n, heads, d_head] → [n, 3, heads, d_head].
    void (*rotate_back)(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                        const float* cosine, const float* sine, const Real* query, const Real* key, const Real* value,
                        Real* joined);

    /// Phase one of routing: all routers of a group over the completed sources.
    void (*score_sources)(const SourceRows<Real>& sources, const RouterGroup<Real>& group);
    /// Phase two: one router before its sublayer, and the norm that follows.
    void (*merge)(const RouterBoundary<Real>& boundary, float eps);
    void (*merge_backward)(const RouterBoundary<Real>& boundary, const RouterBoundaryGradients<Real>& gradients,
                           float eps);
    /// Phase one's backward pass: of all routers of a group at once.
    void (*score_sources_backward)(const SourceRows<Real>& sources, const RouterGroup<Real>& group,
                                   const RouterGroupGradients<Real>& gradients);
    void (*make_sources)(const BlockSources<Real>& block, float eps);
    void (*make_sources_backward)(const BlockSources<Real>& block, const BlockSourcesGradients<Real>& gradients);
};

}  // namespace wavlab
