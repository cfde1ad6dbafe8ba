// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/symmetric_log.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

SymmetricLog SymmetricLog::below(double largest) {
    if (!(largest > 0) || !std::isfinite(largest)) return {};
    return {std::pow(10.0, std::floor(std::log10(largest)) - 3)};
}

double SymmetricLog::to(double value) const {
    return active() ? std::copysign(std::log10(1 + std::abs(value) / linear), value) : value;
}

double SymmetricLog::from(double place) const {
    return active() ? std::copysign(linear * (std::pow(10.0, std::abs(place)) - 1), place) : place;
}

QVector<double> SymmetricLogTicker::createTickVector(double, const QCPRange& range) {
    // The power at which the scale turns linear lies too near to zero for a label of its own.
    const double end = std::max(std::abs(range.lower), std::abs(range.upper));
    std::vector<double> powers;
    for (double value = scale_.linear * 10; scale_.to(value) <= end; value *= 10) powers.push_back(value);
    const std::size_t every = powers.size() > 3 ? 2 : 1;
    QVector<double> ticks{0};
    for (std::size_t i = powers.size(); i > 0; i -= std::min(i, every)) {
        const double place = scale_.to(powers[i - 1]);
        ticks.prepend(-place);
        ticks.append(place);
    }
    std::sort(ticks.begin(), ticks.end());
    return ticks;
}

QString SymmetricLogTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return QString::number(scale_.from(tick), 'g', 2);
}

}  // namespace wavlab
