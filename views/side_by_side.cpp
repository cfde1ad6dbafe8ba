// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/side_by_side.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

void SideBySide::set(std::vector<double> ascending_positions, std::size_t lines, double wanted) {
    positions_ = std::move(ascending_positions);
    lines_ = std::max<std::size_t>(lines, 1);
    wanted_ = wanted;
}

double SideBySide::distance() const {
    constexpr double most_of_a_gap = 0.5;  // so that the lines of one position stay a group
    double distance = wanted_;
    for (std::size_t i = 1; i < positions_.size(); ++i) {
        const double gap = std::abs(axis_->coordToPixel(positions_[i]) - axis_->coordToPixel(positions_[i - 1]));
        distance = std::min(distance, most_of_a_gap * gap / double(lines_));
    }
    return distance;
}

double SideBySide::shift(std::size_t line) const { return (double(line) - double(lines_ - 1) / 2) * distance(); }

}  // namespace wavlab
