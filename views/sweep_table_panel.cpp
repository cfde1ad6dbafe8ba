// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sweep_table_panel.h"

#include <algorithm>

#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/sweep_table_model.h"

namespace wavlab {

namespace {

/// Rows without a value come last, whichever way is sorted.
class SortedRows : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;

protected:
    bool lessThan(const QModelIndex& a, const QModelIndex& b) const override {
        const QVariant left = a.data(SweepTableModel::sort_role);
        const QVariant right = b.data(SweepTableModel::sort_role);
        if (left.isValid() != right.isValid()) return (sortOrder() == Qt::AscendingOrder) == left.isValid();
        return QSortFilterProxyModel::lessThan(a, b);
    }
};

}  // namespace

SweepTablePanel::SweepTablePanel(QWidget* parent)
    : QWidget(parent), model_(new SweepTableModel(this)), sorted_(new SortedRows(this)) {
    setObjectName(QStringLiteral("sweep_table_panel"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    make_choices();
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_, 1);
    table_ = new QTableView(stack_);
    table_->setObjectName(QStringLiteral("sweep_table"));
    table_->setAccessibleName(tr("Results of the sweep"));
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(SweepTableModel::sort_role);
    table_->setModel(sorted_);
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setWordWrap(false);
    table_->setTabKeyNavigation(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    table_->horizontalHeader()->setHighlightSections(false);
    stack_->addWidget(table_);
    auto* empty = new QLabel(tr("The results of a sweep stand here: one row for each setting, its mean over seeds and "
                                "the difference to a baseline. Give an option several values in the form and add the "
                                "runs to the queue."),
                             stack_);
    empty->setWordWrap(true);
    empty->setAlignment(Qt::AlignCenter);
    empty->setMargin(24);
    empty->setEnabled(false);
    stack_->addWidget(empty);
    stack_->setCurrentIndex(1);
    connect(model_, &QAbstractItemModel::modelReset, this, [this] {
        show_baselines();
        stack_->setCurrentIndex(model_->rowCount() > 0 ? 0 : 1);
        table_->resizeColumnsToContents();
    });
    connect(model_, &QAbstractItemModel::dataChanged, this, [this] { table_->resizeColumnsToContents(); });
}

void SweepTablePanel::make_choices() {
    auto* row = new QHBoxLayout;
    row->setContentsMargins(6, 3, 6, 3);
    row->setSpacing(6);
    const auto add_choice = [&](const QString& label, const QString& name, const QString& help) {
        auto* text = new QLabel(label, this);
        auto* choice = new QComboBox(this);
        choice->setObjectName(name);
        choice->setAccessibleName(QString(label).remove(QLatin1Char('&')));
        choice->setToolTip(help);
        choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        choice->setMinimumContentsLength(8);
        text->setBuddy(choice);
        row->addWidget(text);
        row->addWidget(choice, 1);
        return choice;
    };
    sweeps_ = add_choice(tr("Sweep"), QStringLiteral("sweep_choice"), tr("Whose results are shown"));
    baseline_ = add_choice(tr("Compared with"), QStringLiteral("sweep_baseline"),
                           tr("The setting that the others' differences are taken to, seed by seed"));
    auto* copy_button = new QToolButton(this);
    copy_button->setObjectName(QStringLiteral("sweep_copy"));
    copy_button->setText(tr("Copy"));
    copy_button->setAccessibleName(tr("Copy the table"));
    copy_button->setToolTip(tr("Copies the table as text"));
    copy_button->setPopupMode(QToolButton::InstantPopup);
    copy_button->setFocusPolicy(Qt::StrongFocus);
    auto* menu = new QMenu(copy_button);
    menu->addAction(tr("As &Markdown"), this, [this] { copy(TableFormat::markdown); });
    menu->addAction(tr("As &LaTeX"), this, [this] { copy(TableFormat::latex); });
    menu->addAction(tr("As &CSV"), this, [this] { copy(TableFormat::csv); });
    copy_button->setMenu(menu);
    row->addWidget(copy_button);
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    connect(sweeps_, &QComboBox::currentTextChanged, this, &SweepTablePanel::sweep_chosen);
    connect(baseline_, &QComboBox::activated, model_, &SweepTableModel::set_baseline);
}

void SweepTablePanel::set_sweeps(const QStringList& names) {
    QStringList known;
    for (int i = 0; i < sweeps_->count(); ++i) known.append(sweeps_->itemText(i));
    if (known == names) return;
    const QString before = sweep();
    {
        const QSignalBlocker quiet(sweeps_);
        sweeps_->clear();
        sweeps_->addItems(names);
        const auto kept = names.indexOf(before);
        sweeps_->setCurrentIndex(kept >= 0 ? int(kept) : int(names.size()) - 1);
    }
    if (sweep() != before) emit sweep_chosen(sweep());
}

QString SweepTablePanel::sweep() const { return sweeps_->currentText(); }

void SweepTablePanel::choose(const QString& sweep) {
    const int place = sweeps_->findText(sweep);
    if (place >= 0) sweeps_->setCurrentIndex(place);
}

void SweepTablePanel::set_table(const SweepTable& table, LossUnit unit) { model_->set_table(table, unit); }

void SweepTablePanel::show_baselines() {
    const QSignalBlocker quiet(baseline_);
    baseline_->clear();
    for (int i = 0; i < model_->rowCount(); ++i) baseline_->addItem(model_->row_name(i));
    baseline_->setCurrentIndex(model_->rowCount() > 0 ? model_->baseline() : -1);
}

QString SweepTablePanel::text(TableFormat format) const {
    SweepTable table;
    std::optional<std::size_t> baseline;
    for (int i = 0; i < sorted_->rowCount(); ++i) {
        const int row = sorted_->mapToSource(sorted_->index(i, 0)).row();
        if (row == model_->baseline()) baseline = table.size();
        table.push_back(model_->table()[std::size_t(row)]);
    }
    if (table.empty()) return {};
    return QString::fromStdString(table_text(table, baseline, format));
}

void SweepTablePanel::copy(TableFormat format) { QGuiApplication::clipboard()->setText(text(format)); }

}  // namespace wavlab
