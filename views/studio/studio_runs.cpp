// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/studio_runs.h"

#include <memory>

#include <QJsonDocument>

namespace wavlab {

void set_panel_state(FigurePanel& panel, const PlotDescriptor& plot, QJsonObject state) {
    panel.step.reset();
    if (state.contains(QLatin1String("step"))) panel.step = std::int64_t(state.take(QLatin1String("step")).toDouble());
    const std::unique_ptr<Plot> fresh(plot.make(nullptr));
    const QJsonObject usual = fresh->state();
    for (const QString& key : state.keys())
        if (usual.contains(key) && usual.value(key) == state.value(key)) state.remove(key);
    panel.state = QJsonDocument(state).toJson(QJsonDocument::Compact).toStdString();
}

FigurePanel panel_of(const PlotDescriptor& plot, const QJsonObject& state, std::vector<std::string> runs) {
    FigurePanel panel;
    panel.kind = plot.id;
    panel.runs = std::move(runs);
    set_panel_state(panel, plot, state);
    return panel;
}

QJsonObject plot_state(const FigurePanel& panel) {
    QJsonObject state = QJsonDocument::fromJson(QByteArray::fromStdString(panel.state)).object();
    if (panel.step) state[QLatin1String("step")] = double(*panel.step);
    return state;
}

}  // namespace wavlab
