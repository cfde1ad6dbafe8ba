// SPDX-License-Identifier: GPL-3.0-or-later
// What the dialog was told and what it shows.
#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QTableView>
#include <QTimer>

#include "core/error.h"
#include "views/result_table_dialog.h"
#include "views/result_table_model.h"
#include "views/theme.h"

namespace wavlab {

namespace {

/// "--unit: it is not known ..." without the option, which nobody typed here.
QString without_option(const QString& sentence) {
    static const QRegularExpression option(QStringLiteral("^--[a-z]+: "));
    return QString(sentence).remove(option);
}

}  // namespace

void ResultTableDialog::set_run_choices(const QStringList& texts, int chosen) {
    if (runs_->count() != texts.size()) {
        runs_->clear();
        runs_->addItems(texts);
    }
    for (int i = 0; i < runs_->count(); ++i) runs_->setItemText(i, texts[i]);
    runs_->setCurrentIndex(chosen);
}

int ResultTableDialog::run_choice() const { return runs_->currentIndex(); }

void ResultTableDialog::set_choices(const Choices& choices) {
    settings_->set_settings(choices.settings);
    if (step_->value() == 0) {
        const QSignalBlocker quiet(step_);
        step_->setValue(int(std::min<std::int64_t>(choices.last_step, step_->maximum())));
    }
    QStringList known, ticked;
    for (int i = 0; i < values_->count(); ++i) known.append(values_->item(i)->text());
    if (known == choices.values) return;
    const QSignalBlocker quiet(values_);
    for (int i = 0; i < values_->count(); ++i)
        if (values_->item(i)->checkState() == Qt::Checked) ticked.append(values_->item(i)->text());
    const bool first = values_->count() == 0;
    values_->clear();
    for (const QString& value : choices.values) {
        auto* item = new QListWidgetItem(value, values_);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        const bool chosen = first ? value == QLatin1String("val/loss") : ticked.contains(value);
        item->setCheckState(chosen ? Qt::Checked : Qt::Unchecked);
    }
    if (values_->count() > 0) values_->setCurrentRow(0);
}

void ResultTableDialog::set_style(const TableStyle& style) {
    spread_->setCurrentIndex(std::max(0, spread_->findData(int(style.spread))));
    digits_->setValue(style.digits);
    cost_->setChecked(style.cost);
}

void ResultTableDialog::set_format(const QString& writer) {
    format_->setCurrentIndex(std::max(0, format_->findData(writer)));
}

TableRequest ResultTableDialog::request() const {
    TableRequest request;
    request.rows = settings_->rows();
    request.columns = settings_->columns();
    request.values.clear();
    for (int i = 0; i < values_->count(); ++i)
        if (values_->item(i)->checkState() == Qt::Checked)
            request.values.push_back(values_->item(i)->text().toStdString());
    if (values_->count() == 0) throw InputError(tr("None of these runs has recorded a number yet.").toStdString());
    if (request.values.empty()) throw InputError(tr("Tick at least one value that the table shows.").toStdString());
    request.moment.kind = TableMoment::Kind(moment_->currentData().toInt());
    if (request.moment.kind == TableMoment::Kind::step) request.moment.step = step_->value();
    if (const QVariant unit = unit_->currentData(); unit.isValid()) request.unit = LossUnit(unit.toInt());
    request.baseline = baseline_->currentData().toString().toStdString();
    return request;
}

TableStyle ResultTableDialog::style() const {
    return {TableSpread(spread_->currentData().toInt()), digits_->value(), cost_->isChecked()};
}

const TableWriter& ResultTableDialog::writer() const { return table_writers()[std::size_t(format_->currentIndex())]; }

void ResultTableDialog::ask() { soon_->start(0); }

void ResultTableDialog::set_table(ResultTable table, const QString& notice) {
    table_ = std::move(table);
    fill_baselines();
    show_notice(notice, false);
    show_table();
}

void ResultTableDialog::set_problem(const QString& problem) {
    table_.reset();
    show_notice(without_option(problem), true);
    show_table();
}

void ResultTableDialog::set_waiting(const QString& text) {
    table_.reset();
    show_notice(text, false);
    show_table();
}

void ResultTableDialog::show_notice(const QString& text, bool problem) {
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, problem ? error_color(colors) : quiet_color(colors));
    notice_->setPalette(colors);
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

QString ResultTableDialog::text() const {
    return table_ ? QString::fromStdString(writer().write(*table_, style())) : QString();
}

void ResultTableDialog::show_table() {
    said_->clear();
    copy_->setEnabled(table_.has_value());
    save_->setEnabled(table_.has_value());
    view_->clearSpans();
    model_->set_layout(table_ ? table_layout(*table_, style()) : TableLayout());
    for (int row = 0; row < model_->rowCount(); ++row)
        if (model_->is_title(row) && model_->columnCount() > 1) view_->setSpan(row, 0, 1, model_->columnCount());
    view_->resizeColumnsToContents();
    const int margin = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    for (int i = 0; i < model_->columnCount(); ++i) view_->setColumnWidth(i, view_->columnWidth(i) + margin);
    QStringList notes;
    if (table_)
        for (const std::string& sentence : sentences_below(*table_, style()))
            notes.append(QString::fromStdString(sentence));
    notes_->setPlainText(notes.join(QLatin1Char('\n')));
    text_->setPlainText(text());
}

void ResultTableDialog::fill_baselines() {
    const QString chosen = baseline_->currentData().toString();
    const QString chosen_text = baseline_->currentText();
    const QSignalBlocker quiet(baseline_);
    while (baseline_->count() > 2) baseline_->removeItem(2);
    for (std::size_t key = 0; key < table_->row_keys.size(); ++key)
        for (const std::vector<std::string>& row : table_->rows) {
            const QString name = QString::fromStdString(table_->row_keys[key]);
            const QString value = QString::fromStdString(row[key]);
            const QString id = name + QLatin1Char('=') + value;
            if (value.isEmpty() || baseline_->findData(id) >= 0) continue;
            baseline_->addItem(name + QStringLiteral(" = ") + value, id);
        }
    if (baseline_->findData(chosen) < 0) baseline_->addItem(chosen_text, chosen);
    baseline_->setCurrentIndex(baseline_->findData(chosen));
}

/// A baseline by a setting that makes no rows any more is none.
void ResultTableDialog::forget_other_baseline() {
    const std::string chosen = baseline_->currentData().toString().toStdString();
    const std::string key = chosen.substr(0, chosen.find('='));
    const std::vector<std::string> rows = settings_->rows(), columns = settings_->columns();
    const bool in_columns = std::find(columns.begin(), columns.end(), key) != columns.end();
    const bool in_rows = rows.empty() ? !in_columns : std::find(rows.begin(), rows.end(), key) != rows.end();
    if (chosen.find('=') != std::string::npos && !in_rows) baseline_->setCurrentIndex(0);
}

void ResultTableDialog::say(const QString& text) { said_->setText(text); }

void ResultTableDialog::copy() {
    QGuiApplication::clipboard()->setText(text());
    say(tr("Copied."));
}

}  // namespace wavlab
