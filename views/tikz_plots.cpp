// SPDX-License-Identifier: GPL-3.0-or-later
// Curves, bands, bars and heatmaps of a figure as pgfplots draws them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/decimation.h"
#include "views/figure_tikz.h"
#include "views/symmetric_log.h"
#include "views/tikz_parts.h"

namespace wavlab {

namespace {

constexpr std::size_t columns_of_curves = most_tikz_points / 4 - 1;
constexpr double least_gap_cell = 5.25;  ///< points; as Heatmap
constexpr double least_stroke_cell = 4.5;

bool is_ascending(const std::vector<double>& keys) { return std::is_sorted(keys.begin(), keys.end()); }

/// Those that are kept of a curve: all, or the extremes of columns.
std::vector<std::size_t> kept_points(const DrawnSeries& series, const std::vector<double>& values, const DrawnAxis& x) {
    std::vector<std::size_t> kept(values.size());
    std::iota(kept.begin(), kept.end(), std::size_t(0));
    if (values.size() <= most_tikz_points) return kept;
    if (!is_ascending(series.x)) {
        const std::size_t every = (values.size() + most_tikz_points - 1) / most_tikz_points;
        std::erase_if(kept, [&](std::size_t i) { return i % every != 0; });
        return kept;
    }
    MinMaxPyramid pyramid;
    pyramid.extend(values);
    const ColumnGrid grid(x.low, x.high, columns_of_curves, x.logarithmic);
    std::vector<DecimatedColumn> columns;
    decimate(series.x, 1, values, pyramid, grid, columns);
    kept.clear();
    for (const DecimatedColumn& column : columns) {
        if (column.count() <= 4) {
            for (std::size_t i = column.first; i <= column.last; ++i) kept.push_back(i);
            continue;
        }
        std::size_t lowest = column.first, highest = column.first;
        for (std::size_t i = column.first; i <= column.last; ++i) {
            if (values[i] == column.extent.low) lowest = i;
            if (values[i] == column.extent.high) highest = i;
        }
        for (const std::size_t i : {column.first, std::min(lowest, highest), std::max(lowest, highest), column.last})
            if (kept.empty() || kept.back() < i) kept.push_back(i);
    }
    return kept;
}

class Plots {
public:
    Plots(TikzPage& page, const DrawnAxes& axes, double width)
        : page_(page), axes_(axes), x_(axes.x), y_(axes.y), width_(width) {}

    void write_band(const DrawnSeries& series) {
        const std::vector<std::size_t> kept = kept_points(series, series.high, axes_.x);
        std::vector<std::pair<double, double>> lower, upper;
        const auto write_piece = [&] {
            if (upper.size() > 1) {
                begin(series, "draw=none, fill=" + page_.color(series.fill) +
                                  ", fill opacity=" + tikz_number(series.fill.alphaF()));
                std::reverse(lower.begin(), lower.end());
                for (const auto* side : {&upper, &lower})
                    for (const auto& [x, y] : *side) row({x, y});
                page_.body += "} -- cycle;\n";
            }
            lower.clear();
            upper.clear();
        };
        for (std::size_t k = 0; k < kept.size(); ++k) {
            const std::size_t i = kept[k];
            // What lies between two that are kept belongs to the band.
            const std::size_t end = k + 1 < kept.size() ? kept[k + 1] : i + 1;
            const double low =
                *std::min_element(series.low.begin() + std::ptrdiff_t(i), series.low.begin() + std::ptrdiff_t(end));
            if (!std::isfinite(low) || !std::isfinite(series.high[i])) {
                write_piece();
                continue;
            }
            lower.emplace_back(x_(series.x[i]), y_(low));
            upper.emplace_back(x_(series.x[i]), y_(series.high[i]));
        }
        write_piece();
    }

    void write_bars(const DrawnSeries& series) {
        std::string options = "fill=" + page_.color(series.fill) + ", " + page_.pen(series.line);
        const bool from_zero = !axes_.y.logarithmic &&
                               std::all_of(series.low.begin(), series.low.end(), [](double low) { return low == 0; });
        if (from_zero) {
            begin(series, "ybar, bar shift=0pt, bar width=" + tikz_number(series.bar_width) + ", " + options);
            for (std::size_t i = 0; i < series.x.size(); ++i) row({x_(series.x[i]), y_(series.y[i])});
            page_.body += "};\n";
            return;
        }
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            const double left = series.x[i] - series.bar_width / 2, right = left + series.bar_width;
            begin(series, options);
            row({x_(left), y_(series.low[i])});
            row({x_(left), y_(series.y[i])});
            row({x_(right), y_(series.y[i])});
            row({x_(right), y_(series.low[i])});
            page_.body += "} -- cycle;\n";
        }
    }

