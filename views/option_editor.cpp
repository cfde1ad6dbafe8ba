// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/option_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QWheelEvent>

#include "views/theme.h"

namespace wavlab {

namespace {

QString text_of(const OptionValue& value) { return QString::fromStdString(to_text(value)); }

/// Turning the wheel over a form scrolls the form; it does not change the value under the pointer.
class WheelGuard : public QObject {
public:
    using QObject::QObject;
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() != QEvent::Wheel || static_cast<QWidget*>(watched)->hasFocus()) return false;
        event->ignore();
        return true;
    }
};

}  // namespace

QString option_help(const Option& option, const QString& key) {
    const auto escape = [](const std::string& text) { return QString::fromStdString(text).toHtmlEscaped(); };
    QString html = QStringLiteral("<b>%1</b> <code>%2</code>").arg(escape(option.label), key.toHtmlEscaped());
    if (!option.help.empty()) html += QStringLiteral("<p>%1</p>").arg(escape(option.help));
    QString initial = text_of(option.default_value).toHtmlEscaped();
    if (initial.isEmpty()) initial = QObject::tr("empty");
    if (!option.unit.empty() && !std::holds_alternative<bool>(option.default_value))
        initial += QLatin1Char(' ') + escape(option.unit);
    html += QStringLiteral("<p>%1<br>%2</p>")
                .arg(QObject::tr("Allowed: %1.").arg(escape(allowed_values(option))),
                     QObject::tr("Default: %1.").arg(initial));
    return html;
}

OptionEditor::OptionEditor(Option option, QString key, QGridLayout& grid, int row, QWidget* parent)
    : QObject(parent), option_(std::move(option)), key_(std::move(key)) {
    for (const std::string& choice : option_.choices) choices_.append({QString::fromStdString(choice), {}, {}});

    label_ = new QLabel(QString::fromStdString(option_.label), parent);
    label_->setTextFormat(Qt::PlainText);
    label_->setWordWrap(true);
    label_->setMinimumWidth(40);
    box_ = new QWidget(parent);
    auto* line = new QHBoxLayout(box_);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(5);
    make_field();
    line->addWidget(field(), 1);
    if (!option_.unit.empty()) {
        unit_ = new QLabel(QString::fromStdString(option_.unit), box_);
        unit_->setTextFormat(Qt::PlainText);
        unit_->setEnabled(false);  // quiet
        line->addWidget(unit_);
    }
    message_ = new QLabel(parent);
    message_->setTextFormat(Qt::PlainText);
    message_->setWordWrap(true);
    message_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    message_->hide();
    label_->setBuddy(field());
    grid.addWidget(label_, row, 0, Qt::AlignTop);
    label_->setContentsMargins(0, 3, 0, 0);
    grid.addWidget(box_, row, 1);
    grid.addWidget(message_, row + 1, 0, 1, 2);
    field()->setObjectName(key_);
    field()->setAccessibleName(QString::fromStdString(option_.label));
    describe();
    set_value(option_.default_value);
}

OptionEditor::~OptionEditor() {
    // Method options come and go while the form stays.
    delete label_;
    delete box_;
    delete message_;
}

void OptionEditor::make_field() {
    auto* guard = new WheelGuard(this);
    if (std::holds_alternative<bool>(option_.default_value)) {
        check_ = new QCheckBox(box_);
        connect(check_, &QCheckBox::toggled, this, &OptionEditor::edited);
    } else if (!choices_.isEmpty()) {
        combo_ = new QComboBox(box_);
        combo_->setEditable(option_.other_text_allowed);
        combo_->setInsertPolicy(QComboBox::NoInsert);
        combo_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        combo_->setMinimumContentsLength(6);
        combo_->setFocusPolicy(Qt::StrongFocus);
        combo_->installEventFilter(guard);
        if (combo_->isEditable()) combo_->setCompleter(nullptr);
        set_choices(choices_);
        connect(combo_, &QComboBox::currentTextChanged, this, &OptionEditor::edited);
    } else {
        line_ = new QLineEdit(box_);
        line_->setMinimumWidth(50);
        connect(line_, &QLineEdit::textChanged, this, &OptionEditor::edited);
    }
}

