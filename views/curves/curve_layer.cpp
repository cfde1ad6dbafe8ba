// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/curves/curve_layer.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "views/curves/span_raster.h"

namespace wavlab {

namespace {

/// In print, with up to forty lines; with more the columns are wider, so that the file stays small, down to the least.
constexpr double print_columns_per_inch = 600, least_print_columns_per_inch = 150, print_lines = 40;
/// More points than these are too many to stroke as paths at 30 pictures a second.
constexpr std::size_t most_stroked_points = 6000;
/// With so many values a column, dashes along the path would vanish in its noise: they go along x.
constexpr double dense = 3;

/// An axis as QCustomPlot maps it, without the cost of asking for every point.
struct Mapping {
    explicit Mapping(const QCPAxis& axis) : logarithmic(axis.scaleType() == QCPAxis::stLogarithmic) {
        const QCPRange range = axis.range();
        const double low = logarithmic ? std::log(range.lower) : range.lower;
        const double high = logarithmic ? std::log(range.upper) : range.upper;
        const double first = axis.coordToPixel(range.lower);
        scale = (axis.coordToPixel(range.upper) - first) / (high - low);
        offset = first - scale * low;
    }
    double operator()(double value) const {
        if (logarithmic) value = value > 0 ? std::log(value) : -1e4;
        // Far outside is outside: no painter likes larger numbers.
        return std::clamp(offset + scale * value, -1e5, 1e5);
    }

    bool logarithmic;
    double scale, offset;
};

}  // namespace

class CurveLayer::Frame {
public:
    Frame(const QCPAxisRect& axes, double columns_per_unit)
        : area(axes.rect()),
          x(*axes.axis(QCPAxis::atBottom)),
          y(*axes.axis(QCPAxis::atLeft)),
          range(axes.axis(QCPAxis::atBottom)->range()),
          grid(range.lower, range.upper, std::size_t(std::max(1.0, std::round(area.width() * columns_per_unit))),
               x.logarithmic),
          column_width(area.width() / double(grid.count())) {}

    void reduce(const CurveData& data, std::vector<DecimatedColumn>& columns) const {
        columns.clear();
        if (data.pyramid)
            decimate(data.keys, data.key_factor, data.values, *data.pyramid, grid, columns, data.whole_keys);
    }

    /// The same, from what was reduced for another picture as far as that serves.
    void reduce(const CurveData& data, Reduced& reduced) const {
        // A record that was replaced and not looked at yet may be shorter than what is known of it.
        const bool whole_series =
            data.pyramid && std::min(data.keys.size(), data.values.size()) >= data.pyramid->size();
        const bool known = whole_series && reduced.version == data.pyramid->version() &&
                           reduced.count == grid.count() && reduced.logarithmic == x.logarithmic;
        const double shift = known && !x.logarithmic && std::abs(reduced.range.size() / range.size() - 1) < 1e-9
                                 ? (range.lower - reduced.range.lower) / range.size() * double(grid.count())
                                 : 1e9;
        const double whole = std::round(shift);
        if (known && reduced.range == range) return;
        if (std::abs(shift - whole) < 1e-4 && std::abs(whole) < double(grid.count()) / 2 && !reduced.columns.empty())
            move(data, reduced.columns, std::int64_t(whole));
        else
            reduce(data, reduced.columns);
        reduced.version = whole_series ? data.pyramid->version() : 0;
        reduced.range = range;
        reduced.count = grid.count();
        reduced.logarithmic = x.logarithmic;
    }

