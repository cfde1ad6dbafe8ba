// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/queue_panel.h"

#include <algorithm>
#include <array>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/queue_model.h"

namespace wavlab {

namespace {

/// How far a run is: a bar behind the text.
class ProgressDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QVariant fraction = index.data(QueueModel::fraction_role);
        if (fraction.isValid() && fraction.toDouble() > 0) {
            constexpr int opacity = 70;  // of 255: the text stays readable in both themes
            QRect bar = option.rect.adjusted(2, 3, -2, -3);
            bar.setWidth(int(bar.width() * fraction.toDouble()));
            QColor color = option.palette.color(QPalette::Highlight);
            color.setAlpha(opacity);
            painter->fillRect(bar, color);
        }
        QStyledItemDelegate::paint(painter, option, index);
    }
};

}  // namespace

QueuePanel::QueuePanel(QueueModel& model, const ActionRegistry& actions, const QStringList& ids, QWidget* parent)
    : QWidget(parent), model_(model), actions_(actions) {
    setObjectName(QStringLiteral("queue_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(4, 3, 6, 3);
    row->setSpacing(2);
    for (const QString& id : ids) {
        auto* button = new QToolButton(this);
        button->setDefaultAction(&actions.action(id));
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::TabFocus);
        // One word says which is the main one; the others are icons with tooltips.
        button->setToolButtonStyle(id == ids.first() ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
        row->addWidget(button);
    }
    summary_ = new QLabel(this);
    summary_->setObjectName(QStringLiteral("queue_summary"));
    summary_->setMinimumWidth(1);
    row->addStretch(1);
    row->addWidget(summary_);
    column->addLayout(row);
    notice_ = new QLabel(this);
    notice_->setObjectName(QStringLiteral("queue_notice"));
    notice_->setWordWrap(true);
    notice_->setTextFormat(Qt::PlainText);
    notice_->setContentsMargins(6, 0, 6, 4);
    notice_->hide();
    column->addWidget(notice_);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_, 1);
    make_table();
    stack_->addWidget(table_);
    empty_ = new QLabel(stack_);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setMargin(24);
    empty_->setEnabled(false);
    stack_->addWidget(empty_);
    const auto show_place = [this] { stack_->setCurrentIndex(model_.rowCount() > 0 ? 0 : 1); };
    connect(&model_, &QAbstractItemModel::rowsInserted, this, show_place);
    connect(&model_, &QAbstractItemModel::rowsRemoved, this, show_place);
    show_place();
}

void QueuePanel::make_table() {
    table_ = new QTableView(stack_);
    table_->setObjectName(QStringLiteral("queue_table"));
    table_->setAccessibleName(tr("Queue of runs"));
    table_->setModel(&model_);
    table_->setItemDelegateForColumn(QueueModel::progress, new ProgressDelegate(table_));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setWordWrap(false);
    table_->setTextElideMode(Qt::ElideMiddle);  // the runs of a sweep differ at the end of their names
    table_->setTabKeyNavigation(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setDragEnabled(true);
    table_->setAcceptDrops(true);
    table_->setDropIndicatorShown(true);
    table_->setDragDropMode(QAbstractItemView::InternalMove);
    table_->setDragDropOverwriteMode(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    QHeaderView* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    constexpr std::array<int, QueueModel::column_count> letters{24, 10, 12, 10, 14, 8};
    for (int i = 0; i < QueueModel::column_count; ++i) header->resizeSection(i, letters[std::size_t(i)] * letter);
    table_->installEventFilter(this);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &QueuePanel::selection_changed);
    connect(table_, &QTableView::doubleClicked, this,
            [this](const QModelIndex& index) { emit open_wanted(index.data(QueueModel::id_role).toString()); });
    connect(table_, &QWidget::customContextMenuRequested, this, [this](const QPoint& position) {
        auto* menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        menu->setToolTipsVisible(true);
        for (const char* id :
             {"queue.work", "queue.up", "queue.down", "queue.remove", "queue.clear", "queue.stop_early"})
            menu->addAction(&actions_.action(QLatin1String(id)));
        menu->popup(table_->viewport()->mapToGlobal(position));
    });
}

bool QueuePanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched != table_ || event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Delete) {
        actions_.action(QStringLiteral("queue.remove")).trigger();
        return true;
    }
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
        if (const QModelIndex current = table_->currentIndex(); current.isValid())
            emit open_wanted(current.data(QueueModel::id_role).toString());
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

QStringList QueuePanel::selected() const {
    QModelIndexList rows = table_->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
    QStringList ids;
    for (const QModelIndex& row : rows) ids.append(row.data(QueueModel::id_role).toString());
    return ids;
}

void QueuePanel::select(const QString& id) {
    const int row = model_.row_of(id);
    if (row >= 0) table_->selectRow(row);
}

void QueuePanel::show_running() {
    const std::vector<QueueRow>& rows = model_.rows();
    const auto running =
        std::find_if(rows.begin(), rows.end(), [](const QueueRow& row) { return row.state == QueueState::running; });
    if (running != rows.end()) table_->scrollTo(model_.index(static_cast<int>(running - rows.begin()), 0));
}

void QueuePanel::set_summary(const QString& text) {
    summary_->setText(text);
    summary_->setToolTip(text);
}

void QueuePanel::set_notice(const QString& text) {
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

QString QueuePanel::notice() const { return notice_->text(); }

void QueuePanel::set_empty_text(const QString& text) { empty_->setText(text); }

}  // namespace wavlab
