// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/source.h"

namespace wavlab {

/// A source as routers read it.
struct RouteSource {
    Source source;
    at::Tensor value;        ///< v_i [B, T, d]
    at::Tensor inverse_rms;  ///< 1 / sqrt(mean(v_i²) + eps) [B, T, 1], wide; made once, read by every later router
};

/// The parameters of one router. All are in the wide type.
struct RouterParameters {
    at::Tensor query;        ///< w_l [d]
    at::Tensor key_gain;     ///< γ_l [d]; undefined: no gain
    at::Tensor detail_bias;  ///< [2]: β_{l,phase}, β_{l,split}; undefined: no biases
};

/// What one router gives.
struct RoutedState {
    at::Tensor state;    ///< h_l [B, T, d] in the sources' type
    at::Tensor weights;  ///< α [B, T, S] in the wide type; takes no part in the backward pass
};

/// The column of `detail_bias` that a kind of source adds to its logit; -1: none.
int detail_bias_column(SourceKind kind);

/// Routing as one operation (design §2): with k_i = v_i · inverse_rms_i ⊙ γ_l and z_i = w_l · k_i + β_kind(i),
/// α = softmax(z) and h_l = Σ α_i v_i. Computed as z_i = inverse_rms_i (v_i · (w_l ⊙ γ_l)) + β, which is the same,
/// in the wide type. It keeps weights and logits [S, B·T] for the backward pass and no products of the size of a
/// source. A fused kernel may take its place; methods only call this.
///
/// `attribution`, where defined, is filled by the backward pass with −α_i v_i·G, G = dL/dh_l: [S, B·T], or summed over
/// tokens [S]; in the wide type.
RoutedState route(const std::vector<RouteSource>& sources, const RouterParameters& router,
                  const at::Tensor& attribution = {});

/// The same as the formulas are written, by plain ATen operations and their own gradients; the inverse RMS is computed
/// anew with `eps` and the weights can be differentiated. What `route` is checked against.
RoutedState route_reference(const std::vector<RouteSource>& sources, const RouterParameters& router, double eps);

}  // namespace wavlab
