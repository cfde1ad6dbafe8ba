// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sweep_table_model.h"

#include <algorithm>

namespace wavlab {

namespace {

QString fixed(double value) { return QString::number(value, 'f', 4); }
QString with_sign(double value) { return (value < 0 ? QString() : QStringLiteral("+")) + fixed(value); }

}  // namespace

void SweepTableModel::set_table(const SweepTable& table, LossUnit unit) {
    const std::vector<std::string> keys = setting_keys(table);
    const bool same_form =
        unit == unit_ && keys == keys_ && table.size() == table_.size() &&
        std::equal(table.begin(), table.end(), table_.begin(),
                   [](const SweepTableRow& a, const SweepTableRow& b) { return a.settings == b.settings; });
    if (!same_form) beginResetModel();
    table_ = table;
    keys_ = keys;
    unit_ = unit;
    const auto chosen = std::find_if(table_.begin(), table_.end(), [&](const SweepTableRow& row) {
        return chosen_baseline_ && row.settings == *chosen_baseline_;
    });
    baseline_ = chosen == table_.end() ? 0 : static_cast<int>(chosen - table_.begin());
    differences_.clear();
    for (const SweepTableRow& row : table_) differences_.push_back(difference_to(row, table_[std::size_t(baseline_)]));
    if (!same_form)
        endResetModel();
    else if (!table_.empty())
        emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void SweepTableModel::set_baseline(int row) {
    if (row < 0 || row >= rowCount() || row == baseline_) return;
    chosen_baseline_ = table_[std::size_t(row)].settings;
    set_table(SweepTable(table_), unit_);
}

QString SweepTableModel::row_name(int row) const {
    QStringList parts;
    for (const auto& [key, value] : table_[std::size_t(row)].settings) {
        const QString text = QString::fromStdString(to_text(value));
        const QString last = QString::fromStdString(key.substr(key.rfind('.') + 1));
        parts.append(key == "model.method" ? text : last + QLatin1Char(' ') + text);
    }
    return parts.isEmpty() ? tr("all runs") : parts.join(QStringLiteral(", "));
}

int SweepTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(table_.size());
}

int SweepTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : keys() + column_count;
}

QVariant SweepTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    if (section < keys()) {
        if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
        const std::string& key = keys_[std::size_t(section)];
        return QString::fromStdString(role == Qt::DisplayRole ? key.substr(key.rfind('.') + 1) : key);
    }
    const int column = section - keys();
    if (role == Qt::DisplayRole) {
        switch (column) {
            case count:
                return tr("n");
            case loss:
                return unit_ == LossUnit::bits_per_character ? tr("Bits per character") : tr("Validation loss");
            case difference:
                return tr("Difference");
            case interval:
                return tr("95% interval");
            case left_out:
                return tr("Not counted");
            default:
                return {};
        }
    }
    if (role != Qt::ToolTipRole) return {};
    switch (column) {
        case count:
            return tr("Finished runs, one for each seed");
        case loss:
            return unit_ == LossUnit::bits_per_character
                       ? tr("Mean ± standard deviation (n − 1) over the finished runs of the last validation loss, in "
                            "bits per character: losses per token cannot be compared between tokenizers")
                       : tr("Mean ± standard deviation (n − 1) over the finished runs of the last validation loss, in "
                            "nats per token");
        case difference:
            return tr(
                "Mean of the differences to the baseline, each between two runs of one seed. Negative: better "
                "than the baseline.");
        case interval:
            return tr(
                "95% interval of the mean difference by Student's t over pairs of runs with one seed. Where it "
                "holds 0, these seeds do not tell the two apart.");
        case left_out:
            return tr("Runs that do not count for the mean, and why");
        default:
            return {};
    }
}

QVariant SweepTableModel::text(int row, int column) const {
    const SweepTableRow& one = table_[std::size_t(row)];
    const GroupStatistics& apart = differences_[std::size_t(row)];
    switch (column) {
        case count:
            return QString::number(one.loss.n);
        case loss:
            if (!one.loss.mean) return QString();
            return fixed(*one.loss.mean) + (one.loss.standard_deviation
                                                ? QStringLiteral(" ± ") + fixed(*one.loss.standard_deviation)
                                                : QString());
        case difference:
            if (row == baseline_) return tr("baseline");
            return apart.mean ? with_sign(*apart.mean) : QString();
        case interval:
            if (row == baseline_ || !apart.mean || !apart.interval) return QString();
            return QStringLiteral("%1 … %2").arg(with_sign(*apart.mean - *apart.interval),
                                                 with_sign(*apart.mean + *apart.interval));
        case left_out: {
            QStringList parts;
            const auto add = [&](std::size_t number, const QString& what) {
                if (number > 0) parts.append(what.arg(number));
            };
            add(one.missing, tr("%1 to come"));
            add(one.ended_early, tr("%1 ended early"));
            add(one.diverged, tr("%1 diverged"));
            add(one.failed, tr("%1 failed"));
            return parts.join(QStringLiteral(", "));
        }
        default:
            return {};
    }
}

QVariant SweepTableModel::sort_value(int row, int column) const {
    const SweepTableRow& one = table_[std::size_t(row)];
    const GroupStatistics& apart = differences_[std::size_t(row)];
    switch (column) {
        case count:
            return qulonglong(one.loss.n);
        case loss:
            return one.loss.mean ? QVariant(*one.loss.mean) : QVariant();
        case difference:
            return row == baseline_ ? QVariant(0.0) : apart.mean ? QVariant(*apart.mean) : QVariant();
        case interval:
            return apart.interval ? QVariant(*apart.interval) : QVariant();
        default:
            return text(row, column);
    }
}

QVariant SweepTableModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const bool is_setting = index.column() < keys();
    const int column = index.column() - keys();
    if (role == Qt::TextAlignmentRole)
        return int((is_setting || column == left_out ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != sort_role) return {};
    if (!is_setting) return role == Qt::DisplayRole ? text(index.row(), column) : sort_value(index.row(), column);
    const std::string& key = keys_[std::size_t(index.column())];
    for (const auto& [own, value] : table_[std::size_t(index.row())].settings) {
        if (own != key) continue;
        if (role == sort_role)
            if (const auto* whole = std::get_if<std::int64_t>(&value)) return qlonglong(*whole);
        if (role == sort_role)
            if (const auto* real = std::get_if<double>(&value)) return *real;
        return QString::fromStdString(to_text(value));
    }
    return QString();
}

}  // namespace wavlab
