// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/curves/span_raster.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

/// The column of an x, without a call of std::floor; what lies far to the left is to the left.
inline int column_of(double x) { return x < -1 ? -2 : int(x + 2) - 2; }

/// `color` over `below`, both opaque or premultiplied; `share` of it from 0 to 256.
inline QRgb blend(QRgb color, QRgb below, unsigned share) {
    const unsigned rest = 256 - share;
    const unsigned even = (((color & 0xff00ff) * share + (below & 0xff00ff) * rest) >> 8) & 0xff00ff;
    const unsigned odd = ((color >> 8) & 0xff00ff) * share + ((below >> 8) & 0xff00ff) * rest;
    return (odd & 0xff00ff00) | even;
}

}  // namespace

SpanRaster::SpanRaster(QSize size)
    : image_(size.expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied),
      width_(image_.width()),
      height_(image_.height()),
      stride_(image_.bytesPerLine() / qsizetype(sizeof(QRgb))),
      spans_(std::size_t(width_)),
      first_(width_) {
    image_.fill(Qt::transparent);
}

void SpanRaster::move_to(QPointF point) {
    at_ = point;
    cover(column_of(point.x()), point.y(), point.y());
}

void SpanRaster::line_to(QPointF point) {
    const QPointF from = at_;
    at_ = point;
    const int begin = column_of(from.x()), end = column_of(std::min(double(width_), point.x()));
    if (begin >= end) return cover(end, from.y(), point.y());
    const double slope = (point.y() - from.y()) / (point.x() - from.x());
    double y = begin < -1 ? from.y() + slope * (-1 - from.x()) : from.y();
    for (int column = std::max(begin, -1); column < end; ++column) {
        const double next = from.y() + slope * (column + 1 - from.x());
        cover(column, y, next);
        y = next;
    }
    cover(end, y, end < width_ ? point.y() : y);
}

void SpanRaster::fill(int column, double low, double high, QRgb color) {
    low = std::max(low, 0.0);
    high = std::min(high, double(height_));
    if (low >= high) return;
    const int top = int(low), bottom = std::min(int(high), height_ - 1);
    QRgb* pixel = reinterpret_cast<QRgb*>(image_.bits()) + top * stride_ + column;
    if (top == bottom) {
        *pixel = blend(color, *pixel, unsigned((high - low) * 256));
        return;
    }
    *pixel = blend(color, *pixel, unsigned((top + 1 - low) * 256));
    for (int row = top + 1; row < bottom; ++row) *(pixel += stride_) = color;
    pixel += stride_;
    *pixel = blend(color, *pixel, unsigned(std::min(1.0, high - bottom) * 256));
}

void SpanRaster::stroke(const QColor& color, double width, const QVector<qreal>& dashes, double dash_start) {
    const QRgb rgb = color.rgb() | 0xff000000U;
    double total = 0;
    for (const qreal length : dashes) total += length;
    // Where in the pattern the column is: dash `index`, of which `rest` is left.
    qsizetype index = 0;
    double rest = total > 0 ? dashes[0] : 0;
    const auto go = [&](double distance) {
        for (rest -= distance; rest <= 0; rest += dashes[index]) index = (index + 1) % dashes.size();
    };
    if (total > 0) go(std::fmod(dash_start + first_, total));
    for (int column = first_; column <= last_; ++column) {
        Span& span = spans_[std::size_t(column)];
        if (span.low <= span.high && index % 2 == 0)
            fill(column, double(span.low) - width / 2, double(span.high) + width / 2, rgb);
        span = {};
        if (total > 0) go(1);
    }
    first_ = width_;
    last_ = -1;
}

}  // namespace wavlab
