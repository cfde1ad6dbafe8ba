// SPDX-License-Identifier: GPL-3.0-or-later
// Heatmaps of Δloss, α and contribution side by side, over routers and sources.
#include <algorithm>
#include <cmath>

#include "core/statistics.h"
#include "views/axis_tickers.h"
#include "views/plots/probe_plot.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr std::size_t most_named_columns = 12;

QString number(double value) { return QString::number(value, 'g', 4); }

QString end_text(double value) { return QString::number(value, 'g', 2); }

/// "ρ = 0.83, n = 34".
QString agreement_text(const std::vector<double>& values, const std::vector<double>& exact) {
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < exact.size(); ++i)
        if (std::isfinite(exact[i]) && std::isfinite(values[i])) ++pairs;
    const auto correlation = rank_correlation(values, exact);
    if (!correlation) return ProbePlot::tr("n = %1").arg(pairs);
    return ProbePlot::tr("ρ = %1, n = %2").arg(QString::number(*correlation, 'f', 2)).arg(pairs);
}

}  // namespace

void ProbePlot::add_panels() {
    grid_ = new PanelGrid(&chart());
    grid_->set_one_row(true);
    grid_->setVisible(false);
    std::vector<QCPAxisRect*> more;
    for (int i = 0; i < 3; ++i) {
        Panel panel;
        panel.axes = i == 0 ? &axes() : new QCPAxisRect(&chart(), true);
        if (i > 0) {
            panel.axes->setLayer("background");
            grid_->addElement(0, i, panel.axes);
            for (QCPAxis* axis : panel.axes->axes()) {
                axis->setLayer("axes");
                axis->grid()->setLayer("grid");
            }
            // Who moves one moves all.
            for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
                const auto follow = [this](QCPAxis* leader, QCPAxis* follower) {
                    connect(leader, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
                            [this, follower](const QCPRange& range) {
                                if (mode() == Mode::heatmaps) follower->setRange(range);
                            });
                };
                follow(axes().axis(type), panel.axes->axis(type));
                follow(panel.axes->axis(type), axes().axis(type));
            }
        }
        QCPAxis* x = panel.axes->axis(QCPAxis::atBottom);
        QCPAxis* y = panel.axes->axis(QCPAxis::atLeft);
        panel.map = new Heatmap(x, y);
        panel.rows = new KindStrip(y, 4);
        panel.columns = new KindStrip(x, 4);
        panel.head = new PanelScale(panel.axes);
        panel.row_ticker.reset(new CategoryTicker(y));
        panel.column_ticker.reset(new CategoryTicker(x));
        panels_.push_back(panel);
    }
}

void ProbePlot::lay_out_panels(bool panels) {
    QCPLayoutGrid& whole = *chart().plotLayout();
    if (panels != (grid_->layout() != nullptr)) {
        if (panels) {
            whole.take(&axes());
            grid_->addElement(0, 0, &axes());
            whole.addElement(1, 0, grid_);
        } else {
            whole.take(grid_);
            grid_->take(&axes());
            whole.addElement(1, 0, &axes());
            axes().axis(QCPAxis::atBottom)->setTickLabels(true);
            axes().axis(QCPAxis::atLeft)->setTickLabels(true);
        }
        grid_->setVisible(panels);
    }
    std::vector<QCPAxisRect*> shown;
    for (Panel& panel : panels_) {
        panel.map->setVisible(panels);
        panel.rows->setVisible(panels);
        panel.columns->setVisible(panels);
        panel.head->setVisible(panels);
        if (panels) shown.push_back(panel.axes);
        if (panel.axes == &axes()) continue;
        panel.axes->setVisible(panels);
        if (!panels) panel.axes->setOuterRect(QRect());
    }
    grid_->set_panels(std::move(shown));
}

