// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/axis_tickers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace wavlab {

double WholeTicker::getTickStep(const QCPRange& range) { return std::max(1.0, QCPAxisTicker::getTickStep(range)); }

int WholeTicker::getSubTickCount(double tick_step) {
    const int count = QCPAxisTicker::getSubTickCount(tick_step);
    const double between = tick_step / (count + 1);
    return std::abs(between - std::round(between)) < 1e-6 ? count : 0;
}

QString WholeTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    const QLocale plain = QLocale::c();
    const double size = std::abs(tick);
    if (size >= 1e6) return plain.toString(tick / 1e6, 'g', 6) + QStringLiteral("M");
    if (size >= 1e5) return plain.toString(tick / 1e3, 'g', 6) + QStringLiteral("k");
    return QString::number(qint64(std::llround(tick)));
}

QVector<double> LogTicker::createTickVector(double tick_step, const QCPRange& range) {
    static const std::array<std::vector<double>, 4> ladders = {std::vector<double>{1}, std::vector<double>{1, 2, 5},
                                                               std::vector<double>{1, 2, 3, 5},
                                                               std::vector<double>{1, 1.5, 2, 3, 5, 7}};
    if (!(range.lower > 0)) return {};
    const int first = int(std::floor(std::log10(range.lower)));
    const int last = int(std::ceil(std::log10(range.upper)));
    for (const std::vector<double>& ladder : ladders) {
        QVector<double> ticks;
        const int stride = ladder.size() == 1 ? std::max(1, (last - first) / 8) : 1;
        for (int power = first; power <= last; power += stride)
            for (const double digit : ladder) {
                const double tick = digit * std::pow(10.0, power);
                if (tick >= range.lower * 0.999999 && tick <= range.upper * 1.000001) ticks.append(tick);
            }
        if (ticks.size() >= 3) return ticks;
    }
    return QCPAxisTicker::createTickVector(tick_step, range);
}

QVector<double> LogTicker::createSubTickVector(int, const QVector<double>&) { return {}; }

QString LogTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    const QLocale plain = QLocale::c();
    if (tick >= 1e6) return plain.toString(tick / 1e6, 'g', 4) + QStringLiteral("M");
    if (tick >= 1e5) return plain.toString(tick / 1e3, 'g', 4) + QStringLiteral("k");
    if (tick >= 1e4) return QString::number(qint64(std::llround(tick)));
    return plain.toString(tick, 'g', 4);
}

std::vector<int> CategoryTicker::chosen(const QCPRange& range, double length) const {
    const double per_category = length / std::max(1e-9, range.size());
    const int first = std::max(0, int(std::ceil(range.lower)));
    const int last = std::min(int(categories_.size()) - 1, int(std::floor(range.upper)));
    std::vector<int> placed;
    const auto fits = [&](int index) {
        return std::none_of(placed.begin(), placed.end(),
                            [&](int other) { return std::abs(index - other) * per_category < spacing_; });
    };
    for (int level = 0; level <= 2; ++level) {
        std::vector<int> candidates;
        for (int index = first; index <= last; ++index)
            if (categories_[std::size_t(index)].level == level) candidates.push_back(index);
        if (candidates.empty()) continue;
        // The widest choice whose members keep their distance from each other; meeting a lower level, one gives way.
        bool complete = false;
        for (const int stride : {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128}) {
            double nearest = 1e9;
            for (std::size_t i = std::size_t(stride); i < candidates.size(); i += std::size_t(stride))
                nearest = std::min(nearest, double(candidates[i] - candidates[i - std::size_t(stride)]));
            if (nearest * per_category < spacing_) continue;
            std::vector<int> selected;
            for (std::size_t i = 0; i < candidates.size(); i += std::size_t(stride))
                if (fits(candidates[i])) selected.push_back(candidates[i]);
            complete = stride == 1 && selected.size() == candidates.size();
            if (level == 2 && !complete) selected.clear();
            placed.insert(placed.end(), selected.begin(), selected.end());
            break;
        }
        if (level > 0 && !complete) break;
    }
    std::sort(placed.begin(), placed.end());
    return placed;
}

void CategoryTicker::generate(const QCPRange& range, const QLocale&, QChar, int, QVector<double>& ticks,
                              QVector<double>* sub_ticks, QVector<QString>* labels) {
    const QCPAxisRect* axes = axis_->axisRect();
    const double length = axis_->orientation() == Qt::Horizontal ? axes->width() : axes->height();
    ticks.clear();
    if (sub_ticks) sub_ticks->clear();
    if (labels) labels->clear();
    for (const int index : chosen(range, length)) {
        ticks.append(index);
        if (labels) labels->append(categories_[std::size_t(index)].label);
    }
}

}  // namespace wavlab
