// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/figure_page_runs.h"

#include <algorithm>

#include <QJsonDocument>

#include "core/run_folder.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

QJsonObject state_of(const FigurePanel& panel) {
    return QJsonDocument::fromJson(QByteArray::fromStdString(panel.state)).object();
}

/// The run that the panel's are compared with, as the file names it; empty where there is none.
std::string compared_with(const FigurePanel& panel) {
    return find_plot(panel.kind).compares ? state_of(panel)["against"].toString().toStdString() : std::string();
}

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

std::vector<std::filesystem::path> FigureRuns::unread(const FigureFile& figure) const {
    std::vector<std::filesystem::path> unread;
    for (const FigurePanel& panel : figure.panels) {
        std::vector<std::filesystem::path> folders = figure_runs(panel.runs, folder_);
        if (const std::string other = compared_with(panel); !other.empty())
            folders.push_back(find_run(other, folder_).path);
        for (const std::filesystem::path& folder : folders)
            if (!records_.contains(folder) && !(held_ && held_(folder)) &&
                std::find(unread.begin(), unread.end(), folder) == unread.end())
                unread.push_back(folder);
    }
    return unread;
}

void FigureRuns::add(const std::filesystem::path& folder, std::shared_ptr<RunRecord> record) {
    if (!record) record = std::make_shared<RunRecord>(folder);
    records_.emplace(folder, std::move(record));
}

std::shared_ptr<RunRecord> FigureRuns::record(const std::filesystem::path& folder) {
    std::shared_ptr<RunRecord>& record = records_[folder];
    // Who holds it follows it; it stays when it is let go there.
    if (const std::shared_ptr<RunRecord> held = held_ ? held_(folder) : nullptr) return record = held;
    if (!record) record = std::make_shared<RunRecord>(folder);
    record->follow_store();
    return record;
}

PagePanel FigureRuns::panel_of(const FigurePanel& described) {
    PagePanel panel;
    panel.plot = &find_plot(described.kind);
    panel.state = state_of(described);
    for (const std::filesystem::path& folder : figure_runs(described.runs, folder_))
        panel.runs.push_back({record(folder), 0, panel.runs.empty()});
    if (const std::string against = compared_with(described); !against.empty()) {
        const auto other = record(find_run(against, folder_).path);
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
