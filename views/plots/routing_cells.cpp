// SPDX-License-Identifier: GPL-3.0-or-later
// What the cells of the heatmaps of routing show: of frames at one step, and of one router over time.
#include "views/plots/routing_plot.h"

#include <cmath>

#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

void RoutingPlot::find_sides() {
    const auto find = [](const RunRecord& record, std::optional<std::int64_t> wanted) {
        Side side{&record, recorded_step(record.frame_steps(FrameKind::routing), wanted), nullptr};
        if (side.step) side.frame = record.routing_frame(*side.step);
        return side;
    };
    sides_[0] = find(*focused_run(), wanted_step());
    sides_[1] = {};
    if (comparison_.kind == Comparison::Kind::run) sides_[1] = find(*comparison_.run, wanted_step());
    if (comparison_.kind == Comparison::Kind::step) sides_[1] = find(*focused_run(), comparison_.step);
}

std::vector<std::int64_t> RoutingPlot::shown_steps(const DrawnRun& run) const {
    if (over_time()) return history_.last_steps(*run.record);
    std::vector<std::int64_t> steps;
    for (const Side& side : sides_)
        if (side.record == run.record.get() && side.frame) steps.push_back(*side.step);
    return steps;
}

std::optional<double> RoutingPlot::value(const std::optional<RoutingCell>& first,
                                         const std::optional<RoutingCell>& second) const {
    if (!first || (compares() && !second)) return std::nullopt;
    const double here = quantity().value(*first);
    return compares() ? here - quantity().value(*second) : here;
}

std::vector<double> RoutingPlot::cells_of(const RoutingFrame* first, const RoutingFrame* second) const {
    const std::size_t rows = grid_.rows().size(), columns = grid_.columns().size();
    const int other = grid_.compares() ? 1 : 0;  // another step of the run has the layout of the run
    std::vector<double> cells(rows * columns, std::nan(""));
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column) {
            const auto here = grid_.cell(0, row, column, first);
            if (!here) continue;
            const auto there = compares() ? grid_.cell(other, row, column, second) : std::nullopt;
            cells[row * columns + column] = value(here, there).value_or(std::nan(""));
        }
    return cells;
}

void RoutingPlot::show_frames() {
    const std::size_t rows = grid_.rows().size(), columns = grid_.columns().size();
    std::vector<double> cells = cells_of(sides_[0].frame.get(), sides_[1].frame.get());
    show_scale(cells);
    heatmap_->set_cells(rows, columns, std::move(cells));
    if (!grid_.compares()) return;
    std::vector<bool> hatched(rows * columns);
    for (std::size_t place = 0; place < hatched.size(); ++place)
        hatched[place] = grid_.is_lonely(place / columns, place % columns);
    heatmap_->set_hatched(std::move(hatched));
}

void RoutingPlot::show_history() {
    if (read_row_ != row_) history_.forget();
    read_row_ = row_;
    history_.show(*focused_run(), comparison_, FrameKind::routing, most_columns(),
                  [this](int side, const RunRecord& record) -> FrameHistory<RouterValues>::Read {
                      const auto router = grid_.rows()[row_].router[grid_.compares() ? side : 0];
                      const RoutingLayout& layout = record.description().routing;
                      return [&record, router, layout](std::int64_t step) -> std::optional<RouterValues> {
                          if (!router) return RouterValues();
                          const auto frame = record.routing_frame(step);
                          return frame ? std::optional(router_values(layout, *frame, *router)) : std::nullopt;
                      };
                  });
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_columns();
}

bool RoutingPlot::load(std::chrono::milliseconds time) { return !over_time() || history_.advance(time); }

std::optional<RoutingCell> RoutingPlot::cell_at(int side, std::size_t column, std::int64_t step) const {
    const int which = grid_.compares() ? side : 0;
    const std::optional<std::size_t> source = grid_.source(which, row_, column);
    const RouterValues* values = history_.at(side, step);
    if (!source || !values || *source >= values->size()) return std::nullopt;
    return (*values)[*source];
}

void RoutingPlot::show_columns() {
    const std::vector<std::int64_t>& steps = history_.steps();
    std::vector<double> cells(shown_sources_.size() * steps.size(), std::nan(""));
    std::vector<bool> hatched(cells.size());
    for (std::size_t row = 0; row < shown_sources_.size(); ++row)
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::size_t place = row * steps.size() + i;
            hatched[place] = grid_.is_lonely(row_, shown_sources_[row]) || history_.unreadable_side(steps[i]) >= 0;
            if (hatched[place]) continue;
            const auto here = cell_at(0, shown_sources_[row], steps[i]);
            const auto there = compares() ? cell_at(1, shown_sources_[row], steps[i]) : std::nullopt;
            cells[place] = value(here, there).value_or(std::nan(""));
        }
    show_scale(cells);
    heatmap_->set_cells(shown_sources_.size(), steps.size(), std::move(cells));
    heatmap_->set_hatched(std::move(hatched));
    heatmap_->set_column_edges(edges_between(steps));
    set_up_legend();
}

void RoutingPlot::show_scale(const std::vector<double>& cells) {
    double end = 0;
    if (fixed_scale() && !compares()) end = quantity().fixed_end(grid_.layout(0));
    if (fixed_scale() && end == 0 && !over_time()) {
        const auto newest = [](const RunRecord& record) -> std::shared_ptr<const RoutingFrame> {
            const std::vector<std::int64_t>& steps = record.frame_steps(FrameKind::routing);
            return steps.empty() ? nullptr : record.routing_frame(steps.back());
        };
        const auto first = newest(*focused_run());
        const auto second = comparison_.run ? newest(*comparison_.run) : sides_[1].frame;
        end = largest_magnitude(cells_of(first.get(), second.get()));
    }
    if (end == 0) end = largest_magnitude(cells);
    const ColorScale scale = ColorScale::to(end, quantity().diverging || compares(), sequential_map());
    heatmap_->set_scale(scale.map, scale.low, scale.high);
    const QString axis = translated(quantity().axis);
    color_bar_.set_scale(scale, compares() ? tr("%1, difference").arg(axis) : axis);
}

}  // namespace wavlab
