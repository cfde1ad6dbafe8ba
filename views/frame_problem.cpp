// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/frame_problem.h"

#include <QCoreApplication>

#include "views/heatmap.h"

namespace wavlab {

namespace {

bool can_be_read(const RunRecord& record, FrameKind kind, std::int64_t step) {
    switch (kind) {
        case FrameKind::routing:
            return record.routing_frame(step) != nullptr;
        case FrameKind::details:
            return record.detail_frame(step) != nullptr;
        default:
            return record.depth_frame(step) != nullptr;
    }
}

}  // namespace

QString frame_problem(const RunRecord& record, FrameKind kind, std::int64_t step) {
    // Read once more: the record knows why of the frame that it read last.
    if (can_be_read(record, kind, step)) return {};
    return QCoreApplication::translate("wavlab", "Run '%1': %2", "why a record cannot be shown")
        .arg(QString::fromStdString(record.name()), QString::fromStdString(record.frame_problem()));
}

LegendStrip::Entry unreadable_entry(const RunRecord& record, FrameKind kind, const std::vector<std::int64_t>& steps,
                                    const PlotStyle& style) {
    LegendStrip::Entry entry;
    entry.text = frame_problem(record, kind, steps.front());
    if (steps.size() > 1)
        entry.text = QCoreApplication::translate("wavlab", "%n records cannot be shown. %1", nullptr, int(steps.size()))
                         .arg(entry.text);
    entry.swatch = Heatmap::hatch_color(style);
    return entry;
}

}  // namespace wavlab
