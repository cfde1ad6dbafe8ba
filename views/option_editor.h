// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QLabel>
#include <QList>
#include <QPointer>
#include <QString>
#include <QWidget>

#include "core/option.h"
#include "views/value_list_editor.h"

class QAction;
class QCheckBox;
class QComboBox;
class QGridLayout;
class QLineEdit;
class QToolButton;

namespace wavlab {

/// The label, the field and the message of one option, made from its description. The widgets stand in a form's grid;
/// this object owns them.
class OptionEditor : public QObject {
    Q_OBJECT

public:
    /// Adds two rows to `grid`, from `row`. `key` is the dotted key, such as "model.layers".
    OptionEditor(Option option, QString key, QGridLayout& grid, int row, QWidget* parent);
    ~OptionEditor() override;

    const QString& key() const { return key_; }
    const Option& option() const { return option_; }

    void set_value(const OptionValue& value);
    /// Empty when what stands there is not of the option's type. The first one where several stand.
    std::optional<OptionValue> value() const;
    /// What the user has typed or chosen.
    QString text() const;
    /// Puts there what `text` gave, readable or not.
    void set_text(const QString& text);

    /// Lets the option have several values at once, beginning with the one it has; or one again, the first.
    void set_several(bool several);
    bool is_several() const { return list_ != nullptr; }
    /// Why it cannot have several; empty when it can. Without one there is a button for it.
    void set_several_obstacle(const QString& obstacle);
    const QString& several_obstacle() const { return several_obstacle_; }
    /// The several values; empty when they cannot be read.
    std::optional<std::vector<OptionValue>> values() const;
    void set_values(const std::vector<OptionValue>& values);
    /// The list as it was typed, and why it cannot be read.
    QString list_text() const;
    void set_list_text(const QString& text);
    QString list_problem() const;

    /// What was typed so far is not undone letter by letter any more.
    void forget_typing();

    /// Shows `message` beside the field; empty: none.
    void show_problem(const QString& message);
    QString problem() const;
    /// Replaces the choices (datasets and devices are known to the program, not to the option). Keeps the value.
    void set_choices(const QList<FormChoice>& choices);
    /// Puts a widget beside the field, such as a button that chooses a file.
    void add_beside(QWidget* widget);
    void set_visible(bool visible);
    bool is_visible() const { return visible_; }
    QWidget* field() const;
    /// Whether this is its field or a part of it.
    bool owns(const QWidget* widget) const;

    bool eventFilter(QObject* watched, QEvent* event) override;

signals:
    void edited();
    /// Return was pressed in the field.
    void entered();
    /// It has several values now, or one again.
    void several_changed();

private:
    void make_field();
    QLineEdit* line() const;
    void watch(QLineEdit& line);
    void show_context_menu(QWidget& where, const QPoint& position);
    void describe();

    Option option_;
    QString key_;
    bool visible_ = true;
    QList<FormChoice> choices_;
    QPointer<QLabel> label_;
    QPointer<QWidget> box_;
    QLabel* unit_ = nullptr;
    QPointer<QLabel> message_;
    QCheckBox* check_ = nullptr;
    QComboBox* combo_ = nullptr;
    QLineEdit* line_ = nullptr;
    ValueListEditor* list_ = nullptr;  ///< while there are several values
    QAction* several_;
    QToolButton* several_button_;
    QString several_obstacle_;
};

/// "layers: a whole number from 1 to 512. Default: 12." as rich text with the option's help.
QString option_help(const Option& option, const QString& key);

}  // namespace wavlab
