// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decimation.h"
#include "core/loss_unit.h"
#include "core/run_groups.h"
#include "core/statistics.h"
#include "core/training_axis.h"
#include "views/curves/curve_layer.h"

namespace wavlab {

/// One recorded scalar of a run as it is drawn: where its steps lie on the axis, its extremes, what is not finite.
class RecordedCurve {
public:
    explicit RecordedCurve(std::string name) : name_(std::move(name)) {}

    /// Takes in what is new. True when what was known had to be thrown away: a resumed run replaces what came after its
    /// checkpoint, an evaluation on demand the one before it. `unit` multiplies the recorded values.
    bool follow(const RunRecord& record, const AxisScale& scale, double unit);
    /// Places the steps on another axis.
    void replace_positions(const RunRecord& record, const AxisScale& scale);
    /// Forgets all that was taken in.
    void clear();

    std::size_t size() const { return pyramid_.size(); }
    /// The recorded steps and the values in the unit that is drawn; no longer than what was taken in.
    SeriesView steps(const RunRecord& record) const;
    /// Positions and values as they are drawn.
    CurveData data(const RunRecord& record) const;
    /// The same keys with other values, one for each recorded one.
    CurveData data(const RunRecord& record, std::span<const double> values, const MinMaxPyramid& pyramid) const;
    const MinMaxPyramid& pyramid() const { return pyramid_; }
    /// Smallest and largest position.
    Extent positions(const RunRecord& record) const;
    const std::vector<double>& not_finite() const { return not_finite_; }  ///< steps

private:
    std::string name_;
    MinMaxPyramid pyramid_;
    std::vector<double> scaled_;  ///< the values in another unit than the recorded one
    double unit_ = 1;
    double factor_ = 1;
    bool proportional_ = true;
    std::vector<double> positions_;  ///< where they are not the steps times a factor
    std::vector<double> not_finite_;
    std::pair<double, double> last_;  ///< step and value
};

/// The loss curves of one run with all that is computed from them, kept while the run is drawn: only what is new or
/// what changed is computed again.
class RunCurves {
public:
    explicit RunCurves(std::shared_ptr<RunRecord> record, TrainingAxis axis);

    const RunRecord& record() const { return *record_; }
    const std::shared_ptr<RunRecord>& shared_record() const { return record_; }
    const AxisScale& scale() const { return scale_; }
    /// Whether the run has this axis and its losses this unit.
    bool drawable() const { return scale_.known() && unit_known_; }
    /// Places everything on this axis, gives losses in this unit and smooths by this strength (0: not at all). True
    /// when something changed.
    bool update(TrainingAxis axis, LossUnit unit, double smoothing);

    const RecordedCurve& train() const { return train_; }
    const RecordedCurve& validation() const { return validation_; }
    const std::vector<double>& smoothed() const { return smoothed_; }
    CurveData train_data() const { return train_.data(*record_); }
    /// Of the smoothed training loss; of the recorded one when nothing is smoothed.
    CurveData smoothed_data() const;
    CurveData validation_data() const { return validation_.data(*record_); }
    const MinMaxPyramid& smoothed_pyramid() const { return strength_ > 0 ? smoothed_pyramid_ : train_.pyramid(); }

    struct Value {
        double step = 0;
        double recorded = 0;
        double smoothed = 0;
    };
    /// What was recorded at the step nearest to this one.
    std::optional<Value> train_near(double step) const;
    /// The last validation up to this step.
    std::optional<Value> validation_before(double step) const;

private:
    std::shared_ptr<RunRecord> record_;
    AxisScale scale_;
    RecordedCurve train_, validation_;
    double unit_ = 1;
    bool unit_known_ = true;
    double strength_ = -1;
    Smoother smoother_;
    std::vector<double> smoothed_;
    MinMaxPyramid smoothed_pyramid_;
};

/// The mean of a group's runs with a band around it.
class GroupCurves {
public:
    enum class Band { none, deviation, interval };
    enum class Series { train, validation };

    /// Averages anew: the smoothed training loss, or the validation loss, of these runs.
    void average(const std::vector<const RunCurves*>& runs, Series series, Band band);

    const GroupCurve& curve() const { return curve_; }
    bool empty() const { return curve_.positions.empty(); }
    CurveData mean() const { return {curve_.positions, 1, curve_.mean, &mean_}; }
    CurveData low() const { return {curve_.positions, 1, low_values_, &low_}; }
    CurveData high() const { return {curve_.positions, 1, high_values_, &high_}; }
    /// Half the height of the band; empty without one.
    std::span<const double> half() const { return half_; }
    Extent values() const;

private:
    GroupCurve curve_;
    std::vector<double> half_, low_values_, high_values_;
    MinMaxPyramid mean_, low_, high_;
};

}  // namespace wavlab
