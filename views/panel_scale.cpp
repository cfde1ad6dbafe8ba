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

int PanelScale::height(const PlotStyle& style) {
    return int(std::ceil(3 * QFontMetricsF(style.tick_font).height() + style.px(7)));
}

void PanelScale::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(false); }

void PanelScale::draw(QCPPainter* painter) {
    if (title_.isEmpty()) return;
    const QRectF area = axes_->rect();
    const QFontMetricsF metrics(style_.tick_font);
    painter->setFont(style_.tick_font);
    double top = area.top() - height(style_) + style_.px(2);
    painter->setPen(style_.ink);
    const QString& title = metrics.horizontalAdvance(title_) <= area.width() ? title_ : short_title_;
    painter->drawText(QPointF(area.left(), top + metrics.ascent()),
                      metrics.elidedText(title, Qt::ElideRight, area.width()));
    top += metrics.height();
    painter->setPen(style_.muted_ink);
    painter->drawText(QPointF(area.left(), top + metrics.ascent()),
                      metrics.elidedText(note_, Qt::ElideRight, area.width()));
    top += metrics.height();
    draw_ramp(painter, QRectF(area.left(), top, area.width(), metrics.height()));
}

void PanelScale::draw_ramp(QCPPainter* painter, const QRectF& area) const {
    const QFontMetricsF metrics(style_.tick_font);
    const double gap = style_.px(3);
    const double left = metrics.horizontalAdvance(low_), right = metrics.horizontalAdvance(high_);
    const double width = std::min(area.width() - left - right - 2 * gap, style_.px(160));
    painter->setPen(style_.ink);
    painter->drawText(QPointF(area.left(), area.top() + metrics.ascent()), low_);
    if (width < style_.px(6)) return;
    const double thickness = style_.px(7);
    const QRectF ramp(area.left() + left + gap, area.top() + (area.height() - thickness) / 2, width, thickness);
    painter->drawText(QPointF(ramp.right() + gap, area.top() + metrics.ascent()), high_);
    // They overlap, so that no viewer lets the ground shine through between them.
    for (int i = 0; i < shades; ++i) {
        const double begin = ramp.left() + ramp.width() * i / shades;
        painter->fillRect(QRectF(begin, ramp.top(), ramp.right() - begin, ramp.height()),
                          QColor(color_at(scale_.map, (i + 0.5) / shades)));
    }
}

}  // namespace wavlab
