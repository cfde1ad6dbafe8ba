// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/runs_panel.h"

#include <algorithm>
#include <array>

#include <QDataStream>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QStackedWidget>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/run_filter.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

constexpr quint32 columns_state_version = 0x57415632;  // "WAV2": what came before knew other columns
constexpr int option_letters = 9;

/// Widths in letters, in the order of RunsModel::Column.
constexpr std::array<int, RunsModel::column_count> letters_of = {16, 9, 12, 8, 12, 10, 9, 9, 9, 7, 14, 22, 17, 10, 9};

}  // namespace

RunsPanel::RunsPanel(RunsModel& model, const ActionRegistry& actions, const QString& menu, const QStringList& more,
                     QWidget* parent)
    : QWidget(parent), model_(model), actions_(actions), menu_(menu), more_(more) {
    setObjectName(QStringLiteral("runs_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    // Before the proxy, which lets go of rows while the model still has them.
    connect(&model_, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { removing_ = true; });
    shown_ = new ShownRuns(model_, this);
    make_filter();
    column->addWidget(filter_line_);
    problem_ = new QLabel(this);
    problem_->setObjectName(QStringLiteral("runs_filter_problem"));
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    problem_->setContentsMargins(6, 0, 6, 4);
    problem_->hide();
    column->addWidget(problem_);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_, 1);
    // Before the table connects itself: while rows are hidden, its current row moves to another.
    connect(shown_, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { hiding_ = true; });
    make_table();
    stack_->addWidget(table_);
    for (QLabel** label : {&empty_, &none_}) {
        *label = new QLabel(stack_);
        (*label)->setWordWrap(true);
        (*label)->setAlignment(Qt::AlignCenter);
        (*label)->setMargin(24);
        stack_->addWidget(*label);
    }
    empty_->setEnabled(false);
    none_->setObjectName(QStringLiteral("runs_none_shown"));
    connect(none_, &QLabel::linkActivated, this, [this] { filter_->clear(); });

    connect(shown_, &QAbstractItemModel::rowsRemoved, this, [this] {
        hiding_ = false;
        keep_focus();
        show_place();
    });
    for (QAbstractItemModel* changed :
         {static_cast<QAbstractItemModel*>(shown_), static_cast<QAbstractItemModel*>(&model_)})
        connect(changed, &QAbstractItemModel::rowsInserted, this, [this] {
            keep_focus();
            show_place();
        });
    connect(&model_, &QAbstractItemModel::rowsRemoved, this, [this] {
        removing_ = false;
        keep_focus();
        show_place();
    });
    show_place();
}

void RunsPanel::make_filter() {
    filter_line_ = new QWidget(this);
    auto* row = new QHBoxLayout(filter_line_);
    row->setContentsMargins(4, 3, 6, 3);
    filter_ = new QLineEdit(filter_line_);
    filter_->setObjectName(QStringLiteral("runs_filter"));
    filter_->setAccessibleName(tr("Filter of the runs"));
    filter_->setPlaceholderText(tr("Filter, such as: method:wav layers:48 loss<1.7"));
    filter_->setToolTip(RunFilter::help());
    filter_->setClearButtonEnabled(true);
    row->addWidget(filter_, 1);
    count_ = new QLabel(filter_line_);
    count_->setObjectName(QStringLiteral("runs_count"));
    row->addWidget(count_);
    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        shown_->set_filter(text);
        keep_focus();
        show_place();
    });
    connect(shown_, &ShownRuns::filter_read, this, [this] {
        keep_focus();
        show_place();
    });
    filter_->installEventFilter(this);
}

void RunsPanel::make_table() {
    table_ = new QTableView(stack_);
    table_->setObjectName(QStringLiteral("runs_table"));
    table_->setAccessibleName(tr("Runs"));
    table_->setModel(shown_);
    table_->setTextElideMode(Qt::ElideMiddle);  // runs of a sweep differ at the end of their names
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
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
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    header->setDefaultSectionSize(option_letters * letter);
    for (int i = 0; i < RunsModel::column_count; ++i) header->resizeSection(i, letters_of[std::size_t(i)] * letter);

    table_->installEventFilter(this);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &RunsPanel::follow_current);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPanel::selection_changed);
    connect(table_, &QWidget::customContextMenuRequested, this, &RunsPanel::show_context_menu);
    connect(header, &QWidget::customContextMenuRequested, this, &RunsPanel::show_header_menu);
}

