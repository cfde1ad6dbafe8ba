// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/curves/span_raster.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

/// Which columns a dash pattern leaves out.
class Dashes {
public:
    explicit Dashes(const QVector<qreal>& lengths) : lengths_(lengths) {
        for (const qreal length : lengths) total_ += length;
    }
    bool on(double x) const {
        if (lengths_.isEmpty() || total_ <= 0) return true;
        double rest = std::fmod(x, total_);
        for (qsizetype i = 0; i < lengths_.size(); ++i) {
            if (rest < lengths_[i]) return i % 2 == 0;
            rest -= lengths_[i];
        }
        return true;
    }

private:
    const QVector<qreal>& lengths_;
    double total_ = 0;
};

/// `color` over `below`, both opaque or premultiplied; `share` of it from 0 to 256.
inline QRgb blend(QRgb color, QRgb below, unsigned share) {
    const unsigned rest = 256 - share;
    const unsigned even = (((color & 0xff00ff) * share + (below & 0xff00ff) * rest) >> 8) & 0xff00ff;
    const unsigned odd = ((color >> 8) & 0xff00ff) * share + ((below >> 8) & 0xff00ff) * rest;
    return (odd & 0xff00ff00) | even;
}

}  // namespace

SpanRaster::SpanRaster(QSize size)
    : image_(size.expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied), spans_(std::size_t(image_.width())) {
    image_.fill(Qt::transparent);
    first_ = image_.width();
}

void SpanRaster::cover(int column, double y0, double y1) {
    if (column < 0 || column >= image_.width()) return;
    Span& span = spans_[std::size_t(column)];
    span.low = std::min(span.low, float(std::min(y0, y1)));
    span.high = std::max(span.high, float(std::max(y0, y1)));
    first_ = std::min(first_, column);
    last_ = std::max(last_, column);
}

void SpanRaster::move_to(QPointF point) {
    at_ = point;
    cover(int(std::floor(point.x())), point.y(), point.y());
}

void SpanRaster::line_to(QPointF point) {
    const QPointF from = std::exchange(at_, point);
    const int begin = int(std::floor(std::max(-1.0, from.x())));
    const int end = int(std::floor(std::min(double(image_.width()), point.x())));
    if (begin >= end) return cover(end, from.y(), point.y());
    const double slope = (point.y() - from.y()) / (point.x() - from.x());
    for (int column = begin; column <= end; ++column) {
        const double left = std::max(double(column), from.x()), right = std::min(double(column + 1), point.x());
        cover(column, from.y() + slope * (left - from.x()), from.y() + slope * (right - from.x()));
    }
}

void SpanRaster::fill(int column, double low, double high, QRgb color) {
    low = std::max(low, 0.0);
    high = std::min(high, double(image_.height()));
    if (low >= high) return;
    const int top = int(low), bottom = std::min(int(high), image_.height() - 1);
    const qsizetype stride = image_.bytesPerLine() / qsizetype(sizeof(QRgb));
    QRgb* pixel = reinterpret_cast<QRgb*>(image_.bits()) + top * stride + column;
    if (top == bottom) {
        *pixel = blend(color, *pixel, unsigned((high - low) * 256));
        return;
    }
    *pixel = blend(color, *pixel, unsigned((top + 1 - low) * 256));
    for (int row = top + 1; row < bottom; ++row) *(pixel += stride) = color;
    pixel += stride;
    *pixel = blend(color, *pixel, unsigned(std::min(1.0, high - bottom) * 256));
}

void SpanRaster::stroke(const QColor& color, double width, const QVector<qreal>& dashes) {
    const Dashes dash(dashes);
    const QRgb rgb = color.rgb() | 0xff000000U;
    for (int column = first_; column <= last_; ++column) {
        Span& span = spans_[std::size_t(column)];
        if (span.low <= span.high && dash.on(column))
            fill(column, double(span.low) - width / 2, double(span.high) + width / 2, rgb);
        span = {};
    }
    first_ = image_.width();
    last_ = -1;
}

}  // namespace wavlab
