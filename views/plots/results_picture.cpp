// SPDX-License-Identifier: GPL-3.0-or-later
// The results as a picture.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>

#include "views/axis_tickers.h"
#include "views/option_label.h"
#include "views/plots/results_plot.h"

namespace wavlab {

double ResultsPlot::scale() const {
    if (quantity() != ResultQuantity::memory) return 1;
    double most = 0;
    for (const Line& line : lines_)
        for (const ResultPoint& point : line.curve.points) most = std::max(most, point.mean);
    return most < 1e9 ? 1e-6 : 1e-9;
}

QString ResultsPlot::value_label() const {
    const QString unit = curves_.table.unit == LossUnit::bits_per_character ? tr("(bits per character)")
                         : curves_.table.unit == LossUnit::bits_per_byte    ? tr("(bits per byte)")
                                                                            : tr("(nats per token)");
    const bool best = moment().kind == TableMoment::Kind::best;
    switch (quantity()) {
        case ResultQuantity::loss:
            return (best ? tr("Best validation loss %1", "unit") : tr("Validation loss %1", "unit")).arg(unit);
        case ResultQuantity::difference: {
            const ResultCurve* baseline = curves_.baseline();
            const std::vector<std::string>& keys = curves_.table.row_keys;
            QString name;
            if (baseline && std::count_if(curves_.curves.begin(), curves_.curves.end(),
                                          [](const ResultCurve& curve) { return curve.is_baseline; }) == 1)
                name = line_label(keys, baseline->values);
            else  // several lines have one each; the value is what they share
                name = baseline_->currentText();
            return (best ? tr("Δ best validation loss against %1 %2", "baseline, unit")
                         : tr("Δ validation loss against %1 %2", "baseline, unit"))
                .arg(name, unit);
        }
        case ResultQuantity::parameters:
            return tr("Parameters added by the method");
        case ResultQuantity::speed:
            return tr("Speed (tokens per second)");
        case ResultQuantity::memory:
            return scale() == 1e-6 ? tr("Memory (MB)") : tr("Memory (GB)");
    }
    return {};
}

void ResultsPlot::set_up_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    std::vector<double> positions = curves_.positions;
    for (const Published* published : shown_published()) positions.push_back(published->x);
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    const bool positive = !positions.empty() && positions.front() > 0;
    log_x_->setEnabled(positive);
    x->setScaleType(log_x_->isChecked() && positive ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    position_ticker_->set_positions(std::move(positions));
    x->setTicker(position_ticker_);
    x->setLabel(option_label(x_wanted_));
    x->grid()->setVisible(false);
    y->setScaleType(QCPAxis::stLinear);
    const bool whole = quantity() == ResultQuantity::parameters || quantity() == ResultQuantity::speed;
    y->setTicker(whole ? QSharedPointer<QCPAxisTicker>(new WholeTicker)
                       : QSharedPointer<QCPAxisTicker>(new EvenTicker));
    y->setLabel(value_label());
    y->grid()->setVisible(true);
}

std::optional<std::pair<double, double>> ResultsPlot::bar_of(const ResultPoint& point) const {
    if (band() == Band::deviation && point.deviation && *point.deviation > 0)
        return std::pair(point.mean - *point.deviation, point.mean + *point.deviation);
    if (band() == Band::interval && point.low && point.high) return std::pair(*point.low, *point.high);
    return std::nullopt;
}

/// Where means have bars or seeds around them lines stand side by side; else they are where they are.
void ResultsPlot::place_lines() {
    const auto is_spread = [&](const ResultPoint& point) {
        return bar_of(point).has_value() || (band() == Band::seeds && point.n > 1);
    };
    const bool spread = std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
        return std::any_of(line.curve.points.begin(), line.curve.points.end(), is_spread);
    });
    std::size_t count = 0;
    for (Line& line : lines_) line.place = spread && !line.curve.points.empty() ? count++ : 0;
    side_by_side_->set(curves_.positions, count, style().px(6));
}

