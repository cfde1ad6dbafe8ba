// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

namespace wavlab {

/// Exponential moving average without the bias of its start: m = s m + (1 - s) x, divided by 1 - s^n.
class Smoothing {
public:
    explicit Smoothing(double strength) : strength_(strength) {}

    /// The average after one more value. A value that is not finite gives NaN and is left out of the average.
    double next(double value) {
        if (!std::isfinite(value)) return std::nan("");
        average_ = strength_ * average_ + (1 - strength_) * value;
        weight_ = strength_ * weight_ + (1 - strength_);
        return average_ / weight_;
    }

private:
    double strength_;
    double average_ = 0;
    double weight_ = 0;
};

}  // namespace wavlab