void ProbePlot::set_up_panel(Panel& panel) {
    style_axes(*panel.axes);
    panel.axes->setMinimumMargins(
        QMargins(style().ipx(8), PanelScale::height(style(), low_), style().ipx(4), style().ipx(4)));
    QCPAxis* x = panel.axes->axis(QCPAxis::atBottom);
    QCPAxis* y = panel.axes->axis(QCPAxis::atLeft);
    for (QCPAxis* axis : {x, y}) {
        axis->setTickLength(0, 0);
        axis->setBasePen(Qt::NoPen);
        axis->setTickPen(Qt::NoPen);
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelPadding(int(style().px(9)));
        axis->grid()->setVisible(false);
    }
    x->setTickLabelRotation(-90);
    x->setTicker(panel.column_ticker);
    y->setTicker(panel.row_ticker);
    y->setRangeReversed(true);
    for (const auto& ticker : {panel.row_ticker, panel.column_ticker})
        ticker->set_spacing(QFontMetricsF(style().tick_font).height());
    panel.map->set_style(style());
    panel.head->set_style(style(), low_);
    std::vector<CategoryTicker::Category> rows, columns;
    std::vector<QColor> row_colors, column_colors;
    for (const RoutingGrid::Row& row : routing_.rows()) {
        const int level = row.kind == RouterKind::final_norm ? 0 : row.kind == RouterKind::attention ? 1 : 2;
        rows.push_back({row.label, level});
        row_colors.push_back(router_color(row.kind, style()));
    }
    for (const Source& source : routing_.columns()) {
        columns.push_back({source_label(source), source.block == 0 ? 0 : source.kind == SourceKind::block ? 1 : 2});
        column_colors.push_back(source_color(source.kind, style()));
    }
    panel.row_ticker->set_categories(std::move(rows));
    panel.column_ticker->set_categories(std::move(columns));
    panel.rows->set_style(style());
    panel.columns->set_style(style());
    panel.rows->set_colors(std::move(row_colors));
    panel.columns->set_colors(std::move(column_colors));
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft})
        panel.axes->axis(type)->setRange(axes().axis(type)->range());
}

std::optional<std::size_t> ProbePlot::cell(std::size_t row, std::size_t column) const {
    const std::optional<std::size_t> source = routing_.source(0, row, column);
    return source ? std::optional(first_cells_[*routing_.rows()[row].router[0]] + *source) : std::nullopt;
}

std::vector<double> ProbePlot::cells_of(const std::vector<double>& values) const {
    std::vector<double> cells;
    for (std::size_t row = 0; row < routing_.rows().size(); ++row)
        for (std::size_t column = 0; column < routing_.columns().size(); ++column) {
            const auto place = cell(row, column);
            cells.push_back(place ? values[*place] : std::nan(""));
        }
    return cells;
}

void ProbePlot::show_maps() {
    const std::vector<double> losses = exact();
    const double largest = largest_magnitude(losses);
    scale_ = log_->isChecked() ? SymmetricLog::below(largest) : SymmetricLog();
    for (Panel& panel : panels_) set_up_panel(panel);
    grid_->set_spacing(style().px(6), style().px(30));
    grid_->set_labels(low_ ? QString() : tr("Source"), low_ ? tr("Router") : tr("Router before"));

    const auto show = [&](Panel& panel, const std::vector<double>& values, const ColorScale& colors) {
        std::vector<double> cells = cells_of(values);
        panel.map->set_cells(routing_.rows().size(), routing_.columns().size(), std::move(cells));
        panel.map->set_scale(colors.map, colors.low, colors.high);
    };
    std::vector<double> places;
    for (const double loss : losses) places.push_back(scale_.to(loss));
    const double end = largest > 0 ? largest : 1;
    const ColorScale around_zero = ColorScale::to(scale_.to(end), true, style().color_map);
    show(panels_[0], places, around_zero);
    panels_[0].map->set_symmetric(scale_);
    // Where nothing would be left there is a source, but no such loss.
    std::vector<bool> hatched;
    for (std::size_t row = 0; row < routing_.rows().size(); ++row)
        for (std::size_t column = 0; column < routing_.columns().size(); ++column) {
            const auto place = cell(row, column);
            hatched.push_back(place && std::isnan(losses[*place]));
        }
    const bool any_hatched = std::find(hatched.begin(), hatched.end(), true) != hatched.end();
    panels_[0].map->set_hatched(std::move(hatched));
    panels_[0].head->set_text(
        removal() == Removal::zero ? tr("Δloss, source set to zero") : tr("Δloss, rest renormalised"), tr("Δloss"),
        log_->isChecked() ? tr("nats per token, logarithmic") : tr("nats per token"));
    panels_[0].head->set_scale(around_zero, end_text(-end), end_text(end));

    const ColorScale weights = ColorScale::to(1, false, style().color_map);
    show(panels_[1], probe_->alpha, weights);
    panels_[1].head->set_text(tr("Weight α"), tr("α"), agreement_text(probe_->alpha, losses));
    panels_[1].head->set_scale(weights, QStringLiteral("0"), QStringLiteral("1"));

    const double longest = largest_magnitude(probe_->contribution);
    const ColorScale lengths = ColorScale::to(longest, false, style().color_map);
    show(panels_[2], probe_->contribution, lengths);
    panels_[2].head->set_text(tr("Contribution ‖α v‖"), style().print ? tr("Contribution") : tr("‖α v‖"),
                              agreement_text(probe_->contribution, losses));
    panels_[2].head->set_scale(lengths, QStringLiteral("0"), end_text(lengths.high));
    set_up_maps_legend(any_hatched);
}

