// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs through depth and time, a panel each, over the same axes and with the same colours.
#include <algorithm>
#include <cmath>

#include "views/axis_tickers.h"
#include "views/frame_problem.h"
#include "views/plots/depth_plot.h"
#include "views/translated.h"

namespace wavlab {

namespace {

QString name_of(const DrawnRun& run) { return QString::fromStdString(run.record->name()); }

}  // namespace

void DepthPlot::choose_panels() {
    shown_panels_ = 0;
    without_panel_.clear();
    without_frames_.clear();
    if (mode() != Mode::runs) return;
    std::vector<DrawnRun> chosen;
    for (const DrawnRun& run : runs())
        (run.record->frame_steps(FrameKind::depth).empty() ? without_frames_ : chosen).push_back(run);
    if (chosen.size() > most_panels) {
        // The selected run is always seen.
        const auto selected =
            std::find_if(chosen.begin(), chosen.end(), [](const DrawnRun& run) { return run.focused; });
        if (selected != chosen.end() && selected - chosen.begin() >= std::ptrdiff_t(most_panels))
            std::rotate(chosen.begin() + most_panels - 1, selected, selected + 1);
        without_panel_.assign(chosen.begin() + most_panels, chosen.end());
        chosen.resize(most_panels);
    }
    while (panels_.size() < chosen.size()) add_panel();
    shown_panels_ = chosen.size();
    for (std::size_t i = 0; i < shown_panels_; ++i) panels_[i].run = chosen[i];
}

void DepthPlot::add_panel() {
    Panel panel;
    if (panels_.empty()) {
        panel.axes = &axes();
        panel.heatmap = heatmap_;
        panel.strip = row_strip_;
    } else {
        panel.axes = new QCPAxisRect(&chart(), true);
        panel.axes->setLayer("background");
        grid_->addElement(0, int(panels_.size()), panel.axes);
        for (QCPAxis* axis : panel.axes->axes()) {
            axis->setLayer("axes");
            axis->grid()->setLayer("grid");
        }
        QCPAxis* y = panel.axes->axis(QCPAxis::atLeft);
        y->setRangeReversed(true);
        panel.heatmap = new Heatmap(panel.axes->axis(QCPAxis::atBottom), y);
        panel.strip = new KindStrip(y, 4);
        // Who moves one moves all.
        for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
            QCPAxis* const own = axes().axis(type);
            QCPAxis* const other = panel.axes->axis(type);
            const auto follow = [this](QCPAxis* leader, QCPAxis* follower) {
                connect(leader, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
                        [this, follower](const QCPRange& range) {
                            if (mode() == Mode::runs) follower->setRange(range);
                        });
            };
            follow(own, other);
            follow(other, own);
        }
    }
    panel.title = new PanelTitle(panel.axes);
    panels_.push_back(std::move(panel));
    std::vector<QCPAxisRect*> more;
    for (std::size_t i = 1; i < panels_.size(); ++i) more.push_back(panels_[i].axes);
    set_more_axes(std::move(more));
}

void DepthPlot::lay_out_panels(bool panels) {
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
            QCPAxis* x = axes().axis(QCPAxis::atBottom);
            x->setTickLabels(true);
            axes().axis(QCPAxis::atLeft)->setTickLabels(true);
        }
        grid_->setVisible(panels);
    }
    std::vector<QCPAxisRect*> shown;
    for (std::size_t i = 0; i < panels_.size(); ++i) {
        Panel& panel = panels_[i];
        const bool visible = i < shown_panels_;
        if (visible) shown.push_back(panel.axes);
        panel.title->set_title({}, {}, false);
        panel.title->set_note({});
        if (i == 0) continue;  // the plot's own
        panel.axes->setVisible(visible);
        panel.heatmap->setVisible(visible);
        panel.strip->setVisible(visible);
        if (!visible) panel.axes->setOuterRect(QRect());
    }
    color_bar_.set_beside(axes(), shown.empty() ? axes() : *shown.back());
    grid_->set_panels(std::move(shown));
}

