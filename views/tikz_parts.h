// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <QRectF>

#include "views/figure_data.h"

namespace wavlab {

// What figure_tikz is put together from.

/// With seven significant digits; "nan" is what pgfplots calls a gap.
std::string tikz_number(double value);
/// A length in inches, or in points of 1/72 inch.
std::string tikz_inches(double length);
std::string tikz_points(double length);
/// About what a text takes in a font of this size, in the size's unit. Which font that will be only the paper knows.
double tikz_text_width(const std::string& text, double font_size);
/// What LaTeX makes smaller where it is broader than this, in inches: the document's font may be broad.
std::string tikz_fit(const std::string& latex, double width);
/// Cut in its middle where it would not fit.
std::string tikz_fitting(const std::string& text, double width, double font_size);
/// A table's text at a tick: true minus signs.
std::string tikz_tick_text(const std::string& label);

/// The page as it grows: what is written so far, and what has to be declared before it.
class TikzPage {
public:
    TikzPage(double height, double font_points) : height_(height), font_points_(font_points) {}

    std::string body;

    /// Of a point that lies so far below the page's upper edge: TikZ counts from below.
    double up(double y) const { return height_ - y; }
    /// "(1in,2in)" of a point of the page.
    std::string at(double x, double y) const;
    /// The name of a colour of this page.
    std::string color(const QColor& color);
    std::string color_map(ColorMap map);
    std::string mark(const DrawnMarker& marker);
    /// "draw=..., line width=..., dash pattern=..."; "draw=none" without a line.
    std::string pen(const DrawnLine& line);
    /// "mark=*, mark size=..., mark options={...}".
    std::string marks(const DrawnMarker& marker);
    /// "font=\fontsize{8}{9.6}\selectfont", of labels and of numbers.
    std::string font() const;
    std::string small_font() const;
    double font_points() const { return font_points_; }
    double small_font_points() const;
    /// Every k-th column of heatmaps over time is kept.
    std::size_t every_column = 1;
    /// Heatmaps are no matrix plots, but rectangles in shades.
    bool as_rectangles = false;
    std::size_t most_points = 2000;  ///< of each curve

    /// What the body needs.
    std::string declarations() const;

private:
    double height_;
    double font_points_;
    std::set<std::string> colors_;
    std::set<ColorMap> color_maps_;
    std::map<std::string, std::string> marks_;  ///< names by what draws them
};

/// A plot's axes with all that is in them. `canvas`: where the plot stands on the page, in inches.
void write_axes(TikzPage& page, const DrawnAxes& axes, const QRectF& canvas);
void write_color_bar(TikzPage& page, const DrawnColorBar& bar, const QRectF& canvas);
/// A heatmap as a matrix plot within a pgfplots axis, unless it is drawn as rectangles. `place`: of the axes on the
/// page, in inches.
void write_matrix(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, const QRectF& place);
/// Cells that are no matrix plot, below the axis: hatched and infinite ones, or all of them.
void write_cells(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, const QRectF& place);
/// Curves, bands, bars and their errors, within a pgfplots axis of `width` points.
void write_series(TikzPage& page, const DrawnAxes& axes, double width);
/// A ramp of a scale's colours as rules, `width` by `height` points.
std::string tikz_ramp(TikzPage& page, const DrawnScale& scale, double width, double height);

/// Coordinates of a pgfplots axis for values of a drawn one.
class TikzCoordinates {
public:
    explicit TikzCoordinates(const DrawnAxis& axis);
    double low() const { return low_; }
    double high() const { return high_; }
    /// TeX has no lengths beyond some metres: what lies far outside of the axis is brought nearer.
    double operator()(double value) const;
    /// Where it lies along the axis, 0 at its lower end.
    double share(double value) const;

private:
    double transformed(double value) const;

    const DrawnAxis& axis_;
    double low_, high_;
};

}  // namespace wavlab
