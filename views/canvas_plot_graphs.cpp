// SPDX-License-Identifier: GPL-3.0-or-later
// What plots made of QCustomPlot's graphs have in common.
#include <algorithm>
#include <cmath>

#include <qcustomplot.h>

#include "views/canvas_plot.h"
#include "views/chart_parts.h"

namespace wavlab {

bool CanvasPlot::hover_graphs(const QPointF& position, const std::function<QString(double key)>& title) {
    const QRectF area = axes_->rect();
    if (!area.contains(position)) return false;
    QCPAxis* x = axes_->axis(QCPAxis::atBottom);
    QCPAxis* y = axes_->axis(QCPAxis::atLeft);
    const double wanted = x->pixelToCoord(position.x());
    double key = std::nan("");
    for (int i = 0; i < canvas_->graphCount(); ++i)
        for (const bool expanded : {true, false}) {
            const auto found = canvas_->graph(i)->data()->findBegin(wanted, expanded);
            if (found == canvas_->graph(i)->data()->constEnd()) continue;
            if (!(std::abs(found->key - wanted) >= std::abs(key - wanted))) key = found->key;
        }
    if (std::isnan(key)) return false;
    HoverBox::Content content;
    content.title = title(key);
    content.anchor = QPointF(x->coordToPixel(key), position.y());
    content.vertical_line = true;
    for (int i = 0; i < canvas_->graphCount(); ++i) {
        const QCPGraph& graph = *canvas_->graph(i);
        const auto found = graph.data()->findBegin(key, false);
        if (graph.name().isEmpty() || found == graph.data()->constEnd() || found->key != key) continue;
        if (std::isnan(found->value)) continue;
        const QPen pen = graph.pen();
        const QVector<qreal> dashes = pen.style() == Qt::CustomDashLine ? pen.dashPattern() : QVector<qreal>();
        content.rows.push_back({pen.color(), dashes, {graph.name(), QString::number(found->value, 'g', 4)}});
        const double pixel = y->coordToPixel(found->value);
        if (area.contains(content.anchor.x(), pixel))
            content.dots.push_back({{content.anchor.x(), pixel}, pen.color()});
    }
    if (content.rows.empty()) return false;
    hover_->show(std::move(content), area);
    return true;
}

void CanvasPlot::fit_graphs(double margin, bool from_zero) {
    QCPAxis* x = axes_->axis(QCPAxis::atBottom);
    QCPAxis* y = axes_->axis(QCPAxis::atLeft);
    const bool logarithmic = y->scaleType() == QCPAxis::stLogarithmic;
    double left = INFINITY, right = -INFINITY, low = INFINITY, high = -INFINITY;
    for (int i = 0; i < canvas_->graphCount(); ++i)
        for (const QCPGraphData& point : *canvas_->graph(i)->data()) {
            left = std::min(left, point.key);
            right = std::max(right, point.key);
            if (!std::isfinite(point.value) || (logarithmic && point.value <= 0)) continue;
            low = std::min(low, point.value);
            high = std::max(high, point.value);
        }
    if (left > right) left = 0, right = 1;
    if (low > high) low = logarithmic ? 0.1 : 0, high = 1;
    if (logarithmic) {
        const double factor = std::pow(high / low, 0.06) * 1.02;
        y->setRange(low / factor, high * factor);
    } else {
        if (from_zero) low = std::min(low, 0.0);
        const double pad = std::max((high - low) * 0.06, 1e-6);
        y->setRange(from_zero && low == 0 ? 0 : low - pad, high + pad);
    }
    const double beside = std::max((right - left) * margin, 0.02);
    x->setRange(left - beside, right + beside);
}

}  // namespace wavlab
