// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/panel_scale.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

constexpr int shades = 96;

}  // namespace

PanelScale::PanelScale(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "axes"), axes_(axes) {}

void PanelScale::set_text(const QString& title, const QString& short_title, const QString& note) {
    title_ = title;
    short_title_ = short_title;
    note_ = note;
}

void PanelScale::set_scale(const ColorScale& scale, const QString& low, const QString& high) {
    scale_ = scale;
    low_ = low;
    high_ = high;
}

int PanelScale::height(const PlotStyle& style, bool compact) {
    return int(std::ceil((compact ? 2 : 3) * QFontMetricsF(style.tick_font).height() + style.px(7)));
}

void PanelScale::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(false); }

void PanelScale::draw(QCPPainter* painter) {
    if (title_.isEmpty()) return;
    const QRectF area = axes_->rect();
    const double line = QFontMetricsF(style_.tick_font).height();
    const double top = area.top() - height(style_, compact_) + style_.px(2);
    painter->setFont(style_.tick_font);
    draw_texts(painter, top);
    draw_ramp(painter, QRectF(area.left(), top + (compact_ ? 1 : 2) * line, area.width(), line));
}

void PanelScale::draw_texts(QCPPainter* painter, double top) const {
    const QRectF area = axes_->rect();
    const QFontMetricsF metrics(style_.tick_font);
    const QString short_note = note_.section(QLatin1Char(','), 0, 0);
    const auto write = [&](const QString& text, const QString& short_text, double above) {
        const QString& fitting = metrics.horizontalAdvance(text) <= area.width() ? text : short_text;
        painter->drawText(QPointF(area.left(), above + metrics.ascent()),
                          metrics.elidedText(fitting, Qt::ElideRight, area.width()));
    };
    painter->setPen(style_.ink);
    if (compact_) {
        const QString both = QStringLiteral("%1, %2");
        write(both.arg(title_, note_), both.arg(short_title_, short_note), top);
        return;
    }
    write(title_, short_title_, top);
    painter->setPen(style_.muted_ink);
    write(note_, short_note, top + metrics.height());
}

void PanelScale::draw_ramp(QCPPainter* painter, const QRectF& area) const {
    const QFontMetricsF metrics(style_.tick_font);
    const double gap = style_.px(3);
    const auto room_beside = [&](const QString& low, const QString& high) {
        return area.width() - metrics.horizontalAdvance(low) - metrics.horizontalAdvance(high) - 2 * gap;
    };
    QString low = low_, high = high_;
    if (room_beside(low, high) < style_.px(24) && low_ == QLatin1Char('-') + high_) {
        low.clear();
        high = QChar(0x00B1) + high_;  // ±
    }
    const double left = metrics.horizontalAdvance(low), width = std::min(room_beside(low, high), style_.px(160));
    if (width < style_.px(6)) return;
    painter->setPen(style_.ink);
    painter->drawText(QPointF(area.left(), area.top() + metrics.ascent()), low);
    const double thickness = style_.px(7);
    const QRectF ramp(area.left() + left + (left > 0 ? gap : 0), area.top() + (area.height() - thickness) / 2, width,
                      thickness);
    painter->drawText(QPointF(ramp.right() + gap, area.top() + metrics.ascent()), high);
    // They overlap, so that no viewer lets the ground shine through between them.
    for (int i = 0; i < shades; ++i) {
        const double begin = ramp.left() + ramp.width() * i / shades;
        painter->fillRect(QRectF(begin, ramp.top(), ramp.right() - begin, ramp.height()),
                          QColor(color_at(scale_.map, (i + 0.5) / shades)));
    }
}

}  // namespace wavlab
