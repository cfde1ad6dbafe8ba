// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include <qcustomplot.h>

#include "views/curves/curve_layer.h"
#include "views/figure_data.h"
#include "views/symmetric_log.h"

namespace wavlab {

class Heatmap;
class KindStrip;
class LegendStrip;
class NonFiniteMarks;
class PanelScale;
class PanelTitle;
class ReferenceLines;

/// An axis whose coordinates become the values that it is labelled with.
class AxisValues {
public:
    explicit AxisValues(const QCPAxis& axis);
    double operator()(double coordinate) const {
        return symmetric_.active() ? symmetric_.from(coordinate) : coordinate / unit_;
    }
    /// The inverse: where a value stands in the canvas' coordinates.
    double coordinate(double value) const { return symmetric_.active() ? symmetric_.to(value) : value * unit_; }
    const SymmetricLog& symmetric() const { return symmetric_; }
    const QCPRange& range() const { return range_; }
    /// A logarithmic axis has no place for zero.
    bool has_place(double coordinate) const { return !logarithmic_ || coordinate > 0; }

private:
    QCPRange range_;
    bool logarithmic_;
    double unit_ = 1;
    SymmetricLog symmetric_;
};

/// The axes of a rectangle that its curves use.
const QCPAxis& horizontal_axis(const QCPAxisRect& rect);
const QCPAxis& vertical_axis(const QCPAxisRect& rect);

/// figure_data's walk over the parts of a canvas.
class FigureWalk {
public:
    FigureWalk(QCustomPlot& canvas, double units_per_point) : canvas_(canvas), units_per_point_(units_per_point) {}
    FigureData run();

private:
    void find_axes();
    void add(QCPLayerable& part);
    void add_curves(const CurveLayer& layer);
    void add_curve(DrawnAxes& axes, const QCPAxisRect& rect, const CurveData& data, std::span<const double> bars,
                   DrawnSeries series) const;
    void add_band(DrawnAxes& axes, const QCPAxisRect& rect, const CurveLayer::Band& band) const;
    void add_graph(const QCPGraph& graph);
    void add_curve(const QCPCurve& curve);
    void add_bars(const QCPBars& bars);
    void add_error_bars(const QCPErrorBars& errors);
    void add_heatmap(const Heatmap& map);
    void add_color_bar(const Heatmap& ramp);
    void add_legend(const LegendStrip& strip);
    void add_references(const ReferenceLines& lines);
    void add_marks(const NonFiniteMarks& marks);
    void add_title(const PanelTitle& title);
    void add_head(const PanelScale& head);
    void add_strip(const KindStrip& strip);
    void add_text(const QCPItemText& item);
    void name_matrices();
    std::string name_by_legend(const QColor& fill, const QPen& pen) const;

    /// Null where it is not drawn.
    DrawnAxes* axes_of(const QCPAxisRect* rect);
    QRectF place_of(const QRect& rect) const;
    DrawnAxis axis_of(const QCPAxis& axis) const;
    DrawnLine line_of(const QPen& pen) const;
    DrawnMarker marker_of(const QCPScatterStyle& style, const QPen& pen) const;
    double points(double units) const { return units / units_per_point_; }

    QCustomPlot& canvas_;
    double units_per_point_;
    FigureData result_;
    std::vector<const QCPAxisRect*> rects_;  ///< of result_.axes
    struct Place {
        std::size_t axes, series, first;
    };
    std::map<const QCPAbstractPlottable*, Place> placed_;  ///< where its values went
};

}  // namespace wavlab
