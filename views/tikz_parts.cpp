// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/tikz_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/number_text.h"
#include "core/table_format.h"
#include "views/figure_tikz.h"
#include "views/symmetric_log.h"

namespace wavlab {

namespace {

/// Further from an axis than so many times its length nothing can be told.
constexpr double far = 20;

struct Symbol {
    std::uint32_t code;
    const char* latex;
};

constexpr Symbol symbols[] = {
    {0x00A0, "~"},
    {0x00AC, "$\\neg$"},
    {0x00B0, "$^\\circ$"},
    {0x00B1, "$\\pm$"},
    {0x00B2, "$^2$"},
    {0x00B3, "$^3$"},
    {0x00B5, "$\\mu$"},
    {0x00B7, "$\\cdot$"},
    {0x00B9, "$^1$"},
    {0x00D7, "$\\times$"},
    {0x00F7, "$\\div$"},
    {0x0393, "$\\Gamma$"},
    {0x0394, "$\\Delta$"},
    {0x0398, "$\\Theta$"},
    {0x039B, "$\\Lambda$"},
    {0x03A0, "$\\Pi$"},
    {0x03A3, "$\\Sigma$"},
    {0x03A6, "$\\Phi$"},
    {0x03A8, "$\\Psi$"},
    {0x03A9, "$\\Omega$"},
    {0x03B1, "$\\alpha$"},
    {0x03B2, "$\\beta$"},
    {0x03B3, "$\\gamma$"},
    {0x03B4, "$\\delta$"},
    {0x03B5, "$\\varepsilon$"},
    {0x03B6, "$\\zeta$"},
    {0x03B7, "$\\eta$"},
    {0x03B8, "$\\theta$"},
    {0x03BA, "$\\kappa$"},
    {0x03BB, "$\\lambda$"},
    {0x03BC, "$\\mu$"},
    {0x03BD, "$\\nu$"},
    {0x03BE, "$\\xi$"},
    {0x03C0, "$\\pi$"},
    {0x03C1, "$\\rho$"},
    {0x03C3, "$\\sigma$"},
    {0x03C4, "$\\tau$"},
    {0x03C6, "$\\varphi$"},
    {0x03C7, "$\\chi$"},
    {0x03C8, "$\\psi$"},
    {0x03C9, "$\\omega$"},
    {0x2009, "\\,"},
    {0x200A, "\\,"},
    {0x2013, "--"},
    {0x2014, "---"},
    {0x2016, "$\\|$"},
    {0x2018, "`"},
    {0x2019, "'"},
    {0x201C, "``"},
    {0x201D, "''"},
    {0x2022, "$\\bullet$"},
    {0x2026, "\\ldots{}"},
    {0x202F, "\\,"},
    {0x2032, "$'$"},
    {0x2070, "$^0$"},
    {0x2074, "$^4$"},
    {0x2075, "$^5$"},
    {0x2076, "$^6$"},
    {0x2077, "$^7$"},
    {0x2078, "$^8$"},
    {0x2079, "$^9$"},
    {0x207A, "$^+$"},
    {0x207B, "$^-$"},
    {0x2080, "$_0$"},
    {0x2081, "$_1$"},
    {0x2082, "$_2$"},
    {0x2083, "$_3$"},
    {0x2084, "$_4$"},
    {0x2190, "$\\leftarrow$"},
    {0x2192, "$\\rightarrow$"},
    {0x2202, "$\\partial$"},
    {0x2211, "$\\sum$"},
    {0x2212, "$-$"},
    {0x221A, "$\\surd$"},
    {0x221E, "$\\infty$"},
    {0x2225, "$\\|$"},
    {0x2248, "$\\approx$"},
    {0x2260, "$\\neq$"},
    {0x2264, "$\\le$"},
    {0x2265, "$\\ge$"},
    {0x22C5, "$\\cdot$"},
    {0x2423, "\\textvisiblespace{}"},
};

/// The character that begins here, and how many bytes it has; zero where there is none.
std::pair<std::uint32_t, std::size_t> character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return std::uint32_t(static_cast<unsigned char>(text[i])); };
    const std::uint32_t first = byte(0);
    const std::size_t size = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size == 0 || size > text.size()) return {0, 1};
    std::uint32_t code = size == 1 ? first : first & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) code = (code << 6) | (byte(i) & 0x3Fu);
    return {code, size};
}

