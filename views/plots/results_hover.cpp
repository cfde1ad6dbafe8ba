// SPDX-License-Identifier: GPL-3.0-or-later
// The values beside the mouse.
#include <cmath>

#include "views/option_label.h"
#include "views/plots/results_plot.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

constexpr std::size_t most_seeds = 6;

}  // namespace

QString ResultsPlot::value_text(double value, bool spread) const {
    switch (quantity()) {
        case ResultQuantity::loss:
            return QString::number(value, 'f', 4);
        case ResultQuantity::difference:
            return (value > 0 && !spread ? QStringLiteral("+") : QString()) + QString::number(value, 'f', 4);
        case ResultQuantity::parameters:
        case ResultQuantity::speed:
            return count_text(value);
        case ResultQuantity::memory:
            return bytes_text(value);
    }
    return {};
}

QString ResultsPlot::spread_text(const ResultPoint& point) const {
    if (band() == Band::interval)
        return point.low && point.high ? QStringLiteral("%1 … %2").arg(value_text(*point.low), value_text(*point.high))
                                       : QStringLiteral("–");
    return point.deviation ? QStringLiteral("± ") + value_text(*point.deviation, true) : QStringLiteral("–");
}

QString ResultsPlot::seeds_text(const ResultPoint& point) const {
    QStringList texts;
    for (const auto& [seed, value] : point.by_seed) {
        if (texts.size() == int(most_seeds)) {
            texts << QStringLiteral("…");
            break;
        }
        texts << QStringLiteral("%1: %2").arg(seed).arg(value_text(value));
    }
    return texts.join(QStringLiteral("   "));
}

bool ResultsPlot::show_hover(const QPointF& position) {
    const QRectF area = axes().rect();
    if (!area.contains(position)) return false;
    const QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const QCPAxis* y = axes().axis(QCPAxis::atLeft);
    double key = std::nan("");
    const auto consider = [&](double candidate) {
        const auto distance = [&](double one) { return std::abs(x->coordToPixel(one) - position.x()); };
        if (x->range().contains(candidate) && !(distance(candidate) >= distance(key))) key = candidate;
    };
    for (const double candidate : curves_.positions) consider(candidate);
    for (const Published* published : shown_published()) consider(published->x);
    if (std::isnan(key)) return false;
    HoverBox::Content content;
    content.title = QStringLiteral("%1 %2").arg(option_label(x_wanted_), position_text(key));
    content.anchor = QPointF(x->coordToPixel(key), position.y());
    content.vertical_line = true;
    const QString spread = band() == Band::interval ? tr("95 % interval") : tr("± deviation");
    content.rows.push_back({QColor(), {}, {"", tr("mean"), spread, tr("n", "number of runs"), tr("by seed")}, true});
    const auto add = [&](const Line& line, const ResultPoint& point) {
        const QColor color = run_color(line.style_index, style());
        content.rows.push_back(
            {color,
             run_dashes(line.style_index),
             {line.label, value_text(point.mean), spread_text(point), QString::number(point.n), seeds_text(point)}});
        const double height = y->coordToPixel(point.mean * scale());
        const double shift = line.curve.points.empty() ? 0 : side_by_side_->shift(line.place);
        if (area.contains(content.anchor.x(), height))
            content.dots.push_back({QPointF(content.anchor.x() + shift, height), color});
    };
    for (const Line& line : lines_) {
        for (const ResultPoint& point : line.curve.points)
            if (point.x == key) add(line, point);
        if (line.curve.without_x) add(line, *line.curve.without_x);
    }
    for (const Published* published : shown_published())
        if (published->x == key)
            content.rows.push_back(
                {QColor(),
                 {},
                 {published->label.isEmpty() ? tr("published") : tr("published: %1").arg(published->label),
                  QString::number(published->y, 'g', 6)},
                 true});
    hover_box().show(std::move(content), area);
    return true;
}

}  // namespace wavlab
