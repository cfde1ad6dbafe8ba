// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QByteArray>
#include <QJsonObject>

#include "views/plots/plot.h"

namespace wavlab {

/// How a figure is made. The style is print's, whatever the window's theme: white ground, no title, no controls.
struct FigureOptions {
    double width_inches = 5.5;            ///< 1 to 20; papers use 3.25, 5.5, 6.75
    std::optional<double> height_inches;  ///< unset: the plot's own ratio of the width
    std::string font = "sans";            ///< "sans", "serif", or a family's name
    double font_points = 8;               ///< at print size
    std::optional<std::int64_t> step;     ///< of the frame; unset: the newest, or the state's
    QJsonObject state;                    ///< of Plot::state(): quantity, scale, zoom; empty: the defaults
};

/// What a figure shows.
struct FigureContent {
    const PlotDescriptor* plot = nullptr;
    std::vector<DrawnRun> runs;
};

struct FigureResult {
    std::filesystem::path file;
    double width_inches = 0;
    double height_inches = 0;
    std::string font;                  ///< the family that is embedded
    std::optional<std::int64_t> step;  ///< of the frame that is drawn; unset for plots over time
    std::vector<std::string> notes;    ///< sentences for the user: a substituted font, a frame of an earlier step
};

enum class FigureFormat { pdf, svg, png };

/// By the target's extension. Throws InputError that names what is allowed.
FigureFormat figure_format(const std::filesystem::path& target);

/// "5.5in", "14cm", "140mm", "396pt" or "5.5" (inches) as inches. Throws InputError (1 to 20 inches).
double parse_figure_width(const std::string& text);

/// The sizes that the export menu offers, in inches.
inline constexpr double figure_widths[] = {5.5, 3.25, 6.75};

/// Of the runs that are drawn in a window, those that a figure of this plot shows in this state.
std::vector<DrawnRun> runs_of_figure(const PlotDescriptor& plot, const std::vector<DrawnRun>& drawn,
                                     const QJsonObject& state);

/// Draws the figure and writes it, complete or not at all. PDF and SVG are vectors with their text as text; PNG has
/// 300 dots per inch. The same content gives the same bytes when main has fixed Qt's hash seed. Needs a QApplication
/// (offscreen will do) and its thread. Throws InputError (a plot that has nothing to draw, several runs where one is
/// shown, a bad width, extension or target) and WorkError.
FigureResult export_figure(const FigureContent& content, const FigureOptions& options,
                           const std::filesystem::path& target);

/// The same, as the bytes of such a file (for the clipboard and tests); `result.file` stays empty.
QByteArray render_figure(const FigureContent& content, const FigureOptions& options, FigureFormat format,
                         FigureResult& result);

/// `wavlab figure`: the plot with the id `kind`, of these runs in this order. Throws as export_figure does, and
/// InputError that names the kinds when there is no such plot.
FigureResult make_figure(const std::string& kind, const std::vector<std::shared_ptr<RunRecord>>& runs,
                         const FigureOptions& options, const std::filesystem::path& target);

}  // namespace wavlab