void RunsPanel::show_place() {
    const int all = model_.rowCount(), some = shown_->rowCount();
    filter_line_->setVisible(all > 0);
    count_->setText(count_text());
    count_->setAccessibleName(count_text());
    problem_->setText(filter_problem());
    problem_->setVisible(!problem_->text().isEmpty());
    if (all > 0 && some == 0) {
        const int archived = shown_->hidden_by_archive();
        const QString clear = QStringLiteral("<p><a href=\"clear\">%1</a></p>").arg(tr("Clear the filter"));
        none_->setText(
            archived > 0
                ? tr("What fits is archived (%1). Show archived, in the menu Runs, shows it.").arg(archived)
                : QStringLiteral("<p>%1</p>%2").arg(tr("No run fits the filter, of %1 in all.").arg(all), clear));
    }
    QWidget* const wanted = all == 0    ? static_cast<QWidget*>(empty_)
                            : some == 0 ? static_cast<QWidget*>(none_)
                                        : table_;
    stack_->setCurrentWidget(wanted);
}

QString RunsPanel::count_text() const {
    const int all = model_.rowCount(), some = shown_->rowCount();
    if (some < all) return tr("%1 of %2").arg(some).arg(all);
    return all == 1 ? tr("1 run") : tr("%1 runs").arg(all);
}

QString RunsPanel::filter_problem() const { return shown_->filter().problems().join(QLatin1Char('\n')); }

void RunsPanel::set_empty_text(const QString& text) { empty_->setText(text); }

std::filesystem::path RunsPanel::folder_at(const QModelIndex& index) const {
    return index.isValid() ? std::filesystem::path(index.data(RunsModel::folder_role).toString().toStdString())
                           : std::filesystem::path();
}

void RunsPanel::follow_current() {
    if (hiding_) return;
    const std::filesystem::path folder = folder_at(table_->currentIndex());
    if (folder == focus_) return;
    focus_ = folder;
    emit focus_changed(QString::fromStdString(focus_.string()));
}

/// After rows came or went: the focus is current where it can be seen, and no other row is in its place.
void RunsPanel::keep_focus() {
    if (hiding_ || removing_) return;
    const int row = focus_.empty() ? -1 : model_.row_of(focus_);
    if (row < 0) {
        // Its run is gone: the row that took its place.
        if (const QModelIndex current = table_->currentIndex(); current.isValid() && selected().empty())
            table_->selectionModel()->select(current, QItemSelectionModel::Select | QItemSelectionModel::Rows);
        follow_current();
        return;
    }
    const QModelIndex index = shown_->mapFromSource(model_.index(row, RunsModel::name));
    if (index.isValid() && index.row() == table_->currentIndex().row()) return;
    hiding_ = true;  // it is no choice of the user's
    if (index.isValid())
        choose(index);
    else
        table_->selectionModel()->clear();
    hiding_ = false;
}

/// Alone, whichever keys are held: the table's own way adds to the selection while Ctrl is down.
void RunsPanel::choose(const QModelIndex& index) {
    table_->selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void RunsPanel::set_focus(const std::filesystem::path& folder) {
    const int row = model_.row_of(folder);
    if (row < 0) return;
    const QModelIndex index = shown_->mapFromSource(model_.index(row, RunsModel::name));
    if (!index.isValid()) {  // hidden by the filter
        focus_ = folder;
        keep_focus();
        emit focus_changed(QString::fromStdString(focus_.string()));
        return;
    }
    choose(index);
    table_->scrollTo(index);
}

std::vector<std::filesystem::path> RunsPanel::selected() const {
    QModelIndexList rows = table_->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
    std::vector<std::filesystem::path> folders;
    for (const QModelIndex& index : rows) folders.push_back(folder_at(index));
    return folders;
}

std::vector<std::filesystem::path> RunsPanel::shown() const {
    std::vector<std::filesystem::path> folders;
    for (int row = 0; row < shown_->rowCount(); ++row) folders.push_back(folder_at(shown_->index(row, 0)));
    return folders;
}

bool RunsPanel::has_shown() const { return shown_->rowCount() > 0; }

void RunsPanel::show_context_menu(const QPoint& position) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    actions_.fill(*menu, menu_);
    if (table_->indexAt(position).isValid() && !more_.isEmpty()) {
        menu->addSeparator();
        for (const QString& id : more_) menu->addAction(&actions_.action(id));
    }
    menu->popup(table_->viewport()->mapToGlobal(position));
}

