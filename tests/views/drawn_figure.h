// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <QJsonObject>

#include "views/figure_data.h"
#include "views/plots/plot.h"

namespace wavlab {

/// What a figure of this plot would show, 5.5 by 3.4 inches large.
FigureData drawn_figure(const std::string& kind, std::vector<DrawnRun> runs, const QJsonObject& state = {});

}  // namespace wavlab
