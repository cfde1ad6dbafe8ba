// SPDX-License-Identifier: GPL-3.0-or-later
// Axes, lines and markers of a canvas as a figure's data has them.
#include "views/figure_walk.h"

#include "views/axis_tickers.h"

namespace wavlab {

AxisValues::AxisValues(const QCPAxis& axis)
    : range_(axis.range()), logarithmic_(axis.scaleType() == QCPAxis::stLogarithmic) {
    const QCPAxisTicker* ticker = axis.ticker().data();
    if (const auto* units = dynamic_cast<const UnitsOfAxis*>(ticker)) unit_ = units->unit_size();
    if (const auto* symmetric = dynamic_cast<const SymmetricLogTicker*>(ticker)) symmetric_ = symmetric->scale();
}

const QCPAxis& horizontal_axis(const QCPAxisRect& rect) {
    QCPAxis* bottom = rect.axis(QCPAxis::atBottom);
    return bottom ? *bottom : *rect.axis(QCPAxis::atTop);
}

const QCPAxis& vertical_axis(const QCPAxisRect& rect) {
    QCPAxis* left = rect.axis(QCPAxis::atLeft);
    return left ? *left : *rect.axis(QCPAxis::atRight);
}

QRectF FigureWalk::place_of(const QRect& rect) const {
    const QRectF whole = canvas_.viewport();
    // QCustomPlot's axes run from the left to the right edge of the outermost pixels.
    return {(rect.left() - whole.left()) / whole.width(), (rect.top() - whole.top()) / whole.height(),
            rect.width() / whole.width(), rect.height() / whole.height()};
}

DrawnLine FigureWalk::line_of(const QPen& pen) const {
    DrawnLine line;
    if (pen.style() == Qt::NoPen) return line;
    line.color = pen.color();
    line.width = points(pen.widthF());
    // A pen's pattern is in its own widths.
    if (pen.style() != Qt::SolidLine)
        for (const double length : pen.dashPattern()) line.dashes.push_back(length * line.width);
    return line;
}

DrawnMarker FigureWalk::marker_of(const QCPScatterStyle& style, const QPen& pen) const {
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

DrawnAxis FigureWalk::axis_of(const QCPAxis& axis) const {
    const AxisValues meaning(axis);
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

}  // namespace wavlab
