// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/runs_panel.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/runs_model.h"

namespace wavlab {

RunsPanel::RunsPanel(RunsModel& model, const ActionRegistry& actions, const QStringList& menu, QWidget* parent)
    : QWidget(parent), model_(model), actions_(actions), menu_(menu) {
    setObjectName(QStringLiteral("runs_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_);

    sorted_ = new QSortFilterProxyModel(this);
    sorted_->setSourceModel(&model_);
    sorted_->setSortRole(RunsModel::sort_role);
    sorted_->setDynamicSortFilter(true);
    sorted_->setSortCaseSensitivity(Qt::CaseInsensitive);

    table_ = new QTableView(stack_);
    table_->setObjectName(QStringLiteral("runs_table"));
    table_->setAccessibleName(tr("Runs"));
    table_->setModel(sorted_);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSortingEnabled(true);
    table_->sortByColumn(RunsModel::started, Qt::DescendingOrder);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setWordWrap(false);
    table_->setIconSize(QSize(30, 12));
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    table_->setTabKeyNavigation(false);
    table_->setFrameShape(QFrame::NoFrame);
    QHeaderView* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionsMovable(true);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    // In the order of RunsModel::Column.
    const int letters[RunsModel::column_count] = {16, 9, 12, 8, 12, 9, 9, 7, 14, 17};
    for (int i = 0; i < RunsModel::column_count; ++i) header->resizeSection(i, letters[i] * letter);
    stack_->addWidget(table_);

    empty_ = new QLabel(stack_);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setMargin(24);
    empty_->setEnabled(false);
    stack_->addWidget(empty_);

    table_->installEventFilter(this);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this] { emit focus_changed(QString::fromStdString(focus().string())); });
    connect(table_, &QWidget::customContextMenuRequested, this, &RunsPanel::show_context_menu);
    connect(&model_, &QAbstractItemModel::rowsInserted, this, &RunsPanel::show_table_or_text);
    connect(&model_, &QAbstractItemModel::rowsRemoved, this, &RunsPanel::show_table_or_text);
    show_table_or_text();
}

void RunsPanel::show_table_or_text() {
    QWidget* const wanted = model_.rowCount() == 0 ? static_cast<QWidget*>(empty_) : table_;
    stack_->setCurrentWidget(wanted);
}

void RunsPanel::set_empty_text(const QString& text) { empty_->setText(text); }

std::filesystem::path RunsPanel::focus() const {
    const QModelIndex current = table_->currentIndex();
    if (!current.isValid()) return {};
    return current.data(RunsModel::folder_role).toString().toStdString();
}

void RunsPanel::set_focus(const std::filesystem::path& folder) {
    const int row = model_.row_of(folder);
    if (row < 0) return;
    const QModelIndex index = sorted_->mapFromSource(model_.index(row, RunsModel::name));
    table_->setCurrentIndex(index);
    table_->scrollTo(index);
}

void RunsPanel::show_context_menu(const QPoint& position) {
    if (!table_->indexAt(position).isValid()) return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    for (const QString& id : menu_) {
        if (id.isEmpty())
            menu->addSeparator();
        else
            menu->addAction(&actions_.action(id));
    }
    menu->popup(table_->viewport()->mapToGlobal(position));
}

QByteArray RunsPanel::columns_state() const { return table_->horizontalHeader()->saveState(); }

void RunsPanel::set_columns_state(const QByteArray& state) { table_->horizontalHeader()->restoreState(state); }

bool RunsPanel::eventFilter(QObject* watched, QEvent* event) {
    // The space bar ticks the run, whichever of its columns the keyboard is in.
    const QModelIndex current = table_->currentIndex();
    if (watched == table_ && event->type() == QEvent::KeyPress && current.isValid() &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space) {
        const QModelIndex tick = current.siblingAtColumn(RunsModel::name);
        const bool drawn = tick.data(Qt::CheckStateRole).toInt() == Qt::Checked;
        sorted_->setData(tick, drawn ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void RunsPanel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) model_.set_palette(palette(), devicePixelRatioF());
    QWidget::changeEvent(event);
}

}  // namespace wavlab
