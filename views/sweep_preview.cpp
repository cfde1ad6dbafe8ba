// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sweep_preview.h"

#include <algorithm>

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/theme.h"

namespace wavlab {

void SweepModel::set_grid(const SweepGrid& grid) {
    const auto same_run = [](const PlannedRun& a, const PlannedRun& b) { return a.point.settings == b.point.settings; };
    if (grid.keys == grid_.keys &&
        std::equal(grid.rows.begin(), grid.rows.end(), grid_.rows.begin(), grid_.rows.end(), same_run)) {
        // Only what it costs is new: selection and scroll position stay.
        grid_ = grid;
        if (!grid_.rows.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
        return;
    }
    beginResetModel();
    grid_ = grid;
    endResetModel();
}

int SweepModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(grid_.rows.size()); }

int SweepModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : axes() + cost_columns; }

QVariant SweepModel::cost_text(const PlannedRun& row, int cost) const {
    const bool possible = row.problem.isEmpty();
    switch (cost) {
        case time:
            if (!possible || !row.seconds) return QStringLiteral("–");
            return row.is_scaled ? tr("about %1").arg(duration_text(*row.seconds)) : duration_text(*row.seconds);
        case memory:
            return possible ? bytes_text(row.memory_bytes) : QStringLiteral("–");
        case disk:
            return possible ? bytes_text(row.disk_bytes) : QStringLiteral("–");
        default: {
            if (!possible) return row.problem;
            const std::size_t same = row.point.same.size();
            return same == 0   ? QString()
                   : same == 1 ? tr("also stands for another combination")
                               : tr("also stands for %n other combinations", nullptr, int(same));
        }
    }
}

QVariant SweepModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const PlannedRun& row = grid_.rows[std::size_t(index.row())];
    const int cost = index.column() - axes();
    if (role == Qt::ToolTipRole)
        return row.problem.isEmpty() ? QString::fromStdString(row.point.experiment.name) : row.problem;
    if (role == Qt::ForegroundRole && !row.problem.isEmpty() && cost == problem)
        return error_color(QApplication::palette());
    if (role == Qt::TextAlignmentRole && cost >= time && cost < problem)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != sort_role) return {};
    if (cost >= 0) {
        if (role == sort_role && cost == time) return row.seconds.value_or(-1);
        if (role == sort_role && cost == memory) return row.memory_bytes;
        if (role == sort_role && cost == disk) return row.disk_bytes;
        return cost_text(row, cost);
    }
    for (const auto& [key, value] : row.point.settings) {
        if (key != grid_.keys[std::size_t(index.column())]) continue;
        if (role == sort_role) {
            if (const auto* whole = std::get_if<std::int64_t>(&value)) return double(*whole);
            if (const auto* real = std::get_if<double>(&value)) return *real;
        }
        return QString::fromStdString(to_text(value));
    }
    // An option that this run's method does not have.
    return role == sort_role ? QVariant() : QVariant(QStringLiteral("–"));
}

QVariant SweepModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (section < 0 || section >= (orientation == Qt::Horizontal ? columnCount() : rowCount())) return {};
    if (orientation == Qt::Vertical) return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    const int cost = section - axes();
    if (cost < 0) {
        if (role == Qt::DisplayRole) return grid_.titles[section];
        if (role == Qt::ToolTipRole) return QString::fromStdString(grid_.keys[std::size_t(section)]);
        return {};
    }
    static const char* const titles[] = {QT_TR_NOOP("Time"), QT_TR_NOOP("Model memory"), QT_TR_NOOP("Disk"),
                                         QT_TR_NOOP("Remark")};
    if (role == Qt::DisplayRole) return tr(titles[cost]);
    return {};
}

SweepPreview::SweepPreview(QWidget* parent) : QDialog(parent), model_(new SweepModel(this)) {
    setObjectName(QStringLiteral("sweep_preview"));
    setWindowTitle(tr("All runs of the sweep"));
    auto* column = new QVBoxLayout(this);
    heading_ = new QLabel(this);
    heading_->setObjectName(QStringLiteral("sweep_heading"));
    heading_->setTextFormat(Qt::PlainText);
    heading_->setWordWrap(true);
    heading_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(heading_);
    table_ = new QTableView(this);
    table_->setAccessibleName(tr("Runs of the sweep"));
    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(model_);
    sorted->setSortRole(SweepModel::sort_role);
    table_->setModel(sorted);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);  // the order in which they will be run
    column->addWidget(table_, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* copy_button = buttons->addButton(tr("&Copy as text"), QDialogButtonBox::ActionRole);
    copy_button->setIcon(themed_icon(QStringLiteral("copy")));
    copy_button->setToolTip(tr("Copies the table, its columns parted by tabs."));
    connect(copy_button, &QPushButton::clicked, this, &SweepPreview::copy);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    resize(fontMetrics().averageCharWidth() * 140, fontMetrics().height() * 30);
}

void SweepPreview::show_grid(const SweepGrid& grid) {
    const int columns = model_->columnCount();
    model_->set_grid(grid);
    if (columns != model_->columnCount()) table_->resizeColumnsToContents();
    QString text = tr("Runs: %1.").arg(grid.size_text());
    if (const std::optional<double> seconds = grid.seconds())
        text += QLatin1Char(' ') + (grid.is_any_scaled() ? tr("About %1, one after another, on this device.")
                                                         : tr("%1, one after another, on this device."))
                                       .arg(duration_text(*seconds));
    else if (!grid.time_status.isEmpty())
        text += QLatin1Char(' ') + tr("Time: %1.").arg(grid.time_status);
    if (const std::size_t bad = grid.bad_rows())
        text += QLatin1Char(' ') + tr("%n of them cannot be made: see the last column.", nullptr, int(bad));
    if (!grid.problem.isEmpty()) text = grid.problem;
    heading_->setText(text);
}

void SweepPreview::copy() {
    QString text;
    const QAbstractItemModel& shown = *table_->model();
    for (int row = -1; row < shown.rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < shown.columnCount(); ++column)
            cells.append(row < 0 ? shown.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()
                                 : shown.index(row, column).data().toString());
        text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    QApplication::clipboard()->setText(text);
}

}  // namespace wavlab