    /// Moves columns by `shift` to the left and adds those that came in.
    void move(const CurveData& data, std::vector<DecimatedColumn>& columns, std::int64_t shift) const {
        const auto count = std::int64_t(grid.count());
        for (DecimatedColumn& column : columns) {
            const bool neighbour = column.column < 0 || column.column >= count;
            column.column = neighbour ? count * 10 : column.column - shift;
        }
        std::erase_if(columns, [&](const DecimatedColumn& one) { return one.column < 0 || one.column >= count; });
        if (columns.empty() || shift == 0) return reduce(data, columns);
        const std::int64_t from = shift > 0 ? count - shift : 0, to = shift > 0 ? count : -shift;
        const ColumnGrid part(grid.edge(std::size_t(from)), grid.edge(std::size_t(to)), std::size_t(to - from));
        std::vector<DecimatedColumn> added;
        decimate(data.keys, data.key_factor, data.values, *data.pyramid, part, added, data.whole_keys);
        // The values beside these columns belong to the others, unless they lie outside of all.
        std::erase_if(added,
                      [&](const DecimatedColumn& one) { return shift > 0 ? one.column < 0 : one.column >= to - from; });
        for (DecimatedColumn& column : added) column.column += from;
        columns.insert(shift > 0 ? columns.end() : columns.begin(), added.begin(), added.end());
        const auto single = [&](std::int64_t column, std::size_t index) {
            return DecimatedColumn{column, index, index, data.pyramid->extent(data.values, index, index + 1)};
        };
        const std::size_t size = std::min({data.keys.size(), data.values.size(), data.pyramid->size()});
        if (columns.front().column >= 0 && columns.front().first > 0)
            columns.insert(columns.begin(), single(-1, columns.front().first - 1));
        if (columns.back().column < count && columns.back().last + 1 < size)
            columns.push_back(single(count, columns.back().last + 1));
    }

    double middle(std::int64_t column) const { return area.left() + (double(column) + 0.5) * column_width; }

    /// A logarithmic axis has no place for zero.
    bool can_be_drawn(const CurveData& data, std::size_t index) const {
        return std::isfinite(data.values[index]) && (!x.logarithmic || data.keys[index] > 0);
    }

    /// Goes along what is left of a series: `point(QPointF)` in canvas units, `gap()` where it has no value.
    template <class Point, class Gap>
    void walk(const CurveData& data, const std::vector<DecimatedColumn>& columns, Point&& point, Gap&& gap) const {
        const auto at = [&](std::size_t index) {
            if (can_be_drawn(data, index))
                point(QPointF(x(data.keys[index] * data.key_factor), y(data.values[index])));
            else
                gap();
        };
        for (const DecimatedColumn& column : columns) {
            if (column.count() <= 4) {
                for (std::size_t i = column.first; i <= column.last; ++i) at(i);
                continue;
            }
            at(column.first);
            if (!column.extent.empty()) {
                const double center = middle(column.column), low = y(column.extent.low), high = y(column.extent.high);
                const bool low_first = std::abs(data.values[column.first] - column.extent.low) <=
                                       std::abs(data.values[column.first] - column.extent.high);
                point(QPointF(center, low_first ? low : high));
                point(QPointF(center, low_first ? high : low));
            }
            at(column.last);
        }
    }

    /// The same for columns left..right - 1 into an image of these columns.
    void cover(const CurveData& data, const std::vector<DecimatedColumn>& columns, int left, int right, double ratio,
               SpanRaster& raster) const {
        bool begun = false;
        const auto at = [&](std::size_t index) {
            if (!can_be_drawn(data, index)) {
                begun = false;
                return;
            }
            const QPointF point((x(data.keys[index] * data.key_factor) - area.left()) * ratio - left,
                                (y(data.values[index]) - area.top()) * ratio);
            begun ? raster.line_to(point) : raster.move_to(point);
            begun = true;
        };
        auto column = std::lower_bound(columns.begin(), columns.end(), left,
                                       [](const DecimatedColumn& one, int wanted) { return one.column < wanted; });
        if (column != columns.begin()) --column;
        for (; column != columns.end(); ++column) {
            at(column->first);
            if (column->count() > 2) {
                const double low = (y(column->extent.low) - area.top()) * ratio;
                const double high = (y(column->extent.high) - area.top()) * ratio;
                const int place = int(column->column) - left;
                if (!column->extent.empty()) raster.cover(place, low, high);
            }
            if (column->count() > 1) at(column->last);
            if (column->column >= right) break;
        }
    }

