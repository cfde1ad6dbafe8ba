// SPDX-License-Identifier: GPL-3.0-or-later
// Curves, bars and heatmaps of a canvas as a figure's data has them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "views/figure_walk.h"
#include "views/heatmap.h"
#include "views/side_by_side.h"

namespace wavlab {

namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// First and last + 1 of those in the range, with one neighbour on either side.
template <class Key>
std::pair<std::size_t, std::size_t> seen(std::size_t count, Key&& key, const QCPRange& range) {
    std::size_t first = 0, last = count;
    while (first < count && key(first) < range.lower) ++first;
    while (last > first && key(last - 1) > range.upper) --last;
    return {first > 0 ? first - 1 : 0, std::min(count, last + 1)};
}

}  // namespace

void FigureWalk::add_curve(DrawnAxes& axes, const QCPAxisRect& rect, const CurveData& data,
                           std::span<const double> bars, DrawnSeries series) const {
    const AxisValues x(horizontal_axis(rect)), y(vertical_axis(rect));
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

void FigureWalk::add_band(DrawnAxes& axes, const QCPAxisRect& rect, const CurveLayer::Band& band) const {
    const AxisValues x(horizontal_axis(rect)), y(vertical_axis(rect));
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

void FigureWalk::add_curves(const CurveLayer& layer) {
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

std::string FigureWalk::name_by_legend(const QColor& fill, const QPen& pen) const {
    for (const DrawnLegendEntry& entry : result_.legend) {
        if (entry.swatch.isValid() && entry.swatch == fill) return entry.text;
        if (entry.line.color.isValid() && pen.style() != Qt::NoPen && entry.line.color == pen.color())
            return entry.text;
    }
    return {};
}

void FigureWalk::add_graph(const QCPGraph& graph) {
    DrawnAxes* axes = graph.keyAxis() ? axes_of(graph.keyAxis()->axisRect()) : nullptr;
    if (!axes || graph.data()->isEmpty()) return;
    const AxisValues x(*graph.keyAxis()), y(*graph.valueAxis());
    DrawnSeries series;
    const bool has_line = graph.lineStyle() != QCPGraph::lsNone && graph.pen().style() != Qt::NoPen;
    series.kind = has_line ? DrawnSeries::Kind::line : DrawnSeries::Kind::marker;
    series.marker = marker_of(graph.scatterStyle(), graph.pen());
    if (has_line) series.line = line_of(graph.pen());
    if (const auto* beside = dynamic_cast<const GraphBeside*>(&graph)) series.shift = points(beside->shift());
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

void FigureWalk::add_curve(const QCPCurve& curve) {
    DrawnAxes* axes = curve.keyAxis() ? axes_of(curve.keyAxis()->axisRect()) : nullptr;
    if (!axes || curve.data()->isEmpty()) return;
    const AxisValues x(*curve.keyAxis()), y(*curve.valueAxis());
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

void FigureWalk::add_bars(const QCPBars& bars) {
    DrawnAxes* axes = bars.keyAxis() ? axes_of(bars.keyAxis()->axisRect()) : nullptr;
    if (!axes || bars.data()->isEmpty()) return;
    const AxisValues x(*bars.keyAxis()), y(*bars.valueAxis());
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

void FigureWalk::add_error_bars(const QCPErrorBars& errors) {
    if (errors.errorType() != QCPErrorBars::etValueError) return;
    const auto* plottable = errors.dataPlottable();
    const auto found = placed_.find(plottable);
    const auto* data = plottable ? const_cast<QCPAbstractPlottable*>(plottable)->interface1D() : nullptr;
    if (found == placed_.end() || !data) return;
    const Place& place = found->second;
    DrawnSeries& series = result_.axes[place.axes].series[place.series];
    const AxisValues x(*errors.keyAxis()), y(*errors.valueAxis());
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

void FigureWalk::add_heatmap(const Heatmap& map) {
    DrawnAxes* axes = axes_of(map.keyAxis()->axisRect());
    if (!axes || map.rows() == 0 || map.columns() == 0) return;
    const AxisValues x(*map.keyAxis());
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

void FigureWalk::add_color_bar(const Heatmap& ramp) {
    const QCPAxisRect* rect = ramp.keyAxis()->axisRect();
    const QCPAxis* values = rect->axis(QCPAxis::atRight);
    if (!rect->realVisibility() || rect->width() < 1 || !values) return;
    DrawnColorBar bar;
    bar.place = place_of(rect->rect());
    bar.scale = {ramp.color_map(), ramp.low(), ramp.high(), ramp.logarithmic(), 0};
    bar.axis = axis_of(*values);
    result_.color_bars.push_back(std::move(bar));
}

}  // namespace wavlab
