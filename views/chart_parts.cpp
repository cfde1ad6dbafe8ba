// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/chart_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QCoreApplication>

namespace wavlab {

// ---- LegendStrip

LegendStrip::LegendStrip(QCustomPlot* plot) : QCPLayoutElement(plot) { setMargins(QMargins(0, 0, 0, 0)); }

void LegendStrip::set_entries(std::vector<Entry> entries) { entries_ = std::move(entries); }

void LegendStrip::set_style(const PlotStyle& style) {
    style_ = style;
    setMargins(QMargins(style.ipx(6), style.ipx(2), style.ipx(6), 0));
}

double LegendStrip::symbol_width(const Entry& entry) const {
    if (entry.line != Qt::NoPen) return style_.px(22);
    return entry.swatch.isValid() || entry.marker.shape() != QCPScatterStyle::ssNone ? style_.px(9) : 0;
}

std::vector<LegendStrip::Place> LegendStrip::places(double width, double* height) const {
    const QFontMetricsF metrics(style_.tick_font);
    const double line_height = metrics.height() + style_.px(1);
    const double gap = style_.px(4), between = style_.px(12);
    const auto lay_out = [&](bool break_at_headings, double* total) {
        std::vector<Place> result;
        double x = 0, y = 0;
        for (const Entry& entry : entries_) {
            const double symbol = symbol_width(entry) > 0 ? symbol_width(entry) + gap : 0;
            const double room = std::max(style_.px(30), width - symbol);
            const QString text = metrics.elidedText(entry.text, Qt::ElideMiddle, room);
            const double needed = symbol + metrics.horizontalAdvance(text);
            if (x > 0 && (x + needed > width || (break_at_headings && entry.heading))) {
                if (y > line_height * (most_lines_ - 1.5)) {
                    shorten(result, metrics, width);
                    break;
                }
                x = 0;
                y += line_height;
            }
            result.push_back({QPointF(x, y), text});
            x += needed + (symbol > 0 ? between : gap * 1.5);
        }
        *total = y + line_height;
        return result;
    };
    double lines = 0;
    std::vector<Place> result = lay_out(false, &lines);
    if (lines > line_height * 1.5) result = lay_out(true, &lines);
    if (height) *height = entries_.empty() ? 0 : lines;
    return result;
}

void LegendStrip::shorten(std::vector<Place>& places, const QFontMetricsF& metrics, double width) const {
    const auto rest = [&] {
        return QCoreApplication::translate("wavlab", "and %n more", nullptr, int(entries_.size() - places.size()));
    };
    while (places.size() > 1 && places.back().corner.x() > 0 &&
           places.back().corner.x() + metrics.horizontalAdvance(rest()) > width)
        places.pop_back();
    // In the place of the last one, which is one of those left out.
    Place last = places.back();
    places.pop_back();
    last.text = rest();
    last.is_rest = true;
    places.push_back(last);
}

std::vector<LegendStrip::Shown> LegendStrip::shown() const {
    const std::vector<Place> where = places(rect().width(), nullptr);
    std::vector<Shown> shown;
    int line = 0;
    for (std::size_t i = 0; i < where.size(); ++i) {
        if (i > 0 && where[i].corner.y() > where[i - 1].corner.y()) ++line;
        Entry entry = where[i].is_rest ? Entry() : entries_[i];
        entry.text = where[i].text;
        shown.push_back({std::move(entry), line});
    }
    return shown;
}

QSize LegendStrip::minimumOuterSizeHint() const {
    if (entries_.empty()) return {0, 0};
    double height = 0;
    places(std::max(style_.px(60), double(rect().width())), &height);
    return {0, int(std::ceil(height)) + margins().top() + margins().bottom()};
}

QSize LegendStrip::maximumOuterSizeHint() const {
    return {std::numeric_limits<int>::max() / 2, minimumOuterSizeHint().height()};
}

void LegendStrip::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void LegendStrip::draw(QCPPainter* painter) {
    if (entries_.empty()) return;
    const QFontMetricsF metrics(style_.tick_font);
    const std::vector<Place> where = places(rect().width(), nullptr);
    painter->setFont(style_.tick_font);
    for (std::size_t i = 0; i < where.size(); ++i) {
        const Entry& entry = entries_[i];
        const QPointF corner = where[i].corner + rect().topLeft();
        if (where[i].is_rest) {
            painter->setPen(style_.muted_ink);
            painter->drawText(corner + QPointF(0, metrics.ascent()), where[i].text);
            break;
        }
        const double width = symbol_width(entry);
        const QPointF middle(corner.x() + width / 2, corner.y() + metrics.height() / 2);
        if (entry.swatch.isValid()) {
            const double side = style_.px(8);
            painter->setPen(Qt::NoPen);
            painter->setBrush(entry.swatch);
            painter->drawRect(QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side));
        }
        if (entry.line != Qt::NoPen) {
            painter->setPen(entry.line);
            painter->drawLine(QPointF(corner.x(), middle.y()), QPointF(corner.x() + width, middle.y()));
        }
        if (entry.marker.shape() != QCPScatterStyle::ssNone) {
            entry.marker.applyTo(painter, entry.line);
            entry.marker.drawShape(painter, middle);
        }
        painter->setPen(style_.ink);
        painter->setBrush(Qt::NoBrush);
        const double text_left = corner.x() + (width > 0 ? width + style_.px(4) : 0);
        painter->drawText(QPointF(text_left, corner.y() + metrics.ascent()), where[i].text);
    }
}