std::string hexadecimal(std::uint32_t value) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    for (; value > 0 || text.empty(); value /= 16) text.insert(text.begin(), digits[value % 16]);
    return text;
}

std::string of_six_digits(const QColor& color) {
    const std::string text = hexadecimal(color.rgb() & 0xFFFFFFu);
    return std::string(6 - text.size(), '0') + text;
}

std::string map_name(ColorMap map) { return "wavlab" + std::to_string(int(map)); }

}  // namespace

std::string tikz_text(const std::string& text) {
    const std::string escaped = latex_text(text);
    std::string result;
    for (std::size_t i = 0; i < escaped.size();) {
        const auto [code, size] = character(std::string_view(escaped).substr(i));
        const auto* symbol = std::find_if(std::begin(symbols), std::end(symbols),
                                          [code = code](const Symbol& one) { return one.code == code; });
        // pdfLaTeX knows the letters of Latin script; of others only engines that read Unicode have any.
        const bool known = code < 0x80 || (code >= 0xC0 && code < 0x180);
        if (symbol != std::end(symbols))
            result += symbol->latex;
        else if (known && code > 0)
            result += escaped.substr(i, size);
        else
            result += "\\wavlabchar{" + hexadecimal(code > 0 ? code : 0xFFFD) + "}";
        i += size;
    }
    return result;
}

std::string tikz_number(double value) { return std::isfinite(value) ? number_text(value, 7) : "nan"; }
std::string tikz_inches(double length) { return number_text(std::round(length * 1e4) / 1e4) + "in"; }
std::string tikz_points(double length) { return number_text(std::round(length * 1e3) / 1e3) + "bp"; }

double tikz_text_width(const std::string& text, double font_size) {
    double characters = 0;
    for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return 0.5 * font_size * characters;
}

std::string tikz_fitting(const std::string& text, double width, double font_size) {
    if (tikz_text_width(text, font_size) <= width) return text;
    std::vector<std::string> letters;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = character(std::string_view(text).substr(i)).second;
        letters.push_back(text.substr(i, size));
        i += size;
    }
    const auto kept = std::max<std::ptrdiff_t>(2, std::ptrdiff_t(width / (0.5 * font_size)) - 1);
    std::string result;
    for (std::ptrdiff_t i = 0; i < std::ptrdiff_t(letters.size()); ++i) {
        if (i == (kept + 1) / 2) result += "\xE2\x80\xA6";  // an ellipsis
        if (i < (kept + 1) / 2 || i >= std::ptrdiff_t(letters.size()) - kept / 2) result += letters[std::size_t(i)];
    }
    return result;
}

std::string tikz_fit(const std::string& latex, double width) {
    return "\\wavlabfit{" + tikz_inches(width) + "}{" + latex + "}";
}

std::string tikz_tick_text(const std::string& label) {
    const bool number = !label.empty() && label.find_first_not_of("0123456789+-.ekM") == std::string::npos &&
                        label.find_first_of("0123456789") != std::string::npos;
    if (!number) return tikz_text(label);
    std::string text;
    for (const char c : label) text += c == '-' ? "$-$" : std::string(1, c);
    return text;
}

// ---- TikzPage

std::string TikzPage::at(double x, double y) const { return "(" + tikz_inches(x) + "," + tikz_inches(up(y)) + ")"; }

std::string TikzPage::color(const QColor& color) {
    if (color.rgb() == QColor(Qt::black).rgb()) return "black";
    if (color.rgb() == QColor(Qt::white).rgb()) return "white";
    const std::string digits = of_six_digits(color);
    colors_.insert(digits);
    return "wavlab" + digits;
}

std::string TikzPage::color_map(ColorMap map) {
    color_maps_.insert(map);
    return map_name(map);
}

std::string TikzPage::pen(const DrawnLine& line) {
    if (!line.color.isValid()) return "draw=none";
    std::string text = "draw=" + color(line.color);
    if (line.color.alphaF() < 1) text += ", draw opacity=" + number_text(line.color.alphaF(), 3);
    text += ", line width=" + tikz_points(line.width);
    if (line.dashes.empty()) return text;
    text += ", dash pattern=";
    for (std::size_t i = 0; i < line.dashes.size(); ++i)
        text += std::string(i > 0 ? " " : "") + (i % 2 == 0 ? "on " : "off ") + tikz_points(line.dashes[i]);
    return text;
}

