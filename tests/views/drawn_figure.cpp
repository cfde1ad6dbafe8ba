// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/views/drawn_figure.h"

#include <memory>

#include <qcustomplot.h>

#include "tests/views/application.h"
#include "views/plot_style.h"

namespace wavlab {

FigureData drawn_figure(const std::string& kind, std::vector<DrawnRun> runs, const QJsonObject& state) {
    test_application();
    const std::unique_ptr<Plot> plot(PlotRegistry::find(kind)->make(nullptr));
    plot->show_controls(false);
    plot->set_style(PlotStyle::print_style(choose_font("sans").family, 8));
    plot->set_runs(std::move(runs));
    plot->set_state(state);
    return figure_data(plot->canvas(),
                       QSize(int(5.5 * PlotStyle::print_units_per_inch), int(3.4 * PlotStyle::print_units_per_inch)));
}

}  // namespace wavlab
