// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/block_layout.h"
#include "core/option.h"
#include "core/source.h"

namespace wavlab {

/// What the detail sources are made of: WAV's contrasts, or one of its ablations.
enum class DetailKind { contrast, random_sign, duplicate };

/// How a detail's RMS is matched to that of its block's summary.
enum class ScaleMatch { token, tensor, off };

/// The choices of a routed method. Without details (`attnres_*`) only `key_gain` matters.
struct RoutingSettings {
    bool key_gain = true;
    bool has_detail_bias = false;  ///< the method knows details (wav, haares), whether or not any are switched on
    bool phase = false;            ///< phase details are sources
    bool split = false;            ///< split details are sources
    bool online = false;           ///< so are those of the running block
    DetailKind detail = DetailKind::contrast;
    ScaleMatch match = ScaleMatch::token;
    bool detach = true;  ///< no gradient through the matching scale
    bool bias_learned = true;
    double bias_init = -2.0;
};

/// The rows of `routing.detail_sign` and the columns of `routing.detail_bias`.
constexpr std::int64_t phase_row = 0;
constexpr std::int64_t split_row = 1;

/// Signs ±1 of the random_sign ablation, as stored: two rows (phase, split) of one sign a sublayer.
using DetailSigns = std::vector<std::vector<int>>;

/// Draws them from the seed. In every block ceil(n/2) signs are +1, the rest -1; the first two of a block differ, so
/// that which sources exist does not depend on the seed, not even of a running block.
DetailSigns draw_detail_signs(const BlockLayout& blocks, std::uint64_t seed);

/// Zero-sum coefficients from signs: +n/(2 n_plus) and -n/(2 n_minus). Empty when one side is empty.
std::vector<double> balanced_coefficients(const std::vector<int>& signs);

/// Coefficients of the detail of a row (phase_row or split_row) over the first `done` sublayers of a block. Empty
/// when it does not exist. `signs` may be null: then any drawn ones are meant (for which sources exist).
std::vector<double> detail_coefficients(const BlockLayout& blocks, const RoutingSettings& settings,
                                        const DetailSigns* signs, std::int64_t row, std::int64_t block,
                                        std::int64_t done);

/// The sources of all 2L+1 routers (design §2).
RoutingLayout make_routing_layout(const BlockLayout& blocks, const RoutingSettings& settings,
                                  const DetailSigns* signs = nullptr);

/// How many numbers the routers of a method train: queries, gains and biases (frozen biases do not count).
std::int64_t routing_parameters(std::int64_t layers, std::int64_t width, const RoutingSettings& settings);

}  // namespace wavlab
