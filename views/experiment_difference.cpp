// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/experiment_difference.h"

#include <algorithm>
#include <utility>

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "core/method.h"
#include "views/option_editor.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr int widest_column = 40;  // in characters

QString shown(const OptionValue& value) {
    if (const bool* flag = std::get_if<bool>(&value)) return *flag ? QStringLiteral("true") : QStringLiteral("false");
    const std::string text = to_text(value);
    return text.empty() ? QStringLiteral("\"\"") : QString::fromStdString(text);
}

const QString lacking = QStringLiteral("–");

}  // namespace

void DifferenceModel::set_experiments(const std::vector<ComparedExperiment>& experiments) {
    beginResetModel();
    rows_.clear();
    titles_.clear();
    for (const ComparedExperiment& one : experiments) titles_.append(one.title);
    const auto add = [this](const Option& option, const std::string& key, QStringList values) {
        Row row{QString::fromStdString(key), translated(option.label), option_help(option, QString::fromStdString(key)),
                std::move(values), false};
        row.differs = std::any_of(row.values.begin(), row.values.end(),
                                  [&row](const QString& value) { return value != row.values.front(); });
        rows_.push_back(std::move(row));
    };
    // Their names stand above the columns.
    const auto is_content = [](const std::string& key) { return key != "schema" && key != "name"; };
    std::vector<OptionValues> of_methods;
    for (const ComparedExperiment& one : experiments) of_methods.push_back(resolved_method_options(one.experiment));
    const auto add_method_options = [&] {
        QStringList done;
        for (const MethodDescriptor& method : MethodRegistry::all())
            for (const Option& option : method.options) {
                if (done.contains(QString::fromStdString(option.key))) continue;
                QStringList values;
                bool known = false;
                for (const OptionValues& options : of_methods) {
                    const auto found = options.find(option.key);
                    known |= found != options.end();
                    values.append(found == options.end() ? lacking : shown(found->second));
                }
                if (!known) continue;
                done.append(QString::fromStdString(option.key));
                add(option, "method." + option.key, std::move(values));
            }
    };
    if (std::any_of(experiments.begin(), experiments.end(),
                    [](const ComparedExperiment& one) { return !one.origin.isEmpty(); })) {
        Row row{QStringLiteral("origin"),
                tr("Begins with"),
                tr("The weights of a checkpoint, or those that are drawn from the seed"),
                {},
                false};
        for (const ComparedExperiment& one : experiments)
            row.values.append(one.origin.isEmpty() ? tr("its seed") : one.origin);
        row.differs = row.values.count(row.values.front()) < row.values.size();
        rows_.push_back(std::move(row));
    }
    bool after_model = false;
    for (const ExperimentField& field : experiment_fields()) {
        if (!is_content(field.dotted_key())) continue;
        if (field.table == "data" && !std::exchange(after_model, true)) add_method_options();
        QStringList values;
        bool counts = false;
        for (const ComparedExperiment& one : experiments) {
            const bool has_it = !field.applies || field.applies(one.experiment);
            counts |= has_it;
            values.append(has_it ? shown(field.get(one.experiment)) : lacking);
        }
        if (counts) add(field.option, field.dotted_key(), std::move(values));
    }
    choose_rows();
    endResetModel();
}

void DifferenceModel::choose_rows() {
    shown_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i)
        if (all_ || rows_[i].differs) shown_.push_back(i);
}

void DifferenceModel::show_all(bool all) {
    if (all_ == all) return;
    beginResetModel();
    all_ = all;
    choose_rows();
    endResetModel();
}

int DifferenceModel::differences() const {
    return int(std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.differs; }));
}

int DifferenceModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(shown_.size()); }

int DifferenceModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || titles_.isEmpty() ? 0 : 1 + int(titles_.size());
}

