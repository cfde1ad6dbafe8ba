// SPDX-License-Identifier: GPL-3.0-or-later
// Axes, legend and marks of the heatmaps of routing.
#include "views/plots/routing_plot.h"

#include <algorithm>

#include "views/axis_tickers.h"
#include "views/frame_problem.h"
#include "views/translated.h"

namespace wavlab {

void RoutingPlot::set_up_axes() {
    color_bar_.set_style(style(), [this](QCPAxisRect& axes) { style_axes(axes); });
    const double strip_room = style().px(7);
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
        QCPAxis* axis = axes().axis(type);
        const bool steps = over_time() && type == QCPAxis::atBottom;
        axis->setTickLength(0, steps ? style().ipx(4) : 0);
        axis->setBasePen(Qt::NoPen);
        axis->setSubTickPen(Qt::NoPen);
        if (!steps) axis->setTickPen(Qt::NoPen);
        axis->setTickLabelPadding(int((steps ? 0 : strip_room) + style().px(2)));
        axis->grid()->setVisible(false);
    }
    row_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());
    column_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());
    heatmap_->set_style(style());
    row_strip_->set_style(style());
    column_strip_->set_style(style());
    if (over_time())
        set_up_time_axes();
    else
        set_up_step_axes();
}

void RoutingPlot::set_up_step_axes() {
    std::vector<CategoryTicker::Category> rows, columns;
    std::vector<QColor> row_colors, column_colors;
    for (const RoutingGrid::Row& row : grid_.rows()) {
        const int level = row.kind == RouterKind::final_norm ? 0 : row.kind == RouterKind::attention ? 1 : 2;
        rows.push_back({row.label, level});
        row_colors.push_back(router_color(row.kind, style()));
    }
    for (const Source& source : grid_.columns()) {
        const bool alone = source.block == 0;
        columns.push_back({source_label(source), alone ? 0 : source.kind == SourceKind::block ? 1 : 2});
        column_colors.push_back(source_color(source.kind, style()));
    }
    row_ticker_->set_categories(std::move(rows));
    column_ticker_->set_categories(std::move(columns));
    row_strip_->set_colors(std::move(row_colors));
    column_strip_->set_colors(std::move(column_colors));
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    x->setTicker(column_ticker_);
    x->setTickLabelRotation(-90);
    x->setLabel(tr("Source"));
    axes().axis(QCPAxis::atLeft)->setLabel(tr("Router before"));
}

void RoutingPlot::set_up_time_axes() {
    shown_sources_.clear();
    std::vector<CategoryTicker::Category> rows;
    std::vector<QColor> colors;
    for (std::size_t column = 0; column < grid_.columns().size(); ++column) {
        if (!grid_.source(0, row_, column) && !(grid_.compares() && grid_.source(1, row_, column))) continue;
        const Source& source = grid_.columns()[column];
        shown_sources_.push_back(column);
        rows.push_back({source_label(source), source.block == 0 ? 0 : source.kind == SourceKind::block ? 1 : 2});
        colors.push_back(source_color(source.kind, style()));
    }
    row_ticker_->set_categories(std::move(rows));
    row_strip_->set_colors(std::move(colors));
    column_strip_->set_colors({});
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->setTickLabelRotation(0);
    x->setLabel(tr("Step"));
    axes().axis(QCPAxis::atLeft)->setLabel(tr("Source"));
}

QString RoutingPlot::side_name(int side) const {
    const Side& shown = sides_[side];
    const QString name = shown.record ? QString::fromStdString(shown.record->name()) : QString();
    const bool moves = over_time() && !(side == 1 && comparison_.kind == Comparison::Kind::step);
    return moves || !shown.step ? name : tr("%1, step %2").arg(name).arg(*shown.step);
}

void RoutingPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries;
    const auto add = [&](const QString& text, const QColor& color = QColor()) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.swatch = color;
        entry.heading = !color.isValid();
        entries.push_back(entry);
    };
    if (over_time())
        add(tr("Router %1, %2").arg(row_ + 1).arg(router_place(grid_.rows()[row_].kind, grid_.rows()[row_].layer)));
    if (compares()) add(tr("%1 minus %2").arg(side_name(0), side_name(1)));
    bool lonely = false;
    for (std::size_t row = 0; grid_.compares() && row < grid_.rows().size(); ++row)
        for (std::size_t column = 0; column < grid_.columns().size(); ++column)
            lonely |= (!over_time() || row == row_) && grid_.is_lonely(row, column);
    if (lonely) add(tr("in one run only"), Heatmap::hatch_color(style()));
    for (int side = 0; over_time() && side < history_.sides(); ++side)
        if (const auto steps = history_.side(side).unreadable(); !steps.empty())
            entries.push_back(unreadable_entry(*history_.run(side), FrameKind::routing, steps, style()));
    if (!over_time()) {
        add(tr("Rows:"));
        for (const RouterKind kind : {RouterKind::attention, RouterKind::mlp, RouterKind::final_norm})
            add(router_kind_title(kind), router_color(kind, style()));
        add(tr("Columns:"));
    }
    // Over time the names of the rows say it.
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
        if (!over_time() && std::any_of(grid_.columns().begin(), grid_.columns().end(),
                                        [&](const Source& source) { return source.kind == kind; }))
            add(translated(kind_title(kind)), source_color(kind, style()));
    legend().set_entries(std::move(entries));
}

void RoutingPlot::show_router_mark() {
    router_mark_->setVisible(!over_time() && wanted_router_ > 0 && !style().print);
    router_mark_->setPen(QPen(style().ink, style().px(1)));
    router_mark_->topLeft->setCoords(-0.5, double(row_) - 0.5);
    if (!over_time() && wanted_router_ > 0) {
        const double row = std::min(double(wanted_router_ - 1), double(grid_.rows().size()) - 1);
        router_mark_->topLeft->setCoords(-0.5, row - 0.5);
        router_mark_->bottomRight->setCoords(double(grid_.columns().size()) - 0.5, row + 0.5);
    }
}

void RoutingPlot::fit_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const std::size_t rows = over_time() ? shown_sources_.size() : grid_.rows().size();
    bool found = false;
    const QCPRange columns = heatmap_->getKeyRange(found, QCP::sdBoth);
    x->setRange(found ? columns : QCPRange(-0.5, 0.5));
    axes().axis(QCPAxis::atLeft)->setRange(-0.5, double(rows) - 0.5);
}

}  // namespace wavlab
