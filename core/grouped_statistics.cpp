// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/grouped_statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace wavlab {

namespace {

/// The continued fraction of the incomplete beta function by Lentz's method (Press et al., Numerical Recipes, 6.4).
double beta_fraction(double a, double b, double x) {
    constexpr int most_terms = 500;
    constexpr double tiny = 1e-300;
    constexpr double enough = 1e-16;
    const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1;
    double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
    double fraction = d;
    for (int m = 1; m <= most_terms; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        fraction *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        fraction *= d * c;
        if (std::abs(d * c - 1) < enough) break;
    }
    return fraction;
}

/// The regularised incomplete beta function I_x(a, b), 0 < x < 1.
double incomplete_beta(double a, double b, double x) {
    const double log_front =
        std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
    if (x < (a + 1) / (a + b + 2)) return std::exp(log_front) * beta_fraction(a, b, x) / a;
    return 1 - std::exp(log_front) * beta_fraction(b, a, 1 - x) / b;
}

/// P(T > t) for t > 0.
double upper_tail(double t, double degrees) {
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
}

}  // namespace

double student_t_quantile(double probability, double degrees) {
    if (!(probability > 0 && probability < 1 && degrees > 0))
        throw WorkError("Student's t has no quantile at this probability");
    if (probability == 0.5) return 0;
    const double tail = std::min(probability, 1 - probability);
    double low = 0;
    double high = 1;
    while (upper_tail(high, degrees) > tail) high *= 2;
    // Bisection down to neighbouring numbers: the tail falls steadily, and speed is no matter.
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        (upper_tail(middle, degrees) > tail ? low : high) = middle;
    }
    return probability < 0.5 ? -high : high;
}

GroupStatistics group_statistics(std::span<const double> values) {
    GroupStatistics result;
    double sum = 0;
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        sum += value;
        ++result.n;
    }
    if (result.n == 0) return result;
    const double mean = sum / double(result.n);
    result.mean = mean;
    if (result.n < 2) return result;
    double squares = 0;
    for (const double value : values)
        if (std::isfinite(value)) squares += (value - mean) * (value - mean);
    const double degrees = double(result.n - 1);
    result.standard_deviation = std::sqrt(squares / degrees);
    constexpr double upper_quantile = 0.975;
    result.interval =
        student_t_quantile(upper_quantile, degrees) * *result.standard_deviation / std::sqrt(double(result.n));
    return result;
}

GroupStatistics paired_difference(std::span<const double> a, std::span<const double> b) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) differences.push_back(a[i] - b[i]);
    return group_statistics(differences);
}

}  // namespace wavlab
