// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QColor>
#include <QFont>
#include <QPen>
#include <QString>
#include <QStringList>
#include <QVector>

#include "core/source.h"
#include "views/color_map.h"

class QPalette;

namespace wavlab {

struct FigureLook;

/// Colours of runs and sources. The first two can be told apart by colour-blind readers; grey is for print without
/// colours, where dashes and markers tell runs apart.
enum class PlotPalette { okabe_ito, tol_bright, grey };

/// Colours, fonts and line widths of a plot. Lengths are in canvas units: pixels on the screen, 1/720 inch in print,
/// where rounding to whole units and the screen's own resolution then do not matter.
struct PlotStyle {
    static constexpr int print_units_per_inch = 720;

    bool print = false;
    bool dark = false;
    double unit = 1;   ///< canvas units of 1/96 inch
    QColor ground;     ///< behind everything
    QColor ink;        ///< text and frames
    QColor muted_ink;  ///< secondary text, reference lines
    QColor grid;
    QFont font;  ///< axis titles, legends
    QFont tick_font;
    double frame_width = 1;
    double line_width = 1.5;
    double thin_line_width = 1;
    double marker_size = 6;
    PlotPalette palette = PlotPalette::okabe_ito;
    ColorMap color_map = ColorMap::viridis;  ///< of heatmaps from small to large

    /// For the window: the theme's colours, the platform's font.
    static PlotStyle screen(const QPalette& palette, const QFont& font);
    /// For a figure: white ground, lines of 0.8 to 1 pt, this font at `points` whatever the theme.
    static PlotStyle print_style(const QString& family, double points);
    /// The same with the look's size, lines and colours; `family`: the font that is installed.
    static PlotStyle print_style(const QString& family, const FigureLook& look);

    /// A length of 1/96 inches in canvas units.
    double px(double length) const { return length * unit; }
    int ipx(double length) const { return int(length * unit + 0.5); }
    /// `color` mixed with the ground; `strength` 1 is the colour itself. Stays opaque, as journals like it.
    QColor faint(const QColor& color, double strength) const;
};

/// The palette's colour of a run (Okabe-Ito has eight, then again), adapted where the ground would swallow it.
QColor run_color(int style_index, const PlotStyle& style);

/// The dash pattern of a run in units of the pen's width; empty for a solid line. Five patterns, so that colour and
/// pattern together tell forty runs apart.
QVector<qreal> run_dashes(int style_index);

/// The run's colour and dashes as a pen of this width.
QPen run_pen(int style_index, const PlotStyle& style, double width);

/// The one table of source colours: embedding grey, summaries blue, partial light blue, phase orange, split green.
QColor source_color(SourceKind kind, const PlotStyle& style);

/// Routers before attention, before the MLP, and before the final norm.
enum class RouterKind { attention, mlp, final_norm };
RouterKind router_kind(std::size_t router, std::size_t routers);
QColor router_color(RouterKind kind, const PlotStyle& style);
/// "attention", "MLP", "final norm".
QString router_kind_title(RouterKind kind);
/// "attn 1", "mlp 1", "attn 2", ..., "final".
QString router_label(std::size_t router, std::size_t routers);

/// The font families that a figure may ask for, best first.
struct FontChoice {
    QString family;                  ///< the one that is installed
    std::optional<QString> instead;  ///< the one that was wanted, when it is not
};
/// `name` is "sans" (TeX Gyre Heros), "serif" (TeX Gyre Termes) or a family's name.
FontChoice choose_font(const QString& name);

}  // namespace wavlab
