// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QAbstractTableModel>
#include <QString>

#include "core/probe.h"

namespace wavlab {

/// What one probe has measured as a table: a row for each source at each router and for each family, and for each way
/// of removing it.
class ProbeTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { router, source, mode, delta_loss, attribution, alpha, contribution, column_count };
    enum Role { sort_role = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// Null: none.
    void set_probe(std::shared_ptr<const ProbeResult> probe);
    const std::shared_ptr<const ProbeResult>& probe() const { return probe_; }

private:
    struct Row {
        QString router;
        double router_order = 0;
        QString source;
        QString mode;
        double values[column_count - delta_loss] = {};  ///< of the columns from delta_loss on
    };
    void add_cells();
    void add_families();
    QString display(const Row& row, int column) const;

    std::shared_ptr<const ProbeResult> probe_;
    std::vector<Row> rows_;
};

}  // namespace wavlab
