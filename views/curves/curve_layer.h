// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <qcustomplot.h>

#include "core/decimation.h"
#include "views/plot_style.h"

namespace wavlab {

/// A series in memory, as it can be reduced to columns at any time.
struct CurveData {
    std::span<const double> keys;
    double key_factor = 1;
    std::span<const double> values;
    const MinMaxPyramid* pyramid = nullptr;
    bool whole_keys = false;  ///< steps
};

/// All curves over time of one plot. Each time it is drawn it takes what can be seen of each series: the first, last,
/// smallest and largest value of each column of pixels, on the screen; of each 1/600 inch in print (1/150 inch
/// with very many lines). So it costs the
/// same for a thousand values as for a million, and no extreme is lost.
class CurveLayer : public QCPLayerable {
public:
    struct Line {
        std::function<CurveData()> data;  ///< asked when it is drawn: series grow
        QPen pen;
        QString name = {};  ///< in files of what is drawn
    };
    /// Between two series at the same keys; nothing where one of them is not finite.
    struct Band {
        std::function<CurveData()> low, high;
        QColor color;  ///< with its alpha
        QString name = {};
    };
    /// Markers at single values, with a bar of this half-length where there is one.
    struct Markers {
        std::function<CurveData()> data;
        QCPScatterStyle shape;
        std::function<std::span<const double>()> bars;
        QPen line = Qt::NoPen;  ///< through the values
        QString name = {};
    };

    explicit CurveLayer(QCPAxisRect* axes);
    void set_style(const PlotStyle& style) { style_ = style; }
    void clear();
    void add(Band band) { bands_.push_back(std::move(band)); }
    void add(Line line) { lines_.push_back(std::move(line)); }
    void add(Markers markers) { markers_.push_back(std::move(markers)); }
    const QCPAxisRect* axes() const { return axes_; }
    // What is drawn, in this order.
    const std::vector<Band>& bands() const { return bands_; }
    const std::vector<Line>& lines() const { return lines_; }
    const std::vector<Markers>& markers() const { return markers_; }

protected:
    QRect clipRect() const override;
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    class Frame;  // what is the same for all curves of one picture

    void draw_lines(QCPPainter* painter, const Frame& frame) const;
    void draw_spans(QCPPainter* painter, const Frame& frame, const std::vector<CurveData>& data) const;
    void draw_band(QCPPainter* painter, const Frame& frame, const Band& band) const;
    void draw_markers(QCPPainter* painter, const Frame& frame, const Markers& markers) const;

    QCPAxisRect* axes_;
    PlotStyle style_;
    std::vector<Band> bands_;
    std::vector<Line> lines_;
    std::vector<Markers> markers_;

    /// What was drawn of a line last: moved by whole pixels, most of it is there already.
    struct Reduced {
        std::vector<DecimatedColumn> columns;
        std::uint64_t version = 0;  ///< of the series
        QCPRange range = {0, 0};
        std::size_t count = 0;  ///< columns of the grid
        bool logarithmic = false;
    };
    mutable std::vector<Reduced> reduced_;
};

}  // namespace wavlab
