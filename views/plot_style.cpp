// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plot_style.h"

#include <algorithm>
#include <array>

#include <QFontDatabase>
#include <QPalette>

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
    style.thin_line_width = 0.8 * units_per_point;
    style.line_width = 1.1 * units_per_point;
    style.marker_size = 3.6 * units_per_point;
    return style;
}

QColor PlotStyle::faint(const QColor& color, double strength) const { return mix(color, ground, strength); }

QColor run_color(int style_index, const PlotStyle& style) {
    // Okabe and Ito's palette; yellow comes last, since thin lines of it vanish on white.
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

QColor source_color(SourceKind kind, const PlotStyle& style) {
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
            return QColor(0xcc, 0x79, 0xa7);
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
