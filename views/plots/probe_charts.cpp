// SPDX-License-Identifier: GPL-3.0-or-later
// The first-order estimate against the exact change of the loss, and whole families by band of depth.
#include <algorithm>
#include <cmath>

#include "core/statistics.h"
#include "views/axis_tickers.h"
#include "views/plots/probe_plot.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr double reach = 14;  ///< of the mouse, in 1/96 inch

QString number(double value) { return QString::number(value, 'g', 4); }

/// From the first to the last: "1–9".
QString routers_text(const ProbedFamily& family) {
    if (family.routers.empty()) return {};
    const std::int64_t first = family.routers.front(), last = family.routers.back();
    return first == last ? QString::number(first) : QStringLiteral("%1–%2").arg(first).arg(last);
}

QCPScatterStyle estimate_mark(const PlotStyle& style) {
    return {QCPScatterStyle::ssDiamond, QPen(style.ink, style.thin_line_width), style.ground, style.marker_size};
}

/// A little more than from `low` to `high`.
QCPRange widened(double low, double high, double share) {
    const double room = high > low ? (high - low) * share : 1;
    return {low - room, high + room};
}

}  // namespace

void ProbePlot::style_own_axes() {
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
        QCPAxis* axis = axes().axis(type);
        axis->setRangeReversed(false);
        axis->setTickLabelRotation(0);
        axis->setTickLabels(true);
        axis->grid()->setVisible(true);
        axis->setTicker(QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    }
}

void ProbePlot::set_value_axis(QCPAxis& axis, const QString& label) {
    axis.setLabel(label);
    axis.setNumberFormat("g");
    axis.setNumberPrecision(3);
    axis.setTicker(QSharedPointer<QCPAxisTicker>(scale_.active() ? new SymmetricLogTicker(scale_) : new QCPAxisTicker));
    axis.ticker()->setTickCount(5);
    axis.grid()->setZeroLinePen(QPen(style().muted_ink, style().thin_line_width));
}

void ProbePlot::show_scatter() {
    style_own_axes();
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    std::vector<double> losses = exact(), estimates;
    for (const ProbeEffect& effect : effects()) estimates.push_back(effect.attribution);
    scale_ = log_->isChecked() ? SymmetricLog::below(std::max(largest_magnitude(losses), largest_magnitude(estimates)))
                               : SymmetricLog();
    set_value_axis(*x, tr("Exact Δloss (nats per token)"));
    set_value_axis(*y, low_ ? tr("Estimate (nats)") : tr("Estimate (nats per token)"));

    double low = 0, high = 0;
    std::size_t points = 0;
    std::vector<SourceKind> kinds;
    for (const Source& source : routing_.columns())
        if (std::find(kinds.begin(), kinds.end(), source.kind) == kinds.end()) kinds.push_back(source.kind);
    for (const SourceKind kind : kinds) {
        QVector<double> keys, values;
        std::size_t cell = 0;
        for (const auto& sources : probe_->layout.routers)
            for (const Source& source : sources) {
                const std::size_t place = cell++;
                if (source.kind != kind || !std::isfinite(losses[place]) || !std::isfinite(estimates[place])) continue;
                keys.append(scale_.to(losses[place]));
                values.append(scale_.to(estimates[place]));
                low = std::min({low, keys.back(), values.back()});
                high = std::max({high, keys.back(), values.back()});
                ++points;
            }
        auto* graph = new QCPGraph(x, y);
        chart_parts_.push_back(graph);
        graph->setLineStyle(QCPGraph::lsNone);
        // The ground around each, so that points on points are told apart.
        graph->setScatterStyle({QCPScatterStyle::ssCircle, QPen(style().ground, style().px(0.6)),
                                source_color(kind, style()), style().marker_size});
        graph->setData(keys, values);
        graph->setName(translated(kind_title(kind)));
    }
    chart_keys_ = chart_values_ = widened(low, high, 0.06);

    auto* diagonal = new QCPGraph(x, y);
    chart_parts_.push_back(diagonal);
    QPen pen(style().muted_ink, style().thin_line_width, Qt::CustomDashLine, Qt::FlatCap);
    pen.setDashPattern({4, 3});
    diagonal->setPen(pen);
    diagonal->setName(tr("y = x"));
    const double far = 10 * std::max(std::abs(low), std::abs(high));
    diagonal->setData({-far, far}, {-far, far});

    std::vector<LegendStrip::Entry> entries;
    name_probe(entries);
    LegendStrip::Entry agreement;
    agreement.heading = true;
    const auto correlation = rank_correlation(estimates, losses);
    agreement.text = correlation ? tr("ρ = %1, n = %2").arg(QString::number(*correlation, 'f', 2)).arg(points)
                                 : tr("n = %1").arg(points);
    entries.push_back(agreement);
    LegendStrip::Entry same;
    same.text = tr("y = x");
    same.line = pen;
    entries.push_back(same);
    name_kinds(entries, kinds);
    legend().set_entries(std::move(entries));
}

bool ProbePlot::hover_scatter(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    const QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const QCPAxis* y = axes().axis(QCPAxis::atLeft);
    double nearest = style().px(reach);
    std::optional<std::pair<std::size_t, std::size_t>> found;
    QPointF point;
    for (std::size_t row = 0; row < routing_.rows().size(); ++row)
        for (std::size_t column = 0; column < routing_.columns().size(); ++column) {
            const auto place = cell(row, column);
            if (!place) continue;
            const ProbeEffect& effect = effects()[*place];
            const QPointF at(x->coordToPixel(scale_.to(effect.delta_loss)),
                             y->coordToPixel(scale_.to(effect.attribution)));
            const double distance = std::hypot(at.x() - position.x(), at.y() - position.y());
            if (!(distance < nearest)) continue;
            nearest = distance;
            found = {row, column};
            point = at;
        }
    if (!found) return false;
    HoverBox::Content content = describe(found->first, found->second);
    content.anchor = point;
    content.dots = {{point, source_color(routing_.columns()[found->second].kind, style())}};
    hover_box().show(std::move(content), axes().rect());
    return true;
}

