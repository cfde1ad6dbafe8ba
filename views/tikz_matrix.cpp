// SPDX-License-Identifier: GPL-3.0-or-later
// Heatmaps of a figure: as matrix plots of pgfplots, or as rectangles where there are too many cells for TeX.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "core/number_text.h"
#include "views/symmetric_log.h"
#include "views/tikz_parts.h"

namespace wavlab {

namespace {

// In points, as Heatmap has them.
constexpr double least_gap_cell = 5.25, gap = 0.75, least_stroke_cell = 4.5, overlap = 0.3;
constexpr int shades = 128;
const QColor infinite(0xd5, 0, 0), stroke(0x99, 0x99, 0x99);

/// The colours' own coordinate: pgfplots knows no logarithmic ones.
double color_coordinate(const DrawnScale& scale, double value) {
    if (scale.logarithmic) return std::log10(std::max(value, std::numeric_limits<double>::min()));
    return scale.symmetric > 0 ? SymmetricLog{scale.symmetric}.to(value) : value;
}

/// Rows or columns that the axis shows.
std::pair<std::size_t, std::size_t> shown(const std::vector<double>& edges, const DrawnAxis& axis) {
    std::size_t first = 0, last = edges.size() - 1;
    while (first + 1 < last && edges[first + 1] <= axis.low) ++first;
    while (last > first + 1 && edges[last - 1] >= axis.high) --last;
    return {first, last};
}

class MatrixWriter {
public:
    MatrixWriter(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, const QRectF& place)
        : page_(page), matrix_(matrix), place_(place), x_(axes.x), y_(axes.y) {
        const auto [first, last] = shown(matrix.column_edges, axes.x);
        std::tie(first_row_, last_row_) = shown(matrix.row_edges, axes.y);
        every_ = axes.x.categories.empty() ? page.every_column : 1;
        for (std::size_t column = first; column < last; column += every_) columns_.push_back(column);
        last_column_ = last;
        low_ = color_coordinate(matrix.scale, matrix.scale.low);
        high_ = color_coordinate(matrix.scale, matrix.scale.high);
        const QRectF cell = rectangle(first_row_, 0, 1);
        smallest_ = std::min(cell.width(), cell.height());
        gaps_ = matrix.gaps && smallest_ >= least_gap_cell;
        // Of a single row or column pgfplots does not know how broad it is.
        is_plot_ = !page.as_rectangles && columns_.size() > 1 && last_row_ - first_row_ > 1;
    }

    void write_plot() {
        if (!is_plot_) return;
        note();
        // Viewers let the ground shine through between cells that only touch: a thin line of the cell's own colour.
        page_.body += "\\addplot[matrix plot*, mesh/cols=" + std::to_string(columns_.size()) +
                      ", point meta=explicit, shader=faceted, " +
                      (gaps_ ? "faceted color=white, line width=" + tikz_points(gap)
                             : "faceted color=mapped color, line width=" + tikz_points(overlap)) +
                      "] table[meta=c] {\n  x y c\n";
        for (std::size_t row = first_row_; row < last_row_; ++row)
            for (const std::size_t column : columns_) {
                const double cell = value(row, column);
                page_.body += "  " + tikz_number(x_(matrix_.column_keys[column])) + ' ' +
                              tikz_number((matrix_.row_edges[row] + matrix_.row_edges[row + 1]) / 2) + ' ' +
                              (std::isfinite(cell) ? tikz_number(color_coordinate(matrix_.scale, cell)) : "nan") + '\n';
            }
        page_.body += "};\n";
    }

