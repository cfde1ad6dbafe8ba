// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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
    /// Draws what was collected and begins anew. `dashes` are lengths along x in pixels: on, off, on, ...
    void stroke(const QColor& color, double width, const QVector<qreal>& dashes = {});

    const QImage& image() const { return image_; }

private:
    struct Span {
        float low = 1e9F;
        float high = -1e9F;
    };

    void cover(int column, double y0, double y1);
    void fill(int column, double low, double high, QRgb color);

    QImage image_;
    std::vector<Span> spans_;  ///< of the curve that is being collected
    int first_ = 0, last_ = -1;
    QPointF at_;
};

}  // namespace wavlab
