// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <qcustomplot.h>

#include "views/color_map.h"
#include "views/plot_style.h"
#include "views/symmetric_log.h"

namespace wavlab {

/// A matrix of coloured cells: rectangles of their own in a vector figure, one scaled image on the screen. Column c
/// lies at c - 0.5 .. c + 0.5 of the horizontal axis (or between edges of its own), row r likewise of the vertical one.
class Heatmap : public QCPAbstractPlottable {
public:
    Heatmap(QCPAxis* columns, QCPAxis* rows) : QCPAbstractPlottable(columns, rows) { setAntialiased(false); }

    /// Row after row; a cell that is NaN does not exist and stays blank, an infinite one is marked.
    void set_cells(std::size_t rows, std::size_t columns, std::vector<double> values);
    /// Colours from `low` to `high`; `logarithmic`: even in their logarithm (both above zero).
    void set_scale(ColorMap map, double low, double high, bool logarithmic = false);
    /// Where columns begin and the last one ends, ascending; empty: whole numbers as above. After `set_cells`.
    void set_column_edges(std::vector<double> edges);
    /// Cells (row after row) that have no value but are there: grey, with a stroke across. After `set_cells`.
    void set_hatched(std::vector<bool> hatched) { hatched_ = std::move(hatched); }
    static QColor hatch_color(const PlotStyle& style) { return style.faint(style.ink, 0.18); }
    /// The values went through this before they came here (`set_cells`, `set_scale`).
    void set_symmetric(const SymmetricLog& scale) { symmetric_ = scale; }
    /// It shows no data, but what the colours of another one stand for.
    void set_is_ramp(bool is_ramp) { is_ramp_ = is_ramp; }
    /// Thin gaps between cells where they are large enough.
    void set_gaps(bool gaps) { gaps_ = gaps; }
    void set_style(const PlotStyle& style) { style_ = style; }

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    double value(std::size_t row, std::size_t column) const { return values_[row * columns_ + column]; }
    double low() const { return low_; }
    double high() const { return high_; }
    ColorMap color_map() const { return map_; }
    bool logarithmic() const { return logarithmic_; }
    const std::vector<bool>& hatched() const { return hatched_; }
    const SymmetricLog& symmetric() const { return symmetric_; }
    bool is_ramp() const { return is_ramp_; }
    bool gaps() const { return gaps_; }
    /// Where this column begins; that of `columns()` is where the last one ends.
    double column_begin(std::size_t column) const;
    const PlotStyle& style() const { return style_; }
    /// The column at this place of the horizontal axis; nothing beside them.
    std::optional<std::size_t> column_at(double key) const;
    /// The cell's rectangle on the canvas.
    QRectF cell(std::size_t row, std::size_t column) const;

    double selectTest(const QPointF& position, bool only_selectable, QVariant* details) const override;
    QCPRange getKeyRange(bool& found, QCP::SignDomain domain) const override;
    QCPRange getValueRange(bool& found, QCP::SignDomain domain, const QCPRange& keys) const override;

protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter*, const QRectF&) const override {}

private:
    QRgb color(double value) const;
    bool is_hatched(std::size_t place) const { return place < hatched_.size() && hatched_[place]; }
    void draw_rectangles(QCPPainter* painter, double gap) const;
    void draw_image(QCPPainter* painter);

    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::vector<double> values_;
    std::vector<bool> hatched_;
    std::vector<double> edges_;
    bool logarithmic_ = false;
    ColorMap map_ = ColorMap::viridis;
    double low_ = 0;
    double high_ = 1;
    bool gaps_ = true;
    bool is_ramp_ = false;
    SymmetricLog symmetric_;
    PlotStyle style_;
    QImage image_;         ///< a pixel a cell, or across the columns that of the canvas where they have edges
    QCPRange image_keys_;  ///< the range that it was made for
};

}  // namespace wavlab
