// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of a cell of the heatmaps of routing.
#include "views/plots/routing_plot.h"

#include <cmath>

#include "views/frame_problem.h"
#include "views/translated.h"

namespace wavlab {

HoverBox::Content RoutingPlot::describe(const std::optional<RoutingCell>& first,
                                        const std::optional<RoutingCell>& second, const Source& source,
                                        std::int64_t hovered_step) const {
    const auto text = [](double value) { return QString::number(value, 'g', 4); };
    HoverBox::Content content;
    content.rows = {
        {source_color(source.kind, style()), {}, {source_label(source), translated(kind_title(source.kind))}}};
    if (!compares()) {
        content.rows.push_back(
            {QColor(), {}, {tr("weight α"), tr("%1 ± %2").arg(text(first->weight), text(first->spread))}});
        content.rows.push_back({QColor(), {}, {tr("contribution ‖α v‖"), text(first->contribution)}});
        if (!std::isnan(first->attribution))
            content.rows.push_back({QColor(), {}, {tr("attributed Δloss"), text(first->attribution)}});
        return content;
    }
    const std::optional<RoutingCell> both[] = {first, second};
    for (int side = 0; side < 2; ++side) {
        std::int64_t step = sides_[side].step.value_or(0);
        if (over_time() && side == 0) step = hovered_step;
        if (over_time() && side == 1 && comparison_.run) step = history_.step_of(1, hovered_step);
        const QString shown = both[side] ? text(quantity().value(*both[side])) : tr("none");
        content.rows.push_back(
            {QColor(), {}, {QString::fromStdString(sides_[side].record->name()), tr("step %1").arg(step), shown}});
    }
    const auto difference = value(first, second);
    content.rows.push_back(
        {QColor(), {}, {tr("difference"), QString(), difference ? text(*difference) : tr("in one run only")}});
    return content;
}

bool RoutingPlot::show_hover(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    return over_time() ? hover_history(position) : hover_frames(position);
}

bool RoutingPlot::hover_frames(const QPointF& position) {
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || row < 0 || std::size_t(row) >= grid_.rows().size()) return false;
    const int other = grid_.compares() ? 1 : 0;
    const auto here = grid_.cell(0, std::size_t(row), *column, sides_[0].frame.get());
    const auto there = compares() ? grid_.cell(other, std::size_t(row), *column, sides_[1].frame.get()) : std::nullopt;
    if (!here && !there) return false;
    const RoutingGrid::Row& about = grid_.rows()[std::size_t(row)];
    HoverBox::Content content = describe(here, there, grid_.columns()[*column]);
    content.title = tr("Router %1, %2").arg(row + 1).arg(router_place(about.kind, about.layer));
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    if (!compares()) {
        const auto text = [](double value) { return QString::number(value, 'g', 4); };
        const RoutingFrame& frame = *sides_[0].frame;
        const std::size_t router = *about.router[0];
        if (router < frame.entropy.size() && router < frame.effective_sources.size() &&
            router < frame.query_norm.size()) {
            content.rows.push_back(
                {QColor(), {}, {tr("entropy of the router"), tr("%1 nats").arg(text(frame.entropy[router]))}});
            content.rows.push_back({QColor(),
                                    {},
                                    {tr("effective sources"),
                                     tr("%1 of %2").arg(text(frame.effective_sources[router])).arg(here->sources)}});
            content.rows.push_back({QColor(), {}, {tr("query norm ‖w‖"), text(frame.query_norm[router])}});
        }
    }
    hover_box().show(std::move(content), axes().rect());
    return true;
}

bool RoutingPlot::hover_history(const QPointF& position) {
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || row < 0 || std::size_t(row) >= shown_sources_.size()) return false;
    if (*column >= history_.steps().size()) return false;
    const std::int64_t step = history_.steps()[*column];
    const std::size_t source = shown_sources_[std::size_t(row)];
    const auto here = cell_at(0, source, step);
    const auto there = compares() ? cell_at(1, source, step) : std::nullopt;
    HoverBox::Content content;
    if (const int side = history_.unreadable_side(step); side >= 0)
        content.rows.push_back(
            {QColor(),
             {},
             {QString(), frame_problem(*history_.run(side), FrameKind::routing, history_.step_of(side, step))}});
    else if (here || there)
        content = describe(here, there, grid_.columns()[source], step);
    else
        return false;
    content.title = tr("Step %1").arg(step);
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    hover_box().show(std::move(content), axes().rect());
    return true;
}

}  // namespace wavlab