QWidget* OptionEditor::field() const {
    if (check_) return check_;
    if (combo_) return combo_;
    return line_;
}

void OptionEditor::set_choices(const QList<FormChoice>& choices) {
    choices_ = choices;
    if (!combo_) return;
    const QString before = text();
    const QSignalBlocker quiet(combo_);
    combo_->clear();
    for (const FormChoice& choice : choices_) {
        // Where other text may be typed, what is shown is what is in the file.
        const bool titled = !choice.title.isEmpty() && !combo_->isEditable();
        combo_->addItem(titled ? choice.title : choice.value, choice.value);
        const QString help = choice.help.isEmpty() ? choice.title : choice.help;
        combo_->setItemData(combo_->count() - 1, help, Qt::ToolTipRole);
    }
    if (!before.isEmpty()) {
        const int index = combo_->findData(before);
        if (index >= 0)
            combo_->setCurrentIndex(index);
        else if (combo_->isEditable())
            combo_->setEditText(before);
    }
    describe();
}

void OptionEditor::describe() {
    Option described = option_;
    if (!choices_.isEmpty()) {
        described.choices.clear();
        for (const FormChoice& choice : choices_) described.choices.push_back(choice.value.toStdString());
    }
    const QString help = option_help(described, key_);
    label_->setToolTip(help);
    field()->setToolTip(help);
}

void OptionEditor::set_value(const OptionValue& value) {
    if (check_) {
        const bool* on = std::get_if<bool>(&value);
        check_->setChecked(on && *on);
    } else if (combo_) {
        const QString wanted = text_of(value);
        const int index = combo_->findData(wanted);
        if (index >= 0)
            combo_->setCurrentIndex(index);
        else if (combo_->isEditable())
            combo_->setEditText(wanted);
        else {
            // Not among the choices: shown as it is, with its problem beside it.
            combo_->addItem(wanted, wanted);
            combo_->setCurrentIndex(combo_->count() - 1);
        }
    } else {
        const QString wanted = text_of(value);
        // The same number in another notation stays as the user typed it.
        const std::optional<OptionValue> now = this->value();
        if (!now || !(*now == value)) line_->setText(wanted);
    }
}

QString OptionEditor::text() const {
    if (check_) return check_->isChecked() ? QStringLiteral("true") : QStringLiteral("false");
    if (line_) return line_->text().trimmed();
    if (combo_->isEditable()) return combo_->currentText().trimmed();
    return combo_->currentData().toString();
}

std::optional<OptionValue> OptionEditor::value() const { return parse_option_value(option_, text().toStdString()); }

void OptionEditor::show_problem(const QString& message) {
    if (message == message_->text() && message.isEmpty() == message_->isHidden()) return;
    message_->setText(message);
    QPalette palette = message_->palette();
    palette.setColor(QPalette::WindowText, error_color(palette));
    message_->setPalette(palette);
    message_->setVisible(!message.isEmpty() && visible_);
    QWidget* const where = field();
    QPalette colors;
    if (!message.isEmpty()) {
        colors = where->palette();
        colors.setColor(QPalette::Text, error_color(colors));
        colors.setColor(QPalette::WindowText, error_color(colors));
    }
    where->setPalette(colors);
    where->setAccessibleDescription(message);
}

QString OptionEditor::problem() const { return message_->text(); }

void OptionEditor::add_beside(QWidget* widget) { box_->layout()->addWidget(widget); }

void OptionEditor::set_visible(bool visible) {
    visible_ = visible;
    label_->setVisible(visible);
    box_->setVisible(visible);
    message_->setVisible(visible && !message_->text().isEmpty());
}

}  // namespace wavlab
