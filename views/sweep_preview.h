// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QDialog>

#include "views/sweep_grid.h"

class QLabel;
class QTableView;

namespace wavlab {

/// The runs of a sweep as a table: first the options that are varied, then time, memory, disk and what is wrong.
class SweepModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Role { sort_role = Qt::UserRole + 1 };

    explicit SweepModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void set_grid(const SweepGrid& grid);
    const SweepGrid& grid() const { return grid_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    enum Cost { time, memory, disk, problem, cost_columns };
    int axes() const { return int(grid_.keys.size()); }
    QVariant cost_text(const PlannedRun& row, int cost) const;

    SweepGrid grid_;
};

/// The table in a window of its own that stays open while the form is edited.
class SweepPreview : public QDialog {
    Q_OBJECT

public:
    explicit SweepPreview(QWidget* parent);

    void show_grid(const SweepGrid& grid);
    SweepModel& model() { return *model_; }
    QTableView& table() { return *table_; }

private:
    void copy();

    SweepModel* model_;
    QLabel* heading_;
    QTableView* table_;
};

}  // namespace wavlab
