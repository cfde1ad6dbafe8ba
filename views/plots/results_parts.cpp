// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plots/results_parts.h"

#include <cmath>
#include <numbers>

namespace wavlab {

namespace {

/// QCustomPlot scales a path by size / 6, the width of its pen included.
QCPScatterStyle path_marker(const QPainterPath& path, const QPen& pen, double size) {
    QPen scaled = pen;
    scaled.setWidthF(pen.widthF() * 6 / size);
    return {path, scaled, Qt::NoBrush, size};
}

}  // namespace

QString position_text(double position) {
    const double size = std::abs(position);
    if (size >= 1e6) return QString::number(position / 1e6, 'g', 6) + QStringLiteral("M");
    if (size >= 1e5) return QString::number(position / 1e3, 'g', 6) + QStringLiteral("k");
    return QString::number(position, 'g', 6);
}

void PositionTicker::generate(const QCPRange& range, const QLocale&, QChar, int, QVector<double>& ticks,
                              QVector<double>* sub_ticks, QVector<QString>* labels) {
    ticks.clear();
    if (sub_ticks) sub_ticks->clear();
    for (const double position : positions_)
        if (range.contains(position)) ticks.append(position);
    if (!labels) return;
    labels->clear();
    const QFontMetricsF metrics(axis_->tickLabelFont());
    // From the largest down: it is the one that results are read at.
    double free_until = INFINITY;
    for (auto tick = ticks.crbegin(); tick != ticks.crend(); ++tick) {
        const QString text = position_text(*tick);
        const double middle = axis_->coordToPixel(*tick), half = metrics.horizontalAdvance(text) / 2;
        const bool fits = middle + half <= free_until;
        labels->prepend(fits ? text : QString());
        if (fits) free_until = middle - half - metrics.horizontalAdvance(QLatin1Char('0'));
    }
}

double EvenTicker::getTickStep(const QCPRange& range) {
    constexpr int most_decimals = 7;
    const double step = QCPAxisTicker::getTickStep(range);
    decimals_ = 0;
    const auto is_whole = [](double value) { return std::abs(value - std::round(value)) < 1e-6 * value; };
    while (decimals_ < most_decimals && !is_whole(step * std::pow(10.0, decimals_))) ++decimals_;
    return step;
}

QString EvenTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    if (std::abs(tick) < 1e-12) return QStringLiteral("0");
    return QString::number(tick, 'f', decimals_);
}

QString broken_text(const QString& text, const QFontMetricsF& metrics, double width) {
    QStringList words;
    int depth = 0;
    for (const QString& word : text.simplified().split(QLatin1Char(' '))) {
        if (depth > 0)
            words.last() += QLatin1Char(' ') + word;
        else
            words.append(word);
        depth += int(word.count(QLatin1Char('('))) - int(word.count(QLatin1Char(')')));
    }
    QStringList lines;
    for (const QString& word : words) {
        const QString longer = lines.isEmpty() ? word : lines.last() + QLatin1Char(' ') + word;
        if (!lines.isEmpty() && metrics.horizontalAdvance(longer) <= width)
            lines.last() = longer;
        else
            lines.append(word);
    }
    return lines.join(QLatin1Char('\n'));
}

AxisLabelBreaker::AxisLabelBreaker(QCPAxis* axis) : QCPLayoutElement(axis->parentPlot()), axis_(axis) {
    axis->axisRect()->insetLayout()->addElement(this, QRectF(0, 0, 0, 0));
    setMinimumSize(0, 0);
}

void AxisLabelBreaker::update(UpdatePhase phase) {
    QCPLayoutElement::update(phase);
    const double room = axis_->axisRect()->height();
    if (phase != upPreparation || room <= 0) return;
    if (axis_->label() != broken_) whole_ = axis_->label();
    broken_ = broken_text(whole_, QFontMetricsF(axis_->labelFont()), room);
    axis_->setLabel(broken_);
}

QCPScatterStyle mean_marker(int style_index, const PlotStyle& style) {
    static constexpr QCPScatterStyle::ScatterShape shapes[] = {QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare,
                                                               QCPScatterStyle::ssTriangle, QCPScatterStyle::ssDiamond,
                                                               QCPScatterStyle::ssTriangleInverted};
    const int index = ((style_index % 10) + 10) % 10;
    const QColor color = run_color(style_index, style);
    return {shapes[std::size_t(index % 5)], QPen(color, style.thin_line_width),
            QBrush(index < 5 ? style.ground : color), style.marker_size};
}

QCPScatterStyle published_marker(const PlotStyle& style) {
    QPainterPath star;
    for (int corner = 0; corner < 10; ++corner) {
        const double radius = corner % 2 == 0 ? 4.2 : 1.8, angle = corner * std::numbers::pi / 5;
        const QPointF point(radius * std::sin(angle), -radius * std::cos(angle));
        if (corner == 0)
            star.moveTo(point);
        else
            star.lineTo(point);
    }
    star.closeSubpath();
    return path_marker(star, QPen(style.ink, style.thin_line_width), style.marker_size * 1.1);
}

QCPScatterStyle bar_marker(const PlotStyle& style) {
    QPainterPath bar;
    bar.moveTo(0, -4);
    bar.lineTo(0, 4);
    for (const double end : {-4.0, 4.0}) {
        bar.moveTo(-2, end);
        bar.lineTo(2, end);
    }
    return path_marker(bar, QPen(style.muted_ink, style.thin_line_width), style.marker_size);
}

}  // namespace wavlab
