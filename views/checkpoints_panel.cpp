// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/checkpoints_panel.h"

#include <algorithm>
#include <utility>

#include <QHeaderView>
#include <QLabel>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/checkpoints_model.h"
#include "views/flow_layout.h"
#include "views/progress_row.h"

namespace wavlab {

CheckpointsPanel::CheckpointsPanel(CheckpointsModel& model, const ActionRegistry& actions, const QStringList& buttons,
                                   const QStringList& menu, TableActions::Keys keys, QWidget* parent)
    : QWidget(parent), model_(model) {
    setObjectName(QStringLiteral("checkpoints_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_, 1);

    auto* page = new QWidget(stack_);
    auto* rows = new QVBoxLayout(page);
    rows->setContentsMargins(0, 2, 0, 0);
    rows->setSpacing(2);
    auto* bar = new QWidget(page);
    auto* flow = new FlowLayout(bar);
    flow->setContentsMargins(6, 0, 6, 0);
    flow->setSpacing(4);
    for (const QString& id : buttons) {
        auto* button = new QToolButton(bar);
        button->setObjectName(QStringLiteral("checkpoints_button.") + id);
        button->setDefaultAction(&actions.action(id));
        button->setToolButtonStyle(Qt::ToolButtonTextOnly);
        button->setFocusPolicy(Qt::TabFocus);
        flow->addWidget(button);
    }
    rows->addWidget(bar);
    title_ = new QLabel(page);
    title_->setObjectName(QStringLiteral("checkpoints_title"));
    title_->setTextFormat(Qt::PlainText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    title_->setContentsMargins(8, 0, 8, 0);
    rows->addWidget(title_);

    sorted_ = new QSortFilterProxyModel(this);
    sorted_->setSourceModel(&model_);
    sorted_->setSortRole(CheckpointsModel::sort_role);
    table_ = new QTableView(page);
    table_->setObjectName(QStringLiteral("checkpoints_table"));
    table_->setAccessibleName(tr("Checkpoints"));
    table_->setModel(sorted_);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSortingEnabled(true);
    table_->sortByColumn(CheckpointsModel::step, Qt::DescendingOrder);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setWordWrap(false);
    table_->setTabKeyNavigation(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    QHeaderView* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    // In the order of CheckpointsModel::Column.
    const int letters[CheckpointsModel::column_count] = {8, 10, 11, 22, 8};
    for (int i = 0; i < CheckpointsModel::column_count; ++i) header->resizeSection(i, letters[i] * letter);
    header->setStretchLastSection(true);
    rows->addWidget(table_, 1);
    stack_->addWidget(page);

    empty_ = new QLabel(stack_);
    empty_->setObjectName(QStringLiteral("checkpoints_empty"));
    empty_->setTextFormat(Qt::PlainText);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setMargin(24);
    empty_->setEnabled(false);
    empty_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    stack_->addWidget(empty_);

    progress_ = new ProgressRow(QStringLiteral("checkpoints"), tr("Stops this work and what waits behind it"), this);
    column->addWidget(progress_);

    connect(progress_, &ProgressRow::cancel_wanted, this, &CheckpointsPanel::cancel_wanted);
    new TableActions(*table_, actions, menu, QStringLiteral("checkpoints_menu"), std::move(keys));
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &CheckpointsPanel::selection_changed);
    const auto rows_changed = [this] {
        show_table_or_text();
        select_something();
    };
    connect(sorted_, &QAbstractItemModel::modelReset, this, rows_changed);
    connect(sorted_, &QAbstractItemModel::rowsInserted, this, rows_changed);
    connect(sorted_, &QAbstractItemModel::rowsRemoved, this, rows_changed);
    show_table_or_text();
}

void CheckpointsPanel::set_title(const QString& text) { title_->setText(text); }

void CheckpointsPanel::set_empty_text(const QString& text) { empty_->setText(text); }

void CheckpointsPanel::show_table_or_text() { stack_->setCurrentIndex(model_.rowCount() == 0 ? 1 : 0); }

void CheckpointsPanel::select_something() {
    const std::vector<CheckpointFolder> now = selected();
    const std::int64_t last = model_.rows().empty() ? -1 : model_.rows().back().folder.step;
    const bool followed = now.size() == 1 && now.front().step == last_step_;
    last_step_ = last;
    if (last >= 0 && (now.empty() || followed)) select({last});
    emit selection_changed();
}

std::vector<CheckpointFolder> CheckpointsPanel::selected() const {
    std::vector<CheckpointFolder> found;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows()) {
        const int row = sorted_->mapToSource(index).row();
        if (row >= 0 && row < model_.rowCount()) found.push_back(model_.rows()[std::size_t(row)].folder);
    }
    std::sort(found.begin(), found.end(),
              [](const CheckpointFolder& a, const CheckpointFolder& b) { return a.step < b.step; });
    return found;
}

void CheckpointsPanel::select(const std::vector<std::int64_t>& steps) {
    QItemSelection selection;
    QModelIndex first;
    for (int row = 0; row < model_.rowCount(); ++row) {
        if (std::find(steps.begin(), steps.end(), model_.rows()[std::size_t(row)].folder.step) == steps.end()) continue;
        const QModelIndex index = sorted_->mapFromSource(model_.index(row, 0));
        selection.select(index, index.siblingAtColumn(CheckpointsModel::column_count - 1));
        if (!first.isValid()) first = index;
    }
    QItemSelectionModel* model = table_->selectionModel();
    model->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    model->select(selection, QItemSelectionModel::ClearAndSelect);
}

void CheckpointsPanel::show_progress(const QString& text, std::int64_t done, std::int64_t total) {
    progress_->show_progress(text, done, total);
}

void CheckpointsPanel::hide_progress() { progress_->hide(); }

}  // namespace wavlab
