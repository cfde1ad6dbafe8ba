// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace wavlab {

class RunRecord;

/// Every scalar of a run with the columns step,name,value, by step, then by name; nine significant digits, `nan`, `inf`
/// and `-inf` (design §5, contract).
std::string metrics_csv(const RunRecord& record);

/// The same as JSON lines: one object a line with `step`, `name` and `value`, all digits; values that are not finite
/// are the strings "NaN", "Infinity" and "-Infinity".
std::string metrics_json_lines(const RunRecord& record);

}  // namespace wavlab