void ProbePlot::set_up_maps_legend(bool any_hatched) {
    std::vector<LegendStrip::Entry> entries;
    name_probe(entries);
    std::vector<SourceKind> kinds;
    for (const Source& source : routing_.columns()) kinds.push_back(source.kind);
    // Where there is little room, as in print, it is enough that every column has its name.
    if (!low_ && (!style().print || routing_.columns().size() > most_named_columns)) {
        LegendStrip::Entry columns;
        columns.heading = true;
        columns.text = tr("Columns:");
        entries.push_back(columns);
        name_kinds(entries, kinds);
    }
    if (any_hatched) {
        LegendStrip::Entry nothing;
        nothing.text = tr("nothing would be left");
        nothing.swatch = Heatmap::hatch_color(style());
        entries.push_back(nothing);
    }
    if (!low_) {
        LegendStrip::Entry correlation;
        correlation.heading = true;
        correlation.text = tr("ρ: rank correlation with Δloss over the n cells");
        entries.push_back(correlation);
    }
    legend().set_entries(std::move(entries));
}

HoverBox::Content ProbePlot::describe(std::size_t row, std::size_t column) const {
    HoverBox::Content content;
    const RoutingGrid::Row& router = routing_.rows()[row];
    const Source& source = routing_.columns()[column];
    const std::size_t place = *cell(row, column);
    const auto loss = [](double value) { return std::isnan(value) ? tr("nothing would be left") : number(value); };
    content.title = tr("Router %1, %2").arg(row + 1).arg(router_place(router.kind, router.layer));
    content.rows = {
        {source_color(source.kind, style()), {}, {source_label(source), translated(kind_title(source.kind))}},
        {QColor(), {}, {tr("Δloss, set to zero"), loss(probe_->zero[place].delta_loss)}},
        {QColor(), {}, {tr("Δloss, renormalised"), loss(probe_->renormalise[place].delta_loss)}},
        {QColor(), {}, {tr("first-order estimate"), loss(effects()[place].attribution)}},
        {QColor(), {}, {tr("weight α"), number(probe_->alpha[place])}},
        {QColor(), {}, {tr("contribution ‖α v‖"), number(probe_->contribution[place])}},
    };
    return content;
}

bool ProbePlot::hover_maps(const QPointF& position) {
    for (const Panel& panel : panels_) {
        if (!panel.axes->rect().contains(position.toPoint())) continue;
        const auto column = panel.map->column_at(panel.axes->axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
        const int row = int(std::lround(panel.axes->axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
        if (!column || row < 0 || std::size_t(row) >= routing_.rows().size()) return false;
        if (!cell(std::size_t(row), *column)) return false;
        HoverBox::Content content = describe(std::size_t(row), *column);
        content.anchor = position;
        content.frame = panel.map->cell(std::size_t(row), *column);
        hover_box().show(std::move(content), panel.axes->rect());
        return true;
    }
    return false;
}

}  // namespace wavlab
