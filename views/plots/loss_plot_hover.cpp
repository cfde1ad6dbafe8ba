// SPDX-License-Identifier: GPL-3.0-or-later
// The values beside the mouse.
#include <algorithm>
#include <cmath>

#include <qcustomplot.h>

#include "views/plots/loss_plot.h"

namespace wavlab {

namespace {

constexpr std::size_t most_rows = 12;

QString number(double value) {
    if (std::isnan(value)) return QStringLiteral("NaN");
    if (std::isinf(value))
        return value > 0 ? LossPlot::tr("infinite", "a number") : LossPlot::tr("-infinite", "a number");
    return QString::number(value, 'f', 4);
}

/// The index of the position nearest to this one.
std::size_t nearest(std::span<const double> positions, double position) {
    const auto after = std::lower_bound(positions.begin(), positions.end(), position);
    if (after == positions.begin()) return 0;
    if (after == positions.end() || position - *std::prev(after) <= *after - position)
        return std::size_t(after - positions.begin()) - 1;
    return std::size_t(after - positions.begin());
}

}  // namespace

std::pair<const QCPAxis*, const QCPAxis*> LossPlot::axes_of_hover() const {
    const QCPAxisRect* rect = layer_->axes();
    return {rect->axis(QCPAxis::atBottom), rect->axis(QCPAxis::atLeft)};
}

double LossPlot::nearest_position(double position) const {
    double best = std::nan("");
    const auto consider = [&](std::span<const double> keys, double factor) {
        if (keys.empty()) return;
        const double found = keys[nearest(keys, position / factor)] * factor;
        if (!(std::abs(found - position) >= std::abs(best - position))) best = found;
    };
    if (grouped()) {
        for (const ShownGroup& group : groups_)
            for (const GroupCurves* curves : {&group.train, &group.validation}) consider(curves->curve().positions, 1);
    } else {
        for (const ShownRun& run : shown_)
            for (const bool train : {true, false}) {
                if (train ? !shows_train() : !shows_validation()) continue;
                const CurveData data = train ? run.curves->train_data() : run.curves->validation_data();
                consider(data.keys, data.key_factor);
            }
    }
    return best;
}

QString LossPlot::position_title(double position) const {
    QStringList texts;
    for (const auto axis : {TrainingAxis::step, TrainingAxis::tokens, TrainingAxis::time, TrainingAxis::flops}) {
        Extent extent;
        for (const ShownRun& run : shown_) {
            AxisScale other(axis);
            if (axis == axis_kind()) {
                extent.include(position);
                break;
            }
            // A clock is kept by the curves only for the axis of time, and is costly to make for many runs.
            if (axis == TrainingAxis::time && shown_.size() > most_rows) break;
            other.follow(run.curves->record());
            if (!other.known()) continue;
            extent.include(other.position(run.curves->scale().step_at(position)));
        }
        if (!extent.empty()) texts << training_range_text(axis, extent.low, extent.high);
    }
    return texts.join(QStringLiteral(" · "));
}

void LossPlot::hover_runs(double position, const QPointF& mouse, HoverBox::Content& content) const {
    const auto [x, y] = axes_of_hover();
    const bool by_step = axis_kind() == TrainingAxis::step;
    content.rows.push_back({QColor(), {}, {"", tr("train"), tr("smoothed"), tr("validation")}, true});
    struct Candidate {
        HoverBox::Row row;
        std::pair<QPointF, QColor> dot;
        double distance = 1e9;
    };
    std::vector<Candidate> candidates;
    for (const ShownRun& run : shown_) {
        const RunCurves& curves = *run.curves;
        const double step = curves.scale().step_at(position);
        Candidate candidate;
        const QColor color = run_color(run.style_index, style());
        QStringList cells{QString::fromStdString(curves.record().name()), "-", "-", "-"};
        // By step only a value of this very step counts, by other measures one within two pixels.
        if (const auto train = curves.train_near(step)) {
            const double pixel = x->coordToPixel(curves.scale().position(train->step));
            if (by_step ? train->step == step : std::abs(pixel - x->coordToPixel(position)) <= 2) {
                cells[1] = number(train->recorded);
                if (smoothing_->value() > 0) cells[2] = number(train->smoothed);
                const double height = y->coordToPixel(train->smoothed);
                if (std::isfinite(height) && shows_train()) {
                    candidate.dot = {QPointF(content.anchor.x(), height), color};
                    candidate.distance = std::abs(height - mouse.y());
                }
            }
        }
        if (const auto validation = curves.validation_before(step)) {
            cells[3] = number(validation->recorded);
            if (validation->step != step) cells[3] += tr(" (step %1)").arg(qint64(validation->step));
            if (!shows_train()) candidate.distance = std::abs(y->coordToPixel(validation->recorded) - mouse.y());
        }
        candidate.row = {color, run_dashes(run.style_index), cells};
        candidates.push_back(std::move(candidate));
    }
    std::vector<std::size_t> order(candidates.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (order.size() > most_rows) {
        // The nearest ones, in the order of the legend.
        std::nth_element(order.begin(), order.begin() + most_rows, order.end(), [&](std::size_t a, std::size_t b) {
            return std::pair(candidates[a].distance, a) < std::pair(candidates[b].distance, b);
        });
        order.resize(most_rows);
        std::sort(order.begin(), order.end());
    }
    for (const std::size_t i : order) {
        if (candidates[i].distance < 1e9 && shows_train()) content.dots.push_back(candidates[i].dot);
        content.rows.push_back(std::move(candidates[i].row));
    }
    if (candidates.size() > order.size())
        content.rows.push_back(
            {QColor(), {}, {tr("and %n more", nullptr, int(candidates.size() - order.size()))}, true});
}

void LossPlot::hover_groups(double position, HoverBox::Content& content) const {
    const auto [x, y] = axes_of_hover();
    content.rows.push_back({QColor(), {}, {"", tr("n", "number of runs"), tr("train"), tr("validation")}, true});
    for (const ShownGroup& group : groups_) {
        const QColor color = run_color(group.style_index, style());
        QStringList cells{group.label, runs_text(group), "-", "-"};
        for (const GroupCurves* curves : {&group.train, &group.validation}) {
            const GroupCurve& curve = curves->curve();
            const bool train = curves == &group.train;
            if (curve.positions.empty() || (train ? !shows_train() : !shows_validation())) continue;
            std::size_t at = nearest(curve.positions, position);
            if (!train && curve.positions[at] > position && at > 0) --at;
            const double off = std::abs(x->coordToPixel(curve.positions[at]) - x->coordToPixel(position));
            if (train ? off > 2 : curve.positions[at] > position) continue;
            QString text = number(curve.mean[at]);
            if (at < curves->half().size()) text += QStringLiteral(" ± ") + number(curves->half()[at]);
            if (!train && off > 2)
                text += QStringLiteral(" (%1)").arg(training_position_text(axis_kind(), curve.positions[at]));
            cells[train ? 2 : 3] = text;
            const double height = y->coordToPixel(curve.mean[at]);
            if (train && std::isfinite(height)) content.dots.push_back({QPointF(content.anchor.x(), height), color});
        }
        content.rows.push_back({color, run_dashes(group.style_index), cells});
        if (content.rows.size() <= most_rows || &group == &groups_.back()) continue;
        content.rows.push_back({QColor(), {}, {tr("and %n more", nullptr, int(&groups_.back() - &group))}, true});
        break;
    }
}

bool LossPlot::show_hover(const QPointF& position) {
    const QRectF area = axes().rect();
    if (!area.contains(position)) return false;
    const auto [x, y] = axes_of_hover();
    const double key = nearest_position(x->pixelToCoord(position.x()));
    if (std::isnan(key)) return false;
    HoverBox::Content content;
    content.title = position_title(key);
    content.anchor = QPointF(x->coordToPixel(key), position.y());
    content.vertical_line = true;
    if (grouped())
        hover_groups(key, content);
    else
        hover_runs(key, position, content);
    for (const ReferenceLines::Line& line : references_->lines())
        content.rows.push_back({style().muted_ink, {4, 3}, {line.text, "", "", number(line.value)}, true});
    hover_box().show(std::move(content), area);
    return true;
}

}  // namespace wavlab
