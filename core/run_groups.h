// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment.h"
#include "core/option.h"

namespace wavlab {

/// The grouping by everything that differs but the seed: its runs are replicates of one setting.
inline constexpr const char* all_settings = "*";

/// The dotted keys whose values differ among these runs, in the order of the experiment file, the options of their
/// methods included. Name and seed are left out: runs that differ in these alone are replicates.
std::vector<std::string> differing_settings(std::span<const Experiment* const> runs);

/// The dotted keys that runs can be grouped by: all of the experiment file but name and seed, and the options of the
/// methods that are known or that these runs have.
std::vector<std::string> grouping_keys(std::span<const Experiment* const> runs);

/// Runs that have the same values of the settings they are grouped by.
struct RunGroup {
    /// Dotted key and value as in the experiment file; the value is empty where the method has no such option.
    std::vector<std::pair<std::string, std::string>> settings;
    std::vector<std::size_t> members;  ///< indices of the runs, ascending

    /// All of it as one text, the same for the same values: "model.method=wav".
    std::string id() const;
};

/// Groups by one dotted key, or by `all_settings`. Sorted by value: numbers by size, texts by the alphabet, runs
/// without the option first.
std::vector<RunGroup> group_runs(std::span<const Experiment* const> runs, const std::string& key);

/// Values of one run over ascending positions (steps, tokens, seconds, ...).
struct SeriesView {
    std::span<const double> positions;
    std::span<const double> values;
};

/// The mean of several runs over their common positions, with its spread.
struct GroupCurve {
    std::size_t n = 0;  ///< runs in it, the same at every position
    std::vector<double> positions;
    std::vector<double> mean;
    std::vector<double> deviation;  ///< standard deviation with n - 1 in the denominator; NaN for one run
    bool interpolated = false;      ///< values between the runs' own positions were taken linearly between neighbours
};

/// Averages where all runs have values: from the latest start to the earliest end, never beyond a run's own range, so
/// that n does not change along the curve. Positions that all runs share are taken as they are; where they share less
/// than half of the positions (time, different batch sizes), the others are read off linearly at the positions of the
/// run that has most. A value that is not finite makes the mean NaN there. Runs without values are left out.
GroupCurve group_curve(std::span<const SeriesView> runs);

/// What a standard deviation over n runs is multiplied by for half the 95 % interval of the mean: t_{0.975, n-1}/√n.
/// NaN for n < 2.
double interval_factor(std::size_t n);

}  // namespace wavlab
