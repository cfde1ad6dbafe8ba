// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

#include <QColor>
#include <QImage>
#include <QPointF>
#include <QVector>

namespace wavlab {

/// Draws very many curves of x into an image, a column of pixels at a time: what a polyline covers of each column is
/// one vertical span. Much faster than stroking paths, and the ends of spans are smooth.
class SpanRaster {
public:
    /// A transparent image of this size in device pixels.
    explicit SpanRaster(QSize size);

    /// The next curve: `move_to` begins it and goes over gaps, x never decreases.
    void move_to(QPointF point);
    void line_to(QPointF point);
    /// Everything from `low` to `high` of one column, without moving.
    void cover(int column, double low, double high) {
        if (column < 0 || column >= width_) return;
        Span& span = spans_[std::size_t(column)];
        span.low = std::min(span.low, float(std::min(low, high)));
        span.high = std::max(span.high, float(std::max(low, high)));
        first_ = std::min(first_, column);
        last_ = std::max(last_, column);
    }
    /// Draws what was collected and begins anew. `dashes` are lengths along x in pixels: on, off, on, ...,
    /// of which the image's left edge is at `dash_start`.
    void stroke(const QColor& color, double width, const QVector<qreal>& dashes = {}, double dash_start = 0);

    const QImage& image() const { return image_; }

private:
    struct Span {
        float low = 1e9F;
        float high = -1e9F;
    };

    void fill(int column, double low, double high, QRgb color);

    QImage image_;
    int width_, height_;
    qsizetype stride_;         ///< pixels from a row to the next
    std::vector<Span> spans_;  ///< of the curve that is being collected
    int first_ = 0, last_ = -1;
    QPointF at_;
};

}  // namespace wavlab
