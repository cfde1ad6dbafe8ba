// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run_record.h"

namespace wavlab {

/// What training is measured by: updates; tokens read (step · batch · accumulate · context); seconds spent in updates;
/// or floating-point operations, forward and backward (tokens · RunDescription::flops_per_token).
enum class TrainingAxis { step, tokens, time, flops };

/// "step", "tokens", "time", "flops".
std::string to_string(TrainingAxis axis);
std::optional<TrainingAxis> parse_training_axis(std::string_view text);

/// Seconds of training after each step of one run, from the recorded train/tokens_per_second: what updates took,
/// without evaluations, checkpoints, pauses and the time between a stop and its resume. A step that a resumed run did
/// again counts once.
class TrainingClock {
public:
    /// Takes in what is new in the series; starts over when the run was taken back to a checkpoint.
    void follow(const ScalarSeries& tokens_per_second, double tokens_per_step);

    bool empty() const { return steps_.empty(); }
    /// Seconds after this step, linear between recorded steps; that of the last one for later steps.
    double seconds_at(double step) const;
    /// The other way round; the last step for later seconds.
    double step_at(double seconds) const;
    const std::vector<double>& steps() const { return steps_; }
    const std::vector<double>& seconds() const { return seconds_; }

private:
    std::vector<double> steps_;
    std::vector<double> seconds_;
    std::vector<double> speeds_;  ///< as they were taken in, to see what was replaced
    double last_speed_ = 0;       ///< the last one that is a positive number
};

/// Where the steps of one run lie on an axis. Steps, tokens and FLOPs are proportional; time is not.
class AxisScale {
public:
    explicit AxisScale(TrainingAxis axis) : axis_(axis) {}
    void follow(const RunRecord& record);

    TrainingAxis axis() const { return axis_; }
    /// False when the run has recorded nothing to tell: no speeds, or no cost of a token.
    bool known() const;
    /// What a step is multiplied by; nothing for time.
    std::optional<double> factor() const;
    double position(double step) const;
    double step_at(double position) const;
    const TrainingClock& clock() const { return clock_; }

private:
    TrainingAxis axis_;
    double factor_ = 1;
    TrainingClock clock_;
};

/// Tokens that one update reads: batch · accumulate · context.
double tokens_per_step(const Experiment& experiment);

}  // namespace wavlab
