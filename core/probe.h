// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/source.h"

namespace wavlab {

/// What becomes of a router's other sources where one is removed.
enum class Removal {
    zero,         ///< they keep their weights: h_l − α_i v_i
    renormalise,  ///< their weights are scaled so that they sum to 1 again: (h_l − α_i v_i) / (1 − α_i)
};

/// "zero", "renormalise".
std::string to_string(Removal removal);

/// What removing sources does to the loss, in nats per token of the probed windows.
struct ProbeEffect {
    double delta_loss = 0;   ///< exact: loss without minus loss with; NaN where nothing would be left
    double attribution = 0;  ///< first-order estimate of the same, from the gradient at h_l; NaN likewise
};

/// A family of sources (all of one kind) removed at all routers of a band of depth at once.
struct ProbedFamily {
    SourceKind family = SourceKind::embedding;
    std::vector<std::int64_t> routers;  ///< from 1: those that read it (and, where renormalised, something else)
    Removal removal = Removal::zero;
    double alpha = 0;         ///< mean over the routers and tokens of the summed α
    double contribution = 0;  ///< mean over the routers and tokens of Σ ‖α_i v_i‖₂
    ProbeEffect effect;
};

/// Causal probes of one checkpoint: what the loss does when routers must do without their sources, one at a time.
/// Arrays over cells are as in RoutingLayout.
struct ProbeResult {
    std::int64_t step = 0;  ///< of the checkpoint
    std::string model;      ///< which model it was: `model_identity` of core/checkpoint_evaluations.h
    std::string source;     ///< the text
    std::string device;
    std::int64_t windows = 0;
    std::int64_t tokens = 0;
    double loss = 0;  ///< nothing removed, nats per token
    RoutingLayout layout;
    std::vector<double> alpha;                   ///< [cells] mean α over tokens
    std::vector<double> contribution;            ///< [cells] mean ‖α v‖₂ over tokens
    std::vector<ProbeEffect> zero, renormalise;  ///< [cells]
    std::vector<ProbedFamily> families;
    bool cancelled = false;  ///< stopped before the end: nothing else of it holds
};

/// Spearman's rank correlations over the cells of a probe with a finite Δloss (each zeroed): whether a cheaper number
/// says the same. Empty where there are fewer than three cells or one side is constant.
struct ProbeAgreement {
    std::optional<double> weight, contribution, attribution;
    std::size_t cells = 0;  ///< with a finite Δloss
};
ProbeAgreement agreement(const ProbeResult& result);

/// The rows of `wavlab probe --json` (design §5, contract), each an object: `router` (from 1) and `source`, or `family`
/// and `routers`; then `mode`, `alpha`, `contribution`, `delta_loss`, `attribution`.
std::vector<nlohmann::json> probe_rows(const ProbeResult& result);

}  // namespace wavlab
