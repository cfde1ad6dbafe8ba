// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/benchmark.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_lines.h"
#include "core/statistics.h"

namespace wavlab {

namespace {

struct Tolerance {
    double loss, gradient_norm;  ///< relative
};

Tolerance tolerance_of(const std::string& precision) {
    return precision == "bf16" ? Tolerance{1e-3, 3e-2} : Tolerance{1e-4, 1e-3};
}

bool agree(double expected, double found, double tolerance) {
    return std::abs(found - expected) <= tolerance * std::abs(expected);  // false for a value that is not finite
}

}  // namespace

nlohmann::json to_json(const BenchmarkRow& row) {
    return {{"method", row.method},
            {"implementation", row.implementation},
            {"layers", row.layers},
            {"blocks", row.blocks},
            {"seconds", json_number(row.seconds)},
            {"ratio", json_number(row.ratio)},
            {"peak_bytes", row.peak_bytes ? nlohmann::json(std::llround(*row.peak_bytes)) : nlohmann::json()}};
}

double median_of(std::span<const double> values) {
    return quantile(values, 0.5).value_or(std::numeric_limits<double>::quiet_NaN());
}

double paired_speed(std::span<const double> reference, std::span<const double> own) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < std::min(reference.size(), own.size()); ++round)
        ratios.push_back(reference[round] / own[round]);
    return median_of(ratios);
}

std::string difference(const StepFinding& expected, const StepFinding& found, const std::string& precision) {
    const Tolerance tolerance = tolerance_of(precision);
    if (!agree(expected.loss, found.loss, tolerance.loss))
        return fmt::format("the loss is {:.7g} and not {:.7g}", found.loss, expected.loss);
    if (!agree(expected.gradient_norm, found.gradient_norm, tolerance.gradient_norm))
        return fmt::format("the gradient's norm is {:.7g} and not {:.7g}", found.gradient_norm, expected.gradient_norm);
    return "";
}

}  // namespace wavlab
