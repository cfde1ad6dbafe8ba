// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/quantity_text.h"

#include <cmath>

#include <QDateTime>
#include <QLocale>

namespace wavlab {

QString count_text(double count) {
    if (!std::isfinite(count)) return QStringLiteral("?");
    return QLocale(QLocale::English, QLocale::UnitedStates).toString(static_cast<qint64>(std::llround(count)));
}

QString short_count_text(double count) {
    if (!std::isfinite(count)) return QStringLiteral("?");
    static constexpr const char* suffixes[] = {"", " k", " M", " G", " T", " P", " E"};
    int power = 0;
    while (std::abs(count) >= 999.5 && power < 6) {
        count /= 1000;
        ++power;
    }
    const int digits = power == 0 ? 0 : std::abs(count) < 9.995 ? 2 : std::abs(count) < 99.95 ? 1 : 0;
    return QString::number(count, 'f', digits) + QLatin1String(suffixes[power]);
}

QString bytes_text(double bytes) {
    if (!std::isfinite(bytes) || bytes < 0) return QStringLiteral("?");
    if (bytes < 1e6) return QStringLiteral("%1 kB").arg(std::ceil(bytes / 1e3), 0, 'f', 0);
    if (bytes < 1e9) return QStringLiteral("%1 MB").arg(bytes / 1e6, 0, 'f', bytes < 1e7 ? 1 : 0);
    if (bytes < 1e12) return QStringLiteral("%1 GB").arg(bytes / 1e9, 0, 'f', 1);
    return QStringLiteral("%1 TB").arg(bytes / 1e12, 0, 'f', 1);
}

QString duration_text(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e10) return QStringLiteral("?");
    const auto whole = static_cast<qint64>(std::ceil(seconds));
    const qint64 days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60, rest = whole % 60;
    const auto two = [](qint64 value) { return QStringLiteral("%1").arg(value, 2, 10, QLatin1Char('0')); };
    if (days > 0) return QStringLiteral("%1 d %2:%3").arg(days).arg(two(hours), two(minutes));
    if (hours > 0) return QStringLiteral("%1:%2:%3").arg(hours).arg(two(minutes), two(rest));
    return QStringLiteral("%1:%2").arg(minutes).arg(two(rest));
}

QString loss_text(std::optional<double> loss) {
    if (!loss) return QStringLiteral("–");
    if (std::isnan(*loss)) return QStringLiteral("nan");
    if (std::isinf(*loss)) return *loss > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
    return QString::number(*loss, 'f', 4);
}

QString local_time_text(const QString& iso) {
    const QDateTime time = QDateTime::fromString(iso, Qt::ISODate);
    return time.isValid() ? time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")) : iso;
}

}  // namespace wavlab
