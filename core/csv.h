// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace wavlab {

/// The text as one cell of a CSV line: in quotes where it holds a comma, a quote or a line break.
std::string csv_cell(const std::string& text);

}  // namespace wavlab
