// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "model/forward.h"
#include "model/routing/routing_plan.h"

namespace wavlab {

/// A detail source as it was made (design §2).
struct Detail {
    at::Tensor raw;      ///< p = Σ c_l u_l [B, T, d], wide
    at::Tensor matched;  ///< v = p · scale [B, T, d], in the type of the updates
    at::Tensor scale;    ///< [B, T, 1], or [1] where it is one for all
};

/// The detail of a block (or of its sublayers so far) with these coefficients: `updates` are their u_l, `summary` is
/// the sum of them [B, T, d] in the wide type. With DetailKind::duplicate it is the summary as it stands.
/// A detached scale is recorded or replayed as the context says.
Detail make_detail(const std::vector<at::Tensor>& updates, const std::vector<double>& coefficients,
                   const at::Tensor& summary, const RoutingSettings& settings, ForwardContext& context);

/// For an observer: the same without gradients.
ObservedDetail observed(const Detail& detail);

}  // namespace wavlab
