// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/run_record.h"

namespace wavlab {

/// What is drawn of the stream through depth.
struct DepthQuantity {
    const char* id;
    const char* title;
    const char* axis;
    const char* help;
    /// By sublayer; of the state one more, which enters the final norm.
    std::vector<double> (*values)(const DepthFrame& frame);
};

inline constexpr std::size_t depth_quantity_count = 4;

/// State, update, gradient, update / state.
std::span<const DepthQuantity, depth_quantity_count> depth_quantities();

/// All quantities of one frame, in their order.
using DepthValues = std::array<std::vector<double>, depth_quantity_count>;

/// Nothing when the frame cannot be read.
std::optional<DepthValues> read_depth_values(const RunRecord& record, std::int64_t step);

/// The sublayers of these values, with the final norm.
inline std::size_t sublayer_count(const DepthValues& values) { return values[0].size(); }

}  // namespace wavlab
