// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QList>
#include <QString>
#include <QStringList>
#include <QWidget>

#include "core/option.h"

class QCheckBox;
class QLineEdit;

namespace wavlab {

/// One value that an option can be set to, as the form offers it.
struct FormChoice {
    QString value;  ///< as in the experiment file
    QString title;  ///< as shown; empty: the value
    QString help;
};

/// Several values of one option: a list to type for numbers and text, boxes to tick for choices, off and on for yes or
/// no. Values keep the order in which they were given; what is ticked later stands where the choice does.
class ValueListEditor : public QWidget {
    Q_OBJECT

public:
    ValueListEditor(Option option, const QList<FormChoice>& choices, QWidget* parent);

    /// As `value_list_text` writes it, or what the user has typed so far.
    QString text() const;
    void set_text(const QString& text);
    void set_values(const std::vector<OptionValue>& values);
    /// Empty when there is none, or when they cannot be read.
    std::optional<std::vector<OptionValue>> values() const;
    /// Why they cannot be read; empty when they can.
    QString problem() const;

    /// What gets the keyboard.
    QWidget* first_field() const;
    /// Null for ticks alone.
    QLineEdit* line() const { return line_; }

signals:
    void edited();

private:
    void show_text(const QString& text);
    void add_box(const FormChoice& choice);
    QStringList ticked() const;

    Option option_;
    QStringList order_;  ///< of the boxes' values in the list
    QList<QCheckBox*> boxes_;
    QLineEdit* line_ = nullptr;
};

}  // namespace wavlab
