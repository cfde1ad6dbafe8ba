// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/option_editor.h"

#include <utility>

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QContextMenuEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>
#include <QWheelEvent>

#include "views/theme.h"
#include "views/translated.h"

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

bool is_redo(const QKeyEvent& event) {
    return event.matches(QKeySequence::Redo) || (event.key() == Qt::Key_Y && event.modifiers() == Qt::ControlModifier);
}

/// Undo and redo are about the text while there is typing to undo or redo; after that they are the form's.
class TypingGuard : public QObject {
public:
    using QObject::QObject;
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() != QEvent::ShortcutOverride && event->type() != QEvent::KeyPress) return false;
        auto* line = static_cast<QLineEdit*>(watched);
        auto* key = static_cast<QKeyEvent*>(event);
        const bool undo = key->matches(QKeySequence::Undo);
        if (!undo && !is_redo(*key)) return false;
        const bool is_typing = undo ? line->isUndoAvailable() : line->isRedoAvailable();
        event->setAccepted(is_typing);
        if (is_typing && event->type() == QEvent::KeyPress) undo ? line->undo() : line->redo();
        return true;
    }
};

}  // namespace

QString option_help(const Option& option, const QString& key) {
    const auto escape = [](const std::string& text) { return translated(text).toHtmlEscaped(); };
    QString html = QStringLiteral("<b>%1</b> <code>%2</code>").arg(escape(option.label), key.toHtmlEscaped());
    if (!option.help.empty()) html += QStringLiteral("<p>%1</p>").arg(escape(option.help));
    QString initial = text_of(option.default_value).toHtmlEscaped();
    if (initial.isEmpty()) initial = QObject::tr("empty");
    if (!option.unit.empty() && !std::holds_alternative<bool>(option.default_value))
        initial += QLatin1Char(' ') + escape(option.unit);
    html += QStringLiteral("<p>%1<br>%2</p>")
                .arg(QObject::tr("Allowed: %1.").arg(QString::fromStdString(allowed_values(option)).toHtmlEscaped()),
                     QObject::tr("Default: %1.").arg(initial));
    return html;
}

OptionEditor::OptionEditor(Option option, QString key, QGridLayout& grid, int row, QWidget* parent)
    : QObject(parent), option_(std::move(option)), key_(std::move(key)) {
    for (const std::string& choice : option_.choices) choices_.append({QString::fromStdString(choice), {}, {}});

    label_ = new QLabel(translated(option_.label), parent);
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
        unit_ = new QLabel(translated(option_.unit), box_);
        unit_->setTextFormat(Qt::PlainText);
        unit_->setEnabled(false);  // quiet
        line->addWidget(unit_);
    }
    several_ = new QAction(tr("&Several values"), this);
    several_->setIcon(themed_icon(QStringLiteral("several")));
    several_->setCheckable(true);
    several_->setToolTip(tr("Several values of this option: a run for each, and for each combination with others."));
    connect(several_, &QAction::triggered, this, &OptionEditor::set_several);
    several_button_ = new QToolButton(box_);
    several_button_->setDefaultAction(several_);
    several_button_->setObjectName(key_ + QStringLiteral(".several"));
    several_button_->setToolButtonStyle(Qt::ToolButtonIconOnly);
    several_button_->setAutoRaise(true);
    // By keyboard there is an action for the field that has it.
    several_button_->setFocusPolicy(Qt::NoFocus);
    several_button_->setAccessibleName(tr("Several values: %1").arg(translated(option_.label)));
    const int side = several_button_->fontMetrics().height();
    several_button_->setIconSize(QSize(side * 3 / 4, side * 3 / 4));
    several_button_->setFixedWidth(side + 2);
    line->addWidget(several_button_, 0, Qt::AlignTop);
    label_->installEventFilter(this);
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
    field()->setAccessibleName(translated(option_.label));
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
    if (line()) watch(*line());
    if (!line_) field()->installEventFilter(this);
}

QLineEdit* OptionEditor::line() const {
    if (list_) return list_->line();
    return combo_ ? combo_->lineEdit() : line_;
}

void OptionEditor::watch(QLineEdit& line) {
    line.installEventFilter(new TypingGuard(&line));
    line.installEventFilter(this);
    connect(&line, &QLineEdit::returnPressed, this, &OptionEditor::entered);
}

bool OptionEditor::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ContextMenu || !several_obstacle_.isEmpty()) return false;
    show_context_menu(*static_cast<QWidget*>(watched), static_cast<QContextMenuEvent*>(event)->globalPos());
    return true;
}

void OptionEditor::show_context_menu(QWidget& where, const QPoint& position) {
    auto* typed = qobject_cast<QLineEdit*>(&where);
    QMenu* menu = typed ? typed->createStandardContextMenu() : new QMenu(&where);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (typed) menu->addSeparator();
    menu->addAction(several_);
    menu->popup(position);
}

void OptionEditor::set_several_obstacle(const QString& obstacle) {
    several_obstacle_ = obstacle;
    several_button_->setVisible(obstacle.isEmpty());
}

