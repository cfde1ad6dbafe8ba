// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/value_list_editor.h"

#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QLineEdit>
#include <QVBoxLayout>

#include "views/translated.h"
#include "views/value_list.h"

namespace wavlab {

namespace {

QString box_value(const QCheckBox* box) { return box->property("value").toString(); }

QString joined(const QStringList& values) {
    std::vector<OptionValue> texts;
    for (const QString& value : values) texts.emplace_back(value.toStdString());
    return value_list_text(texts);
}

}  // namespace

void ValueListEditor::set_values(const std::vector<OptionValue>& values) { set_text(value_list_text(values)); }

ValueListEditor::ValueListEditor(Option option, const QList<FormChoice>& choices, QWidget* parent)
    : QWidget(parent), option_(std::move(option)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    const bool is_flag = std::holds_alternative<bool>(option_.default_value);
    if (is_flag) {
        add_box({QStringLiteral("false"), tr("Off"), {}});
        add_box({QStringLiteral("true"), tr("On"), {}});
    }
    for (const FormChoice& choice : choices) add_box(choice);
    if (!is_flag && (choices.isEmpty() || option_.other_text_allowed)) {
        line_ = new QLineEdit(this);
        line_->setMinimumWidth(50);
        const bool whole = std::holds_alternative<std::int64_t>(option_.default_value);
        line_->setPlaceholderText(!choices.isEmpty() ? tr("others, by commas")
                                  : whole            ? tr("such as 1, 2, 4..6")
                                                     : tr("values, by commas"));
        line_->setAccessibleName(
            (choices.isEmpty() ? tr("%1: several values") : tr("%1: other values")).arg(translated(option_.label)));
        column->addWidget(line_);
        connect(line_, &QLineEdit::textChanged, this, &ValueListEditor::edited);
    }
}

void ValueListEditor::add_box(const FormChoice& choice) {
    auto* box = new QCheckBox(choice.title.isEmpty() || option_.other_text_allowed ? choice.value : choice.title, this);
    box->setProperty("value", choice.value);
    box->setToolTip(choice.help);
    box->setAccessibleName(tr("%1: %2").arg(translated(option_.label), box->text()));
    box->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    auto* column = static_cast<QVBoxLayout*>(layout());
    column->insertWidget(int(boxes_.size()), box);
    boxes_.append(box);
    order_.append(choice.value);
    connect(box, &QCheckBox::toggled, this, &ValueListEditor::edited);
}

QStringList ValueListEditor::ticked() const {
    QStringList values;
    for (const QString& value : order_)
        for (const QCheckBox* box : boxes_)
            if (box_value(box) == value && box->isChecked()) values.append(value);
    return values;
}

QString ValueListEditor::text() const {
    const QString ticks = joined(ticked());
    if (!line_) return ticks;
    const QString typed = line_->text();
    if (boxes_.isEmpty()) return typed;
    return typed.trimmed().isEmpty() ? ticks : ticks.isEmpty() ? typed : ticks + QStringLiteral(", ") + typed;
}

void ValueListEditor::set_text(const QString& text) {
    const QString before = this->text();
    {
        const QSignalBlocker one_signal_for_all(this);
        show_text(text);
    }
    if (this->text() != before) emit edited();
}

void ValueListEditor::show_text(const QString& text) {
    if (boxes_.isEmpty()) {
        if (line_->text() != text) line_->setText(text);
    } else {
        Option any_text;
        any_text.default_value = std::string();
        QString problem;
        QStringList wanted, others;
        for (const OptionValue& value : parse_value_list(any_text, text, problem).value_or(std::vector<OptionValue>()))
            wanted.append(QString::fromStdString(to_text(value)));
        QStringList known;
        for (const QCheckBox* box : boxes_) known.append(box_value(box));
        for (const QString& value : std::as_const(wanted))
            if (!known.contains(value)) {
                if (line_)
                    others.append(value);
                else
                    add_box({value, {}, {}});  // shown as it is, with its problem beside it
            }
        for (QCheckBox* box : boxes_) box->setChecked(wanted.contains(box_value(box)));
        // The given order first, then the choices in theirs.
        QStringList order;
        for (const QString& value : std::as_const(wanted))
            if (!others.contains(value)) order.append(value);
        for (const QCheckBox* box : boxes_)
            if (!order.contains(box_value(box))) order.append(box_value(box));
        order_ = order;
        if (line_) line_->setText(joined(others));
    }
}

std::optional<std::vector<OptionValue>> ValueListEditor::values() const {
    QString problem;
    return parse_value_list(option_, text(), problem);
}

QString ValueListEditor::problem() const {
    QString problem;
    parse_value_list(option_, text(), problem);
    return problem;
}

QWidget* ValueListEditor::first_field() const {
    return boxes_.isEmpty() ? static_cast<QWidget*>(line_) : boxes_.front();
}

}  // namespace wavlab
