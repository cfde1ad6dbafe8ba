// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <QAbstractTableModel>
#include <QStringList>

namespace wavlab {

/// A setting of runs that a table can be made by.
struct TableSetting {
    QString key;         ///< "model.layers"
    QStringList values;  ///< of the runs at hand; several where they differ

    bool operator==(const TableSetting&) const = default;
};

/// Settings with a tick each for the rows and the columns of a table. No setting has both.
class TableSettingsModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { setting, row_tick, column_tick, column_count };

    explicit TableSettingsModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    /// Those in which the runs differ stand first. Ticks of settings that stay remain.
    void set_settings(const std::vector<TableSetting>& settings);
    /// The ticked keys in the order in which they were ticked.
    std::vector<std::string> rows() const { return ticked(row_keys_); }
    std::vector<std::string> columns() const { return ticked(column_keys_); }
    int place_of(const QString& key) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

signals:
    void ticks_changed();

private:
    static std::vector<std::string> ticked(const QStringList& keys);

    std::vector<TableSetting> settings_;
    QStringList row_keys_;
    QStringList column_keys_;
};

}  // namespace wavlab
