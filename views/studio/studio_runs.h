// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <QJsonObject>
#include <QStringList>

#include "core/figure_file.h"
#include "views/figure_page.h"

namespace wavlab {

/// What the figure studio is told of runs. It knows neither folders nor stores.
struct StudioRuns {
    /// What a figure shows. Throws InputError.
    std::function<PageContent(const FigureFile& figure)> page_of;
    /// Begins to read the figure's runs that `page_of` would have to read, and returns how many these are:
    /// `FigureStudio::runs_read` follows for each. May be empty: then `page_of` reads. Throws InputError.
    std::function<std::size_t(const FigureFile& figure)> read = {};
    /// The names that a panel can have, sorted.
    std::function<QStringList()> names;
    /// Of the runs that the window draws, those that a panel with this plot in this state shows.
    std::function<std::vector<std::string>(const PlotDescriptor& plot, const QJsonObject& state)> shown;
};

/// What a plot shows, as a panel: of its state only what is not the plot's default, the step apart.
FigurePanel panel_of(const PlotDescriptor& plot, const QJsonObject& state, std::vector<std::string> runs);
/// Takes over what a plot shows.
void set_panel_state(FigurePanel& panel, const PlotDescriptor& plot, QJsonObject state);
/// The other way: the state of a plot that shows what the panel says.
QJsonObject plot_state(const FigurePanel& panel);

}  // namespace wavlab
