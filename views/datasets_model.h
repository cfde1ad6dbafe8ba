// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include "views/dataset_row.h"

namespace wavlab {

/// The datasets that are known or here, as a table.
class DatasetsModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { dataset, state, download, on_disk, licence, column_count };
    enum Role {
        sort_role = Qt::UserRole + 1,
        progress_role,  ///< 0 to 1000 of the work that goes, -1 where its length is not known; none without work
    };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// Each id once. A dataset that was there stays the row it is.
    void set_rows(const std::vector<DatasetRow>& rows);
    /// Nothing happens where there is no such dataset.
    void set_work(const QString& id, const std::optional<DatasetWork>& work);
    const std::vector<DatasetRow>& rows() const { return rows_; }
    /// Null when there is no such dataset.
    const DatasetRow* find(const QString& id) const;
    /// -1 when there is no such dataset.
    int row_of(const QString& id) const;

private:
    std::vector<DatasetRow> rows_;
};

/// Draws the progress of the work that goes in place of the state.
class DatasetStateDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace wavlab
