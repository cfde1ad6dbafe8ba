// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QString>

#include "core/run_record.h"
#include "views/chart_parts.h"

namespace wavlab {

/// Why the frame of this kind that the run has recorded at this step cannot be shown, as a sentence with the run's
/// name; empty when it can.
QString frame_problem(const RunRecord& record, FrameKind kind, std::int64_t step);

/// Plots over time: an entry for the legend that says of these steps (at least one) that their frames cannot be shown,
/// and why. They are hatched on heatmaps.
LegendStrip::Entry unreadable_entry(const RunRecord& record, FrameKind kind, const std::vector<std::int64_t>& steps,
                                    const PlotStyle& style);

}  // namespace wavlab
