// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QByteArray>
#include <QJsonObject>

#include "views/figure_page.h"
#include "views/plots/plot.h"

namespace wavlab {

/// How a figure of one plot is made.
struct FigureOptions : FigureLook {
    std::optional<std::int64_t> step;  ///< of the frame; unset: the newest, or the state's
    QJsonObject state;                 ///< of Plot::state(): quantity, scale, zoom; empty: the defaults
};

/// What a figure of one plot shows.
struct FigureContent {
    const PlotDescriptor* plot = nullptr;
    std::vector<DrawnRun> runs;
};

/// The page with this one plot.
PageContent page_of(const FigureContent& content, const FigureOptions& options);

struct FigureResult {
    std::filesystem::path file;
    double width_inches = 0;
    double height_inches = 0;
    std::string font;                  ///< the family that is embedded
    std::optional<std::int64_t> step;  ///< of the frame that the first panel draws; unset for plots over time
    std::vector<std::string> notes;    ///< sentences for the user: a substituted font, a frame of an earlier step
};

enum class FigureFormat {
    pdf,   ///< vectors, fonts embedded
    svg,   ///< vectors, text as text or as paths
    png,   ///< with the look's dots per inch
    tikz,  ///< .tex: pgfplots with the numbers inside
    csv    ///< the numbers that are drawn
};

/// By the target's extension. Throws InputError that names what is allowed.
FigureFormat figure_format(const std::filesystem::path& target);

/// The sizes that the export menu offers, in inches.
inline constexpr double figure_widths[] = {5.5, 3.25, 6.75};

/// Of the runs that are drawn in a window, those that a figure of this plot shows in this state.
std::vector<DrawnRun> runs_of_figure(const PlotDescriptor& plot, const std::vector<DrawnRun>& drawn,
                                     const QJsonObject& state);

/// Draws the figure and writes it to each of these files, each complete or not at all. The same content gives the same
/// bytes when main has fixed Qt's hash seed. Needs a QApplication (offscreen will do) and its thread. Throws InputError
/// (a plot that has nothing to draw, several runs where one is shown, a bad width, extension or target) and WorkError.
std::vector<FigureResult> export_page(const PageContent& page, const std::vector<std::filesystem::path>& targets);
FigureResult export_figure(const FigureContent& content, const FigureOptions& options,
                           const std::filesystem::path& target);

/// The same, as the bytes of such a file (for the clipboard and tests); `result.file` stays empty.
QByteArray render_page(const PageContent& page, FigureFormat format, FigureResult& result);
QByteArray render_figure(const FigureContent& content, const FigureOptions& options, FigureFormat format,
                         FigureResult& result);

/// The plot with this id. Throws InputError that names the kinds of figures.
const PlotDescriptor& find_plot(const std::string& kind);

/// `wavlab figure`: the plot with the id `kind`, of these runs in this order. Throws as export_figure does, and
/// InputError that names the kinds when there is no such plot.
FigureResult make_figure(const std::string& kind, const std::vector<std::shared_ptr<RunRecord>>& runs,
                         const FigureOptions& options, const std::filesystem::path& target);

}  // namespace wavlab