QVariant DifferenceModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Row& row = rows_[shown_[std::size_t(index.row())]];
    const bool is_value = index.column() > 0;
    if (role == Qt::DisplayRole) return is_value ? row.values[index.column() - 1] : row.title;
    if (role == Qt::ToolTipRole) return is_value ? row.values[index.column() - 1] : row.help;
    const bool differs = is_value && row.values[index.column() - 1] != row.values.front();
    if (role == differs_role) return differs;
    if (role == Qt::FontRole && differs) {
        // Not by colour alone.
        QFont font = QApplication::font();
        font.setWeight(QFont::Bold);
        return font;
    }
    return {};
}

QVariant DifferenceModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Vertical) return {};
    if (section < 0 || section >= columnCount() || (role != Qt::DisplayRole && role != Qt::ToolTipRole)) return {};
    return section == 0 ? tr("Option") : titles_[section - 1];
}

ExperimentDifference::ExperimentDifference(QWidget* parent) : QDialog(parent), model_(new DifferenceModel(this)) {
    setObjectName(QStringLiteral("experiment_difference"));
    setWindowTitle(tr("Compare settings"));
    auto* column = new QVBoxLayout(this);
    heading_ = new QLabel(this);
    heading_->setObjectName(QStringLiteral("difference_heading"));
    heading_->setTextFormat(Qt::PlainText);
    heading_->setWordWrap(true);
    column->addWidget(heading_);
    table_ = new QTableView(this);
    table_->setAccessibleName(tr("Settings side by side"));
    table_->setModel(model_);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
    table_->horizontalHeader()->setHighlightSections(false);
    column->addWidget(table_, 1);

    auto* row = new QHBoxLayout;
    all_ = new QCheckBox(tr("&All options"), this);
    all_->setToolTip(tr("Shows the options in which they agree too."));
    form_ = new QCheckBox(tr("With the &form"), this);
    form_->setToolTip(tr("Compares with what the experiment form says now."));
    row->addWidget(all_);
    row->addWidget(form_);
    row->addStretch(1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* copy = buttons->addButton(tr("&Copy as text"), QDialogButtonBox::ActionRole);
    copy->setIcon(themed_icon(QStringLiteral("copy")));
    copy->setToolTip(tr("Copies the table, its columns parted by tabs."));
    row->addWidget(buttons);
    column->addLayout(row);
    connect(all_, &QCheckBox::toggled, this, [this](bool all) {
        model_->show_all(all);
        describe();
    });
    connect(form_, &QCheckBox::toggled, this, &ExperimentDifference::with_form_changed);
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(fontMetrics().averageCharWidth() * 90, fontMetrics().height() * 26);
    describe();
}

bool ExperimentDifference::with_form() const { return form_->isChecked(); }

void ExperimentDifference::set_with_form(bool with) { form_->setChecked(with); }

void ExperimentDifference::set_experiments(const std::vector<ComparedExperiment>& experiments) {
    model_->set_experiments(experiments);
    table_->resizeColumnsToContents();
    const int widest = fontMetrics().averageCharWidth() * widest_column;
    for (int i = 0; i < model_->columnCount(); ++i) table_->setColumnWidth(i, std::min(table_->columnWidth(i), widest));
    describe();
}

void ExperimentDifference::describe() {
    const int compared = std::max(0, model_->columnCount() - 1);
    const int differences = model_->differences();
    if (compared < 2)
        heading_->setText(tr("Tick two runs or more in the list, or compare one with the form."));
    else if (differences == 0)
        heading_->setText(tr("All %1 have the same settings.").arg(compared));
    else
        heading_->setText(
            (differences == 1 ? tr("One option differs.") : tr("%n options differ.", nullptr, differences)) +
            QLatin1Char(' ') + tr("Bold: not as in the first column. –: the method does not have the option."));
}

QString ExperimentDifference::text() const {
    QString text;
    for (int row = -1; row < model_->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < model_->columnCount(); ++column)
            cells.append(row < 0 ? model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()
                                 : model_->index(row, column).data().toString());
        text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return text;
}

}  // namespace wavlab
