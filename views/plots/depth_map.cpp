// SPDX-License-Identifier: GPL-3.0-or-later
// The focused run through depth and time, alone or divided by another run or step.
#include <algorithm>
#include <cmath>

#include "views/axis_tickers.h"
#include "views/frame_problem.h"
#include "views/plots/depth_plot.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

void DepthPlot::set_up_map() {
    std::vector<DrawnRun> others;
    for (const DrawnRun& run : runs())
        if (!run.record->frame_steps(FrameKind::depth).empty()) others.push_back(run);
    const std::vector<std::int64_t>& steps = focused_run()->frame_steps(FrameKind::depth);
    picker_->set_choices(others, focused_run(), steps.front(), recorded_step(steps, wanted_step()));
    comparison_ = picker_->comparison();
    set_up_map_axes(axes(), *heatmap_, *row_strip_);
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->setLabel(tr("Step"));
    y->setLabel(tr("Sublayer"));
}

void DepthPlot::set_up_map_axes(QCPAxisRect& axes, Heatmap& heatmap, KindStrip& strip) {
    QCPAxis* x = axes.axis(QCPAxis::atBottom);
    QCPAxis* y = axes.axis(QCPAxis::atLeft);
    x->setBasePen(Qt::NoPen);
    x->setSubTickPen(Qt::NoPen);
    x->grid()->setVisible(false);
    y->setScaleType(QCPAxis::stLinear);
    y->setTicker(row_ticker_);
    y->setTickLength(0, 0);
    y->setBasePen(Qt::NoPen);
    y->setTickPen(Qt::NoPen);
    y->setTickLabelPadding(int(style().px(9)));
    y->grid()->setVisible(false);
    heatmap.set_style(style());
    strip.set_style(style());
    row_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());
}

void DepthPlot::set_up_map_legend() {
    const QString name = QString::fromStdString(focused_run()->name());
    LegendStrip::Entry title;
    title.heading = true;
    title.text = name;
    if (comparison_.kind == Comparison::Kind::run)
        title.text = tr("%1 divided by %2").arg(name, QString::fromStdString(comparison_.run->name()));
    else if (comparison_.kind == Comparison::Kind::step)
        title.text = tr("%1 divided by its step %2").arg(name).arg(history_.step_of(1, 0));
    std::vector<LegendStrip::Entry> entries{title};
    add_kind_entries(entries);
    for (int side = 0; side < history_.sides(); ++side)
        if (const auto steps = history_.side(side).unreadable(); !steps.empty())
            entries.push_back(unreadable_entry(*history_.run(side), FrameKind::depth, steps, style()));
    legend().set_entries(std::move(entries));
}

void DepthPlot::show_map() {
    history_.show(*focused_run(), comparison_, FrameKind::depth, most_columns(),
                  [](int, const RunRecord& record) -> FrameHistory<DepthValues>::Read {
                      return [&record](std::int64_t step) { return read_depth_values(record, step); };
                  });
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_columns();
}

void DepthPlot::show_columns() {
    const std::vector<std::int64_t>& steps = history_.steps();
    std::size_t rows = 0, sublayers = 0;
    for (int side = 0; side < history_.sides(); ++side)
        for (const auto& [step, values] : history_.side(side).known()) {
            rows = std::max(rows, values[which()].size());
            sublayers = std::max(sublayers, sublayer_count(values));
        }
    set_rows(rows, sublayers);
    row_strip_->set_colors(row_colors(rows, sublayers));
    const bool compares = history_.compares();
    std::vector<double> cells(rows * steps.size(), std::nan(""));
    std::vector<bool> hatched(cells.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const DepthValues* first = history_.at(0, steps[i]);
        const DepthValues* second = compares ? history_.at(1, steps[i]) : nullptr;
        if (!first || (compares && !second)) {
            for (std::size_t row = 0; row < rows && history_.unreadable_side(steps[i]) >= 0; ++row)
                hatched[row * steps.size() + i] = true;
            continue;
        }
        const std::vector<double>& here = (*first)[which()];
        const std::vector<double>& there = second ? (*second)[which()] : here;
        for (std::size_t row = 0; row < rows; ++row) {
            const std::size_t place = row * steps.size() + i;
            if (row >= here.size() || row >= there.size())
                hatched[place] = compares && (row < here.size() || row < there.size());
            else
                cells[place] = compares ? std::log2(here[row] / there[row]) : here[row];
        }
    }
    const ColorScale scale = scale_of(cells);
    heatmap_->set_scale(scale.map, scale.low, scale.high, scale.logarithmic);
    heatmap_->set_cells(rows, steps.size(), std::move(cells));
    heatmap_->set_hatched(std::move(hatched));
    heatmap_->set_column_edges(edges_between(steps));
    const QString axis = translated(quantity().axis);
    color_bar_.set_scale(scale, compares ? tr("log2 of the ratio: %1").arg(axis) : axis);
    set_up_map_legend();
}

