// SPDX-License-Identifier: GPL-3.0-or-later
// Curves, bands and bars of a figure as pgfplots draws them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/decimation.h"
#include "views/figure_tikz.h"
#include "views/tikz_parts.h"

namespace wavlab {

namespace {

bool is_ascending(const std::vector<double>& keys) { return std::is_sorted(keys.begin(), keys.end()); }

/// Those that are kept of a curve: all, or the extremes of columns.
std::vector<std::size_t> kept_points(const DrawnSeries& series, const std::vector<double>& values, const DrawnAxis& x,
                                     std::size_t most) {
    std::vector<std::size_t> kept(values.size());
    std::iota(kept.begin(), kept.end(), std::size_t(0));
    if (values.size() <= most) return kept;
    if (!is_ascending(series.x)) {
        const std::size_t every = (values.size() + most - 1) / most;
        std::erase_if(kept, [&](std::size_t i) { return i % every != 0; });
        return kept;
    }
    MinMaxPyramid pyramid;
    pyramid.extend(values);
    const ColumnGrid grid(x.low, x.high, most / 4 - 1, x.logarithmic);
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
        const std::vector<std::size_t> kept = kept_points(series, series.high, axes_.x, page_.most_points);
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
        const bool together = has_line && has_marks && !series.sparse_markers && series.x.size() <= page_.most_points;
        if (has_line) {
            begin(series, page_.pen(series.line) + (together ? ", " + page_.marks(series.marker) : ""));
            for (const std::size_t i : kept_points(series, series.y, axes_.x, page_.most_points)) point(series, i);
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
        const std::string shift = series.shift != 0 ? "xshift=" + tikz_points(series.shift) + ", " : "";
        page_.body += "\\addplot[" + shift + options + "] table" + columns + " {\n";
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
        std::vector<std::size_t> kept = kept_points(series, series.y, axes_.x, page_.most_points);
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

}  // namespace wavlab
