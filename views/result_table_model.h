// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "core/table_layout.h"

namespace wavlab {

/// A table of results as it will be printed: its texts are those of the file, whatever the window's language.
class ResultTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    explicit ResultTableModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void set_layout(const TableLayout& layout);
    /// Whether the row is a block's title, which stands over all columns.
    bool is_title(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        QString title;  ///< of a block; empty: cells
        std::vector<LayoutCell> cells;
    };
    bool is_number_column(int column) const { return std::size_t(column) >= labels_; }

    std::size_t labels_ = 0;
    std::vector<LayoutHead> heads_;
    std::vector<Row> rows_;
};

}  // namespace wavlab
