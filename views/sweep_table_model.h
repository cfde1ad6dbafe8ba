// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QAbstractTableModel>
#include <QStringList>

#include "core/loss_unit.h"
#include "core/sweep_table.h"

namespace wavlab {

/// The results of a sweep: a row for each setting, columns for what is varied, then number, mean and spread of the
/// last validation loss, the difference to the baseline, and what does not count.
class SweepTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { count, loss, difference, interval, left_out, column_count };  ///< after those of the settings
    enum Role { sort_role = Qt::UserRole + 1 };  ///< a number or text; invalid where there is none

    explicit SweepTableModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    /// `unit`: of the losses.
    void set_table(const SweepTable& table, LossUnit unit = LossUnit::nats_per_token);
    const SweepTable& table() const { return table_; }
    /// The row that others are compared with; 0 at first.
    void set_baseline(int row);
    int baseline() const { return baseline_; }
    /// "standard, 12": what a row is called in a list.
    QString row_name(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    int keys() const { return static_cast<int>(keys_.size()); }
    QVariant text(int row, int column) const;
    QVariant sort_value(int row, int column) const;

    SweepTable table_;
    std::vector<std::string> keys_;
    std::vector<GroupStatistics> differences_;
    LossUnit unit_ = LossUnit::nats_per_token;
    int baseline_ = 0;
    std::optional<SweepSettings> chosen_baseline_;  ///< rows come and go, what it stands for stays
};

}  // namespace wavlab