// ---- HoverBox

HoverBox::HoverBox(QCustomPlot* plot) : QCPLayerable(plot, "overlay") {}

void HoverBox::show(Content content, const QRectF& area) {
    content_ = std::move(content);
    area_ = area;
    shown_ = true;
    layer()->replot();
}

void HoverBox::clear() {
    if (!shown_) return;
    shown_ = false;
    layer()->replot();
}

QStringList HoverBox::lines() const {
    if (!shown_) return {};
    QStringList result{content_.title};
    for (const Row& row : content_.rows) result << row.cells.join('\t');
    return result;
}

void HoverBox::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void HoverBox::draw(QCPPainter* painter) {
    if (!shown_ || style_.print) return;
    if (content_.vertical_line) {
        painter->setAntialiasing(false);
        painter->setPen(QPen(style_.muted_ink, style_.px(1)));
        painter->drawLine(QPointF(content_.anchor.x(), area_.top()), QPointF(content_.anchor.x(), area_.bottom()));
        painter->setAntialiasing(true);
    }
    for (const auto& [point, color] : content_.dots) {
        painter->setPen(QPen(style_.ground, style_.px(1)));
        painter->setBrush(color);
        painter->drawEllipse(point, style_.px(3.5), style_.px(3.5));
    }
    if (!content_.frame.isEmpty()) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(style_.ground, style_.px(3)));
        painter->drawRect(content_.frame);
        painter->setPen(QPen(style_.ink, style_.px(1.5)));
        painter->drawRect(content_.frame);
    }
    draw_box(painter);
}