void ResultsPlot::add_lines() {
    place_lines();
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    const double unit = scale();
    std::vector<QCPErrorBars*> bars;
    for (std::size_t i = 0; i < lines_.size(); ++i) {  // below all markers
        auto* bar = new ErrorBarsBeside(x, y, side_by_side_, lines_[i].place);
        bar->setName(lines_[i].label);
        bar->setPen(QPen(run_color(lines_[i].style_index, style()), style().thin_line_width));
        bar->setAntialiased(style().print);
        bar->setWhiskerWidth(style().px(4.5));
        bar->setSymbolGap(0);
        bars.push_back(bar);
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const Line& line = lines_[i];
        QVector<double> keys, means, below, above, seed_keys, seed_values;
        for (const ResultPoint& point : line.curve.points) {
            keys.append(point.x);
            means.append(point.mean * unit);
            const auto bar = bar_of(point);
            below.append(bar ? (point.mean - bar->first) * unit : std::nan(""));
            above.append(bar ? (bar->second - point.mean) * unit : std::nan(""));
            for (const auto& [seed, value] : point.by_seed) {
                seed_keys.append(point.x);
                seed_values.append(value * unit);
            }
        }
        if (band() == Band::seeds) {
            auto* seeds = new GraphBeside(x, y, side_by_side_, line.place);
            const QColor color = style().faint(run_color(line.style_index, style()), 0.6);
            seeds->setLineStyle(QCPGraph::lsNone);
            seeds->setScatterStyle({QCPScatterStyle::ssDisc, QPen(color), QBrush(color), style().marker_size * 0.6});
            seeds->setName(tr("%1, seeds", "a line").arg(line.label));
            seeds->setData(seed_keys, seed_values, true);
        }
        auto* graph = new GraphBeside(x, y, side_by_side_, line.place);
        graph->setName(line.label);
        graph->setPen(run_pen(line.style_index, style(), style().line_width));
        graph->setScatterStyle(mean_marker(line.style_index, style()));
        graph->setData(keys, means, true);
        bars[i]->setDataPlottable(graph);
        bars[i]->setData(below, above);
    }
}

ResultsPlot::PublishedOf ResultsPlot::published_now() const {
    PublishedOf of;
    of.quantity = quantity_->currentData().toString().toStdString();
    of.x = x_wanted_;
    if (of_losses()) of.unit = unit_->currentData().toString().toStdString();
    if (quantity() == ResultQuantity::difference) of.baseline = baseline_wanted_.substr(baseline_wanted_.find('=') + 1);
    return of;
}

std::vector<const ResultsPlot::Published*> ResultsPlot::shown_published() const {
    std::vector<const Published*> shown;
    for (const Published& published : published_)
        if (published.of == published_now()) shown.push_back(&published);
    return shown;
}

void ResultsPlot::add_published() {
    const std::vector<const Published*> shown = shown_published();
    if (shown.empty()) return;
    QCPGraph* graph = chart().addGraph();
    graph->setName(tr("published"));
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setPen(QPen(style().ink, style().thin_line_width));
    graph->setScatterStyle(published_marker(style()));
    QVector<double> keys, values;
    double middle = 0;
    for (const Published* published : shown) middle = std::max(middle, published->x);
    for (const double position : curves_.positions) middle = std::max(middle, position);
    for (const Published* published : shown) {
        keys.append(published->x);
        values.append(published->y);
        if (published->label.isEmpty()) continue;
        // Towards the middle of the picture, where there is room.
        const bool at_end = published->x == middle;
        auto* text = new QCPItemText(&chart());
        text->position->setCoords(published->x, published->y);
        // Labels at one position keep out of each other's way: the upper one stands above its star, the lower one below.
        bool above = false, below = false;
        for (const Published* other : shown) {
            if (other == published || other->x != published->x || other->label.isEmpty()) continue;
            above |= other->y < published->y;
            below |= other->y > published->y;
        }
        const Qt::Alignment side = above == below ? Qt::AlignVCenter : above ? Qt::AlignBottom : Qt::AlignTop;
        text->setPositionAlignment(side | (at_end ? Qt::AlignRight : Qt::AlignLeft));
        const int gap = int(style().marker_size * 0.5 + style().px(4));
        text->setPadding(at_end ? QMargins(0, 0, gap, 0) : QMargins(gap, 0, 0, 0));
        text->setFont(style().tick_font);
        text->setColor(style().ink);
        text->setText(published->label);
        labels_.push_back(text);
    }
    graph->setData(keys, values);
}

void ResultsPlot::set_up_references() {
    std::vector<ReferenceLines::Line> lines;
    if (quantity() == ResultQuantity::difference) lines.push_back({0, "", false});
    for (const Line& line : lines_)
        if (line.curve.without_x) lines.push_back({line.curve.without_x->mean * scale(), line.label, false});
    reference_lines_->set_style(style());
    reference_lines_->set_lines(std::move(lines));
}

std::optional<std::size_t> ResultsPlot::common_n() const {
    std::optional<std::size_t> n;
    for (const Line& line : lines_)
        for (const ResultPoint& point : line.curve.points) {
            if (n && *n != point.n) return std::nullopt;
            n = point.n;
        }
    return n;
}