void DepthPlot::set_up_panels() {
    const QSharedPointer<QCPAxisTicker> ticker(new WholeTicker);
    std::int64_t last = 0;
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        Panel& panel = panels_[i];
        style_axes(*panel.axes);
        panel.axes->setMinimumMargins(
            QMargins(style().ipx(8), PanelTitle::height(style()), style().ipx(4), style().ipx(4)));
        set_up_map_axes(*panel.axes, *panel.heatmap, *panel.strip);
        panel.axes->axis(QCPAxis::atBottom)->setTicker(ticker);
        for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft})
            panel.axes->axis(type)->setRange(axes().axis(type)->range());
        panel.title->set_style(style());
        panel.title->set_title(name_of(panel.run), run_pen(panel.run.style_index, style(), style().line_width),
                               panel.run.focused && shown_panels_ > 1 && !style().print);
        last = std::max(last, panel.run.record->frame_steps(FrameKind::depth).back());
    }
    const double label =
        QFontMetricsF(style().tick_font).horizontalAdvance(QString::number(std::max<std::int64_t>(last, 99)));
    grid_->set_spacing(label * 0.7, label);
    grid_->set_labels(tr("Step"), tr("Sublayer"));
}

void DepthPlot::set_up_panel_legend() {
    std::vector<LegendStrip::Entry> entries;
    add_kind_entries(entries);
    const auto say = [&](const QString& sentence) {
        LegendStrip::Entry entry;
        entry.text = sentence;
        entry.heading = true;
        entries.push_back(entry);
    };
    const auto name = [&](const std::vector<DrawnRun>& runs) {
        for (const DrawnRun& run : runs) {
            LegendStrip::Entry entry;
            entry.text = name_of(run);
            entry.line = run_pen(run.style_index, style(), style().line_width);
            entries.push_back(entry);
        }
    };
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        const FrameHistory<DepthValues>& history = panels_[i].history;
        if (const auto steps = history.unreadable(); !steps.empty() && steps.size() < history.wanted().size())
            entries.push_back(unreadable_entry(*panels_[i].run.record, FrameKind::depth, steps, style()));
    }
    if (!without_panel_.empty()) {
        say(tr("There is room for %1 of %2 runs; not shown:")
                .arg(shown_panels_)
                .arg(shown_panels_ + without_panel_.size()));
        name(without_panel_);
    }
    if (!without_frames_.empty()) {
        say(tr("Nothing of their depth recorded yet:"));
        name(without_frames_);
    }
    legend().set_entries(std::move(entries));
}

void DepthPlot::show_panels() {
    const std::size_t beside = shown_panels_ > 4 ? 3 : shown_panels_ > 1 ? 2 : 1;
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        Panel& panel = panels_[i];
        const RunRecord& record = *panel.run.record;
        if (panel.read_from != &record)
            panel.history.restart([&record](std::int64_t step) { return read_depth_values(record, step); });
        panel.read_from = &record;
        panel.history.want(thinned_steps(record.frame_steps(FrameKind::depth), most_columns() / beside));
    }
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_panel_columns();
}

std::optional<std::size_t> DepthPlot::value_index(const Panel& panel, const std::vector<double>& values,
                                                  std::size_t row) const {
    // The final norm's is the last row of all runs, however many sublayers come before it.
    const bool with_final = values.size() == panel.sublayers;
    if (with_final && row + 1 == rows_) return values.size() - 1;
    const std::size_t sublayers = with_final ? values.size() - 1 : values.size();
    return row < sublayers ? std::optional(row) : std::nullopt;
}

std::optional<double> DepthPlot::panel_value(const Panel& panel, std::size_t row, std::int64_t step) const {
    const DepthValues* known = panel.history.up_to(step);
    if (!known) return std::nullopt;
    const std::vector<double>& values = (*known)[which()];
    const auto index = value_index(panel, values, row);
    return index ? std::optional(values[*index]) : std::nullopt;
}

