// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/heatmap.h"

#include <cmath>

namespace wavlab {

void Heatmap::set_cells(std::size_t rows, std::size_t columns, std::vector<double> values) {
    rows_ = rows;
    columns_ = columns;
    values_ = std::move(values);
    image_ = {};
}

void Heatmap::set_scale(ColorMap map, double low, double high) {
    if (map == map_ && low == low_ && high == high_) return;
    map_ = map;
    low_ = low;
    high_ = high;
    image_ = {};
}

QRectF Heatmap::cell(std::size_t row, std::size_t column) const {
    const double left = keyAxis()->coordToPixel(double(column) - 0.5);
    const double right = keyAxis()->coordToPixel(double(column) + 0.5);
    const double top = valueAxis()->coordToPixel(double(row) - 0.5);
    const double bottom = valueAxis()->coordToPixel(double(row) + 0.5);
    return QRectF(QPointF(left, top), QPointF(right, bottom)).normalized();
}

double Heatmap::selectTest(const QPointF&, bool, QVariant*) const { return -1; }

QCPRange Heatmap::getKeyRange(bool& found, QCP::SignDomain) const {
    found = columns_ > 0;
    return {-0.5, double(columns_) - 0.5};
}

QCPRange Heatmap::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const {
    found = rows_ > 0;
    return {-0.5, double(rows_) - 0.5};
}

QRgb Heatmap::color(double value) const {
    if (std::isinf(value)) return qRgb(0xd5, 0x00, 0x00);
    return color_at(map_, high_ > low_ ? (value - low_) / (high_ - low_) : 0.0);
}

void Heatmap::draw(QCPPainter* painter) {
    if (values_.empty()) return;
    const QRectF first = cell(0, 0);
    const bool large = gaps_ && std::min(first.width(), first.height()) >= style_.px(7);
    const double gap = large ? style_.px(1) : 0;
    if (painter->modes().testFlag(QCPPainter::pmVectorized) || large)
        draw_rectangles(painter, gap);
    else
        draw_image(painter);
}

void Heatmap::draw_rectangles(QCPPainter* painter, double gap) const {
    const QRectF area = clipRect();
    painter->setAntialiasing(false);
    painter->setPen(Qt::NoPen);
    // Viewers smooth the edges of rectangles that only touch, and the ground shines through: let them overlap.
    const double overlap = style_.print ? style_.px(0.4) : 0;
    for (std::size_t row = 0; row < rows_; ++row)
        for (std::size_t column = 0; column < columns_; ++column) {
            const double v = value(row, column);
            if (std::isnan(v)) continue;
            QRectF place = cell(row, column);
            if (!place.intersects(area)) continue;
            if (gap > 0) {
                place.adjust(0, 0, -gap, -gap);
            } else {
                const bool right = column + 1 < columns_ && !std::isnan(value(row, column + 1));
                const bool below = row + 1 < rows_ && !std::isnan(value(row + 1, column));
                place.adjust(0, 0, right ? overlap : 0, below ? overlap : 0);
            }
            painter->fillRect(place, QColor(color(v)));
        }
}

void Heatmap::draw_image(QCPPainter* painter) {
    if (image_.isNull()) {
        image_ = QImage(int(columns_), int(rows_), QImage::Format_ARGB32_Premultiplied);
        image_.fill(Qt::transparent);
        for (std::size_t row = 0; row < rows_; ++row) {
            auto* line = reinterpret_cast<QRgb*>(image_.scanLine(int(row)));
            for (std::size_t column = 0; column < columns_; ++column) {
                const double v = value(row, column);
                if (!std::isnan(v)) line[column] = color(v);
            }
        }
    }
    const QRectF whole = cell(0, 0).united(cell(rows_ - 1, columns_ - 1));
    const bool upside_down = cell(0, 0).top() > cell(rows_ - 1, 0).top();
    painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter->drawImage(whole, upside_down ? image_.mirrored(false, true) : image_);
}

}  // namespace wavlab
