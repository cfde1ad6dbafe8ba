// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace wavlab {

namespace {

constexpr std::array axis_names = {std::pair{TrainingAxis::step, "step"}, std::pair{TrainingAxis::tokens, "tokens"},
                                   std::pair{TrainingAxis::time, "time"}, std::pair{TrainingAxis::flops, "flops"}};

/// y at x on the lines through the points (xs, ys), which start at the origin and end with the last point.
double on_lines(const std::vector<double>& xs, const std::vector<double>& ys, double x) {
    if (xs.empty()) return std::nan("");
    const auto after = std::lower_bound(xs.begin(), xs.end(), x);
    if (after == xs.end()) return ys.back();
    const auto index = std::size_t(after - xs.begin());
    if (*after == x) return ys[index];
    const double x0 = index == 0 ? 0 : xs[index - 1], y0 = index == 0 ? 0 : ys[index - 1];
    return x <= x0 ? y0 : y0 + (ys[index] - y0) * (x - x0) / (*after - x0);
}

}  // namespace

std::string to_string(TrainingAxis axis) {
    for (const auto& [value, name] : axis_names)
        if (value == axis) return name;
    return "";
}

std::optional<TrainingAxis> parse_training_axis(std::string_view text) {
    for (const auto& [value, name] : axis_names)
        if (name == text) return value;
    return std::nullopt;
}

void TrainingClock::follow(const ScalarSeries& speed, double tokens) {
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    const std::size_t known = steps_.size();
    const bool replaced =
        known > speed.steps.size() ||
        (known > 0 && (speed.steps[known - 1] != steps_.back() || !same(speed.values[known - 1], speeds_.back())));
    if (replaced) *this = {};
    for (std::size_t i = steps_.size(); i < speed.steps.size(); ++i) {
        const double value = speed.values[i];
        if (std::isfinite(value) && value > 0) last_speed_ = value;
        // Steps without a record took as long as the next that has one.
        const double gap = speed.steps[i] - (steps_.empty() ? 0 : steps_.back());
        const double before = seconds_.empty() ? 0 : seconds_.back();
        seconds_.push_back(before + (last_speed_ > 0 ? gap * tokens / last_speed_ : 0));
        steps_.push_back(speed.steps[i]);
        speeds_.push_back(value);
    }
}

double TrainingClock::seconds_at(double step) const { return on_lines(steps_, seconds_, step); }

double TrainingClock::step_at(double seconds) const { return on_lines(seconds_, steps_, seconds); }

void AxisScale::follow(const RunRecord& record) {
    const double tokens = tokens_per_step(record.experiment());
    if (axis_ == TrainingAxis::tokens) factor_ = tokens;
    if (axis_ == TrainingAxis::flops) factor_ = tokens * record.description().flops_per_token;
    if (axis_ != TrainingAxis::time) return;
    if (const ScalarSeries* speed = record.scalars("train/tokens_per_second"))
        clock_.follow(*speed, tokens);
    else
        clock_ = {};
}

bool AxisScale::known() const { return axis_ == TrainingAxis::time ? !clock_.empty() : factor_ > 0; }

std::optional<double> AxisScale::factor() const {
    return axis_ == TrainingAxis::time ? std::nullopt : std::optional(factor_);
}

double AxisScale::position(double step) const {
    return axis_ == TrainingAxis::time ? clock_.seconds_at(step) : step * factor_;
}

double AxisScale::step_at(double position) const {
    return axis_ == TrainingAxis::time ? clock_.step_at(position) : position / factor_;
}

double tokens_per_step(const Experiment& experiment) {
    return double(experiment.train.batch) * double(experiment.train.accumulate) * double(experiment.model.context);
}

}  // namespace wavlab