    QRectF area;
    Mapping x, y;
    QCPRange range;
    ColumnGrid grid;
    double column_width;
};

namespace {

std::size_t point_count(const std::vector<DecimatedColumn>& columns) {
    std::size_t count = 0;
    for (const DecimatedColumn& column : columns) count += std::min<std::size_t>(column.count(), 4);
    return count;
}

bool is_dense(const std::vector<DecimatedColumn>& columns) {
    if (columns.size() < 3) return false;
    return double(columns.back().last - columns.front().first) > dense * double(columns.size());
}

/// Runs work(i) for all i, from `least` on on all cores: a picture has to be there in 33 ms.
template <class Work>
void in_parallel(std::size_t count, std::size_t least, Work work) {
    const std::size_t workers = count < least ? 1 : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
    std::vector<std::jthread> threads;
    const auto share = [&](std::size_t worker) {
        for (std::size_t i = worker; i < count; i += workers) work(i);
    };
    for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(share, worker);
    share(0);
}

QVector<qreal> scaled(QVector<qreal> dashes, double factor) {
    for (qreal& length : dashes) length *= factor;
    return dashes;
}

}  // namespace

CurveLayer::CurveLayer(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "main"), axes_(axes) {}

void CurveLayer::clear() {
    bands_.clear();
    lines_.clear();
    markers_.clear();
    reduced_.clear();
}

QRect CurveLayer::clipRect() const { return axes_->rect(); }

void CurveLayer::applyDefaultAntialiasingHint(QCPPainter* painter) const {
    applyAntialiasingHint(painter, mAntialiased, QCP::aePlottables);
}

void CurveLayer::draw(QCPPainter* painter) {
    if (axes_->width() < 2) return;
    const double per_inch =
        std::clamp(print_columns_per_inch * print_lines / std::max<double>(1, double(lines_.size())),
                   least_print_columns_per_inch, print_columns_per_inch);
    const double per_unit =
        style_.print ? per_inch / PlotStyle::print_units_per_inch : painter->device()->devicePixelRatioF();
    const Frame frame(*axes_, per_unit);
    for (const Band& band : bands_) draw_band(painter, frame, band);
    draw_lines(painter, frame);
    for (const Markers& markers : markers_) draw_markers(painter, frame, markers);
}

void CurveLayer::draw_lines(QCPPainter* painter, const Frame& frame) const {
    std::vector<CurveData> data;
    for (const Line& line : lines_) data.push_back(line.data());
    reduced_.resize(std::max(reduced_.size(), lines_.size()));
    in_parallel(lines_.size(), 16, [&](std::size_t i) { frame.reduce(data[i], reduced_[i]); });
    std::size_t points = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) points += point_count(reduced_[i].columns);

    if (!style_.print && points > most_stroked_points) return draw_spans(painter, frame, data);

    painter->setBrush(Qt::NoBrush);
    QPolygonF piece;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        QPen pen = lines_[i].pen;
        QVector<qreal> dashes;
        if (pen.style() == Qt::CustomDashLine && is_dense(reduced_[i].columns)) {
            dashes = scaled(pen.dashPattern(), pen.widthF());
            pen.setStyle(Qt::SolidLine);
        }
        painter->setPen(pen);
        const auto draw_piece = [&] {
            if (piece.size() > 1)
                painter->drawPolyline(piece);
            else if (piece.size() == 1 && dashes.isEmpty())
                painter->drawPoint(piece.front());
            piece.clear();
        };
        double total = 0;
        for (const qreal length : dashes) total += length;
        const auto is_on = [&](double x) {
            double rest = std::fmod(x - frame.area.left() + total, total);
            for (qsizetype k = 0; k < dashes.size(); rest -= dashes[k++])
                if (rest < dashes[k]) return k % 2 == 0;
            return true;
        };
        frame.walk(
            data[i], reduced_[i].columns,
            [&](QPointF point) {
                if (total > 0 && !is_on(point.x())) return draw_piece();
                if (piece.isEmpty() || piece.back() != point) piece.append(point);
            },
            draw_piece);
        draw_piece();
    }
}

void CurveLayer::draw_spans(QCPPainter* painter, const Frame& frame, const std::vector<CurveData>& data) const {
    const double ratio = painter->device()->devicePixelRatioF();
    const int height = int(std::round(frame.area.height() * ratio)), width = int(frame.grid.count());
    // Each core draws all curves into a part of the columns.
    const int tiles = std::clamp(int(std::thread::hardware_concurrency()), 1, 8);
    std::vector<QImage> images{std::size_t(tiles)};
    const auto edge = [&](int tile) { return width * tile / tiles; };
    in_parallel(std::size_t(tiles), 2, [&](std::size_t tile) {
        const int left = edge(int(tile)), right = edge(int(tile) + 1);
        SpanRaster raster({right - left, height});
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            frame.cover(data[i], reduced_[i].columns, left, right, ratio, raster);
            const QPen& pen = lines_[i].pen;
            const double pen_width = pen.widthF() * ratio;
            raster.stroke(pen.color(), pen_width,
                          pen.style() == Qt::CustomDashLine ? scaled(pen.dashPattern(), pen_width) : QVector<qreal>(),
                          left);
        }
        images[tile] = raster.image();
        images[tile].setDevicePixelRatio(ratio);
    });
    for (int tile = 0; tile < tiles; ++tile)
        painter->drawImage(frame.area.topLeft() + QPointF(edge(tile) / ratio, 0), images[std::size_t(tile)]);
}

