// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QString>

#include "core/checkpoint_comparison.h"

namespace wavlab {

/// How the tensors of two checkpoints differ, one row a tensor.
class TensorChangesModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { name, relative_change, difference_norm, first_norm, second_norm, cosine, shape, column_count };
    enum Role {
        sort_role = Qt::UserRole + 1,
        csv_role,  ///< nine significant digits; of a header: a plain name
    };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void set_changes(std::vector<TensorChange> changes);

private:
    std::vector<TensorChange> changes_;
};

/// How the routing of two steps differs, one row a router and source that both have.
struct RoutingChange {
    QString router;
    QString source;
    double first = 0;  ///< mean weight
    double second = 0;
};

class RoutingChangesModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { router, source, change, first, second, column_count };
    enum Role {
        sort_role = Qt::UserRole + 1,
        csv_role,  ///< nine significant digits; of a header: a plain name
    };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void set_changes(std::vector<RoutingChange> changes);

private:
    std::vector<RoutingChange> changes_;
};

/// A number for a table: four significant digits, "–" for what is none.
QString value_text(double value);

}  // namespace wavlab
