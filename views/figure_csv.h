// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "views/figure_data.h"

namespace wavlab {

/// What a figure shows, as one table in long format that reads with pandas.read_csv(file, comment="#").
///
/// First lines that begin with '#': `provenance` (any text), then what the axes are, one line for each:
/// "# a 1: x Step, y Loss (nats per token)". Then a row for each value:
///
///     panel,axes,kind,series,x,y,value,low,high
///
/// panel: a, b, ... in the order of `panels`; axes: 1, 2, ... within it. kind and what its columns hold:
/// - line, marker: x, y; low and high of the error bar where there is one. A value that is not finite is nan or inf.
/// - band: x, low, high.
/// - bar: x, y where it ends; low is where it begins.
/// - cell (of a heatmap): x, y, value; inf is written, cells that do not exist are left out, those that are drawn
///   hatched have the value nan.
/// - reference: y, with its name as series. mark (a value that is not finite): x. text: x, y, with the text as series.
/// Numbers are in the units of the axes, with nine significant digits; on an axis of names x or y is the name, with
/// its number before it ("3: the") where a heatmap's names repeat.
std::string figure_csv(const std::vector<FigureData>& panels, const std::string& provenance);

}  // namespace wavlab