void DepthPlot::set_rows(std::size_t rows, std::size_t sublayers) {
    rows_ = rows;
    sublayers_ = sublayers;
    std::vector<CategoryTicker::Category> names;
    for (std::size_t row = 0; row < rows; ++row) {
        const RouterKind kind = router_kind(row, sublayers);
        const int level = kind == RouterKind::final_norm ? 0 : kind == RouterKind::attention ? 1 : 2;
        names.push_back({router_label(row, sublayers), level});
    }
    row_ticker_->set_categories(std::move(names));
}

std::vector<QColor> DepthPlot::row_colors(std::size_t rows, std::size_t sublayers) const {
    std::vector<QColor> colors;
    for (std::size_t row = 0; row < rows; ++row) colors.push_back(router_color(router_kind(row, sublayers), style()));
    return colors;
}

ColorScale DepthPlot::scale_of(const std::vector<double>& cells) const {
    const bool ratio = mode() == Mode::time && history_.compares();
    ColorScale scale = ColorScale::to(largest_magnitude(cells), ratio, style().color_map);
    if (ratio || !logarithmic()) return scale;
    double smallest = INFINITY;
    for (const double cell : cells)
        if (cell > 0) smallest = std::min(smallest, cell);
    scale.logarithmic = smallest < scale.high;
    if (scale.logarithmic) scale.low = smallest;
    return scale;
}

bool DepthPlot::hover_map(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || *column >= history_.steps().size() || row < 0 || std::size_t(row) >= rows_) return false;
    const std::int64_t step = history_.steps()[*column];
    HoverBox::Content content;
    content.title = sublayer_name(std::size_t(row), sublayers_);
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    content.rows.push_back({QColor(), {}, {tr("step"), QString::number(step)}});
    double values[2] = {std::nan(""), std::nan("")};
    for (int side = 0; side < history_.sides(); ++side) {
        const DepthValues* known = history_.at(side, step);
        QString name = translated(quantity().title);
        if (history_.compares())
            name = side == 0         ? QString::fromStdString(focused_run()->name())
                   : comparison_.run ? QString::fromStdString(comparison_.run->name())
                                     : tr("step %1").arg(history_.step_of(1, step));
        if (known && std::size_t(row) < (*known)[which()].size()) values[side] = (*known)[which()][std::size_t(row)];
        content.rows.push_back(
            {QColor(), {}, {name, std::isnan(values[side]) ? tr("none") : QString::number(values[side], 'g', 4)}});
    }
    if (history_.compares() && !std::isnan(values[0]) && !std::isnan(values[1]))
        content.rows.push_back({QColor(), {}, {tr("ratio"), QString::number(values[0] / values[1], 'g', 4)}});
    if (const int side = history_.unreadable_side(step); side >= 0)
        content.rows.push_back(
            {QColor(),
             {},
             {QString(), frame_problem(*history_.run(side), FrameKind::depth, history_.step_of(side, step))}});
    hover_box().show(std::move(content), axes().rect());
    return true;
}

}  // namespace wavlab