void HoverBox::draw_box(QCPPainter* painter) const {
    const QFontMetricsF metrics(style_.tick_font);
    QFont bold = style_.tick_font;
    bold.setBold(true);
    const QFontMetricsF bold_metrics(bold);
    const double pad = style_.px(6), gap = style_.px(10), line_height = metrics.height() + style_.px(1);
    const bool swatches =
        std::any_of(content_.rows.begin(), content_.rows.end(), [](const Row& row) { return row.color.isValid(); });
    const double swatch = swatches ? style_.px(20) : 0;
    const double longest = std::max(style_.px(140), area_.width() * 0.28);
    std::vector<double> columns;
    for (const Row& row : content_.rows)
        for (qsizetype c = 0; c < row.cells.size(); ++c) {
            if (columns.size() <= std::size_t(c)) columns.push_back(0);
            const double width = std::min(c == 0 ? longest : area_.width(), metrics.horizontalAdvance(row.cells[c]));
            columns[std::size_t(c)] = std::max(columns[std::size_t(c)], width);
        }
    double table = swatch - gap;
    for (const double width : columns) table += width + gap;
    const double width = std::max(table, bold_metrics.horizontalAdvance(content_.title)) + 2 * pad;
    const double height = line_height * double(content_.rows.size() + 1) + 2 * pad;

    const QRectF canvas = mParentPlot->viewport();
    const double distance = style_.px(14);
    double x = content_.anchor.x() + distance;
    if (x + width > canvas.right() - 2) x = content_.anchor.x() - distance - width;
    x = std::clamp(x, canvas.left() + 2, std::max(canvas.left() + 2, canvas.right() - width - 2));
    double y = content_.anchor.y() + distance;
    if (y + height > canvas.bottom() - 2) y = content_.anchor.y() - distance - height;
    y = std::clamp(y, canvas.top() + 2, std::max(canvas.top() + 2, canvas.bottom() - height - 2));

    QColor ground = style_.ground;
    ground.setAlpha(245);
    painter->setPen(QPen(style_.faint(style_.ink, 0.35), style_.px(1)));
    painter->setBrush(ground);
    painter->drawRoundedRect(QRectF(x, y, width, height), style_.px(3), style_.px(3));
    painter->setPen(style_.ink);
    painter->setFont(bold);
    painter->drawText(QPointF(x + pad, y + pad + bold_metrics.ascent()), content_.title);
    painter->setFont(style_.tick_font);
    double top = y + pad + line_height;
    for (const Row& row : content_.rows) {
        if (row.color.isValid()) {
            QPen pen(row.color, style_.px(2), row.dashes.isEmpty() ? Qt::SolidLine : Qt::CustomDashLine, Qt::FlatCap);
            if (!row.dashes.isEmpty()) pen.setDashPattern(row.dashes);
            painter->setPen(pen);
            const double middle = top + metrics.height() / 2;
            painter->drawLine(QPointF(x + pad, middle), QPointF(x + pad + style_.px(15), middle));
        }
        painter->setPen(row.muted ? style_.muted_ink : style_.ink);
        double left = x + pad + swatch;
        for (qsizetype c = 0; c < row.cells.size(); ++c) {
            const double room = columns[std::size_t(c)];
            const QString text = metrics.elidedText(row.cells[c], Qt::ElideMiddle, room + 1);
            // Names to the left, numbers to the right.
            const double shift = c == 0 ? 0 : room - metrics.horizontalAdvance(text);
            painter->drawText(QPointF(left + shift, top + metrics.ascent()), text);
            left += room + gap;
        }
        top += line_height;
    }
}

// ---- CursorLine

CursorLine::CursorLine(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "overlay"), axes_{axes} {}

void CursorLine::set_key(std::optional<double> key, bool following) {
    key_ = key;
    following_ = following;
}

std::optional<double> CursorLine::pixel(const QCPAxisRect& axes) const {
    const QCPAxis* keys = axes.axis(QCPAxis::atBottom);
    if (!key_ || !axes.realVisibility() || !keys->range().contains(*key_) || style_.print) return std::nullopt;
    return keys->coordToPixel(*key_);
}

void CursorLine::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(false); }

void CursorLine::draw(QCPPainter* painter) {
    for (const QCPAxisRect* axes : axes_) draw_on(painter, *axes);
}

void CursorLine::draw_on(QCPPainter* painter, const QCPAxisRect& axes) const {
    const std::optional<double> x = pixel(axes);
    if (!x) return;
    const QRectF area = axes.rect();
    painter->setAntialiasing(false);
    // Seen on every colour of a heatmap.
    if (!following_) {
        painter->setPen(QPen(style_.ground, style_.px(3)));
        painter->drawLine(QPointF(*x, area.top()), QPointF(*x, area.bottom()));
    }
    painter->setPen(QPen(following_ ? style_.faint(style_.ink, 0.35) : style_.ink, style_.px(1)));
    painter->drawLine(QPointF(*x, area.top()), QPointF(*x, area.bottom()));
    // A handle at the top: it can be dragged.
    const double half = style_.px(4);
    painter->setPen(Qt::NoPen);
    painter->setBrush(following_ ? style_.faint(style_.ink, 0.35) : style_.ink);
    painter->setAntialiasing(true);
    const QPointF handle[] = {{*x - half, area.top()}, {*x + half, area.top()}, {*x, area.top() + half * 1.5}};
    painter->drawPolygon(handle, 3);
}

// ---- CenteredNote

