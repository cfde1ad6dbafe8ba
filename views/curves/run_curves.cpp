// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/curves/run_curves.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

const ScalarSeries no_series;

const ScalarSeries& series_of(const RunRecord& record, const std::string& name) {
    const ScalarSeries* series = record.scalars(name);
    return series ? *series : no_series;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

// ---- RecordedCurve

void RecordedCurve::clear() {
    pyramid_.clear();
    scaled_.clear();
    positions_.clear();
    not_finite_.clear();
}

bool RecordedCurve::follow(const RunRecord& record, const AxisScale& scale, double unit) {
    const ScalarSeries& series = series_of(record, name_);
    if (unit_ != unit) clear();
    unit_ = unit;
    const std::size_t known = size(), points = series.steps.size();
    const bool replaced =
        points < known ||
        (known > 0 && (series.steps[known - 1] != last_.first || !same(series.values[known - 1], last_.second)));
    if (replaced) clear();
    for (std::size_t i = size(); i < points; ++i)
        if (!std::isfinite(series.values[i])) not_finite_.push_back(series.steps[i]);
    if (unit_ != 1)
        for (std::size_t i = scaled_.size(); i < points; ++i) scaled_.push_back(unit_ * series.values[i]);
    pyramid_.extend(unit_ == 1 ? series.values : scaled_);
    if (points > 0) last_ = {series.steps.back(), series.values.back()};
    proportional_ = scale.factor().has_value();
    factor_ = scale.factor().value_or(1);
    if (!proportional_)
        for (std::size_t i = positions_.size(); i < points; ++i) positions_.push_back(scale.position(series.steps[i]));
    return replaced;
}

void RecordedCurve::replace_positions(const RunRecord& record, const AxisScale& scale) {
    positions_.clear();
    follow(record, scale, unit_);
}

SeriesView RecordedCurve::steps(const RunRecord& record) const {
    const ScalarSeries& series = series_of(record, name_);
    const std::size_t count = std::min(size(), series.steps.size());
    const std::span<const double> values = unit_ == 1 ? std::span(series.values) : std::span(scaled_);
    return {std::span(series.steps).first(count), values.first(count)};
}

CurveData RecordedCurve::data(const RunRecord& record) const {
    const SeriesView series = steps(record);
    return {proportional_ ? series.positions : std::span<const double>(positions_), factor_, series.values, &pyramid_,
            proportional_};
}

CurveData RecordedCurve::data(const RunRecord& record, std::span<const double> values,
                              const MinMaxPyramid& pyramid) const {
    CurveData result = data(record);
    result.values = values.first(std::min(values.size(), result.values.size()));
    result.pyramid = &pyramid;
    return result;
}

Extent RecordedCurve::positions(const RunRecord& record) const {
    const CurveData all = data(record);
    Extent extent;
    if (all.keys.empty()) return extent;
    extent.include(all.keys.front() * all.key_factor);
    extent.include(all.keys.back() * all.key_factor);
    return extent;
}

// ---- RunCurves

RunCurves::RunCurves(std::shared_ptr<RunRecord> record, TrainingAxis axis)
    : record_(std::move(record)), scale_(axis), train_("train/loss"), validation_("val/loss") {}

bool RunCurves::update(TrainingAxis axis, LossUnit unit, double smoothing) {
    const std::optional<double> factor = loss_factor(record_->description(), unit);
    const bool other_unit = factor.has_value() != unit_known_ || factor.value_or(unit_) != unit_;
    unit_known_ = factor.has_value();
    unit_ = factor.value_or(1);
    const std::size_t train_before = train_.size(), validation_before = validation_.size();
    const bool other_axis = axis != scale_.axis();
    if (other_axis) scale_ = AxisScale(axis);
    scale_.follow(*record_);
    const bool train_replaced = train_.follow(*record_, scale_, unit_);
    const bool validation_replaced = validation_.follow(*record_, scale_, unit_);
    // Times before a replaced step stay, but those of a validation may have been taken before its step was timed.
    if (other_axis || (axis == TrainingAxis::time && (train_replaced || validation_.size() != validation_before))) {
        train_.replace_positions(*record_, scale_);
        validation_.replace_positions(*record_, scale_);
    }
    const bool other_strength = smoothing != strength_;
    if (other_strength || other_unit || train_replaced) {
        strength_ = smoothing;
        smoother_ = Smoother(smoothing);
        smoothed_.clear();
        smoothed_pyramid_.clear();
    }
    if (strength_ > 0) {
        const SeriesView series = train_.steps(*record_);
        smoothed_.reserve(series.values.size());
        for (std::size_t i = smoothed_.size(); i < series.values.size(); ++i)
            smoothed_.push_back(smoother_.add(series.values[i]));
        smoothed_pyramid_.extend(smoothed_);
    }
    return other_axis || other_unit || other_strength || train_replaced || validation_replaced ||
           train_.size() != train_before || validation_.size() != validation_before;
}

CurveData RunCurves::smoothed_data() const {
    return strength_ > 0 ? train_.data(*record_, smoothed_, smoothed_pyramid_) : train_data();
}

std::optional<RunCurves::Value> RunCurves::train_near(double step) const {
    const SeriesView series = train_.steps(*record_);
    if (series.positions.empty()) return std::nullopt;
    auto at = std::lower_bound(series.positions.begin(), series.positions.end(), step);
    if (at == series.positions.end() || (at != series.positions.begin() && step - *std::prev(at) <= *at - step))
        at = at == series.positions.begin() ? at : std::prev(at);
    const auto index = std::size_t(at - series.positions.begin());
    const double smooth = index < smoothed_.size() ? smoothed_[index] : series.values[index];
    return Value{*at, series.values[index], smooth};
}

std::optional<RunCurves::Value> RunCurves::validation_before(double step) const {
    const SeriesView series = validation_.steps(*record_);
    const auto after = std::upper_bound(series.positions.begin(), series.positions.end(), step);
    if (after == series.positions.begin()) return std::nullopt;
    const auto index = std::size_t(after - series.positions.begin()) - 1;
    return Value{series.positions[index], series.values[index], series.values[index]};
}

// ---- GroupCurves

void GroupCurves::average(const std::vector<const RunCurves*>& runs, Series series, Band band) {
    // Positions that are the steps times one factor are shared as they are; others are written out.
    std::vector<CurveData> data;
    for (const RunCurves* run : runs)
        data.push_back(series == Series::train ? run->smoothed_data() : run->validation_data());
    const bool one_factor = std::all_of(
        data.begin(), data.end(), [&](const CurveData& one) { return one.key_factor == data.front().key_factor; });
    std::vector<std::vector<double>> written(one_factor ? 0 : data.size());
    std::vector<SeriesView> views;
    for (std::size_t i = 0; i < data.size(); ++i) {
        std::span<const double> keys = data[i].keys;
        if (!one_factor) {
            for (const double key : keys) written[i].push_back(key * data[i].key_factor);
            keys = written[i];
        }
        const std::size_t count = std::min(keys.size(), data[i].values.size());
        views.push_back({keys.first(count), data[i].values.first(count)});
    }
    curve_ = group_curve(views);
    if (one_factor && !data.empty())
        for (double& position : curve_.positions) position *= data.front().key_factor;

    half_.clear();
    if (band != Band::none && curve_.n > 1) {
        const double factor = band == Band::deviation ? 1 : interval_factor(curve_.n);
        for (const double deviation : curve_.deviation) half_.push_back(factor * deviation);
    }
    low_values_ = high_values_ = curve_.mean;
    for (std::size_t i = 0; i < half_.size(); ++i) {
        low_values_[i] -= half_[i];
        high_values_[i] += half_[i];
    }
    for (auto [pyramid, values] : {std::pair{&mean_, &curve_.mean}, {&low_, &low_values_}, {&high_, &high_values_}}) {
        pyramid->clear();
        pyramid->extend(*values);
    }
}

Extent GroupCurves::values() const {
    Extent extent = low_.whole();
    extent.include(high_.whole());
    return extent;
}

}  // namespace wavlab
