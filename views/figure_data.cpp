// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include <qcustomplot.h>

#include "views/axis_tickers.h"
#include "views/chart_parts.h"
#include "views/curves/curve_layer.h"
#include "views/heatmap.h"
#include "views/panel_grid.h"
#include "views/panel_scale.h"
#include "views/symmetric_log.h"

namespace wavlab {

namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// An axis whose coordinates become the values that it is labelled with.
class Meaning {
public:
    explicit Meaning(const QCPAxis& axis)
        : range_(axis.range()), logarithmic_(axis.scaleType() == QCPAxis::stLogarithmic) {
        const QCPAxisTicker* ticker = axis.ticker().data();
        if (const auto* units = dynamic_cast<const UnitsOfAxis*>(ticker)) unit_ = units->unit_size();
        if (const auto* symmetric = dynamic_cast<const SymmetricLogTicker*>(ticker)) symmetric_ = symmetric->scale();
    }
    double operator()(double coordinate) const {
        return symmetric_.active() ? symmetric_.from(coordinate) : coordinate / unit_;
    }
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

class Walk {
public:
    Walk(QCustomPlot& canvas, double units_per_point) : canvas_(canvas), units_per_point_(units_per_point) {}
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

const QCPAxis& horizontal_axis(const QCPAxisRect& rect) {
    QCPAxis* bottom = rect.axis(QCPAxis::atBottom);
    return bottom ? *bottom : *rect.axis(QCPAxis::atTop);
}

const QCPAxis& vertical_axis(const QCPAxisRect& rect) {
    QCPAxis* left = rect.axis(QCPAxis::atLeft);
    return left ? *left : *rect.axis(QCPAxis::atRight);
}

QRectF Walk::place_of(const QRect& rect) const {
    const QRectF whole = canvas_.viewport();
    // QCustomPlot's axes run from the left to the right edge of the outermost pixels.
    return {(rect.left() - whole.left()) / whole.width(), (rect.top() - whole.top()) / whole.height(),
            rect.width() / whole.width(), rect.height() / whole.height()};
}

DrawnLine Walk::line_of(const QPen& pen) const {
    DrawnLine line;
    if (pen.style() == Qt::NoPen) return line;
    line.color = pen.color();
    line.width = points(pen.widthF());
    // A pen's pattern is in its own widths.
    if (pen.style() != Qt::SolidLine)
        for (const double length : pen.dashPattern()) line.dashes.push_back(length * line.width);
    return line;
}

DrawnMarker Walk::marker_of(const QCPScatterStyle& style, const QPen& pen) const {
    using Shape = DrawnMarker::Shape;
    DrawnMarker marker;
    switch (style.shape()) {
        case QCPScatterStyle::ssNone:
            return marker;
        case QCPScatterStyle::ssCircle:
            marker.shape = Shape::circle;
            break;
        case QCPScatterStyle::ssSquare:
            marker.shape = Shape::square;
            break;
        case QCPScatterStyle::ssTriangle:
            marker.shape = Shape::triangle;
            break;
        case QCPScatterStyle::ssTriangleInverted:
            marker.shape = Shape::triangle_down;
            break;
        case QCPScatterStyle::ssDiamond:
            marker.shape = Shape::diamond;
            break;
        case QCPScatterStyle::ssCross:
        case QCPScatterStyle::ssCrossCircle:
        case QCPScatterStyle::ssCrossSquare:
            marker.shape = Shape::cross;
            break;
        case QCPScatterStyle::ssPlus:
        case QCPScatterStyle::ssPlusCircle:
        case QCPScatterStyle::ssPlusSquare:
            marker.shape = Shape::plus;
            break;
        case QCPScatterStyle::ssStar:
            marker.shape = Shape::star;
            break;
        case QCPScatterStyle::ssCustom:
            marker.shape = Shape::custom;
            break;
        default:
            marker.shape = Shape::disc;
    }
    const QPen& outline = style.isPenDefined() ? style.pen() : pen;
    marker.size = points(style.size());
    marker.color = outline.style() == Qt::NoPen ? QColor() : outline.color();
    marker.line_width = points(outline.widthF());
    if (style.brush().style() != Qt::NoBrush) marker.fill = style.brush().color();
    if (marker.shape == Shape::disc) marker.fill = marker.color;
    if (marker.shape == Shape::custom) {
        // QCustomPlot scales paths, their pens included.
        const double scale = style.size() / 6;
        marker.line_width *= scale;
        for (const QPolygonF& polygon : style.customPath().toSubpathPolygons()) {
            marker.strokes.emplace_back();
            for (const QPointF& point : polygon)
                marker.strokes.back().emplace_back(points(point.x() * scale), points(point.y() * scale));
        }
    }
    return marker;
}

DrawnAxis Walk::axis_of(const QCPAxis& axis) const {
    const Meaning meaning(axis);
    DrawnAxis drawn;
    drawn.label = axis.visible() ? axis.label().toStdString() : std::string();
    drawn.low = meaning(axis.range().lower);
    drawn.high = meaning(axis.range().upper);
    drawn.logarithmic = axis.scaleType() == QCPAxis::stLogarithmic;
    drawn.symmetric = meaning.symmetric().linear;
    drawn.reversed = axis.rangeReversed();
    drawn.tick_labels = axis.visible() && axis.ticks() && axis.tickLabels();
    drawn.tick_rotation = axis.tickLabelRotation();
    drawn.tick_marks = axis.visible() && axis.ticks() && axis.tickPen().style() != Qt::NoPen &&
                       axis.tickLengthIn() + axis.tickLengthOut() > 0;
    drawn.line = axis.visible() && axis.basePen().style() != Qt::NoPen;
    drawn.grid = axis.grid()->visible() && axis.grid()->pen().style() != Qt::NoPen;
    if (drawn.grid && axis.grid()->zeroLinePen().style() != Qt::NoPen)
        drawn.zero_line = axis.grid()->zeroLinePen().color();
    QVector<double> ticks;
    QVector<QString> labels;
    const QString format = axis.numberFormat();
    axis.ticker()->generate(axis.range(), canvas_.locale(), format.isEmpty() ? QChar('g') : format[0],
                            axis.numberPrecision(), ticks, nullptr, &labels);
    for (qsizetype i = 0; i < ticks.size(); ++i)
        if (axis.range().contains(ticks[i]))
            drawn.ticks.push_back({meaning(ticks[i]), i < labels.size() ? labels[i].toStdString() : std::string()});
    if (const auto* names = dynamic_cast<const CategoryTicker*>(axis.ticker().data()))
        for (const CategoryTicker::Category& one : names->categories())
            drawn.categories.push_back(one.label.toStdString());
    return drawn;
}

void Walk::find_axes() {
    for (const QCPAxisRect* rect : canvas_.axisRects()) {
        if (!rect->realVisibility() || rect->width() < 2 || rect->height() < 2) continue;
        const bool has_x = rect->axis(QCPAxis::atBottom) || rect->axis(QCPAxis::atTop);
        const bool has_y = rect->axis(QCPAxis::atLeft) || rect->axis(QCPAxis::atRight);
        if (!has_x || !has_y) continue;
        DrawnAxes axes;
        axes.place = place_of(rect->rect());
        axes.x = axis_of(horizontal_axis(*rect));
        axes.y = axis_of(vertical_axis(*rect));
        result_.axes.push_back(std::move(axes));
        rects_.push_back(rect);
    }
}

DrawnAxes* Walk::axes_of(const QCPAxisRect* rect) {
    const auto found = std::find(rects_.begin(), rects_.end(), rect);
    return found == rects_.end() ? nullptr : &result_.axes[std::size_t(found - rects_.begin())];
}

FigureData Walk::run() {
    const double whole_width = points(canvas_.viewport().width()), whole_height = points(canvas_.viewport().height());
    result_.size = {whole_width, whole_height};
    find_axes();
    const auto each_part = [&](const auto& visit) {
        for (int i = 0; i < canvas_.layerCount(); ++i) {
            if (!canvas_.layer(i)->visible()) continue;
            for (QCPLayerable* part : canvas_.layer(i)->children())
                if (part->realVisibility()) visit(*part);
        }
    };
    // Its names serve parts that have none.
    each_part([&](QCPLayerable& part) {
        if (const auto* legend = dynamic_cast<const LegendStrip*>(&part)) add_legend(*legend);
    });
    // Bars of errors belong to what other parts have drawn.
    std::vector<const QCPErrorBars*> errors;
    each_part([&](QCPLayerable& part) {
        if (const auto* bars = dynamic_cast<const QCPErrorBars*>(&part))
            errors.push_back(bars);
        else
            add(part);
    });
    for (const QCPErrorBars* bars : errors) add_error_bars(*bars);
    std::vector<DrawnAxes> with_content;
    for (DrawnAxes& axes : result_.axes) {
        const bool empty = axes.series.empty() && axes.matrices.empty() && axes.references.empty() &&
                           axes.marks.empty() && axes.texts.empty() && axes.note.empty();
        if (!empty) with_content.push_back(std::move(axes));
    }
    result_.axes = std::move(with_content);
    name_matrices();
    return std::move(result_);
}

void Walk::add(QCPLayerable& part) {
    if (const auto* curves = dynamic_cast<const CurveLayer*>(&part)) return add_curves(*curves);
    if (const auto* map = dynamic_cast<const Heatmap*>(&part))
        return map->is_ramp() ? add_color_bar(*map) : add_heatmap(*map);
    if (const auto* graph = dynamic_cast<const QCPGraph*>(&part)) return add_graph(*graph);
    if (const auto* curve = dynamic_cast<const QCPCurve*>(&part)) return add_curve(*curve);
    if (const auto* bars = dynamic_cast<const QCPBars*>(&part)) return add_bars(*bars);
    if (const auto* lines = dynamic_cast<const ReferenceLines*>(&part)) return add_references(*lines);
    if (const auto* marks = dynamic_cast<const NonFiniteMarks*>(&part)) return add_marks(*marks);
    if (const auto* title = dynamic_cast<const PanelTitle*>(&part)) return add_title(*title);
    if (const auto* head = dynamic_cast<const PanelScale*>(&part)) return add_head(*head);
    if (const auto* strip = dynamic_cast<const KindStrip*>(&part)) return add_strip(*strip);
    if (const auto* text = dynamic_cast<const QCPItemText*>(&part)) return add_text(*text);
}

/// First and last + 1 of those in the range, with one neighbour on either side.
template <class Key>
std::pair<std::size_t, std::size_t> seen(std::size_t count, Key&& key, const QCPRange& range) {
    std::size_t first = 0, last = count;
    while (first < count && key(first) < range.lower) ++first;
    while (last > first && key(last - 1) > range.upper) --last;
    return {first > 0 ? first - 1 : 0, std::min(count, last + 1)};
}

void Walk::add_curve(DrawnAxes& axes, const QCPAxisRect& rect, const CurveData& data, std::span<const double> bars,
                     DrawnSeries series) const {
    const Meaning x(horizontal_axis(rect)), y(vertical_axis(rect));
    const std::size_t count = std::min(data.keys.size(), data.values.size());
    const auto [first, last] = seen(
        count, [&](std::size_t i) { return data.keys[i] * data.key_factor; }, x.range());
    for (std::size_t i = first; i < last; ++i) {
        const double key = data.keys[i] * data.key_factor, value = data.values[i];
        if (!x.has_place(key)) continue;
        series.x.push_back(x(key));
        series.y.push_back(y(value));
        if (bars.empty()) continue;
        const bool has_bar = i < bars.size() && std::isfinite(bars[i]) && bars[i] > 0;
        series.low.push_back(has_bar ? y(value - bars[i]) : no_value);
        series.high.push_back(has_bar ? y(value + bars[i]) : no_value);
    }
    if (!series.x.empty()) axes.series.push_back(std::move(series));
}

void Walk::add_band(DrawnAxes& axes, const QCPAxisRect& rect, const CurveLayer::Band& band) const {
    const Meaning x(horizontal_axis(rect)), y(vertical_axis(rect));
    const CurveData low = band.low(), high = band.high();
    const std::size_t count = std::min({low.keys.size(), low.values.size(), high.values.size()});
    const auto [first, last] = seen(
        count, [&](std::size_t i) { return low.keys[i] * low.key_factor; }, x.range());
    DrawnSeries series;
    series.kind = DrawnSeries::Kind::band;
    series.name = band.name.toStdString();
    series.fill = band.color;
    for (std::size_t i = first; i < last; ++i) {
        const double key = low.keys[i] * low.key_factor;
        if (!x.has_place(key)) continue;
        series.x.push_back(x(key));
        series.low.push_back(y(low.values[i]));
        series.high.push_back(y(high.values[i]));
    }
    if (!series.x.empty()) axes.series.push_back(std::move(series));
}

void Walk::add_curves(const CurveLayer& layer) {
    DrawnAxes* axes = axes_of(layer.axes());
    if (!axes) return;
    for (const CurveLayer::Band& band : layer.bands()) add_band(*axes, *layer.axes(), band);
    for (const CurveLayer::Line& line : layer.lines()) {
        DrawnSeries series;
        series.name = line.name.toStdString();
        series.line = line_of(line.pen);
        add_curve(*axes, *layer.axes(), line.data(), {}, std::move(series));
    }
    for (const CurveLayer::Markers& markers : layer.markers()) {
        DrawnSeries series;
        series.kind = DrawnSeries::Kind::marker;
        series.name = markers.name.toStdString();
        series.line = line_of(markers.line);
        series.marker = marker_of(markers.shape, markers.shape.pen());
        series.sparse_markers = true;
        series.error_line = line_of(markers.shape.pen());
        const std::span<const double> bars = markers.bars ? markers.bars() : std::span<const double>();
        add_curve(*axes, *layer.axes(), markers.data(), bars, std::move(series));
    }
}

std::string Walk::name_by_legend(const QColor& fill, const QPen& pen) const {
    for (const DrawnLegendEntry& entry : result_.legend) {
        if (entry.swatch.isValid() && entry.swatch == fill) return entry.text;
        if (entry.line.color.isValid() && pen.style() != Qt::NoPen && entry.line.color == pen.color())
            return entry.text;
    }
    return {};
}

void Walk::add_graph(const QCPGraph& graph) {
    DrawnAxes* axes = graph.keyAxis() ? axes_of(graph.keyAxis()->axisRect()) : nullptr;
    if (!axes || graph.data()->isEmpty()) return;
    const Meaning x(*graph.keyAxis()), y(*graph.valueAxis());
    DrawnSeries series;
    const bool has_line = graph.lineStyle() != QCPGraph::lsNone && graph.pen().style() != Qt::NoPen;
    series.kind = has_line ? DrawnSeries::Kind::line : DrawnSeries::Kind::marker;
    series.marker = marker_of(graph.scatterStyle(), graph.pen());
    if (has_line) series.line = line_of(graph.pen());
    series.name = graph.name().toStdString();
    if (series.name.empty())
        series.name = name_by_legend(graph.scatterStyle().brush().color(), has_line ? graph.pen() : QPen(Qt::NoPen));
    const auto& data = *graph.data();
    const auto [first, last] = seen(
        std::size_t(data.size()), [&](std::size_t i) { return data.at(int(i))->key; }, x.range());
    for (std::size_t i = first; i < last; ++i) {
        const QCPGraphData& point = *data.at(int(i));
        if (!x.has_place(point.key)) continue;
        series.x.push_back(x(point.key));
        series.y.push_back(y(point.value));
    }
    if (series.x.empty()) return;
    placed_[&graph] = {std::size_t(axes - result_.axes.data()), axes->series.size(), first};
    axes->series.push_back(std::move(series));
}

void Walk::add_curve(const QCPCurve& curve) {
    DrawnAxes* axes = curve.keyAxis() ? axes_of(curve.keyAxis()->axisRect()) : nullptr;
    if (!axes || curve.data()->isEmpty()) return;
    const Meaning x(*curve.keyAxis()), y(*curve.valueAxis());
    DrawnSeries series;
    const bool has_line = curve.lineStyle() != QCPCurve::lsNone && curve.pen().style() != Qt::NoPen;
    series.kind = has_line ? DrawnSeries::Kind::line : DrawnSeries::Kind::marker;
    series.marker = marker_of(curve.scatterStyle(), curve.pen());
    if (has_line) series.line = line_of(curve.pen());
    series.name = curve.name().toStdString();
    for (const QCPCurveData& point : *curve.data()) {
        series.x.push_back(x(point.key));
        series.y.push_back(y(point.value));
    }
    placed_[&curve] = {std::size_t(axes - result_.axes.data()), axes->series.size(), 0};
    axes->series.push_back(std::move(series));
}

void Walk::add_bars(const QCPBars& bars) {
    DrawnAxes* axes = bars.keyAxis() ? axes_of(bars.keyAxis()->axisRect()) : nullptr;
    if (!axes || bars.data()->isEmpty()) return;
    const Meaning x(*bars.keyAxis()), y(*bars.valueAxis());
    DrawnSeries series;
    series.kind = DrawnSeries::Kind::bar;
    series.name = bars.name().isEmpty() ? name_by_legend(bars.brush().color(), bars.pen()) : bars.name().toStdString();
    series.fill = bars.brush().color();
    series.line = line_of(bars.pen());
    const auto base_at = [&](double key, bool above) {
        double base = bars.baseValue();
        for (const QCPBars* below = bars.barBelow(); below; below = below->barBelow())
            for (const QCPBarsData& one : *below->data())
                if (one.key == key && (one.value >= 0) == above) base += one.value;
        return base;
    };
    for (const QCPBarsData& bar : *bars.data()) {
        if (!x.range().contains(bar.key)) continue;
        const double base = base_at(bar.key, bar.value >= 0);
        series.x.push_back(x(bar.key));
        series.y.push_back(y(base + bar.value));
        series.low.push_back(y(base));
        series.high.push_back(y(base + bar.value));
        const double half = bars.width() / 2;
        if (bars.widthType() == QCPBars::wtPlotCoords) series.bar_width = x(bar.key + half) - x(bar.key - half);
    }
    if (series.x.empty()) return;
    if (series.bar_width == 0) {
        const double length =
            bars.widthType() == QCPBars::wtAbsolute ? bars.width() : bars.width() * bars.keyAxis()->axisRect()->width();
        series.bar_width = x(bars.keyAxis()->pixelToCoord(length)) - x(bars.keyAxis()->pixelToCoord(0));
    }
    axes->series.push_back(std::move(series));
}

void Walk::add_error_bars(const QCPErrorBars& errors) {
    if (errors.errorType() != QCPErrorBars::etValueError) return;
    const auto* plottable = errors.dataPlottable();
    const auto found = placed_.find(plottable);
    const auto* data = plottable ? const_cast<QCPAbstractPlottable*>(plottable)->interface1D() : nullptr;
    if (found == placed_.end() || !data) return;
    const Place& place = found->second;
    DrawnSeries& series = result_.axes[place.axes].series[place.series];
    const Meaning x(*errors.keyAxis()), y(*errors.valueAxis());
    series.error_line = line_of(errors.pen());
    series.whisker = points(errors.whiskerWidth());
    series.low.assign(series.x.size(), no_value);
    series.high.assign(series.x.size(), no_value);
    std::size_t target = 0;
    for (std::size_t i = place.first; i < std::size_t(data->dataCount()) && target < series.x.size(); ++i) {
        if (!x.has_place(data->dataMainKey(int(i)))) continue;
        if (i < std::size_t(errors.data()->size())) {
            const QCPErrorBarsData& bar = errors.data()->at(int(i));
            series.low[target] = y(data->dataMainValue(int(i)) - bar.errorMinus);
            series.high[target] = y(data->dataMainValue(int(i)) + bar.errorPlus);
        }
        ++target;
    }
}

void Walk::add_heatmap(const Heatmap& map) {
    DrawnAxes* axes = axes_of(map.keyAxis()->axisRect());
    if (!axes || map.rows() == 0 || map.columns() == 0) return;
    const Meaning x(*map.keyAxis());
    const SymmetricLog& symmetric = map.symmetric();
    DrawnMatrix matrix;
    matrix.name = map.name().toStdString();
    matrix.rows = map.rows();
    matrix.columns = map.columns();
    for (std::size_t row = 0; row < map.rows(); ++row)
        for (std::size_t column = 0; column < map.columns(); ++column)
            matrix.values.push_back(symmetric.from(map.value(row, column)));
    matrix.hatched = map.hatched();
    matrix.hatched.resize(matrix.hatched.empty() ? 0 : matrix.values.size());
    if (std::find(matrix.hatched.begin(), matrix.hatched.end(), true) == matrix.hatched.end()) matrix.hatched.clear();
    for (std::size_t column = 0; column <= map.columns(); ++column)
        matrix.column_edges.push_back(x(map.column_begin(column)));
    for (std::size_t row = 0; row <= map.rows(); ++row) matrix.row_edges.push_back(double(row) - 0.5);
    // Edges lie halfway between the steps of frames: from the first, which has equal room on both sides, the others
    // follow.
    double key = (map.column_begin(0) + map.column_begin(1)) / 2;
    for (std::size_t column = 0; column < map.columns(); ++column) {
        const double begin = map.column_begin(column), end = map.column_begin(column + 1);
        if (column > 0) key = 2 * begin - key;
        if (!(key >= begin && key <= end)) key = (begin + end) / 2;
        matrix.column_keys.push_back(x(key));
    }
    matrix.scale = {map.color_map(), symmetric.from(map.low()), symmetric.from(map.high()), map.logarithmic(),
                    symmetric.linear};
    matrix.gaps = map.gaps();
    matrix.hatch = Heatmap::hatch_color(map.style());
    axes->matrices.push_back(std::move(matrix));
}

void Walk::add_color_bar(const Heatmap& ramp) {
    const QCPAxisRect* rect = ramp.keyAxis()->axisRect();
    const QCPAxis* values = rect->axis(QCPAxis::atRight);
    if (!rect->realVisibility() || rect->width() < 1 || !values) return;
    DrawnColorBar bar;
    bar.place = place_of(rect->rect());
    bar.scale = {ramp.color_map(), ramp.low(), ramp.high(), ramp.logarithmic(), 0};
    bar.axis = axis_of(*values);
    result_.color_bars.push_back(std::move(bar));
}

void Walk::add_legend(const LegendStrip& strip) {
    result_.legend_place = place_of(strip.rect());
    for (const LegendStrip::Entry& entry : strip.shown_entries()) {
        DrawnLegendEntry drawn;
        drawn.text = entry.text.toStdString();
        drawn.line = line_of(entry.line);
        drawn.marker = marker_of(entry.marker, entry.line);
        drawn.swatch = entry.swatch;
        drawn.heading = entry.heading;
        result_.legend.push_back(std::move(drawn));
    }
}

void Walk::add_references(const ReferenceLines& lines) {
    DrawnAxes* axes = axes_of(lines.axes());
    if (!axes) return;
    const Meaning y(vertical_axis(*lines.axes()));
    for (const ReferenceLines::Line& line : lines.lines())
        if (y.range().contains(line.value))
            axes->references.push_back({y(line.value), line.text.toStdString(), line.text_below});
}

void Walk::add_marks(const NonFiniteMarks& marks) {
    DrawnAxes* axes = axes_of(marks.axes());
    if (!axes) return;
    const Meaning x(horizontal_axis(*marks.axes()));
    for (const NonFiniteMarks::Mark& mark : marks.marks())
        if (x.range().contains(mark.key)) axes->marks.push_back({x(mark.key), mark.color});
}

void Walk::add_title(const PanelTitle& title) {
    DrawnAxes* axes = axes_of(title.axes());
    if (!axes) return;
    axes->note = title.note().toStdString();
    if (title.text().isEmpty()) return;
    axes->title = title.text().toStdString();
    axes->title_line = line_of(title.line());
}

void Walk::add_head(const PanelScale& head) {
    DrawnAxes* axes = axes_of(head.axes());
    if (!axes || head.title().isEmpty()) return;
    const ColorScale& scale = head.scale();
    axes->head = DrawnHead{head.title().toStdString(),
                           head.short_title().toStdString(),
                           head.note().toStdString(),
                           head.compact(),
                           {scale.map, scale.low, scale.high, scale.logarithmic, 0},
                           head.low().toStdString(),
                           head.high().toStdString()};
}

void Walk::add_strip(const KindStrip& strip) {
    DrawnAxes* axes = axes_of(strip.axis()->axisRect());
    if (!axes || strip.colors().empty()) return;
    axes->strips.push_back({strip.axis()->orientation() == Qt::Horizontal, strip.colors(), points(strip.thickness())});
}

void Walk::add_text(const QCPItemText& item) {
    const QCPAxisRect* rect = item.position->axisRect();
    DrawnAxes* axes = rect ? axes_of(rect) : nullptr;
    if (!axes || item.text().isEmpty() || item.position->type() != QCPItemPosition::ptPlotCoords) return;
    const Meaning x(horizontal_axis(*rect)), y(vertical_axis(*rect));
    DrawnText text;
    text.x = x(item.position->key());
    text.y = y(item.position->value());
    text.text = item.text().toStdString();
    const Qt::Alignment where = item.positionAlignment();
    text.horizontal = where.testFlag(Qt::AlignLeft) ? -1 : where.testFlag(Qt::AlignRight) ? 1 : 0;
    text.vertical = where.testFlag(Qt::AlignTop) ? -1 : where.testFlag(Qt::AlignBottom) ? 1 : 0;
    const QMargins padding = item.padding();
    text.shift_x = points(text.horizontal < 0 ? padding.left() : text.horizontal > 0 ? -padding.right() : 0);
    text.shift_y = points(text.vertical < 0 ? padding.top() : text.vertical > 0 ? -padding.bottom() : 0);
    text.color = item.color();
    axes->texts.push_back(std::move(text));
}

void Walk::name_matrices() {
    for (DrawnAxes& axes : result_.axes)
        for (DrawnMatrix& matrix : axes.matrices) {
            if (!matrix.name.empty()) continue;
            if (axes.head)
                matrix.name = axes.head->title;
            else if (!result_.color_bars.empty())
                matrix.name = result_.color_bars.front().axis.label;
            if (!axes.title.empty()) matrix.name = axes.title;
        }
}

void lay_out(QCustomPlot& canvas) {
    using Element = QCPLayoutElement;
    // Labels depend on the axes' length and the axes' length on the labels.
    for (int pass = 0; pass < 2; ++pass)
        for (const auto phase : {Element::upPreparation, Element::upMargins, Element::upLayout})
            canvas.plotLayout()->update(phase);
}

}  // namespace

FigureData figure_data(QCustomPlot& canvas, QSize size, double units_per_point) {
    const QRect before = canvas.viewport();
    if (!size.isEmpty()) {
        canvas.setViewport(QRect(QPoint(0, 0), size));
        lay_out(canvas);
    }
    FigureData data = Walk(canvas, units_per_point).run();
    if (!size.isEmpty()) canvas.setViewport(before);
    return data;
}

}  // namespace wavlab