    void write_cells() {
        if (!is_plot_) note();
        std::map<std::string, std::string> paths;  // by colour
        std::string strokes;
        for (std::size_t row = first_row_; row < last_row_; ++row)
            for (std::size_t k = 0; k < columns_.size();) {
                const std::string color = color_of(row, k);
                std::size_t end = k + 1;
                while (!gaps_ && end < columns_.size() && color_of(row, end) == color) ++end;
                if (!color.empty()) {
                    QRectF cell = rectangle(row, k, end);
                    const double more = gaps_ ? -gap : overlap;
                    const bool right = gaps_ || (end < columns_.size() && !color_of(row, end).empty());
                    const bool below = gaps_ || (row + 1 < last_row_ && !color_of(row + 1, k).empty());
                    if (is_hatched(row, k)) add_strokes(row, k, end, strokes);
                    // From above, in points.
                    cell.adjust(0, 0, right ? more : 0, below ? more : 0);
                    add(cell, paths[color]);
                }
                k = end;
            }
        for (const auto& [color, path] : paths)
            page_.body +=
                "\\begin{pgfscope}\\pgfsetfillcolor{" + color + "}\n" + path + "\\pgfusepathqfill\\end{pgfscope}\n";
        if (!strokes.empty()) page_.body += "\\draw[" + page_.color(stroke) + ", line width=0.45bp]" + strokes + ";\n";
    }

private:
    double value(std::size_t row, std::size_t column) const { return matrix_.values[row * matrix_.columns + column]; }
    bool is_hatched(std::size_t row, std::size_t k) const {
        return !matrix_.hatched.empty() && matrix_.hatched[row * matrix_.columns + columns_[k]];
    }

    void note() {
        if (!matrix_.name.empty()) page_.body += "% " + matrix_.name + "\n";
        if (every_ > 1) page_.body += "% one of " + std::to_string(every_) + " columns is kept\n";
        if (page_.as_rectangles) page_.body += "% too many cells for a matrix plot: rectangles in shades\n";
    }

    /// What a cell is filled with here; empty: nothing.
    std::string color_of(std::size_t row, std::size_t k) {
        if (is_hatched(row, k)) return page_.color(matrix_.hatch);
        const double cell = value(row, columns_[k]);
        if (std::isinf(cell)) return page_.color(infinite);
        if (is_plot_ || std::isnan(cell)) return {};
        const double share = high_ > low_ ? (color_coordinate(matrix_.scale, cell) - low_) / (high_ - low_) : 0;
        const double shade = std::round(std::clamp(share, 0.0, 1.0) * (shades - 1)) / (shades - 1);
        return page_.color(QColor(color_at(matrix_.scale.map, shade)));
    }

    /// Of kept columns k..end - 1, in points from the upper left corner of the axes, clipped to them.
    QRectF rectangle(std::size_t row, std::size_t k, std::size_t end) const {
        const auto across = [&](std::size_t column) { return along(x_, matrix_.column_edges[column], width()); };
        const auto down = [&](std::size_t edge) { return height() - along(y_, matrix_.row_edges[edge], height()); };
        const double right = across(end < columns_.size() ? columns_[end] : last_column_);
        return QRectF(QPointF(across(columns_[k]), down(row)), QPointF(right, down(row + 1))).normalized();
    }
    static double along(const TikzCoordinates& axis, double value, double length) {
        return std::clamp(axis.share(value), 0.0, 1.0) * length;
    }
    double width() const { return place_.width() * 72; }
    double height() const { return place_.height() * 72; }

    void add(const QRectF& cell, std::string& path) const {
        const auto number = [](double length) { return number_text(std::round(length * 100) / 100); };
        const double left = place_.left() * 72 + cell.left(), bottom = page_.up(place_.top()) * 72 - cell.bottom();
        path += "\\wavlabcell" + number(left) + "," + number(bottom) + "," + number(cell.width()) + "," +
                number(cell.height()) + ";\n";
    }

    void add_strokes(std::size_t row, std::size_t k, std::size_t end, std::string& strokes) const {
        if (smallest_ < least_stroke_cell) return;
        for (; k < end; ++k) {
            const QRectF cell = rectangle(row, k, k + 1);
            strokes += " " + page_.at(place_.left() + cell.left() / 72, place_.top() + cell.bottom() / 72) + " -- " +
                       page_.at(place_.left() + cell.right() / 72, place_.top() + cell.top() / 72);
        }
    }

    TikzPage& page_;
    const DrawnMatrix& matrix_;
    QRectF place_;
    TikzCoordinates x_, y_;
    std::vector<std::size_t> columns_;  ///< those that are kept
    std::size_t first_row_ = 0, last_row_ = 0, last_column_ = 0, every_ = 1;
    double low_ = 0, high_ = 1, smallest_ = 0;
    bool gaps_ = false, is_plot_ = true;
};

}  // namespace

void write_matrix(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, const QRectF& place) {
    MatrixWriter(page, matrix, axes, place).write_plot();
}

void write_cells(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, const QRectF& place) {
    MatrixWriter(page, matrix, axes, place).write_cells();
}

}  // namespace wavlab
