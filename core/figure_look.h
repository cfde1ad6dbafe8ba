// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace wavlab {

/// Where the panels of a figure have their legend.
enum class FigureLegend {
    shared,  ///< one above all panels, where they agree on what colours and dashes mean
    panels,  ///< each its own
    none
};

/// How a figure is made for print, whatever it shows.
struct FigureLook {
    std::string venue = "free";  ///< an id of figure_venues(); it gave width, font and size unless they are set
    double width_inches = 5.5;   ///< of the page, 1 to 20
    std::optional<double> height_inches;  ///< of the page, 1 to 20; unset: by the plots' own ratios
    std::string font = "sans";            ///< "sans", "serif", or a family's name
    double font_points = 8;               ///< 5 to 24, at print size
    double line_points = 1.1;             ///< 0.25 to 4, of curves
    std::string palette = "okabe-ito";    ///< of figure_palettes()
    std::string color_map = "viridis";    ///< of figure_color_maps(): heatmaps from small to large
    int columns = 0;                      ///< panels side by side; 0: two where there are more than one
    bool letters = true;                  ///< (a), (b), ... where there are several panels
    FigureLegend legend = FigureLegend::shared;
    int dots_per_inch = 300;     ///< of a PNG, 72 to 1200
    bool text_as_paths = false;  ///< of an SVG: looks the same without the font, but cannot be searched
};

/// What a publisher asks for, as defaults of a look.
struct FigureVenue {
    const char* id;
    const char* title;
    double width_inches;
    const char* font;
    double font_points;
};

/// "free" first.
const std::vector<FigureVenue>& figure_venues();
/// The look with the venue's width, font and size. Throws InputError that names the venues.
FigureLook figure_look_of(const std::string& venue);

/// "okabe-ito", "tol-bright", "grey".
const std::vector<std::string>& figure_palettes();
/// "viridis", "cividis", "magma".
const std::vector<std::string>& figure_color_maps();

/// "shared", "panels", "none".
const char* to_string(FigureLegend legend);

/// "5.5in", "14cm", "140mm", "396pt" or "5.5" (inches) as inches. Throws InputError (1 to 20 inches).
double parse_figure_width(const std::string& text);

/// Throws InputError: a size, palette, map or column count that is not allowed.
void check_figure_look(const FigureLook& look);

}  // namespace wavlab