void OptionEditor::set_several(bool several) {
    several_->setChecked(several);
    if (several == is_several()) return;
    QWidget* const single = [this]() -> QWidget* {
        return check_ ? check_ : combo_ ? combo_ : static_cast<QWidget*>(line_);
    }();
    const bool had_focus = field()->hasFocus() || owns(QApplication::focusWidget());
    show_problem({});
    auto* row = static_cast<QHBoxLayout*>(box_->layout());
    if (several) {
        const std::optional<OptionValue> now = value();
        auto* made = new ValueListEditor(option_, choices_, box_);
        made->setObjectName(key_ + QStringLiteral(".values"));
        const bool* flag = now ? std::get_if<bool>(&*now) : nullptr;
        if (flag)
            made->set_values({*flag, !*flag});  // there is only one other
        else if (now)
            made->set_values({*now});
        list_ = made;
        single->hide();
        row->insertWidget(0, list_, 1);
        connect(list_, &ValueListEditor::edited, this, &OptionEditor::edited);
        if (list_->line()) watch(*list_->line());
    } else {
        const std::optional<std::vector<OptionValue>> were = list_->values();
        // Its own signals may be on the way: it goes when they are through.
        list_->hide();
        list_->disconnect(this);
        std::exchange(list_, nullptr)->deleteLater();
        single->show();
        if (were) set_value(were->front());
    }
    label_->setBuddy(field());
    describe();
    if (had_focus) field()->setFocus();
    emit several_changed();
    emit edited();
}

std::optional<std::vector<OptionValue>> OptionEditor::values() const { return list_ ? list_->values() : std::nullopt; }

void OptionEditor::set_values(const std::vector<OptionValue>& values) {
    set_several(true);
    list_->set_values(values);
}

QString OptionEditor::list_text() const { return list_ ? list_->text() : QString(); }

void OptionEditor::set_list_text(const QString& text) {
    set_several(true);
    list_->set_text(text);
}

QString OptionEditor::list_problem() const { return list_ ? list_->problem() : QString(); }

bool OptionEditor::owns(const QWidget* widget) const {
    return widget && (field() == widget || field()->isAncestorOf(widget) || (list_ && list_->isAncestorOf(widget)));
}

QWidget* OptionEditor::field() const {
    if (list_) return list_->first_field();
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
    if (list_) {
        set_values({value});
        return;
    }
    // The same number in another notation stays as the user typed it.
    if (line_ && this->value() == value) return;
    set_text(text_of(value));
}

void OptionEditor::set_text(const QString& text) {
    if (check_) {
        check_->setChecked(text == QLatin1String("true"));
    } else if (combo_) {
        const int index = combo_->findData(text);
        if (index >= 0)
            combo_->setCurrentIndex(index);
        else if (combo_->isEditable())
            combo_->setEditText(text);
        else {
            // Not among the choices: shown as it is, with its problem beside it.
            combo_->addItem(text, text);
            combo_->setCurrentIndex(combo_->count() - 1);
        }
    } else {
        line_->setText(text);
    }
}

void OptionEditor::forget_typing() {
    QLineEdit* typed = line();
    if (!typed || !(typed->isUndoAvailable() || typed->isRedoAvailable())) return;
    const int cursor = typed->cursorPosition();
    typed->setText(typed->text());
    typed->setCursorPosition(cursor);
}

QString OptionEditor::text() const {
    if (check_) return check_->isChecked() ? QStringLiteral("true") : QStringLiteral("false");
    if (line_) return line_->text().trimmed();
    if (combo_->isEditable()) return combo_->currentText().trimmed();
    return combo_->currentData().toString();
}

std::optional<OptionValue> OptionEditor::value() const {
    if (list_) {
        const std::optional<std::vector<OptionValue>> several = list_->values();
        return several ? std::optional(several->front()) : std::nullopt;
    }
    return parse_option_value(option_, text().toStdString());
}

void OptionEditor::show_problem(const QString& message) {
    if (message == message_->text() && message.isEmpty() == message_->isHidden()) return;
    message_->setText(message);
    QPalette palette = message_->palette();
    palette.setColor(QPalette::WindowText, error_color(palette));
    message_->setPalette(palette);
    message_->setVisible(!message.isEmpty() && visible_);
    QWidget* const where = list_ ? list_ : field();
    QPalette colors;
    if (!message.isEmpty()) {
        colors = where->palette();
        colors.setColor(QPalette::Text, error_color(colors));
        colors.setColor(QPalette::WindowText, error_color(colors));
    }
    where->setPalette(colors);
    field()->setAccessibleDescription(message);
}

QString OptionEditor::problem() const { return message_->text(); }

void OptionEditor::add_beside(QWidget* widget) {
    auto* row = static_cast<QHBoxLayout*>(box_->layout());
    row->insertWidget(row->indexOf(several_button_), widget);
}

void OptionEditor::set_visible(bool visible) {
    visible_ = visible;
    label_->setVisible(visible);
    box_->setVisible(visible);
    message_->setVisible(visible && !message_->text().isEmpty());
}

}  // namespace wavlab