std::string TikzPage::mark(const DrawnMarker& marker) {
    using Shape = DrawnMarker::Shape;
    switch (marker.shape) {
        case Shape::square:
            return "square*";
        case Shape::triangle:
        case Shape::triangle_down:
            return "triangle*";
        case Shape::diamond:
            return "diamond*";
        case Shape::cross:
            return "x";
        case Shape::plus:
            return "+";
        case Shape::star:
            return "asterisk";
        case Shape::custom: {
            std::string path;
            for (const std::vector<QPointF>& stroke : marker.strokes)
                for (std::size_t i = 0; i < stroke.size(); ++i)
                    path += std::string(i == 0 ? "\\pgfpathmoveto" : "\\pgfpathlineto") + "{\\pgfpoint{" +
                            tikz_points(stroke[i].x()) + "}{" + tikz_points(-stroke[i].y()) + "}}";
            return marks_.try_emplace(path, "wavlabmark" + std::string(marks_.size() + 1, 'i')).first->second;
        }
        default:
            return "*";
    }
}

std::string TikzPage::marks(const DrawnMarker& marker) {
    if (marker.shape == DrawnMarker::Shape::none) return "mark=none";
    std::string options = "solid";
    options += marker.color.isValid()
                   ? ", draw=" + color(marker.color) + ", line width=" + tikz_points(marker.line_width)
                   : ", draw=none";
    options += marker.fill.isValid() ? ", fill=" + color(marker.fill) : ", fill=none";
    if (marker.shape == DrawnMarker::Shape::triangle_down) options += ", rotate=180";
    return "mark=" + mark(marker) + ", mark size=" + tikz_points(marker.size / 2) + ", mark options={" + options + "}";
}

double TikzPage::small_font_points() const { return std::min(font_points_, std::max(7.0, font_points_ - 1)); }

namespace {

std::string font_of(double points) {
    return "font=\\fontsize{" + number_text(points, 4) + "}{" + number_text(points * 1.2, 4) + "}\\selectfont";
}

}  // namespace

std::string TikzPage::font() const { return font_of(font_points_); }
std::string TikzPage::small_font() const { return font_of(small_font_points()); }

std::string TikzPage::declarations() const {
    std::string text;
    for (const std::string& digits : colors_) text += "\\definecolor{wavlab" + digits + "}{HTML}{" + digits + "}\n";
    for (const ColorMap map : color_maps_) {
        text += "\\pgfplotsset{colormap={" + map_name(map) + "}{";
        constexpr int samples = 33;
        for (int i = 0; i < samples; ++i) {
            const QRgb color = color_at(map, double(i) / (samples - 1));
            text += (i % 6 == 0 ? "\n  " : " ") + std::string("rgb255=(") + std::to_string(qRed(color)) + "," +
                    std::to_string(qGreen(color)) + "," + std::to_string(qBlue(color)) + ")";
        }
        text += "}}\n";
    }
    for (const auto& [path, name] : marks_)
        text += "\\pgfdeclareplotmark{" + name + "}{" + path + "\\pgfusepathqstroke}\n";
    return text;
}

// ---- TikzCoordinates

TikzCoordinates::TikzCoordinates(const DrawnAxis& axis)
    : axis_(axis), low_(transformed(axis.low)), high_(transformed(axis.high)) {}

double TikzCoordinates::transformed(double value) const {
    return axis_.symmetric > 0 ? SymmetricLog{axis_.symmetric}.to(value) : value;
}

double TikzCoordinates::operator()(double value) const {
    if (std::isnan(value)) return value;
    if (axis_.logarithmic) {
        const double ratio = std::pow(high_ / low_, far);
        return std::clamp(value, std::max(low_ / ratio, 1e-300), std::min(high_ * ratio, 1e300));
    }
    const double size = high_ - low_;
    return std::clamp(transformed(value), low_ - far * size, high_ + far * size);
}

double TikzCoordinates::share(double value) const {
    const double at = axis_.logarithmic ? std::log(value / low_) / std::log(high_ / low_)
                                        : (transformed(value) - low_) / (high_ - low_);
    return axis_.reversed ? 1 - at : at;
}

}  // namespace wavlab
