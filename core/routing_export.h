// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace wavlab {

struct RunFolder;

/// Every recorded frame of the run as an .npz file. F routing frames, R routers, S sources:
///
/// | array | shape | |
/// |---|---|---|
/// | `steps` | int64 [F] | |
/// | `routers` | int64 [R] | 1, 2, ...: router l stands before sublayer l, the last before the final norm |
/// | `sources` | str [S] | "embedding", "block1", "phase1", ... |
/// | `weights`, `weight_spread`, `contribution`, `attribution` | [F, R, S] | as in RoutingFrame, NaN where a router
/// does
///    not read the source |
/// | `entropy`, `effective_sources`, `query_norm` | [F, R] | |
/// | `detail_steps`, `detail_summary_rms`, `detail_phase_rms`, ... | [D], [D, blocks or routers] | as in DetailFrame |
/// | `depth_steps`, `depth_state_rms`, `depth_update_rms`, `depth_gradient_norm` | [E], [E, places] | as in DepthFrame
/// |
///
/// Numbers are float32. Arrays that the run never recorded are left out; frames without them hold NaN. Throws
/// InputError for a run without routing frames and when the target cannot be written, and WorkError.
void export_routing(const RunFolder& run, const std::filesystem::path& target);

}  // namespace wavlab
