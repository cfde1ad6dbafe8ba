// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace wavlab {

struct ResultTable;

/// Where the numbers of a table come from, line by line: the program that made it, then each run with the steps of its
/// values, seed, state, hashes of its experiment and data, version and commit. The same for the same runs and program.
std::vector<std::string> table_provenance(const ResultTable& table);

}  // namespace wavlab