void DepthPlot::show_panel_columns() {
    std::size_t rows = 0, sublayers = 0;
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        panels_[i].sublayers = 0;
        for (const auto& [step, values] : panels_[i].history.known()) {
            panels_[i].sublayers = std::max(panels_[i].sublayers, sublayer_count(values));
            rows = std::max(rows, values[which()].size());
        }
        sublayers = std::max(sublayers, panels_[i].sublayers);
    }
    set_rows(rows, sublayers);
    std::vector<double> all;
    std::vector<std::vector<double>> cells(shown_panels_);
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        const std::vector<std::int64_t>& steps = panels_[i].history.wanted();
        for (std::size_t row = 0; row < rows; ++row)
            for (const std::int64_t step : steps)
                cells[i].push_back(panel_value(panels_[i], row, step).value_or(std::nan("")));
        all.insert(all.end(), cells[i].begin(), cells[i].end());
    }
    const ColorScale scale = scale_of(all);
    color_bar_.set_scale(scale, translated(quantity().axis));
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        Panel& panel = panels_[i];
        const std::vector<std::int64_t>& steps = panel.history.wanted();
        std::vector<bool> hatched(cells[i].size());
        for (std::size_t place = 0; place < hatched.size(); ++place)
            hatched[place] = panel.history.is_unreadable(steps[place % steps.size()]);
        panel.heatmap->set_scale(scale.map, scale.low, scale.high, scale.logarithmic);
        panel.heatmap->set_cells(rows, steps.size(), std::move(cells[i]));
        panel.heatmap->set_hatched(std::move(hatched));
        panel.heatmap->set_column_edges(edges_between(steps));
        std::vector<QColor> colors = row_colors(rows, sublayers);
        // Rows that the run has not have no kind: those between its last sublayer and the final norm.
        const std::size_t end = rows == sublayers ? rows - std::min<std::size_t>(rows, 1) : rows;
        for (std::size_t row = std::max<std::size_t>(panel.sublayers, 1) - 1; row < end; ++row)
            colors[row] = Qt::transparent;
        panel.strip->set_colors(std::move(colors));
        const bool nothing = panel.history.complete() && panel.history.known().empty();
        panel.title->set_note(nothing ? frame_problem(*panel.run.record, FrameKind::depth, steps.back()) : QString());
    }
    set_up_panel_legend();
}

bool DepthPlot::hover_panels(const QPointF& position) {
    const auto end = panels_.begin() + std::ptrdiff_t(shown_panels_);
    const auto hovered = std::find_if(
        panels_.begin(), end, [&](const Panel& panel) { return panel.axes->rect().contains(position.toPoint()); });
    if (hovered == end) return false;
    const Panel& panel = *hovered;
    const auto column = panel.heatmap->column_at(panel.axes->axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(panel.axes->axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || *column >= panel.history.wanted().size() || row < 0 || std::size_t(row) >= rows_) return false;
    const std::int64_t step = panel.history.wanted()[*column];
    HoverBox::Content content;
    content.title = sublayer_name(std::size_t(row), sublayers_);
    content.anchor = position;
    content.frame = panel.heatmap->cell(std::size_t(row), *column);
    content.rows.push_back({QColor(), {}, {tr("step"), QString::number(step)}});
    const auto add = [&](const Panel& of, bool muted) {
        const auto value = panel_value(of, std::size_t(row), step);
        const QString text = value                            ? QString::number(*value, 'g', 4)
                             : of.history.is_unreadable(step) ? tr("cannot be shown")
                                                              : tr("none");
        content.rows.push_back(
            {run_color(of.run.style_index, style()), run_dashes(of.run.style_index), {name_of(of.run), text}, muted});
    };
    add(panel, false);
    // Beside it what the others have there.
    for (auto other = panels_.begin(); other != end; ++other)
        if (other != hovered) add(*other, true);
    if (panel.history.is_unreadable(step))
        content.rows.push_back({QColor(), {}, {QString(), frame_problem(*panel.run.record, FrameKind::depth, step)}});
    hover_box().show(std::move(content), panel.axes->rect());
    return true;
}

}  // namespace wavlab
