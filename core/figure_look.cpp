// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/figure_look.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/number_text.h"
#include "core/translatable.h"

namespace wavlab {
namespace {

constexpr double narrowest = 1, widest = 20;  // inches

void check_range(const char* what, double value, double least, double most, const char* unit) {
    if (!(value >= least && value <= most))
        throw InputError(fmt::format("the {} of a figure is {}{}; allowed are {} to {}", what, number_text(value), unit,
                                     number_text(least), number_text(most)));
}

void check_word(const char* what, const std::string& word, const std::vector<std::string>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
        throw InputError(
            fmt::format("'{}' is no {} of a figure; allowed are {}", word, what, fmt::join(allowed, ", ")));
}

}  // namespace

const std::vector<FigureVenue>& figure_venues() {
    // Widths of text or column from the venues' style files and author guides; sizes within what they ask for.
    static const std::vector<FigureVenue> venues = {
        {"free", WAVLAB_TEXT("Free"), 5.5, "sans", 8},
        {"neurips", WAVLAB_TEXT("NeurIPS (text, 5.5 in)"), 5.5, "serif", 8},
        {"icml", WAVLAB_TEXT("ICML (column, 3.25 in)"), 3.25, "serif", 8},
        {"icml-wide", WAVLAB_TEXT("ICML (page, 6.75 in)"), 6.75, "serif", 8},
        {"acl", WAVLAB_TEXT("ACL (column, 3.03 in)"), 3.03, "serif", 8},
        {"acl-wide", WAVLAB_TEXT("ACL (page, 6.3 in)"), 6.3, "serif", 8},
        {"ieee", WAVLAB_TEXT("IEEE (column, 3.5 in)"), 3.5, "serif", 8},
        {"ieee-wide", WAVLAB_TEXT("IEEE (page, 7.16 in)"), 7.16, "serif", 8},
        {"nature", WAVLAB_TEXT("Nature (column, 89 mm)"), 89 / 25.4, "sans", 7},
        {"nature-wide", WAVLAB_TEXT("Nature (page, 183 mm)"), 183 / 25.4, "sans", 7},
    };
    return venues;
}

FigureLook figure_look_of(const std::string& venue) {
    std::vector<std::string> ids;
    for (const FigureVenue& one : figure_venues()) {
        if (venue == one.id) {
            FigureLook look;
            look.venue = venue;
            look.width_inches = one.width_inches;
            look.font = one.font;
            look.font_points = one.font_points;
            return look;
        }
        ids.emplace_back(one.id);
    }
    check_word("venue", venue, ids);
    return {};
}

const std::vector<std::string>& figure_palettes() {
    static const std::vector<std::string> palettes = {"okabe-ito", "tol-bright", "grey"};
    return palettes;
}

const std::vector<std::string>& figure_color_maps() {
    static const std::vector<std::string> maps = {"viridis", "cividis", "magma"};
    return maps;
}

const char* to_string(FigureLegend legend) {
    switch (legend) {
        case FigureLegend::shared:
            return "shared";
        case FigureLegend::panels:
            return "panels";
        case FigureLegend::none:
            break;
    }
    return "none";
}

double parse_figure_width(const std::string& text) {
    const auto fail = [&]() -> double {
        throw InputError("'" + text +
                         "' is no width of a figure; allowed are 1 to 20 inches, such as 5.5in, 14cm or 396pt");
    };
    const std::size_t digits = text.find_first_not_of("0123456789.");
    const std::string unit = digits == std::string::npos ? "in" : text.substr(digits);
    const std::optional<double> number = parse_number(text.substr(0, digits));
    if (!number) return fail();
    const double per_inch = unit == "in" ? 1 : unit == "cm" ? 2.54 : unit == "mm" ? 25.4 : unit == "pt" ? 72 : 0;
    if (per_inch == 0) return fail();
    const double inches = *number / per_inch;
    return inches >= narrowest && inches <= widest ? inches : fail();
}

void check_figure_look(const FigureLook& look) {
    figure_look_of(look.venue);
    check_range("width", look.width_inches, narrowest, widest, " inches");
    if (look.height_inches) check_range("height", *look.height_inches, narrowest, widest, " inches");
    check_range("font size", look.font_points, 5, 24, " pt");
    check_range("line width", look.line_points, 0.25, 4, " pt");
    check_range("number of columns", look.columns, 0, 6, "");
    check_range("resolution", look.dots_per_inch, 72, 1200, " dots per inch");
    check_word("palette", look.palette, figure_palettes());
    check_word("colour map", look.color_map, figure_color_maps());
}

}  // namespace wavlab
