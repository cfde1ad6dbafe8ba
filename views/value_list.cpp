// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/value_list.h"

#include <QCoreApplication>
#include <QStringList>

namespace wavlab {

namespace {

/// At commas outside of quotes, without the quotes.
QStringList split(const QString& text) {
    QStringList parts{QString()};
    bool quoted = false;
    for (const QChar c : text) {
        if (c == QLatin1Char('"'))
            quoted = !quoted;
        else if (c == QLatin1Char(',') && !quoted)
            parts.append(QString());
        else
            parts.back() += c;
    }
    for (QString& part : parts) part = part.trimmed();
    parts.removeAll(QString());
    return parts;
}

std::optional<std::int64_t> whole(const Option& option, const QString& text) {
    const std::optional<OptionValue> value = parse_option_value(option, text.trimmed().toStdString());
    if (!value || !std::holds_alternative<std::int64_t>(*value)) return std::nullopt;
    return std::get<std::int64_t>(*value);
}

}  // namespace

std::optional<std::vector<OptionValue>> parse_value_list(const Option& option, const QString& text, QString& problem) {
    const QString allowed = QString::fromStdString(allowed_values(option));
    const bool is_whole = std::holds_alternative<std::int64_t>(option.default_value);
    std::vector<OptionValue> values;
    for (const QString& part : split(text)) {
        const qsizetype dots = part.indexOf(QStringLiteral(".."));
        if (is_whole && dots > 0) {
            const std::optional<std::int64_t> first = whole(option, part.left(dots));
            const std::optional<std::int64_t> last = whole(option, part.mid(dots + 2));
            if (!first || !last || *last < *first) {
                problem = QCoreApplication::translate("wavlab", "'%1' is no range: write it as 1..5.").arg(part);
                return std::nullopt;
            }
            // As unsigned, in which the difference of any two fits.
            const std::uint64_t more = std::uint64_t(*last) - std::uint64_t(*first);
            if (more >= most_listed_values) {
                problem = QCoreApplication::translate("wavlab", "'%1' are too many values; at most %2 can be listed.")
                              .arg(part)
                              .arg(most_listed_values);
                return std::nullopt;
            }
            for (std::uint64_t i = 0; i <= more; ++i) values.emplace_back(*first + std::int64_t(i));
        } else if (const std::optional<OptionValue> value = parse_option_value(option, part.toStdString())) {
            values.push_back(*value);
        } else {
            problem = QCoreApplication::translate("wavlab", "'%1' is not %2.").arg(part, allowed);
            return std::nullopt;
        }
        if (values.size() > most_listed_values) {
            problem = QCoreApplication::translate("wavlab", "At most %1 values can be listed.").arg(most_listed_values);
            return std::nullopt;
        }
    }
    if (values.empty()) {
        problem = QCoreApplication::translate("wavlab", "Needs at least one value.");
        return std::nullopt;
    }
    problem.clear();
    return values;
}

QString value_list_text(const std::vector<OptionValue>& values) {
    QStringList parts;
    for (std::size_t i = 0; i < values.size();) {
        std::size_t end = i + 1;
        const auto number = [&](std::size_t at) { return std::get_if<std::int64_t>(&values[at]); };
        while (end < values.size() && number(i) && number(end) && *number(end) - 1 == *number(end - 1)) ++end;
        if (end - i >= 3) {
            parts.append(QStringLiteral("%1..%2").arg(*number(i)).arg(*number(end - 1)));
            i = end;
            continue;
        }
        QString text = QString::fromStdString(to_text(values[i++]));
        if (text.contains(QLatin1Char(','))) text = QLatin1Char('"') + text + QLatin1Char('"');
        parts.append(text);
    }
    return parts.join(QStringLiteral(", "));
}

}  // namespace wavlab
