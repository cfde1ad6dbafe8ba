// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <QRectF>

#include "views/figure_data.h"

namespace wavlab {

/// Where a plot stands on the page. Lengths in inches from the upper left corner of the page.
struct TikzPanel {
    QRectF place;        ///< empty: the whole page
    std::string letter;  ///< "(a)"; empty: none
    std::string title;
    QRectF heading;  ///< where letter and title stand
};

/// A legend in place of those that several panels have.
struct TikzLegend {
    std::vector<DrawnLegendEntry> entries;
    QRectF place;
};

struct TikzOptions {
    double width = 5.5, height = 3.4;  ///< of the page, inches
    std::vector<TikzPanel> panels;     ///< one for each plot; empty: each takes the whole page
    double font_points = 8;            ///< of labels; numbers at ticks and the legend are a point smaller
    std::string provenance;            ///< any text, as comments at the top
    std::vector<TikzLegend> legends;
};

/// More points than these a curve does not get: of each of 499 columns the first, last, smallest and largest value
/// are kept.
inline constexpr std::size_t most_tikz_points = 2000;
/// pdfLaTeX has memory for about so many cells of matrix plots on a page. Of up to twice as many every second column
/// over time is kept; more are drawn as rectangles in shades, one for neighbours of the same shade, at most
/// `most_tikz_rectangles` before that. Curves share what is left: with very many of them, each has fewer points.
inline constexpr std::size_t most_tikz_cells = 6000;
inline constexpr std::size_t most_tikz_rectangles = 30000;

/// The figure as a LaTeX file for \input, its numbers inside: comments (provenance, what the preamble needs), then one
/// `tikzpicture` of pgfplots axes (1.17 or later) at their places on the page. Fonts are the document's; it compiles
/// with pdfLaTeX, XeLaTeX and LuaLaTeX.
std::string figure_tikz(const std::vector<FigureData>& panels, const TikzOptions& options);

/// A text as LaTeX shows it: special characters escaped, symbols outside of ASCII as commands.
std::string tikz_text(const std::string& text);

}  // namespace wavlab