void CurveLayer::draw_band(QCPPainter* painter, const Frame& frame, const Band& band) const {
    const CurveData low = band.low(), high = band.high();
    std::vector<DecimatedColumn> columns;
    frame.reduce(low, columns);
    painter->setPen(Qt::NoPen);
    painter->setBrush(band.color);
    QPolygonF upper, lower;
    const auto draw_piece = [&] {
        if (upper.size() > 1) {
            std::reverse(lower.begin(), lower.end());
            painter->drawPolygon(upper + lower);
        }
        upper.clear();
        lower.clear();
    };
    const auto add = [&](double x, double bottom, double top) {
        if (!std::isfinite(bottom) || !std::isfinite(top)) return draw_piece();
        lower.append(QPointF(x, frame.y(bottom)));
        upper.append(QPointF(x, frame.y(top)));
    };
    for (const DecimatedColumn& column : columns) {
        if (column.count() <= 2) {
            for (std::size_t i = column.first; i <= column.last && i < high.values.size(); ++i)
                add(frame.x(low.keys[i] * low.key_factor), low.values[i], high.values[i]);
            continue;
        }
        const Extent top = high.pyramid->extent(high.values, column.first, column.last + 1);
        if (column.extent.empty() || top.empty())
            draw_piece();
        else
            add(frame.middle(column.column), column.extent.low, top.high);
    }
    draw_piece();
}

void CurveLayer::draw_markers(QCPPainter* painter, const Frame& frame, const Markers& markers) const {
    const CurveData data = markers.data();
    const std::span<const double> bars = markers.bars ? markers.bars() : std::span<const double>();
    std::vector<DecimatedColumn> columns;
    frame.reduce(data, columns);
    if (markers.line.style() != Qt::NoPen) {
        QPolygonF piece;
        painter->setPen(markers.line);
        painter->setBrush(Qt::NoBrush);
        const auto draw_piece = [&] {
            if (piece.size() > 1) painter->drawPolyline(piece);
            piece.clear();
        };
        frame.walk(
            data, columns, [&](QPointF point) { piece.append(point); }, draw_piece);
        draw_piece();
    }
    // Drawn once and copied: a plot of many runs has tens of thousands.
    const double ratio = style_.print ? 1 : painter->device()->devicePixelRatioF();
    const double side = std::ceil(markers.shape.size() + 2 * markers.shape.pen().widthF()) + 2;
    QPixmap stamp;
    if (!style_.print) {
        stamp = QPixmap(QSizeF(side * ratio, side * ratio).toSize());
        stamp.setDevicePixelRatio(ratio);
        stamp.fill(Qt::transparent);
        QCPPainter onto(&stamp);
        onto.setAntialiasing(true);
        markers.shape.applyTo(&onto, QPen(markers.shape.pen()));
        markers.shape.drawShape(&onto, QPointF(side / 2, side / 2));
    }
    const auto draw_one = [&](std::size_t index) {
        if (!frame.can_be_drawn(data, index)) return;
        const QPointF point(frame.x(data.keys[index] * data.key_factor), frame.y(data.values[index]));
        if (!frame.area.adjusted(-side, -side, side, side).contains(point)) return;
        if (index < bars.size() && std::isfinite(bars[index]) && bars[index] > 0) {
            painter->setPen(markers.shape.pen());
            painter->drawLine(QPointF(point.x(), frame.y(data.values[index] - bars[index])),
                              QPointF(point.x(), frame.y(data.values[index] + bars[index])));
        }
        if (style_.print) {
            markers.shape.applyTo(painter, markers.shape.pen());
            markers.shape.drawShape(painter, point);
        } else {
            painter->drawPixmap(point - QPointF(side / 2, side / 2), stamp);
        }
    };
    // Of markers that would cover each other one is drawn.
    double last = -1e9;
    for (const DecimatedColumn& column : columns) {
        const double x = frame.x(data.keys[column.first] * data.key_factor);
        if (x - last < 0.7 * markers.shape.size() && column.last + 1 < data.values.size()) continue;
        last = x;
        draw_one(column.first);
    }
}

}  // namespace wavlab