    void write_errors(const DrawnSeries& series) {
        if (!series.error_line.color.isValid() || series.low.empty()) return;
        std::string options = "draw=none, mark=none, error bars/.cd, y dir=both, y explicit, error bar style={solid, " +
                              page_.pen(series.error_line) + "}, error mark=";
        options += series.whisker > 0 ? "|, error mark options={solid, " + page_.pen(series.error_line) +
                                            ", mark size=" + tikz_points(series.whisker / 2) + "}"
                                      : "none";
        begin(series, options, "[x=x, y=y, y error plus=above, y error minus=below]");
        page_.body += "  x y above below\n";
        for (const std::size_t i : kept_markers(series)) {
            if (std::isnan(series.low[i]) || std::isnan(series.high[i]) || !std::isfinite(series.y[i])) continue;
            const double y = y_(series.y[i]);
            row({x_(series.x[i]), y, y_(series.high[i]) - y, y - y_(series.low[i])});
        }
        page_.body += "};\n";
    }

    void write_curve(const DrawnSeries& series) {
        const bool has_line = series.line.color.isValid(), has_marks = series.marker.shape != DrawnMarker::Shape::none;
        const bool together = has_line && has_marks && !series.sparse_markers && series.x.size() <= most_tikz_points;
        if (has_line) {
            begin(series, page_.pen(series.line) + (together ? ", " + page_.marks(series.marker) : ""));
            for (const std::size_t i : kept_points(series, series.y, axes_.x)) point(series, i);
            page_.body += "};\n";
        }
        if (!has_marks || together) return;
        begin(series, "only marks, " + page_.marks(series.marker));
        for (const std::size_t i : kept_markers(series)) point(series, i);
        page_.body += "};\n";
    }

private:
    void begin(const DrawnSeries& series, const std::string& options, const std::string& columns = {}) {
        if (!series.name.empty()) page_.body += "% " + one_line(series.name) + "\n";
        page_.body += "\\addplot[" + options + "] table" + columns + " {\n";
    }

    static std::string one_line(std::string text) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
        return text;
    }

    void row(std::initializer_list<double> values) {
        page_.body += " ";
        for (const double value : values) page_.body += ' ' + tikz_number(value);
        page_.body += '\n';
    }

    void point(const DrawnSeries& series, std::size_t i) {
        row({x_(series.x[i]), std::isfinite(series.y[i]) ? y_(series.y[i]) : std::nan("")});
    }

    /// As CurveLayer: of markers that would cover each other one is drawn.
    std::vector<std::size_t> kept_markers(const DrawnSeries& series) const {
        std::vector<std::size_t> kept = kept_points(series, series.y, axes_.x);
        std::erase_if(kept, [&](std::size_t i) { return !std::isfinite(series.y[i]); });
        if (!series.sparse_markers) return kept;
        std::vector<std::size_t> seen;
        double last = -1e9;
        for (const std::size_t i : kept) {
            const double place = x_.share(series.x[i]) * width_;
            if (place - last < 0.7 * series.marker.size && i + 1 < series.x.size()) continue;
            last = place;
            seen.push_back(i);
        }
        return seen;
    }

    TikzPage& page_;
    const DrawnAxes& axes_;
    TikzCoordinates x_, y_;
    double width_;
};

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

}  // namespace

void write_series(TikzPage& page, const DrawnAxes& axes, double width) {
    using Kind = DrawnSeries::Kind;
    Plots plots(page, axes, width);
    for (const DrawnSeries& series : axes.series) {
        if (series.kind == Kind::band) plots.write_band(series);
        if (series.kind == Kind::bar) plots.write_bars(series);
    }
    for (const DrawnSeries& series : axes.series)
        if (series.kind != Kind::band && series.kind != Kind::bar) plots.write_errors(series);
    for (const DrawnSeries& series : axes.series)
        if (series.kind != Kind::band && series.kind != Kind::bar) plots.write_curve(series);
}