QString ResultsPlot::n_text(const ResultCurve& curve) const {
    std::size_t least = SIZE_MAX, most = 0;
    for (const ResultPoint& point : curve.points) {
        least = std::min(least, point.n);
        most = std::max(most, point.n);
    }
    return least == most ? QString::number(most) : tr("%1 to %2", "numbers of runs").arg(least).arg(most);
}

void ResultsPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries;
    const bool exact = quantity() == ResultQuantity::parameters;  // of the settings, whatever the seed
    const std::optional<std::size_t> n = common_n();
    bool any_bar = false;
    for (const Line& line : lines_) {
        if (line.curve.points.empty()) continue;  // a line across the picture with its own name
        for (const ResultPoint& point : line.curve.points) any_bar |= bar_of(point).has_value();
        LegendStrip::Entry entry;
        entry.text = n || exact ? line.label : tr("%1 (n = %2)").arg(line.label, n_text(line.curve));
        entry.line = run_pen(line.style_index, style(), style().line_width);
        entry.marker = mean_marker(line.style_index, style());
        entries.push_back(std::move(entry));
    }
    const std::size_t meanings = entries.size();
    if (!shown_published().empty()) {
        LegendStrip::Entry entry;
        entry.text = tr("published");
        entry.marker = published_marker(style());
        entries.push_back(std::move(entry));
    }
    LegendStrip::Entry spread;
    if (any_bar) {
        spread.text = band() == Band::deviation                  ? tr("mean ± standard deviation")
                      : quantity() == ResultQuantity::difference ? tr("mean and its 95 % bootstrap interval")
                                                                 : tr("mean and its 95 % interval");
        spread.marker = bar_marker(style());
    } else if (band() == Band::seeds) {
        spread.text = tr("mean, and single seeds");
        spread.marker = {QCPScatterStyle::ssDisc, QPen(style().muted_ink), QBrush(style().muted_ink),
                         style().marker_size * 0.6};
    } else if (n && *n > 1 && !exact) {
        spread.text = tr("means");
    }
    if (!spread.text.isEmpty()) {
        if (n) spread.text = tr("%1 (n = %2)").arg(spread.text).arg(*n);
        entries.push_back(std::move(spread));
    }
    const auto count = [&](const QString& text) {
        LegendStrip::Entry entry;
        entry.text = text;
        entries.push_back(std::move(entry));
    };
    if (curves_.unfinished > 0) count(tr("%n run(s) not finished", nullptr, int(curves_.unfinished)));
    if (curves_.without_unit > 0) count(tr("%n run(s) without this unit", nullptr, int(curves_.without_unit)));
    if (meanings < entries.size()) entries[meanings].heading = true;
    legend().set_entries(std::move(entries));
}

void ResultsPlot::fit_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    double left = INFINITY, right = -INFINITY, low = INFINITY, high = -INFINITY;
    const auto include = [&](double value) {
        if (!std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    };
    for (const Line& line : lines_)
        for (const ResultPoint& point : line.curve.points) {
            left = std::min(left, point.x);
            right = std::max(right, point.x);
            include(point.mean * scale());
            if (const auto bar = bar_of(point)) {
                include(bar->first * scale());
                include(bar->second * scale());
            }
            if (band() == Band::seeds)
                for (const auto& [seed, value] : point.by_seed) include(value * scale());
        }
    for (const Published* published : shown_published()) {
        left = std::min(left, published->x);
        right = std::max(right, published->x);
        include(published->y);
    }
    for (const ReferenceLines::Line& line : reference_lines_->lines()) include(line.value);
    if (!of_losses()) include(0);
    if (left > right) left = 0, right = 1;
    if (low > high) low = 0, high = 1;
    const double room = labels_.empty() ? 0.07 : 0.12;  // labels may stand below the lowest star
    const double pad = high > low ? room * (high - low) : std::max(0.05 * std::abs(high), 1e-3);
    y->setRange(!of_losses() && low == 0 ? 0 : low - pad, high + pad);
    const double share = std::clamp(0.03 * double(side_by_side_->lines()), 0.07, 0.15);  // that is free on either side
    if (x->scaleType() == QCPAxis::stLogarithmic) {
        const double factor = right > left ? std::pow(right / left, share) : 1.5;
        x->setRange(left / factor, right * factor);
    } else {
        const double beside = right > left ? share * (right - left) : std::max(0.5 * std::abs(left), 0.5);
        x->setRange(left - beside, right + beside);
    }
}

}  // namespace wavlab
