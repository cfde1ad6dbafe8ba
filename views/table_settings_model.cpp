// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/table_settings_model.h"

#include <algorithm>
#include <utility>

#include <QGuiApplication>
#include <QPalette>

#include "views/theme.h"

namespace wavlab {

namespace {

bool differs(const TableSetting& setting) { return setting.values.size() > 1; }

}  // namespace

void TableSettingsModel::set_settings(const std::vector<TableSetting>& settings) {
    std::vector<TableSetting> sorted = settings;
    std::stable_partition(sorted.begin(), sorted.end(), differs);
    if (sorted == settings_) return;
    beginResetModel();
    settings_ = std::move(sorted);
    for (QStringList* keys : {&row_keys_, &column_keys_})
        keys->removeIf([this](const QString& key) { return place_of(key) < 0; });
    endResetModel();
}

std::vector<std::string> TableSettingsModel::ticked(const QStringList& keys) {
    std::vector<std::string> result;
    for (const QString& key : keys) result.push_back(key.toStdString());
    return result;
}

int TableSettingsModel::place_of(const QString& key) const {
    const auto found = std::find_if(settings_.begin(), settings_.end(),
                                    [&](const TableSetting& setting) { return setting.key == key; });
    return found == settings_.end() ? -1 : int(found - settings_.begin());
}

int TableSettingsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(settings_.size());
}

int TableSettingsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant TableSettingsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    if (role == Qt::DisplayRole)
        return section == setting ? tr("Setting") : section == row_tick ? tr("Rows") : tr("Columns");
    if (role != Qt::ToolTipRole) return {};
    if (section == setting) return tr("What the runs can be grouped by; where they differ first");
    return section == row_tick ? tr("Makes a row of each value. Without a tick the rows are all that differs. Several "
                                    "count in the order in which they are ticked")
                               : tr("Makes a column of each value. Without a tick there is one");
}

QVariant TableSettingsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const TableSetting& one = settings_[std::size_t(index.row())];
    if (role == Qt::ToolTipRole) {
        constexpr qsizetype most = 12;
        const QString values = one.values.mid(0, most).join(QStringLiteral(", "));
        const QString more = one.values.size() > most ? QStringLiteral(", …") : QString();
        return QString(one.key + QStringLiteral(": ") + values + more);
    }
    if (index.column() == setting) {
        if (role == Qt::DisplayRole) return one.key;
        if (role == Qt::ForegroundRole && !differs(one)) return quiet_color(QGuiApplication::palette());
        return {};
    }
    const bool of_rows = index.column() == row_tick;
    if (role == Qt::CheckStateRole)
        return (of_rows ? row_keys_ : column_keys_).contains(one.key) ? Qt::Checked : Qt::Unchecked;
    if (role == Qt::AccessibleTextRole)
        return of_rows ? tr("%1 makes the rows").arg(one.key) : tr("%1 makes the columns").arg(one.key);
    return {};
}

bool TableSettingsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (!index.isValid() || role != Qt::CheckStateRole || index.column() == setting) return false;
    const QString& key = settings_[std::size_t(index.row())].key;
    const bool of_rows = index.column() == row_tick;
    row_keys_.removeAll(key);
    column_keys_.removeAll(key);
    if (value.toInt() == Qt::Checked) (of_rows ? row_keys_ : column_keys_).append(key);
    emit dataChanged(this->index(index.row(), row_tick), this->index(index.row(), column_tick), {Qt::CheckStateRole});
    emit ticks_changed();
    return true;
}

Qt::ItemFlags TableSettingsModel::flags(const QModelIndex& index) const {
    const Qt::ItemFlags usual = QAbstractTableModel::flags(index);
    return index.isValid() && index.column() != setting ? usual | Qt::ItemIsUserCheckable : usual;
}

}  // namespace wavlab