void write_matrix(TikzPage& page, const DrawnMatrix& matrix, const DrawnAxes& axes, double width, double height) {
    const TikzCoordinates x(axes.x), y(axes.y);
    const auto [first_column, last_column] = shown(matrix.column_edges, axes.x);
    const auto [first_row, last_row] = shown(matrix.row_edges, axes.y);
    const std::size_t every = axes.x.categories.empty() ? page.every_column : 1;
    std::vector<std::size_t> columns;
    for (std::size_t column = first_column; column < last_column; column += every) columns.push_back(column);

    const auto length = [](const TikzCoordinates& along, double from, double to, double whole) {
        return std::abs(along.share(to) - along.share(from)) * whole;
    };
    const double cell_width = length(x, matrix.column_edges[0], matrix.column_edges[1], width);
    const double cell_height = length(y, matrix.row_edges[0], matrix.row_edges[1], height);
    const bool gaps = matrix.gaps && std::min(cell_width, cell_height) >= least_gap_cell;
    // Viewers let the ground shine through between cells that only touch: a thin line of the cell's own colour.
    const std::string edges =
        gaps ? "faceted color=white, line width=0.75bp" : "faceted color=mapped color, line width=0.3bp";
    const auto value = [&](std::size_t row, std::size_t column) {
        return matrix.values[row * matrix.columns + column];
    };
    const auto rectangle = [&](std::size_t row, std::size_t k) {
        const std::size_t end = k + 1 < columns.size() ? columns[k + 1] : last_column;
        return "(axis cs:" + tikz_number(x(matrix.column_edges[columns[k]])) + "," +
               tikz_number(y(matrix.row_edges[row])) +
               ") rectangle (axis cs:" + tikz_number(x(matrix.column_edges[end])) + "," +
               tikz_number(y(matrix.row_edges[row + 1])) + ")";
    };

    if (!matrix.name.empty()) page.body += "% " + matrix.name + "\n";
    if (every > 1) page.body += "% every " + std::to_string(every) + " columns one is kept\n";
    // Of a single row or column pgfplots does not know how broad it is.
    const bool single = columns.size() < 2 || last_row - first_row < 2;
    const double low = color_coordinate(matrix.scale, matrix.scale.low),
                 high = color_coordinate(matrix.scale, matrix.scale.high);
    if (!single) {
        page.body += "\\addplot[matrix plot*, mesh/cols=" + std::to_string(columns.size()) +
                     ", point meta=explicit, shader=faceted, " + edges + "] table[meta=c] {\n  x y c\n";
        for (std::size_t row = first_row; row < last_row; ++row)
            for (const std::size_t column : columns) {
                const double cell = value(row, column);
                page.body += "  " + tikz_number(x(matrix.column_keys[column])) + ' ' +
                             tikz_number((matrix.row_edges[row] + matrix.row_edges[row + 1]) / 2) + ' ' +
                             (std::isfinite(cell) ? tikz_number(color_coordinate(matrix.scale, cell)) : "nan") + '\n';
            }
        page.body += "};\n";
    }
    for (std::size_t row = first_row; row < last_row; ++row)
        for (std::size_t k = 0; k < columns.size(); ++k) {
            const std::size_t place = row * matrix.columns + columns[k];
            const double cell = matrix.values[place];
            if (!matrix.hatched.empty() && matrix.hatched[place]) {
                page.body += "\\fill[" + page.color(matrix.hatch) + "] " + rectangle(row, k) + ";\n";
                if (std::min(cell_width, cell_height) < least_stroke_cell) continue;
                page.body += "\\draw[" + page.color(QColor(0x99, 0x99, 0x99)) +
                             ", line width=0.45bp] (axis cs:" + tikz_number(x(matrix.column_edges[columns[k]])) + "," +
                             tikz_number(y(matrix.row_edges[row + (axes.y.reversed ? 1 : 0)])) +
                             ") -- (axis cs:" + tikz_number(x(matrix.column_edges[columns[k] + 1])) + "," +
                             tikz_number(y(matrix.row_edges[row + (axes.y.reversed ? 0 : 1)])) + ");\n";
            } else if (std::isinf(cell)) {
                page.body += "\\fill[" + page.color(QColor(0xd5, 0, 0)) + "] " + rectangle(row, k) + ";\n";
            } else if (single && std::isfinite(cell)) {
                const double share = high > low ? (color_coordinate(matrix.scale, cell) - low) / (high - low) : 0;
                page.body += "\\fill[" + page.color(QColor(color_at(matrix.scale.map, share))) + "] " +
                             rectangle(row, k) + ";\n";
            }
        }
}

}  // namespace wavlab
