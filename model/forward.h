// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/source.h"

namespace wavlab {

struct SourceRemoval;

/// A detail of a completed block. All are detached when handed to an observer.
struct ObservedDetail {
    at::Tensor raw;      ///< [B, T, d] p or s, before matching
    at::Tensor matched;  ///< [B, T, d] what routers read
    at::Tensor scale;    ///< [B, T, 1] or [1]
};

/// What an observer wants to know of how the loss depends on each source.
enum class Attribution { none, summed, per_token };

/// Looks inside a forward pass without the model knowing why. Every function does nothing by default. Sublayers, blocks
/// and routers are numbered from 1; the tensors are only valid during the call unless kept.
class ForwardObserver {
public:
    virtual ~ForwardObserver() = default;
    /// h_l [B, T, d], before sublayer l's norm; l = 2L+1 is the final norm's input.
    virtual void on_state(std::int64_t /*sublayer*/, const at::Tensor& /*state*/) {}
    /// u_l [B, T, d].
    virtual void on_update(std::int64_t /*sublayer*/, const at::Tensor& /*update*/) {}
    /// The router's sources, their values v_i [B, T, d] and weights α [B, T, S].
    virtual void on_routing(std::int64_t /*router*/, const std::vector<Source>& /*sources*/,
                            const std::vector<at::Tensor>& /*values*/, const at::Tensor& /*weights*/) {}
    /// How this observer wants first-order attributions; each costs nearly nothing, as the backward pass has it anyway.
    virtual Attribution attribution() const { return Attribution::none; }
    /// −α_i v_i·G of the router's sources, G = dL/dh_l, which estimates what L would gain by zeroing source i there:
    /// [S], summed over tokens, or [S, B·T]. Zero until the backward pass fills it.
    virtual void on_attribution(std::int64_t /*router*/, const at::Tensor& /*attribution*/) {}
    /// Block n's summary b_n [B, T, d] and the details it has.
    virtual void on_block(std::int64_t /*block*/, const at::Tensor& /*summary*/,
                          const std::optional<ObservedDetail>& /*phase*/,
                          const std::optional<ObservedDetail>& /*split*/) {}
};

/// What one forward pass depends on beside parameters and tokens.
struct ForwardContext {
    bool training = false;   ///< dropout acts only then
    std::uint64_t seed = 0;  ///< dropout masks are a function of (seed, step, microbatch, sublayer)
    std::int64_t step = 0;
    std::int64_t microbatch = 0;
    ForwardObserver* observer = nullptr;
    /// What routers must do without; null: nothing. Only where no gradients are recorded.
    const SourceRemoval* removal = nullptr;
    /// Debug input of the routing operation: detached matching scales, in the order in which they are used, recorded
    /// when `record_scales` is set and used instead of computed ones when `replay_scales` is. Finite differences hold
    /// them at their unperturbed values (design §2).
    std::vector<at::Tensor>* record_scales = nullptr;
    const std::vector<at::Tensor>* replay_scales = nullptr;
    std::size_t next_scale = 0;
};

}  // namespace wavlab
