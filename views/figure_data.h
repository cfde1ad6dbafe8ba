// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QColor>
#include <QPointF>
#include <QRectF>
#include <QSize>
#include <QSizeF>

#include "views/color_map.h"

class QCustomPlot;

namespace wavlab {

// What a canvas shows, as numbers and texts: from this the figures' other forms (CSV, TikZ) are written. Numbers are
// in the units that the axes name ("Tokens (millions)"), whatever the canvas' coordinates are; lengths in points of
// 1/72 inch; texts in UTF-8 as they are shown.

struct DrawnTick {
    double value = 0;
    std::string label;
};

struct DrawnAxis {
    std::string label;
    double low = 0, high = 1;  ///< as shown, low < high
    bool logarithmic = false;
    double symmetric = 0;  ///< above zero: SymmetricLog with this linear part
    bool reversed = false;
    bool tick_labels = true;
    double tick_rotation = 0;  ///< degrees, clockwise
    bool tick_marks = true;
    bool line = true;  ///< the axis itself
    bool grid = false;
    QColor zero_line;              ///< across the axes at zero; invalid: none
    std::vector<DrawnTick> ticks;  ///< the labelled ones, as drawn
    /// The names at 0, 1, 2, ... where it is an axis of names, those that are not labelled included; empty otherwise.
    std::vector<std::string> categories;
};

struct DrawnLine {
    QColor color;  ///< invalid: no line
    double width = 0;
    std::vector<double> dashes;  ///< lengths on and off; empty: solid
};

struct DrawnMarker {
    enum class Shape { none, circle, disc, square, triangle, triangle_down, diamond, cross, plus, star, custom };
    Shape shape = Shape::none;
    double size = 0;     ///< across
    QColor color, fill;  ///< invalid: none
    double line_width = 0;
    /// Of a custom shape: strokes, in points from its middle, down the page.
    std::vector<std::vector<QPointF>> strokes;
};

/// One curve, band, set of markers or of bars. `x`, `y` of those that are in the range of the horizontal axis and one
/// neighbour on either side; NaN in `y` is a gap.
struct DrawnSeries {
    enum class Kind { line, band, marker, bar };
    Kind kind = Kind::line;
    std::string name;
    std::vector<double> x, y;
    /// Of a band, of error bars (NaN where a value has none), or of a bar (from where to where); else empty.
    std::vector<double> low, high;
    DrawnLine line;  ///< of markers: through them
    DrawnMarker marker;
    bool sparse_markers = false;  ///< of markers that would cover each other one is drawn
    DrawnLine error_line;         ///< of error bars
    double whisker = 0;           ///< at the ends of error bars, across
    QColor fill;                  ///< of a band (with its alpha) or bars
    double bar_width = 0;         ///< in units of the axis
    double shift = 0;             ///< that it is drawn to the right of its values, in points
};

/// Colours from `low` to `high`.
struct DrawnScale {
    ColorMap map = ColorMap::viridis;
    double low = 0, high = 1;
    bool logarithmic = false;
    double symmetric = 0;  ///< as of an axis
};

/// A heatmap; all of its cells, also those beyond the ranges of its axes.
struct DrawnMatrix {
    std::string name;  ///< what its colours stand for
    std::size_t rows = 0, columns = 0;
    std::vector<double> values;  ///< row after row; NaN: no cell
    std::vector<bool> hatched;   ///< cells that are there without a value; empty: none
    /// Where columns begin, and where the last one ends; rows likewise.
    std::vector<double> column_edges, row_edges;
    /// Values that stand for the columns: the middles, or whole numbers.
    std::vector<double> column_keys;
    DrawnScale scale;
    bool gaps = true;  ///< between cells that are large enough
    QColor hatch;
};

/// A horizontal line with a name.
struct DrawnReference {
    double value = 0;
    std::string text;
    bool text_below = false;
};

/// A cross at the upper edge: a value there is not finite.
struct DrawnMark {
    double x = 0;
    QColor color;
};

/// A text at a point of the axes.
struct DrawnText {
    double x = 0, y = 0;
    std::string text;
    /// Which part of the text lies at the point: -1 its left or upper end, 0 the middle, 1 its right or lower end.
    int horizontal = 0, vertical = 0;
    double shift_x = 0, shift_y = 0;  ///< in points, to the right and down
    QColor color;
};

/// The name of a heatmap above its axes, with a ramp of its colours.
struct DrawnHead {
    std::string title, short_title, note;
    bool compact = false;  ///< title and note in one line
    DrawnScale scale;
    std::string low, high;  ///< the numbers at its ends
};

/// A coloured strip along the outside of an axis of names.
struct DrawnStrip {
    bool horizontal = false;
    std::vector<QColor> colors;  ///< at 0, 1, 2, ...
    double thickness = 0;
};

struct DrawnAxes {
    QRectF place;  ///< of the inner rectangle, as parts of the canvas, from its top left corner
    DrawnAxis x, y;
    std::string title;
    DrawnLine title_line;
    std::string note;  ///< a sentence in place of data
    std::optional<DrawnHead> head;
    std::vector<DrawnSeries> series;  ///< in drawing order
    std::vector<DrawnMatrix> matrices;
    std::vector<DrawnReference> references;
    std::vector<DrawnMark> marks;
    std::vector<DrawnText> texts;
    std::vector<DrawnStrip> strips;
};

struct DrawnColorBar {
    QRectF place;
    DrawnScale scale;
    DrawnAxis axis;
};

struct DrawnLegendEntry {
    std::string text;
    DrawnLine line;
    DrawnMarker marker;
    QColor swatch;         ///< invalid: none
    int line_number = 0;   ///< from 0, from above
};

struct FigureData {
    std::vector<DrawnAxes> axes;
    std::vector<DrawnColorBar> color_bars;
    std::vector<DrawnLegendEntry> legend;
    QRectF legend_place;
    QSizeF size;  ///< of the canvas, in points
};

/// What this canvas shows. It walks the canvas' visible parts in their drawing order, so that a plot needs nothing of
/// its own for it. `size`, in canvas units: the canvas is laid out for this size first, as draw_canvas does it, and
/// put back; an empty size means as it is laid out now. `units_per_point`: of the canvas, 10 in print.
FigureData figure_data(QCustomPlot& canvas, QSize size = {}, double units_per_point = 10);

}  // namespace wavlab
