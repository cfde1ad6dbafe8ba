// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/paired_bootstrap.h"

#include <cmath>
#include <random>
#include <vector>

#include "core/grouped_statistics.h"
#include "core/statistics.h"

namespace wavlab {

BootstrapDifference bootstrap_difference(std::span<const double> differences) {
    std::vector<double> values;
    for (const double value : differences)
        if (std::isfinite(value)) values.push_back(value);
    BootstrapDifference result;
    result.pairs = values.size();
    result.mean = group_statistics(values).mean;
    if (values.size() < 2) return result;

    // Indices by the remainder, since the standard's distributions differ between libraries; its bias is below 1e-15.
    std::mt19937_64 generator(bootstrap_seed);
    std::vector<double> means;
    means.reserve(bootstrap_resamples);
    for (std::size_t resample = 0; resample < bootstrap_resamples; ++resample) {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i) sum += values[generator() % values.size()];
        means.push_back(sum / double(values.size()));
    }
    constexpr double tail = 0.025;
    result.low = quantile(means, tail);
    result.high = quantile(means, 1 - tail);
    return result;
}

}  // namespace wavlab