void CenteredNote::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void CenteredNote::draw(QCPPainter* painter) {
    if (text_.isEmpty()) return;
    painter->setFont(style_.font);
    painter->setPen(style_.muted_ink);
    const QRectF area =
        QRectF(mParentPlot->viewport()).adjusted(style_.px(24), style_.px(8), -style_.px(24), -style_.px(8));
    painter->drawText(area, Qt::AlignCenter | Qt::TextWordWrap, text_);
}

// ---- ReferenceLines

ReferenceLines::ReferenceLines(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "grid"), axes_(axes) {}

QRect ReferenceLines::clipRect() const { return axes_->rect(); }

void ReferenceLines::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void ReferenceLines::draw(QCPPainter* painter) {
    const QCPAxis* values = axes_->axis(QCPAxis::atLeft);
    const QFontMetricsF metrics(style_.tick_font);
    const QRectF area = axes_->rect();
    painter->setFont(style_.tick_font);
    QString last_text;
    double last_y = 0;
    for (const Line& line : lines_) {
        if (!values->range().contains(line.value)) continue;
        const double y = values->coordToPixel(line.value);
        QPen pen(style_.muted_ink, style_.thin_line_width, Qt::CustomDashLine, Qt::FlatCap);
        pen.setDashPattern({4, 3});
        painter->setPen(pen);
        painter->drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        // Floors of runs on almost the same text lie close together: one name serves them.
        const bool named = line.text == last_text && std::abs(y - last_y) < metrics.height();
        if (line.text.isEmpty() || named) continue;
        last_text = line.text;
        last_y = y;
        painter->setPen(style_.muted_ink);
        const double x = area.right() - style_.px(4) - metrics.horizontalAdvance(line.text);
        const bool below = line.text_below && y + style_.px(2) + metrics.height() <= area.bottom();
        const double baseline = below ? y + style_.px(2) + metrics.ascent() : y - style_.px(2) - metrics.descent();
        painter->drawText(QPointF(x, baseline), line.text);
    }
}

// ---- NonFiniteMarks

NonFiniteMarks::NonFiniteMarks(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "axes"), axes_(axes) {}

void NonFiniteMarks::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void NonFiniteMarks::draw(QCPPainter* painter) {
    const QCPAxis* keys = axes_->axis(QCPAxis::atBottom);
    const double half = style_.px(3.5), y = axes_->rect().top() + half + style_.px(1);
    double last = -1e9;
    for (const Mark& mark : marks_) {
        if (!keys->range().contains(mark.key)) continue;
        const double x = keys->coordToPixel(mark.key);
        if (std::abs(x - last) < 2 * half) continue;
        last = x;
        painter->setPen(QPen(mark.color, style_.line_width));
        painter->drawLine(QPointF(x - half, y - half), QPointF(x + half, y + half));
        painter->drawLine(QPointF(x - half, y + half), QPointF(x + half, y - half));
    }
}

// ---- KindStrip

KindStrip::KindStrip(QCPAxis* axis, double thickness)
    : QCPLayerable(axis->parentPlot(), "axes"), axis_(axis), thickness_(thickness) {}

void KindStrip::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(false); }

void KindStrip::draw(QCPPainter* painter) {
    const QRectF area = axis_->axisRect()->rect();
    const bool horizontal = axis_->orientation() == Qt::Horizontal;
    const double thickness = style_.px(thickness_), gap = style_.px(2);
    painter->setPen(Qt::NoPen);
    for (std::size_t i = 0; i < colors_.size(); ++i) {
        double from = axis_->coordToPixel(double(i) - 0.5), to = axis_->coordToPixel(double(i) + 0.5);
        if (from > to) std::swap(from, to);
        const double low = horizontal ? area.left() : area.top();
        const double high = horizontal ? area.right() + 1 : area.bottom() + 1;
        from = std::max(from, low);
        to = std::min(to, high);
        if (to <= from) continue;
        // A hairline between neighbours where there is room for one.
        if (to - from > style_.px(5)) to -= style_.px(1);
        painter->setBrush(colors_[i]);
        if (horizontal)
            painter->drawRect(QRectF(from, area.bottom() + gap, to - from, thickness));
        else
            painter->drawRect(QRectF(area.left() - gap - thickness, from, thickness, to - from));
    }
}

}  // namespace wavlab