void RunsPanel::show_header_menu(const QPoint& position) {
    QHeaderView* header = table_->horizontalHeader();
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(QStringLiteral("runs_header_menu"));
    const auto title = [this](int i) { return model_.headerData(i, Qt::Horizontal, Qt::DisplayRole).toString(); };
    const int column = header->logicalIndexAt(position);
    if (column >= 0) {
        for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            const QString text = order == Qt::AscendingOrder ? tr("Sort by %1, upwards") : tr("Sort by %1, downwards");
            connect(menu->addAction(text.arg(title(column))), &QAction::triggered, this,
                    [this, column, order] { table_->sortByColumn(column, order); });
        }
        menu->addSeparator();
    }
    for (int i = RunsModel::name + 1; i < RunsModel::column_count; ++i) {
        QAction* action = menu->addAction(title(i));
        action->setCheckable(true);
        action->setChecked(!header->isSectionHidden(i));
        connect(action, &QAction::toggled, this, [header, i](bool on) { header->setSectionHidden(i, !on); });
    }
    QStringList keys = model_.differing_options();
    for (const QString& key : model_.option_columns())
        if (!keys.contains(key)) keys.append(key);
    QMenu* options = menu->addMenu(tr("Options that differ"));
    options->setEnabled(!keys.isEmpty());
    for (const QString& key : keys) {
        QAction* action = options->addAction(key);
        action->setCheckable(true);
        action->setChecked(model_.option_columns().contains(key));
        connect(action, &QAction::toggled, this, [this, key](bool on) {
            QStringList columns = model_.option_columns();
            columns.removeAll(key);
            if (on) columns.append(key);
            model_.set_option_columns(columns);
        });
    }
    menu->popup(header->mapToGlobal(position));
}

QByteArray RunsPanel::columns_state() const {
    QByteArray state;
    QDataStream stream(&state, QIODevice::WriteOnly);
    stream << columns_state_version << int(RunsModel::column_count) << model_.option_columns()
           << table_->horizontalHeader()->saveState();
    return state;
}

void RunsPanel::set_columns_state(const QByteArray& state) {
    QDataStream stream(state);
    quint32 version = 0;
    int columns = 0;
    QStringList options;
    QByteArray header;
    stream >> version >> columns;
    if (version != columns_state_version || columns != RunsModel::column_count) return;
    stream >> options >> header;
    if (stream.status() != QDataStream::Ok) return;
    model_.set_option_columns(options);
    table_->horizontalHeader()->restoreState(header);
    table_->horizontalHeader()->setSectionHidden(RunsModel::name, false);
}

/// All selected runs become what the current one was not.
void RunsPanel::tick_selected() {
    const RunsModel::Row* current = model_.find(folder_at(table_->currentIndex()));
    if (!current) return;
    std::vector<std::filesystem::path> folders = selected();
    if (folders.empty()) folders.push_back(current->summary.folder);
    model_.draw(folders, !current->drawn);
}

bool RunsPanel::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::KeyPress && event->type() != QEvent::ShortcutOverride)
        return QWidget::eventFilter(watched, event);
    auto* key = static_cast<QKeyEvent*>(event);
    const bool pressed = event->type() == QEvent::KeyPress;
    if (watched == table_ && pressed && key->key() == Qt::Key_Space && table_->currentIndex().isValid()) {
        tick_selected();  // whichever of its columns the keyboard is in
        return true;
    }
    if (watched == table_ && key->matches(QKeySequence::Undo)) {
        // The form has the same keys everywhere else.
        event->accept();
        if (pressed) emit undo_wanted();
        return true;
    }
    if (watched == filter_ && pressed && key->key() == Qt::Key_Escape && !filter_->text().isEmpty()) {
        filter_->clear();
        return true;
    }
    if (watched == filter_ && pressed && key->key() == Qt::Key_Down) {
        table_->setFocus();
        if (!table_->currentIndex().isValid() && shown_->rowCount() > 0) table_->selectRow(0);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void RunsPanel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) model_.set_palette(palette(), devicePixelRatioF());
    QWidget::changeEvent(event);
}

}  // namespace wavlab
