// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/curves/axis_units.h"

#include <array>
#include <cmath>

#include <QCoreApplication>

#include "views/axis_tickers.h"

namespace wavlab {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("wavlab", text); }

struct Prefix {
    double size;
    const char* symbol;
};

constexpr std::array metric_prefixes = {Prefix{1e21, "Z"}, Prefix{1e18, "E"}, Prefix{1e15, "P"}, Prefix{1e12, "T"},
                                        Prefix{1e9, "G"},  Prefix{1e6, "M"},  Prefix{1e3, "k"}};

Prefix prefix_of(double largest) {
    for (const Prefix& prefix : metric_prefixes)
        if (largest >= prefix.size) return prefix;
    return {1, ""};
}

constexpr double minute = 60, hour = 3600, day = 86400;

QString seconds_text(double seconds) {
    if (seconds < 10) return tr("%1 s").arg(seconds, 0, 'f', 1);
    if (seconds < minute) return tr("%1 s").arg(std::round(seconds));
    if (seconds < hour)
        return tr("%1 min %2 s").arg(int(seconds / minute)).arg(int(std::fmod(seconds, minute)), 2, 10, QChar('0'));
    if (seconds < day)
        return tr("%1 h %2 min")
            .arg(int(seconds / hour))
            .arg(int(std::fmod(seconds, hour) / minute), 2, 10, QChar('0'));
    return tr("%1 d %2 h").arg(int(seconds / day)).arg(int(std::fmod(seconds, day) / hour));
}

QString short_number(double value) { return QString::number(value, 'g', 4); }

/// Ticks of another ticker, in units.
template <class Ticker>
class InUnits : public Ticker, public UnitsOfAxis {
public:
    explicit InUnits(double size) : size_(size) {}
    double unit_size() const override { return size_; }

protected:
    double getTickStep(const QCPRange& range) override { return size_ * Ticker::getTickStep(range / size_); }
    int getSubTickCount(double step) override { return Ticker::getSubTickCount(step / size_); }
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        return Ticker::getTickLabel(tick / size_, locale, format, precision);
    }
    QVector<double> createTickVector(double step, const QCPRange& range) override {
        QVector<double> ticks = Ticker::createTickVector(step / size_, range / size_);
        for (double& tick : ticks) tick *= size_;
        return ticks;
    }

private:
    double size_;
};

}  // namespace

AxisUnit axis_unit(TrainingAxis axis, double largest) {
    switch (axis) {
        case TrainingAxis::tokens:
            if (largest >= 1e9) return {tr("Tokens (billions)"), 1e9};
            if (largest >= 1e6) return {tr("Tokens (millions)"), 1e6};
            if (largest >= 1e4) return {tr("Tokens (thousands)"), 1e3};
            return {tr("Tokens"), 1};
        case TrainingAxis::time:
            if (largest >= 3 * day) return {tr("Training time (days)"), day};
            if (largest >= 3 * hour) return {tr("Training time (h)"), hour};
            if (largest >= 3 * minute) return {tr("Training time (min)"), minute};
            return {tr("Training time (s)"), 1};
        case TrainingAxis::flops: {
            const Prefix prefix = prefix_of(largest);
            return {tr("Training compute (%1FLOP)").arg(QLatin1String(prefix.symbol)), prefix.size};
        }
        case TrainingAxis::step:
            break;
    }
    return {tr("Step"), 1};
}

QSharedPointer<QCPAxisTicker> unit_ticker(const AxisUnit& unit, bool logarithmic, bool whole) {
    if (logarithmic) return QSharedPointer<QCPAxisTicker>(new InUnits<LogTicker>(unit.size));
    if (whole) return QSharedPointer<QCPAxisTicker>(new WholeTicker);
    return QSharedPointer<QCPAxisTicker>(new InUnits<QCPAxisTicker>(unit.size));
}

QString training_position_text(TrainingAxis axis, double position) {
    switch (axis) {
        case TrainingAxis::tokens: {
            const Prefix prefix = prefix_of(position >= 1e9 ? 1e9 : position >= 1e6 ? 1e6 : position >= 1e4 ? 1e3 : 1);
            const QString symbol = prefix.size == 1e9 ? QStringLiteral("B") : QString(QLatin1String(prefix.symbol));
            return tr("%1 tokens").arg(short_number(position / prefix.size) + symbol);
        }
        case TrainingAxis::time:
            return seconds_text(position);
        case TrainingAxis::flops: {
            const Prefix prefix = prefix_of(position);
            return tr("%1 %2FLOP").arg(short_number(position / prefix.size), QLatin1String(prefix.symbol));
        }
        case TrainingAxis::step:
            break;
    }
    return tr("step %1").arg(qint64(std::llround(position)));
}

QString training_range_text(TrainingAxis axis, double low, double high) {
    const QString first = training_position_text(axis, low), last = training_position_text(axis, high);
    return first == last ? first : tr("%1 to %2").arg(first, last);
}

}  // namespace wavlab
