// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/color_bar.h"

#include <algorithm>
#include <cmath>

#include "views/axis_tickers.h"
#include "views/heatmap.h"

namespace wavlab {

namespace {

constexpr std::size_t shades = 128;

}  // namespace

ColorScale ColorScale::to(double end, bool diverging, ColorMap sequential) {
    if (!(end > 0)) end = 1;
    return {diverging ? ColorMap::diverging : sequential, diverging ? -end : 0, end, false};
}

double largest_magnitude(const std::vector<double>& values) {
    double largest = 0;
    for (const double value : values)
        if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    return largest;
}

ColorBar::ColorBar(QCustomPlot& plot, QCPAxisRect& beside) : axes_(new QCPAxisRect(&plot, false)) {
    QCPAxis* keys = axes_->addAxis(QCPAxis::atBottom);
    QCPAxis* values = axes_->addAxis(QCPAxis::atRight);
    QCPAxis* shade = axes_->addAxis(QCPAxis::atLeft);
    keys->setVisible(false);
    keys->setRange(-0.5, 0.5);
    shade->setVisible(false);
    shade->setRange(-0.5, shades - 0.5);
    values->setVisible(true);
    ramp_ = new Heatmap(keys, shade);
    ramp_->set_gaps(false);
    ramp_->set_is_ramp(true);
    plot.plotLayout()->addElement(1, 1, axes_);
    plot.plotLayout()->setColumnStretchFactor(1, 0.0001);
    margins_ = new QCPMarginGroup(&plot);
    axes_->setMarginGroup(QCP::msTop | QCP::msBottom, margins_);
    set_beside(beside, beside);
    axes_->setRangeDrag({});
    axes_->setRangeZoom({});
}

void ColorBar::set_beside(QCPAxisRect& upper, QCPAxisRect& lower) {
    if (upper_) upper_->setMarginGroup(QCP::msTop, nullptr);
    if (lower_) lower_->setMarginGroup(QCP::msBottom, nullptr);
    upper_ = &upper;
    lower_ = &lower;
    upper.setMarginGroup(QCP::msTop, margins_);
    lower.setMarginGroup(QCP::msBottom, margins_);
}

void ColorBar::set_style(const PlotStyle& style, const std::function<void(QCPAxisRect&)>& style_axes) {
    style_ = style;
    ramp_->set_style(style);
    style_axes(*axes_);
    for (QCPAxis* axis : axes_->axes()) axis->grid()->setVisible(false);
    set_visible(axes_->visible());
}

void ColorBar::set_visible(bool visible) {
    axes_->setVisible(visible);
    ramp_->setVisible(visible);
    axes_->axis(QCPAxis::atRight)->setVisible(visible);
    const int width = visible ? style_.ipx(10) : 0;
    axes_->setAutoMargins(visible ? QCP::msAll : QCP::MarginSides(QCP::msTop | QCP::msBottom));
    if (!visible) axes_->setMargins({});
    axes_->setMinimumMargins(visible ? QMargins(0, 0, style_.ipx(4), 0) : QMargins());
    axes_->setSizeConstraintRect(QCPLayoutElement::scrInnerRect);
    axes_->setMinimumSize(width, 10);
    axes_->setMaximumSize(width, QWIDGETSIZE_MAX);
}

void ColorBar::set_scale(const ColorScale& scale, const QString& label) {
    scale_ = scale;
    std::vector<double> values(shades);
    for (std::size_t i = 0; i < shades; ++i) {
        const double share = (double(i) + 0.5) / shades;
        values[i] = scale.logarithmic ? scale.low * std::pow(scale.high / scale.low, share)
                                      : scale.low + (scale.high - scale.low) * share;
    }
    ramp_->set_cells(shades, 1, std::move(values));
    ramp_->set_scale(scale.map, scale.low, scale.high, scale.logarithmic);
    QCPAxis* axis = axes_->axis(QCPAxis::atRight);
    axis->setScaleType(scale.logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis->setTicker(QSharedPointer<QCPAxisTicker>(scale.logarithmic ? new LogTicker : new QCPAxisTicker));
    axis->setRange(scale.low, scale.high);
    axis->setLabel(label);
    axis->setNumberFormat("g");
    axis->setNumberPrecision(3);
}

QImage color_map_picture(ColorMap map, QSize size) {
    QImage picture(size, QImage::Format_RGB32);
    for (int x = 0; x < size.width(); ++x)
        for (int y = 0; y < size.height(); ++y)
            picture.setPixel(x, y, color_at(map, double(x) / std::max(1, size.width() - 1)));
    return picture;
}

}  // namespace wavlab