std::vector<ProbePlot::Bar> ProbePlot::bars() const {
    std::vector<Bar> all;
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial}) {
        std::vector<const ProbedFamily*> bands;
        for (const ProbedFamily& family : probe_->families)
            if (family.family == kind && family.removal == removal() && !family.routers.empty())
                bands.push_back(&family);
        if (bands.empty()) continue;
        if (!all.empty()) all.push_back({});
        // All of the depth first, then from shallow to deep.
        const auto widest = std::max_element(bands.begin(), bands.end(), [](const auto* a, const auto* b) {
            return a->routers.size() < b->routers.size();
        });
        std::rotate(bands.begin(), widest, widest + 1);
        std::stable_sort(bands.begin() + 1, bands.end(),
                         [](const auto* a, const auto* b) { return a->routers.front() < b->routers.front(); });
        for (std::size_t i = 0; i < bands.size(); ++i)
            all.push_back({bands[i], i == 0 ? tr("all") : routers_text(*bands[i])});
    }
    return all;
}

void ProbePlot::show_families() {
    style_own_axes();
    bars_ = bars();
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    double largest = 0;
    for (const Bar& bar : bars_)
        for (const double value :
             {bar.family ? bar.family->effect.delta_loss : 0.0, bar.family ? bar.family->effect.attribution : 0.0})
            if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    scale_ = log_->isChecked() ? SymmetricLog::below(largest) : SymmetricLog();
    set_value_axis(*y, low_ ? tr("Δloss (nats)") : tr("Δloss (nats per token)"));
    x->setLabel(tr("Removed at the routers"));
    x->setTickLength(0, 0);
    x->setTickLabelRotation(-90);
    x->grid()->setVisible(false);

    add_bars();
    std::vector<SourceKind> kinds;
    for (const Bar& bar : bars_)
        if (bar.family) kinds.push_back(bar.family->family);

    std::vector<LegendStrip::Entry> entries;
    name_probe(entries);
    LegendStrip::Entry how;
    how.heading = true;
    how.text = removal() == Removal::zero ? tr("Family set to zero:") : tr("Family removed, rest renormalised:");
    entries.push_back(how);
    name_kinds(entries, kinds);
    LegendStrip::Entry estimate;
    estimate.text = tr("first-order estimate");
    estimate.marker = estimate_mark(style());
    entries.push_back(estimate);
    legend().set_entries(std::move(entries));
}

void ProbePlot::add_bars() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    double low = 0, high = 0;
    std::vector<CategoryTicker::Category> names;
    QVector<double> keys, estimates;
    for (std::size_t i = 0; i < bars_.size(); ++i) {
        names.push_back({bars_[i].name, bars_[i].name == tr("all") ? 0 : 1});
        if (!bars_[i].family) continue;
        const ProbedFamily& family = *bars_[i].family;
        const double loss = scale_.to(family.effect.delta_loss), estimate = scale_.to(family.effect.attribution);
        if (std::isfinite(loss)) {
            auto* bar = new QCPBars(x, y);
            chart_parts_.push_back(bar);
            bar->setWidth(0.8);
            bar->setPen(Qt::NoPen);
            bar->setBrush(source_color(family.family, style()));
            bar->setAntialiased(false);
            bar->setData({double(i)}, {loss});
            bar->setName(translated(kind_title(family.family)));
            low = std::min(low, loss);
            high = std::max(high, loss);
        }
        if (std::isfinite(estimate)) {
            keys.append(double(i));
            estimates.append(estimate);
            low = std::min(low, estimate);
            high = std::max(high, estimate);
        }
    }
    const QSharedPointer<CategoryTicker> ticker(new CategoryTicker(x));
    ticker->set_categories(std::move(names));
    ticker->set_spacing(QFontMetricsF(style().tick_font).height());
    x->setTicker(ticker);
    auto* marks = new QCPGraph(x, y);
    chart_parts_.push_back(marks);
    marks->setLineStyle(QCPGraph::lsNone);
    marks->setScatterStyle(estimate_mark(style()));
    marks->setData(keys, estimates, true);
    marks->setName(tr("first-order estimate"));
    chart_keys_ = {-0.7, std::max(1.0, double(bars_.size())) - 0.3};
    chart_values_ = widened(low, high, 0.06);
}

bool ProbePlot::hover_families(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    const auto index = std::lround(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    if (index < 0 || std::size_t(index) >= bars_.size() || !bars_[std::size_t(index)].family) return false;
    const ProbedFamily& family = *bars_[std::size_t(index)].family;
    const auto loss = [](double value) { return std::isnan(value) ? tr("nothing would be left") : number(value); };
    HoverBox::Content content;
    content.title = tr("%1 at the routers %2").arg(translated(kind_title(family.family)), routers_text(family));
    content.anchor = position;
    content.rows = {
        {source_color(family.family, style()), {}, {tr("Δloss"), loss(family.effect.delta_loss)}},
        {QColor(), {}, {tr("first-order estimate"), loss(family.effect.attribution)}},
        {QColor(), {}, {tr("routers"), QString::number(family.routers.size())}},
        {QColor(), {}, {tr("weight α, summed"), number(family.alpha)}},
        {QColor(), {}, {tr("contribution Σ ‖α v‖"), number(family.contribution)}},
    };
    hover_box().show(std::move(content), axes().rect());
    return true;
}

}  // namespace wavlab
