// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plot_style.h"

#include <algorithm>
#include <array>

#include <QFontDatabase>
#include <QPalette>

#include "core/figure_look.h"

namespace wavlab {

namespace {

constexpr double units_per_point = PlotStyle::print_units_per_inch / 72.0;

QColor mix(const QColor& a, const QColor& b, double share_of_a) {
    const auto channel = [&](int x, int y) { return int(x * share_of_a + y * (1 - share_of_a) + 0.5); };
    return {channel(a.red(), b.red()), channel(a.green(), b.green()), channel(a.blue(), b.blue())};
}

}  // namespace

PlotStyle PlotStyle::screen(const QPalette& palette, const QFont& font) {
    PlotStyle style;
    style.ground = palette.color(QPalette::Base);
    style.ink = palette.color(QPalette::Text);
    style.dark = style.ground.lightness() < 128;
    style.muted_ink = mix(style.ink, style.ground, 0.62);
    style.grid = mix(style.ink, style.ground, style.dark ? 0.14 : 0.10);
    style.font = font;
    style.tick_font = font;
    if (font.pointSizeF() > 0)
        style.tick_font.setPointSizeF(std::max(6.0, font.pointSizeF() * 0.9));
    else
        style.tick_font.setPixelSize(std::max(8, int(font.pixelSize() * 0.9)));
    return style;
}

PlotStyle PlotStyle::print_style(const QString& family, double points) {
    FigureLook look;
    look.font_points = points;
    return print_style(family, look);
}

PlotStyle PlotStyle::print_style(const QString& family, const FigureLook& look) {
    const double points = look.font_points;
    PlotStyle style;
    style.print = true;
    style.unit = print_units_per_inch / 96.0;
    style.ground = Qt::white;
    style.ink = Qt::black;
    style.muted_ink = QColor(0x55, 0x55, 0x55);
    style.grid = QColor(0xe6, 0xe6, 0xe6);
    style.font = QFont(family);
    style.font.setPixelSize(int(points * units_per_point + 0.5));
    style.font.setHintingPreference(QFont::PreferNoHinting);
    style.tick_font = style.font;
    style.tick_font.setPixelSize(int(std::max(7.0, points - 1) * units_per_point + 0.5));
    style.frame_width = 0.8 * units_per_point;
    style.thin_line_width = std::min(0.8, look.line_points) * units_per_point;
    style.line_width = look.line_points * units_per_point;
    style.marker_size = 3.6 * units_per_point;
    style.palette = look.palette == "grey"         ? PlotPalette::grey
                    : look.palette == "tol-bright" ? PlotPalette::tol_bright
                                                   : PlotPalette::okabe_ito;
    style.color_map = sequential_color_map(look.color_map);
    return style;
}

QColor PlotStyle::faint(const QColor& color, double strength) const { return mix(color, ground, strength); }

namespace {

QColor okabe_ito_color(int style_index, const PlotStyle& style) {
    // Yellow comes last, since thin lines of it vanish on white.
    static const std::array<QColor, 8> colors = {
        QColor(0x00, 0x72, 0xb2), QColor(0xd5, 0x5e, 0x00), QColor(0x00, 0x9e, 0x73), QColor(0xcc, 0x79, 0xa7),
        QColor(0x56, 0xb4, 0xe9), QColor(0xe6, 0x9f, 0x00), QColor(0x00, 0x00, 0x00), QColor(0xf0, 0xe4, 0x42)};
    const int index = ((style_index % 8) + 8) % 8;
    const QColor color = colors[std::size_t(index)];
    if (index == 6) return style.ink;
    if (index == 7 && !style.dark) return color.darker(130);
    if (index == 0 && style.dark) return QColor(0x3d, 0x9b, 0xd9);
    return color;
}

}  // namespace

QColor run_color(int style_index, const PlotStyle& style) {
    // Paul Tol's "bright" (SRON/EPS/TN/09-002); greys that differ by lightness, dark first.
    static const std::array<QColor, 7> bright = {
        QColor(0x44, 0x77, 0xaa), QColor(0xee, 0x66, 0x77), QColor(0x22, 0x88, 0x33), QColor(0xcc, 0xbb, 0x44),
        QColor(0x66, 0xcc, 0xee), QColor(0xaa, 0x33, 0x77), QColor(0x70, 0x70, 0x70)};
    static const std::array<QColor, 4> greys = {QColor(0x00, 0x00, 0x00), QColor(0x60, 0x60, 0x60),
                                                QColor(0x94, 0x94, 0x94), QColor(0x3a, 0x3a, 0x3a)};
    const auto at = [&](const auto& colors) {
        const int count = int(colors.size());
        return colors[std::size_t(((style_index % count) + count) % count)];
    };
    switch (style.palette) {
        case PlotPalette::tol_bright:
            return at(bright);
        case PlotPalette::grey:
            return at(greys);
        case PlotPalette::okabe_ito:
            break;
    }
    return okabe_ito_color(style_index, style);
}

QVector<qreal> run_dashes(int style_index) {
    switch (((style_index % 5) + 5) % 5) {
        case 1:
            return {5, 2};
        case 2:
            return {8, 2, 1.5, 2};
        case 3:
            return {1.5, 1.8};
        case 4:
            return {10, 2.5, 4, 2.5};
        default:
            return {};
    }
}

QPen run_pen(int style_index, const PlotStyle& style, double width) {
    QPen pen(run_color(style_index, style), width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
    if (const QVector<qreal> dashes = run_dashes(style_index); !dashes.isEmpty()) pen.setDashPattern(dashes);
    return pen;
}

namespace {

/// Seven greys in even steps, those of one block next to each other.
QColor source_grey(SourceKind kind) {
    switch (kind) {
        case SourceKind::embedding:
            return {0xd8, 0xd8, 0xd8};
        case SourceKind::block:
            return {0x20, 0x20, 0x20};
        case SourceKind::partial:
            return {0x48, 0x48, 0x48};
        case SourceKind::phase:
            return {0x78, 0x78, 0x78};
        case SourceKind::split:
            return {0xa8, 0xa8, 0xa8};
        case SourceKind::phase_partial:
            return {0x90, 0x90, 0x90};
        case SourceKind::split_partial:
            return {0xc0, 0xc0, 0xc0};
    }
    return Qt::black;
}

}  // namespace

QColor source_color(SourceKind kind, const PlotStyle& style) {
    if (style.palette == PlotPalette::grey) return source_grey(kind);
    switch (kind) {
        case SourceKind::embedding:
            return style.dark ? QColor(0xa8, 0xa8, 0xa8) : QColor(0x80, 0x80, 0x80);
        case SourceKind::block:
            return style.dark ? QColor(0x3d, 0x9b, 0xd9) : QColor(0x00, 0x72, 0xb2);
        case SourceKind::partial:
            return QColor(0x7f, 0xc8, 0xf0);
        case SourceKind::phase:
            return QColor(0xe6, 0x8a, 0x00);
        case SourceKind::split:
            return QColor(0x00, 0x9e, 0x73);
        case SourceKind::phase_partial:
            return QColor(0xf7, 0xc7, 0x77);
        case SourceKind::split_partial:
            return QColor(0x7c, 0xd0, 0xb5);
    }
    return style.ink;
}

RouterKind router_kind(std::size_t router, std::size_t routers) {
    if (router + 1 == routers) return RouterKind::final_norm;
    return router % 2 == 0 ? RouterKind::attention : RouterKind::mlp;
}

QColor router_color(RouterKind kind, const PlotStyle& style) {
    switch (kind) {
        case RouterKind::attention:
            return style.dark ? QColor(0xd8, 0xd8, 0xd8) : QColor(0x30, 0x30, 0x30);
        case RouterKind::mlp:
            return style.dark ? QColor(0x70, 0x70, 0x70) : QColor(0xb8, 0xb8, 0xb8);
        case RouterKind::final_norm:
            return style.palette == PlotPalette::grey ? QColor(0x74, 0x74, 0x74) : QColor(0xcc, 0x79, 0xa7);
    }
    return style.ink;
}

QString router_kind_title(RouterKind kind) {
    switch (kind) {
        case RouterKind::attention:
            return QStringLiteral("attention");
        case RouterKind::mlp:
            return QStringLiteral("MLP");
        case RouterKind::final_norm:
            return QStringLiteral("final norm");
    }
    return {};
}

QString router_label(std::size_t router, std::size_t routers) {
    const QString layer = QString::number(router / 2 + 1);
    switch (router_kind(router, routers)) {
        case RouterKind::attention:
            return QStringLiteral("attn ") + layer;
        case RouterKind::mlp:
            return QStringLiteral("mlp ") + layer;
        case RouterKind::final_norm:
            return QStringLiteral("final");
    }
    return {};
}

FontChoice choose_font(const QString& name) {
    QStringList wanted;
    if (name == QLatin1String("sans"))
        wanted = {"TeX Gyre Heros", "Helvetica", "Nimbus Sans", "Liberation Sans", "Arial", "DejaVu Sans"};
    else if (name == QLatin1String("serif"))
        wanted = {"TeX Gyre Termes", "Times", "Nimbus Roman", "Liberation Serif", "Times New Roman", "DejaVu Serif"};
    else
        wanted = {name, "TeX Gyre Heros", "DejaVu Sans"};
    const QStringList families = QFontDatabase::families();
    for (const QString& family : wanted)
        if (families.contains(family))
            return {family, family == wanted.front() ? std::nullopt : std::optional(wanted.front())};
    const QString fallback = QFont().family();
    return {fallback, wanted.front()};
}

}  // namespace wavlab
