// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/result_table_model.h"

#include <QFont>
#include <QGuiApplication>
#include <QSize>

namespace wavlab {

void ResultTableModel::set_layout(const TableLayout& layout) {
    beginResetModel();
    labels_ = layout.labels;
    heads_ = layout.heads;
    rows_.clear();
    for (const LayoutBlock& block : layout.blocks) {
        if (!block.title.text.empty()) rows_.push_back({QString::fromStdString(block.title.in_one_line()), {}});
        for (const std::vector<LayoutCell>& line : block.lines) rows_.push_back({{}, line});
    }
    endResetModel();
}

bool ResultTableModel::is_title(int row) const { return !rows_[std::size_t(row)].title.isEmpty(); }

int ResultTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int ResultTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(heads_.size());
}

QVariant ResultTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const LayoutHead& head = heads_[std::size_t(section)];
    if (role == Qt::DisplayRole) {
        const QString text = QString::fromStdString(head.text);
        return head.unit.empty() ? text : text + QLatin1Char('\n') + QString::fromStdString(head.unit);
    }
    if (role == Qt::TextAlignmentRole)
        return int((is_number_column(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

QVariant ResultTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
    const Row& row = rows_[std::size_t(index.row())];
    QFont font = QGuiApplication::font();
    if (!row.title.isEmpty()) {
        if (role == Qt::DisplayRole) return index.column() == 0 ? row.title : QString();
        font.setItalic(true);
        if (role == Qt::SizeHintRole) return QSize(1, 1);  // it stands over all columns and widens none
        return role == Qt::FontRole ? QVariant(font) : QVariant();
    }
    const LayoutCell& cell = row.cells[std::size_t(index.column())];
    if (role == Qt::DisplayRole) return QString::fromStdString(cell.text);
    if (role == Qt::TextAlignmentRole)
        return int((is_number_column(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    font.setBold(true);
    return role == Qt::FontRole && cell.bold ? QVariant(font) : QVariant();
}

}  // namespace wavlab
