// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QCoreApplication>
#include <QJsonObject>

#include "tests/views/application.h"
#include "views/canvas_plot.h"

namespace wavlab {

using Records = std::vector<std::shared_ptr<RunRecord>>;

/// With a style of its own for each, the first one focused.
inline std::vector<DrawnRun> drawn(const Records& records) {
    std::vector<DrawnRun> runs;
    for (std::size_t i = 0; i < records.size(); ++i) runs.push_back({records[i], int(i), i == 0});
    return runs;
}

/// A plot in a shown widget, as the window has it.
inline std::unique_ptr<CanvasPlot> shown_plot(const char* id, const Records& records, QSize size = {600, 400},
                                              const QJsonObject& state = {}) {
    test_application();
    const PlotDescriptor* descriptor = PlotRegistry::find(id);
    EXPECT_NE(descriptor, nullptr) << id;
    std::unique_ptr<CanvasPlot> plot(static_cast<CanvasPlot*>(descriptor->make(nullptr)));
    plot->resize(size);
    if (!state.isEmpty()) plot->set_state(state);
    plot->set_runs(drawn(records));
    plot->show();
    QCoreApplication::processEvents();
    plot->canvas();
    return plot;
}

}  // namespace wavlab
