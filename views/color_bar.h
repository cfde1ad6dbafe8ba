// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <qcustomplot.h>

#include "views/color_map.h"
#include "views/plot_style.h"

namespace wavlab {

class Heatmap;

/// What the colours of a heatmap stand for: from `low` to `high`, or around zero.
struct ColorScale {
    ColorMap map = ColorMap::viridis;
    double low = 0;
    double high = 1;
    bool logarithmic = false;

    /// From zero to `end`, or from `-end` to `end` in the diverging colours.
    static ColorScale to(double end, bool diverging, ColorMap sequential);
};

/// The largest finite magnitude; zero without any.
double largest_magnitude(const std::vector<double>& values);

/// A ramp of the colours of a heatmap with their values and unit, to the right of its axes.
class ColorBar {
public:
    ColorBar(QCustomPlot& plot, QCPAxisRect& beside);

    /// From the top of these axes to the bottom of those, where several are laid out in the place of one.
    void set_beside(QCPAxisRect& upper, QCPAxisRect& lower);
    /// `style_axes`: what the plot does to its own axes.
    void set_style(const PlotStyle& style, const std::function<void(QCPAxisRect&)>& style_axes);
    void set_scale(const ColorScale& scale, const QString& label);
    /// Takes no room while it is hidden.
    void set_visible(bool visible);
    const ColorScale& scale() const { return scale_; }

private:
    QCPAxisRect* axes_;
    QCPMarginGroup* margins_;
    QCPAxisRect* upper_ = nullptr;
    QCPAxisRect* lower_ = nullptr;
    Heatmap* ramp_;
    ColorScale scale_;
    PlotStyle style_;
};

/// A small picture of a colour map, for buttons.
QImage color_map_picture(ColorMap map, QSize size);

}  // namespace wavlab
