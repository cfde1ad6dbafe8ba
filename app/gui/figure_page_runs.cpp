// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/figure_page_runs.h"

#include <algorithm>

#include <QJsonDocument>

#include "core/run_folder.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

/// One colour for each run of the page. Panels of few runs come first: where many are drawn, colours are of groups.
void give_colours(std::vector<PagePanel>& panels) {
    std::vector<PagePanel*> order;
    for (PagePanel& panel : panels) order.push_back(&panel);
    std::stable_sort(order.begin(), order.end(),
                     [](const PagePanel* a, const PagePanel* b) { return a->runs.size() < b->runs.size(); });
    std::map<const RunRecord*, int> indices;
    for (PagePanel* panel : order)
        for (DrawnRun& run : panel->runs)
            run.style_index = indices.emplace(run.record.get(), int(indices.size())).first->second;
}

}  // namespace

std::shared_ptr<RunRecord> FigureRuns::record(const std::filesystem::path& folder) {
    std::shared_ptr<RunRecord>& record = records_[folder];
    if (!record) record = std::make_shared<RunRecord>(folder);
    record->follow_store();
    return record;
}

PagePanel FigureRuns::panel_of(const FigurePanel& described) {
    PagePanel panel;
    panel.plot = &find_plot(described.kind);
    panel.state = QJsonDocument::fromJson(QByteArray::fromStdString(described.state)).object();
    for (const std::filesystem::path& folder : figure_runs(described.runs, folder_))
        panel.runs.push_back({record(folder), 0, panel.runs.empty()});
    if (const QString against = panel.state["against"].toString(); panel.plot->compares && !against.isEmpty()) {
        const auto other = record(find_run(against.toStdString(), folder_).path);
        panel.state["against"] = QString::fromStdString(other->name());
        const bool given =
            std::any_of(panel.runs.begin(), panel.runs.end(), [&](const DrawnRun& run) { return run.record == other; });
        if (!given) panel.runs.push_back({other, 0, false});
    }
    panel.step = described.step;
    panel.title = described.title;
    panel.x_label = described.x_label;
    panel.y_label = described.y_label;
    panel.annotations = described.annotations;
    return panel;
}

PageContent FigureRuns::page_of(const FigureFile& figure) {
    PageContent page;
    page.look = figure.look;
    for (const FigurePanel& panel : figure.panels) page.panels.push_back(panel_of(panel));
    give_colours(page.panels);
    return page;
}

}  // namespace wavlab
