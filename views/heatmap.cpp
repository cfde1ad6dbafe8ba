// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/heatmap.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

void Heatmap::set_cells(std::size_t rows, std::size_t columns, std::vector<double> values) {
    rows_ = rows;
    columns_ = columns;
    values_ = std::move(values);
    hatched_.clear();
    edges_.clear();
    image_ = {};
}

void Heatmap::set_scale(ColorMap map, double low, double high, bool logarithmic) {
    if (map == map_ && low == low_ && high == high_ && logarithmic == logarithmic_) return;
    map_ = map;
    low_ = low;
    high_ = high;
    logarithmic_ = logarithmic;
    image_ = {};
}

void Heatmap::set_column_edges(std::vector<double> edges) {
    edges_ = std::move(edges);
    image_ = {};
}

double Heatmap::column_begin(std::size_t column) const {
    return edges_.empty() ? double(column) - 0.5 : edges_[column];
}

std::optional<std::size_t> Heatmap::column_at(double key) const {
    if (columns_ == 0 || key < column_begin(0) || key >= column_begin(columns_)) return std::nullopt;
    if (edges_.empty()) return std::size_t(std::lround(key));
    return std::size_t(std::upper_bound(edges_.begin(), edges_.end(), key) - edges_.begin()) - 1;
}

QRectF Heatmap::cell(std::size_t row, std::size_t column) const {
    const double left = keyAxis()->coordToPixel(column_begin(column));
    const double right = keyAxis()->coordToPixel(column_begin(column + 1));
    const double top = valueAxis()->coordToPixel(double(row) - 0.5);
    const double bottom = valueAxis()->coordToPixel(double(row) + 0.5);
    return QRectF(QPointF(left, top), QPointF(right, bottom)).normalized();
}

double Heatmap::selectTest(const QPointF&, bool, QVariant*) const { return -1; }

QCPRange Heatmap::getKeyRange(bool& found, QCP::SignDomain) const {
    found = columns_ > 0;
    return found ? QCPRange(column_begin(0), column_begin(columns_)) : QCPRange();
}

QCPRange Heatmap::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const {
    found = rows_ > 0;
    return {-0.5, double(rows_) - 0.5};
}

QRgb Heatmap::color(double value) const {
    if (std::isinf(value)) return qRgb(0xd5, 0x00, 0x00);
    if (!(high_ > low_)) return color_at(map_, 0);
    if (!logarithmic_) return color_at(map_, (value - low_) / (high_ - low_));
    return color_at(map_, value > 0 ? std::log(value / low_) / std::log(high_ / low_) : 0);
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
            const bool hatched = is_hatched(row * columns_ + column);
            if (std::isnan(v) && !hatched) continue;
            QRectF place = cell(row, column);
            if (!place.intersects(area)) continue;
            if (hatched) {
                place.adjust(0, 0, -gap, -gap);
                painter->fillRect(place, hatch_color(style_));
                if (place.height() < style_.px(6)) continue;  // strokes so close together would be all one sees
                painter->setPen(QPen(style_.faint(style_.ink, 0.4), style_.px(0.6)));
                painter->drawLine(place.bottomLeft(), place.topRight());
                painter->setPen(Qt::NoPen);
                continue;
            }
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
    // Columns of different widths: a pixel of the canvas across each.
    const QRect area = clipRect();
    const QCPRange keys = keyAxis()->range();
    const bool by_pixel = !edges_.empty();
    const int width = by_pixel ? area.width() : int(columns_);
    if (image_.isNull() || (by_pixel && (image_.width() != width || !(keys == image_keys_)))) {
        image_keys_ = keys;
        image_ = QImage(width, int(rows_), QImage::Format_ARGB32_Premultiplied);
        image_.fill(Qt::transparent);
        std::vector<std::optional<std::size_t>> column_of(std::size_t(std::max(width, 0)));
        for (std::size_t x = 0; x < column_of.size(); ++x)
            column_of[x] = by_pixel ? column_at(keyAxis()->pixelToCoord(area.left() + double(x) + 0.5)) : x;
        for (std::size_t row = 0; row < rows_; ++row) {
            auto* line = reinterpret_cast<QRgb*>(image_.scanLine(int(row)));
            for (std::size_t x = 0; x < column_of.size(); ++x) {
                if (!column_of[x]) continue;
                const std::size_t place = row * columns_ + *column_of[x];
                if (is_hatched(place))
                    line[x] = hatch_color(style_).rgb();
                else if (!std::isnan(values_[place]))
                    line[x] = color(values_[place]);
            }
        }
    }
    QRectF whole = cell(0, 0).united(cell(rows_ - 1, columns_ - 1));
    if (by_pixel) whole = QRectF(area.left(), whole.top(), width, whole.height());
    const bool upside_down = cell(0, 0).top() > cell(rows_ - 1, 0).top();
    painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter->drawImage(whole, upside_down ? image_.mirrored(false, true) : image_);
}

}  // namespace wavlab
