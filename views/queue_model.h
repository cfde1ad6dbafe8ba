// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QAbstractTableModel>
#include <QStringList>

#include "core/run_queue.h"

namespace wavlab {

/// One run of the queue as the list shows it.
struct QueueRow {
    QString id;
    QString name;
    QString sweep;
    QString settings;
    QString reason;
    QString device;
    std::filesystem::path folder;  ///< empty before it has begun
    QueueState state = QueueState::waiting;
    bool begun = false;  ///< it waits, and goes on from a checkpoint
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    std::optional<double> validation_loss;

    friend bool operator==(const QueueRow&, const QueueRow&) = default;
};

/// The queue as a table, in the order in which it is worked through. Runs that wait can be dragged to another place.
class QueueModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { name, state, progress, validation_loss, sweep, device, column_count };
    enum Role { id_role = Qt::UserRole + 1, fraction_role };  ///< QString; 0 to 1, invalid where nothing goes

    explicit QueueModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    /// Shows these; rows that stay keep their selection.
    void set_rows(const std::vector<QueueRow>& rows);
    const std::vector<QueueRow>& rows() const { return rows_; }
    /// -1 when there is none.
    int row_of(const QString& id) const;
    /// Whether rows can be dragged now.
    void set_movable(bool movable) { movable_ = movable; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;
    bool canDropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                         const QModelIndex& parent) const override;
    bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                      const QModelIndex& parent) override;

signals:
    /// A run was dropped before the row that is at `place` now.
    void move_wanted(const QString& id, int place);

private:
    QVariant text(const QueueRow& row, int column) const;
    QVariant tip(const QueueRow& row, int column) const;

    std::vector<QueueRow> rows_;
    bool movable_ = true;
};

/// "waiting", "running", ... in the language of the window.
QString queue_state_text(const QueueRow& row);

}  // namespace wavlab
