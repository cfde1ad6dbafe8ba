// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace wavlab {

class RunRecord;

/// Every scalar of a run with the columns step,name,value, by step, then by name; nine significant digits, `nan`, `inf`
/// and `-inf` (design §5, contract).
std::string metrics_csv(const RunRecord& record);

/// The text as one cell of a CSV line: in quotes where it holds a comma, a quote or a line break.
std::string csv_cell(const std::string& text);

}  // namespace wavlab
