// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/datasets_dialog.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/dataset_preview.h"
#include "views/datasets_model.h"
#include "views/flow_layout.h"
#include "views/message_bar.h"

namespace wavlab {

namespace {

QToolButton* add_button(QWidget* parent, QAction& action) {
    auto* button = new QToolButton(parent);
    button->setObjectName(QStringLiteral("datasets_button.") + action.objectName());
    button->setDefaultAction(&action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

}  // namespace

DatasetsDialog::DatasetsDialog(DatasetsModel& model, const ActionRegistry& actions, const QStringList& buttons,
                               const QStringList& below, TableActions::Keys keys, QWidget* parent)
    : QDialog(parent), model_(model) {
    setObjectName(QStringLiteral("datasets_dialog"));
    setWindowTitle(tr("Datasets"));
    setWindowFlag(Qt::WindowMaximizeButtonHint);
    setSizeGripEnabled(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(6);
    message_ = new MessageBar(this);
    message_->setObjectName(QStringLiteral("datasets_message"));
    message_->hide();
    column->addWidget(message_);
    split_ = new QSplitter(Qt::Horizontal, this);
    split_->setChildrenCollapsible(false);
    split_->addWidget(make_left(actions, buttons));
    new TableActions(*table_, actions, buttons, QStringLiteral("datasets_menu"), std::move(keys));
    split_->addWidget(make_right());
    split_->setStretchFactor(0, 1);
    split_->setStretchFactor(1, 1);
    column->addWidget(split_, 1);
    auto* lower = new QHBoxLayout;
    for (const QString& id : below) lower->addWidget(add_button(this, actions.action(id)));
    lower->addStretch(1);
    auto* close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    lower->addWidget(close);
    column->addLayout(lower);
    connect(close, &QPushButton::clicked, this, &QWidget::close);
    connect(message_, &MessageBar::closed, this, [this] {
        message_->hide();
        emit problems_closed();
    });
    resize(1120, 620);
    split_->setSizes({560, 540});
    select_something();
}

QWidget* DatasetsDialog::make_left(const ActionRegistry& actions, const QStringList& buttons) {
    auto* left = new QWidget(this);
    auto* rows = new QVBoxLayout(left);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(4);
    auto* bar = new QWidget(left);
    auto* flow = new FlowLayout(bar);
    flow->setContentsMargins(0, 0, 0, 0);
    flow->setSpacing(4);
    for (const QString& id : buttons)
        if (!id.isEmpty()) flow->addWidget(add_button(bar, actions.action(id)));
    rows->addWidget(bar);

    sorted_ = new QSortFilterProxyModel(this);
    sorted_->setSourceModel(&model_);
    sorted_->setSortRole(DatasetsModel::sort_role);
    table_ = new QTableView(left);
    table_->setObjectName(QStringLiteral("datasets_table"));
    table_->setAccessibleName(tr("Datasets"));
    table_->setModel(sorted_);
    table_->setItemDelegateForColumn(DatasetsModel::state, new DatasetStateDelegate(table_));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);
    table_->setTabKeyNavigation(false);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    QHeaderView* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().averageCharWidth();
    const int letters[DatasetsModel::column_count] = {19, 24, 11, 11, 16};
    for (int i = 0; i < DatasetsModel::column_count; ++i) header->resizeSection(i, letters[i] * letter);
    header->setStretchLastSection(true);
    rows->addWidget(table_, 1);

    work_ = new QLabel(left);
    work_->setObjectName(QStringLiteral("datasets_work"));
    work_->setAccessibleName(tr("Progress"));
    work_->setTextFormat(Qt::PlainText);
    work_->setWordWrap(true);
    rows->addWidget(work_);
    manifest_problems_ = new QPlainTextEdit(left);
    manifest_problems_->setObjectName(QStringLiteral("datasets_manifest_problems"));
    manifest_problems_->setAccessibleName(tr("Manifests of yours that cannot be used"));
    manifest_problems_->setReadOnly(true);
    manifest_problems_->setTabChangesFocus(true);
    manifest_problems_->setMaximumHeight(5 * fontMetrics().lineSpacing());
    manifest_problems_->hide();
    rows->addWidget(manifest_problems_);

    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        show_details();
        emit selection_changed();
    });
    connect(&model_, &QAbstractItemModel::dataChanged, this, &DatasetsDialog::show_details);
    connect(sorted_, &QAbstractItemModel::rowsInserted, this, &DatasetsDialog::select_something);
    connect(sorted_, &QAbstractItemModel::rowsRemoved, this, &DatasetsDialog::select_something);
    return left;
}

QWidget* DatasetsDialog::make_right() {
    tabs_ = new QTabWidget(this);
    tabs_->setObjectName(QStringLiteral("datasets_tabs"));
    details_ = new QTextBrowser(tabs_);
    details_->setObjectName(QStringLiteral("datasets_details"));
    details_->setAccessibleName(tr("Details"));
    details_->setOpenExternalLinks(true);
    details_->setFrameShape(QFrame::NoFrame);
    details_->setTextInteractionFlags(Qt::TextBrowserInteraction | Qt::TextSelectableByKeyboard);
    tabs_->addTab(details_, tr("&Details"));
    preview_ = new DatasetPreview(tabs_);
    tabs_->addTab(preview_, tr("&Preview"));
    connect(tabs_, &QTabWidget::currentChanged, this, &DatasetsDialog::preview_toggled);
    return tabs_;
}

QString DatasetsDialog::selected() const {
    const QModelIndexList chosen = table_->selectionModel()->selectedRows();
    if (chosen.isEmpty()) return {};
    const int row = sorted_->mapToSource(chosen.first()).row();
    return row >= 0 && row < model_.rowCount() ? model_.rows()[std::size_t(row)].id : QString();
}

void DatasetsDialog::select(const QString& id) {
    const int row = model_.row_of(id);
    if (row < 0) return;
    const QModelIndex index = sorted_->mapFromSource(model_.index(row, 0));
    table_->setCurrentIndex(index);
    table_->selectRow(index.row());
    table_->scrollTo(index);
}

void DatasetsDialog::select_something() {
    if (selected().isEmpty() && sorted_->rowCount() > 0) table_->selectRow(0);
    show_details();
}

void DatasetsDialog::show_details() {
    const QString id = selected();
    const DatasetRow* row = model_.find(id);
    work_->setText(row && row->work ? dataset_work_text(*row->work) : QString());
    work_->setVisible(!work_->text().isEmpty());
    QString html = tr("Choose a dataset.");
    if (row) {
        // What changes ten times a second stands below the table, so that the text can be read and selected.
        DatasetRow quiet = *row;
        if (row->work) {
            quiet.work = DatasetWork{};
            quiet.work->phase = row->work->phase;
            quiet.work->stopping = row->work->stopping;
        }
        html = dataset_details(quiet);
    }
    if (details_->property("shown").toString() == html) return;
    details_->setProperty("shown", html);
    const int scrolled = shown_ == id ? details_->verticalScrollBar()->value() : 0;
    shown_ = id;
    details_->setHtml(html);
    details_->verticalScrollBar()->setValue(scrolled);
}

void DatasetsDialog::show_problems(const QStringList& problems) {
    if (problems.isEmpty()) {
        message_->clear();
        message_->hide();
        return;
    }
    message_->show_message(MessageBar::Kind::problem, problems.join(QLatin1Char('\n')));
    message_->show();
}

void DatasetsDialog::show_information(const QString& text) {
    message_->show_message(MessageBar::Kind::information, text);
    message_->show();
}

void DatasetsDialog::set_manifest_problems(const QStringList& problems) {
    const QString text = problems.isEmpty()
                             ? QString()
                             : tr("Manifests of yours that cannot be used:") + QLatin1Char('\n') + problems.join('\n');
    if (manifest_problems_->toPlainText() == text) return;
    manifest_problems_->setPlainText(text);
    manifest_problems_->setVisible(!problems.isEmpty());
}

bool DatasetsDialog::shows_preview() const { return isVisible() && tabs_->currentWidget() == preview_; }

void DatasetsDialog::show_preview() { tabs_->setCurrentWidget(preview_); }

QByteArray DatasetsDialog::layout_state() const { return split_->saveState(); }

void DatasetsDialog::set_layout_state(const QByteArray& state) {
    if (!state.isEmpty()) split_->restoreState(state);
}

void DatasetsDialog::showEvent(QShowEvent* event) {
    QDialog::showEvent(event);
    emit preview_toggled();
}

void DatasetsDialog::hideEvent(QHideEvent* event) {
    QDialog::hideEvent(event);
    emit preview_toggled();
}

}  // namespace wavlab
