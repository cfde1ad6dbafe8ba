// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sweep_grid.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

#include "core/error.h"
#include "views/option_label.h"

namespace wavlab {

double estimate_disk(const Experiment& experiment, const CostEstimate& cost) {
    const TrainSettings& train = experiment.train;
    const auto times = [&](std::int64_t every) { return every > 0 ? double(train.steps / every) : 0.0; };
    double checkpoints =
        train.checkpoint_every > 0 ? std::ceil(double(train.steps) / double(train.checkpoint_every)) : 1;
    // Beside the newest the best is kept, which may be an older one.
    if (train.checkpoint_keep > 0) checkpoints = std::min(checkpoints, double(train.checkpoint_keep) + 1);
    // Weights and AdamW's two moments, 4 bytes each.
    const double saved = checkpoints * 12.0 * double(cost.parameters);
    constexpr double scalar_bytes = 150;  // a step's scalars in the store
    const double frame_numbers =
        4.0 * (2.0 * double(experiment.model.layers) + 1) * (cost.mean_sources + 4);  // weights, spread, RMS, ...
    return saved + scalar_bytes * double(train.steps) + times(train.record_every) * 4.0 * frame_numbers;
}

SweepGrid lay_out_grid(const Sweep& sweep, std::int64_t vocabulary) {
    SweepGrid grid;
    for (const SweepAxis& axis : sweep.axes) {
        grid.keys.push_back(axis.key);
        grid.titles.append(option_label(axis.key));
        grid.value_counts.push_back(axis.values.size());
    }
    grid.combinations = combinations(sweep);
    std::vector<SweepPoint> points;
    try {
        points = lay_out(sweep);
    } catch (const InputError& error) {
        grid.problem = QString::fromUtf8(error.what());
        return grid;
    }
    for (SweepPoint& point : points) {
        PlannedRun row;
        const std::vector<ExperimentProblem> found = problems(point.experiment);
        if (found.empty()) {
            const CostEstimate cost = estimate_cost(point.experiment, vocabulary);
            row.memory_bytes = cost.memory_bytes;
            row.disk_bytes = estimate_disk(point.experiment, cost);
        } else {
            row.problem = QString::fromStdString(found.front().message);
        }
        row.point = std::move(point);
        grid.rows.push_back(std::move(row));
    }
    return grid;
}

std::size_t SweepGrid::bad_rows() const {
    return std::size_t(
        std::count_if(rows.begin(), rows.end(), [](const PlannedRun& row) { return !row.problem.isEmpty(); }));
}

std::optional<double> SweepGrid::seconds() const {
    double sum = 0;
    for (const PlannedRun& row : rows) {
        if (!row.problem.isEmpty()) continue;
        if (!row.seconds) return std::nullopt;
        sum += *row.seconds;
    }
    return sum;
}

bool SweepGrid::is_any_scaled() const {
    return std::any_of(rows.begin(), rows.end(), [](const PlannedRun& row) { return row.is_scaled; });
}

double SweepGrid::memory_bytes() const {
    double most = 0;
    for (const PlannedRun& row : rows) most = std::max(most, row.memory_bytes);
    return most;
}

double SweepGrid::disk_bytes() const {
    double sum = 0;
    for (const PlannedRun& row : rows) sum += row.disk_bytes;
    return sum;
}

QString SweepGrid::size_text() const {
    QStringList factors;
    for (qsizetype i = 0; i < titles.size(); ++i)
        if (value_counts[std::size_t(i)] > 1 || titles.size() == 1)
            factors.append(
                QCoreApplication::translate("wavlab", "%1 (%2)").arg(titles[i]).arg(value_counts[std::size_t(i)]));
    const QString product = factors.join(QStringLiteral(" × "));
    if (rows.size() == combinations)
        return product.isEmpty() ? QString::number(rows.size())
                                 : QCoreApplication::translate("wavlab", "%1: %2").arg(rows.size()).arg(product);
    return QCoreApplication::translate("wavlab", "%1 of %2: %3; the others would be the same runs")
        .arg(rows.size())
        .arg(combinations)
        .arg(product);
}

QString SweepGrid::first_problem() const {
    if (!problem.isEmpty()) return problem;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (!rows[i].problem.isEmpty())
            return QCoreApplication::translate("wavlab", "Run %1: %2.").arg(i + 1).arg(rows[i].problem);
    return {};
}

}  // namespace wavlab
