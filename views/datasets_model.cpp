// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/datasets_model.h"

#include <algorithm>

#include <QApplication>
#include <QPainter>
#include <QStyleOptionProgressBar>

#include "views/quantity_text.h"

namespace wavlab {

int DatasetsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

int DatasetsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant DatasetsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    const QString titles[] = {tr("Dataset"), tr("State"), tr("Download"), tr("On disk"), tr("Licence")};
    const QString tips[] = {
        tr("Its name, as in the experiment file"),
        tr("Whether it is on this machine, and what is being done with it"),
        tr("What is downloaded to make it"),
        tr("What its finished text takes on this machine"),
        tr("Under which it can be used; the details say where it stands"),
    };
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return tips[section];
    return {};
}

QVariant DatasetsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= column_count) return {};
    const DatasetRow& row = rows_[std::size_t(index.row())];
    const auto size = [](std::int64_t bytes) { return bytes > 0 ? bytes_text(double(bytes)) : QStringLiteral("–"); };
    const QString texts[] = {row.id, dataset_state_text(row), size(row.download_bytes), size(row.installed_bytes),
                             row.licence};
    const QString& text = texts[index.column()];
    switch (role) {
        case Qt::DisplayRole:
            return text;
        case Qt::ToolTipRole:
            if (index.column() == dataset) return row.title;
            return index.column() == state && row.work ? dataset_work_text(*row.work) : text;
        case Qt::AccessibleTextRole:
            return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal).toString(), text);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
        case sort_role:
            if (index.column() == download) return qint64(row.download_bytes);
            if (index.column() == on_disk) return qint64(row.installed_bytes);
            return text;
        case progress_role:
            if (!row.work || index.column() != state) return {};
            return row.work->total > 0 ? int(1000.0 * double(row.work->done) / double(row.work->total)) : -1;
        default:
            return {};
    }
}

void DatasetsModel::set_rows(const std::vector<DatasetRow>& rows) {
    const auto has = [](const std::vector<DatasetRow>& list, const QString& id) {
        return std::any_of(list.begin(), list.end(), [&](const DatasetRow& row) { return row.id == id; });
    };
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (has(rows, rows_[std::size_t(row)].id)) continue;
        beginRemoveRows({}, row, row);
        rows_.erase(rows_.begin() + row);
        endRemoveRows();
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const int place = row_of(rows[i].id);
        if (place < 0) {
            beginInsertRows({}, int(i), int(i));
            rows_.insert(rows_.begin() + std::ptrdiff_t(i), rows[i]);
            endInsertRows();
            continue;
        }
        if (place != int(i)) {
            beginMoveRows({}, place, place, {}, place > int(i) ? int(i) : int(i) + 1);
            DatasetRow moved = std::move(rows_[std::size_t(place)]);
            rows_.erase(rows_.begin() + place);
            rows_.insert(rows_.begin() + std::ptrdiff_t(i), std::move(moved));
            endMoveRows();
        }
        if (rows_[i] == rows[i]) continue;
        rows_[i] = rows[i];
        emit dataChanged(index(int(i), 0), index(int(i), column_count - 1));
    }
}

void DatasetsModel::set_work(const QString& id, const std::optional<DatasetWork>& work) {
    const int row = row_of(id);
    if (row < 0 || rows_[std::size_t(row)].work == work) return;
    rows_[std::size_t(row)].work = work;
    emit dataChanged(index(row, 0), index(row, column_count - 1));
}

const DatasetRow* DatasetsModel::find(const QString& id) const {
    const int row = row_of(id);
    return row < 0 ? nullptr : &rows_[std::size_t(row)];
}

int DatasetsModel::row_of(const QString& id) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const DatasetRow& row) { return row.id == id; });
    return found == rows_.end() ? -1 : int(found - rows_.begin());
}

void DatasetStateDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    const QVariant progress = index.data(DatasetsModel::progress_role);
    if (!progress.isValid()) {
        QStyledItemDelegate::paint(painter, option, index);
        return;
    }
    QStyleOptionViewItem ground = option;
    initStyleOption(&ground, index);
    ground.text.clear();
    QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &ground, painter, option.widget);
    QStyleOptionProgressBar bar;
    bar.rect = option.rect.adjusted(3, 2, -3, -2);
    bar.palette = option.palette;
    bar.state = option.state | QStyle::State_Horizontal;
    bar.fontMetrics = option.fontMetrics;
    bar.minimum = 0;
    bar.maximum = 1000;
    bar.progress = std::max(0, progress.toInt());
    bar.text = index.data(Qt::DisplayRole).toString();
    bar.textVisible = true;
    bar.textAlignment = Qt::AlignCenter;
    style->drawControl(QStyle::CE_ProgressBar, &bar, painter, option.widget);
}

}  // namespace wavlab
