// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/probe_panel.h"

#include <algorithm>

#include <QHeaderView>
#include <QLabel>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/flow_layout.h"
#include "views/probe_table_model.h"
#include "views/progress_row.h"
#include "views/quantity_text.h"
#include "views/table_actions.h"
#include "views/time_cursor.h"

namespace wavlab {

ProbePanel::ProbePanel(TimeCursor& cursor, const ActionRegistry& actions, const QStringList& buttons,
                       const QString& copy, QWidget* parent)
    : QWidget(parent), cursor_(cursor), model_(new ProbeTableModel(this)) {
    setObjectName(QStringLiteral("probe_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 2, 0, 0);
    column->setSpacing(2);
    auto* bar = new QWidget(this);
    auto* flow = new FlowLayout(bar);
    flow->setContentsMargins(6, 0, 6, 0);
    flow->setSpacing(4);
    for (const QString& id : buttons) {
        auto* button = new QToolButton(bar);
        button->setObjectName(QStringLiteral("probe_button.") + id);
        button->setDefaultAction(&actions.action(id));
        button->setToolButtonStyle(Qt::ToolButtonTextOnly);
        button->setFocusPolicy(Qt::TabFocus);
        flow->addWidget(button);
    }
    picker_ = new ProbePicker(bar);
    flow->addWidget(picker_);
    column->addWidget(bar);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_, 1);

    auto* page = new QWidget(stack_);
    auto* rows = new QVBoxLayout(page);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(2);
    title_ = new QLabel(page);
    title_->setObjectName(QStringLiteral("probe_title"));
    title_->setTextFormat(Qt::PlainText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    title_->setContentsMargins(8, 0, 8, 0);
    rows->addWidget(title_);
    make_table(*page, actions, copy);
    rows->addWidget(table_, 1);
    stack_->addWidget(page);
    empty_ = new QLabel(stack_);
    empty_->setObjectName(QStringLiteral("probe_empty"));
    empty_->setTextFormat(Qt::PlainText);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setMargin(24);
    empty_->setEnabled(false);
    empty_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    stack_->addWidget(empty_);

    progress_ = new ProgressRow(QStringLiteral("probe"), tr("Stops this probe; nothing of it is kept"), this);
    column->addWidget(progress_);

    connect(progress_, &ProgressRow::cancel_wanted, this, &ProbePanel::cancel_wanted);
    connect(picker_, &ProbePicker::chosen, this, &ProbePanel::refresh);
    connect(&cursor_, &TimeCursor::changed, this, &ProbePanel::follow);
    refresh();
}

void ProbePanel::make_table(QWidget& page, const ActionRegistry& actions, const QString& copy) {
    sorted_ = new QSortFilterProxyModel(this);
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(ProbeTableModel::sort_role);
    table_ = new QTableView(&page);
    table_->setObjectName(QStringLiteral("probe_table"));
    table_->setAccessibleName(tr("Probe table"));
    table_->setModel(sorted_);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSortingEnabled(true);
    table_->sortByColumn(ProbeTableModel::delta_loss, Qt::DescendingOrder);
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
    // In the order of ProbeTableModel::Column.
    const int letters[ProbeTableModel::column_count] = {9, 16, 12, 10, 10, 9, 12};
    for (int i = 0; i < ProbeTableModel::column_count; ++i) header->resizeSection(i, letters[i] * letter);
    header->setStretchLastSection(true);
    new TableActions(*table_, actions, {copy}, QStringLiteral("probe_menu"), {});
}

void ProbePanel::set_runs(const std::vector<DrawnRun>& runs) {
    record_.reset();
    for (const DrawnRun& run : runs)
        if (run.focused) record_ = run.record;
    cache_.forget();
    follow();
}

void ProbePanel::note(const RunRecord& record, const RecordChanges& changes) {
    if (&record == record_.get() && (changes.probes || changes.description)) follow();
}

void ProbePanel::follow() {
    stale_ = true;
    if (isVisible() && !visibleRegion().isEmpty()) refresh();
}

void ProbePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (stale_) refresh();
}

void ProbePanel::paintEvent(QPaintEvent* event) {
    QWidget::paintEvent(event);
    // A tab that comes to the front was shown all the time, outside of the window: no show event tells.
    if (stale_)
        QMetaObject::invokeMethod(
            this, [this] { refresh(); }, Qt::QueuedConnection);
}

QString ProbePanel::why_empty() const {
    if (!record_)
        return tr(
            "The numbers of the selected run's probes appear here: weight, contribution, change of the loss and "
            "its estimate for every source.\n\nSelect a run in the list.");
    const QString name = QString::fromStdString(record_->name());
    if (record_->description().routing.empty() && !record_->description().experiment.empty())
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(name, QString::fromStdString(record_->experiment().model.method));
    if (!cache_.problem().isEmpty()) return cache_.problem();
    return tr("'%1' has not been probed yet. Probe removes every source at every router of a checkpoint and measures "
              "what the loss does.")
        .arg(name);
}

void ProbePanel::refresh() {
    stale_ = false;
    std::vector<ProbeCache::Probe> all;
    if (record_) all = cache_.of(*record_);
    picker_->set_probes(all);
    const ProbeCache::Probe shown = shown_probe(all, cursor_.step(), picker_->key());
    if (shown)
        title_->setText(tr("%1, %2; loss %3 nats per token")
                            .arg(QString::fromStdString(record_->name()), probe_title(*shown), loss_text(shown->loss)));
    else
        empty_->setText(why_empty());
    stack_->setCurrentIndex(shown ? 0 : 1);
    model_->set_probe(shown);
    emit shown_probe_changed();
}

void ProbePanel::show_progress(const QString& text, std::int64_t done, std::int64_t total) {
    progress_->show_progress(text, done, total);
}

void ProbePanel::hide_progress() { progress_->hide(); }

bool ProbePanel::shows_progress() const { return !progress_->isHidden(); }

QString ProbePanel::text() const {
    std::vector<int> rows;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows()) rows.push_back(index.row());
    std::sort(rows.begin(), rows.end());
    if (rows.size() < 2) {
        rows.clear();
        for (int row = 0; row < sorted_->rowCount(); ++row) rows.push_back(row);
    }
    rows.insert(rows.begin(), -1);
    QString text;
    for (const int row : rows) {
        QStringList cells;
        for (int column = 0; column < sorted_->columnCount(); ++column)
            cells.append(row < 0 ? sorted_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()
                                 : sorted_->index(row, column).data().toString());
        text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return text;
}

}  // namespace wavlab
