// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/queue_model.h"

#include <algorithm>

#include <QCoreApplication>
#include <QMimeData>

#include "views/quantity_text.h"

namespace wavlab {

namespace {

const QString mime_type = QStringLiteral("application/x-wavlab-queued-run");

}  // namespace

QString queue_state_text(const QueueRow& row) {
    switch (row.state) {
        case QueueState::waiting:
            return row.begun ? QueueModel::tr("interrupted") : QueueModel::tr("waiting");
        case QueueState::running:
            return QueueModel::tr("running");
        case QueueState::finished:
            return QueueModel::tr("finished");
        case QueueState::ended_early:
            return QueueModel::tr("ended early");
        case QueueState::diverged:
            return QueueModel::tr("diverged");
        case QueueState::failed:
            return QueueModel::tr("failed");
    }
    return {};
}

int QueueModel::row_of(const QString& id) const {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const QueueRow& r) { return r.id == id; });
    return row == rows_.end() ? -1 : static_cast<int>(row - rows_.begin());
}

void QueueModel::set_rows(const std::vector<QueueRow>& rows) {
    const auto is_there = [&](const QString& id) {
        return std::any_of(rows.begin(), rows.end(), [&](const QueueRow& row) { return row.id == id; });
    };
    for (int i = static_cast<int>(rows_.size()) - 1; i >= 0; --i) {
        if (i < static_cast<int>(rows.size()) && rows[std::size_t(i)].id == rows_[std::size_t(i)].id) continue;
        if (is_there(rows_[std::size_t(i)].id)) continue;
        beginRemoveRows({}, i, i);
        rows_.erase(rows_.begin() + i);
        endRemoveRows();
    }
    for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
        const QueueRow& wanted = rows[std::size_t(i)];
        const bool in_place = i < static_cast<int>(rows_.size()) && rows_[std::size_t(i)].id == wanted.id;
        const int from = in_place ? i : row_of(wanted.id);
        if (from < 0) {
            beginInsertRows({}, i, i);
            rows_.insert(rows_.begin() + i, wanted);
            endInsertRows();
            continue;
        }
        if (from != i) {
            beginMoveRows({}, from, from, {}, i);
            std::rotate(rows_.begin() + i, rows_.begin() + from, rows_.begin() + from + 1);
            endMoveRows();
        }
        if (rows_[std::size_t(i)] == wanted) continue;
        rows_[std::size_t(i)] = wanted;
        emit dataChanged(index(i, 0), index(i, column_count - 1));
    }
}

int QueueModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int QueueModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant QueueModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::DisplayRole) {
        switch (section) {
            case name:
                return tr("Run");
            case state:
                return tr("State");
            case progress:
                return tr("Progress");
            case validation_loss:
                return tr("Validation");
            case sweep:
                return tr("Sweep");
            case device:
                return tr("Device");
            default:
                return {};
        }
    }
    if (role == Qt::ToolTipRole && section == validation_loss) return tr("The last validation loss, in nats per token");
    return {};
}

QVariant QueueModel::text(const QueueRow& row, int column) const {
    switch (column) {
        case name:
            return row.name;
        case state:
            return queue_state_text(row);
        case progress:
            if (row.total_steps <= 0) return {};
            return tr("%1 of %2").arg(count_text(double(row.step)), count_text(double(row.total_steps)));
        case validation_loss:
            return row.validation_loss ? QString::number(*row.validation_loss, 'f', 4) : QString();
        case sweep:
            return row.sweep;
        case device:
            return row.device;
        default:
            return {};
    }
}

QVariant QueueModel::tip(const QueueRow& row, int column) const {
    if (!row.reason.isEmpty() && column != name) return row.reason;
    if (row.state == QueueState::waiting && row.begun)
        return tr("It goes on from its last checkpoint when its turn comes.");
    return row.settings.isEmpty() ? row.name : row.name + QLatin1Char('\n') + row.settings;
}

QVariant QueueModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const QueueRow& row = rows_[std::size_t(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return text(row, index.column());
        case Qt::ToolTipRole:
            return tip(row, index.column());
        case Qt::AccessibleTextRole: {
            const QString shown = text(row, index.column()).toString();
            return index.column() == name ? row.name + QStringLiteral(", ") + queue_state_text(row) : shown;
        }
        case Qt::TextAlignmentRole:
            if (index.column() == validation_loss) return int(Qt::AlignRight | Qt::AlignVCenter);
            return int(Qt::AlignLeft | Qt::AlignVCenter);
        case id_role:
            return row.id;
        case fraction_role:
            if (row.total_steps <= 0) return {};
            return std::clamp(double(row.step) / double(row.total_steps), 0.0, 1.0);
        default:
            return {};
    }
}

Qt::ItemFlags QueueModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return movable_ ? Qt::ItemIsDropEnabled : Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    if (movable_ && rows_[std::size_t(index.row())].state == QueueState::waiting) flags |= Qt::ItemIsDragEnabled;
    return flags;
}

QStringList QueueModel::mimeTypes() const { return {mime_type}; }

QMimeData* QueueModel::mimeData(const QModelIndexList& indexes) const {
    if (indexes.isEmpty()) return nullptr;
    auto* data = new QMimeData;
    data->setData(mime_type, indexes.first().data(id_role).toString().toUtf8());
    return data;
}

bool QueueModel::canDropMimeData(const QMimeData* data, Qt::DropAction action, int, int,
                                 const QModelIndex& parent) const {
    return movable_ && data && data->hasFormat(mime_type) && action == Qt::MoveAction && !parent.isValid();
}

bool QueueModel::dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                              const QModelIndex& parent) {
    if (!canDropMimeData(data, action, row, column, parent)) return false;
    const QString id = QString::fromUtf8(data->data(mime_type));
    if (row_of(id) < 0) return false;
    emit move_wanted(id, row < 0 ? rowCount() : row);
    // The queue itself moves the run; were this true, the view would remove the row that was dragged.
    return false;
}

}  // namespace wavlab
