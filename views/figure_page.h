// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QJsonObject>
#include <QSize>

#include "core/figure_file.h"
#include "views/plots/plot.h"

class QPaintDevice;

namespace wavlab {

struct FigureData;
struct TikzOptions;

/// One plot on a page.
struct PagePanel {
    const PlotDescriptor* plot = nullptr;
    std::vector<DrawnRun> runs;
    QJsonObject state;                 ///< of Plot::state(): quantity, scale, zoom; empty: the defaults
    std::optional<std::int64_t> step;  ///< of the frame; unset: the newest, or the state's
    std::string title;
    std::optional<std::string> x_label, y_label;
    std::vector<FigureAnnotation> annotations;
};

/// What a figure shows, and how.
struct PageContent {
    FigureLook look;
    std::vector<PagePanel> panels;
};

/// The panels of a figure in their places: row after row, in columns of one width. Legends that mean the same are one,
/// above all panels or, where only those of a row do, above the row.
/// The style is print's, whatever the window's theme. Needs a QApplication (offscreen will do) and its thread.
class FigurePage {
public:
    /// Throws InputError: no panel or run, several runs where one is shown, a look that is not allowed, a plot that has
    /// nothing to draw.
    explicit FigurePage(const PageContent& content);
    ~FigurePage();

    double width_inches() const;
    double height_inches() const;
    QSize size() const;               ///< in units of 1/720 inch
    const std::string& font() const;  ///< the family that is drawn
    /// Of the frame that a panel draws; unset for plots over time.
    std::optional<std::int64_t> step(std::size_t panel) const;
    /// The steps that a panel draws of one of its runs, as Plot::shown_steps.
    std::vector<std::int64_t> steps(std::size_t panel, const DrawnRun& run) const;
    const std::vector<std::string>& notes() const;  ///< sentences: a substituted font, a frame of an earlier step

    /// `scale`: units of the device in one of the page.
    void draw(QPaintDevice& device, double scale) const;

    /// The numbers and texts of what is drawn, a part for each panel.
    std::vector<FigureData> data() const;
    /// Where all of it stands, without provenance.
    TikzOptions tikz_options() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace wavlab
