// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QList>
#include <QString>

class QWidget;

namespace wavlab {

/// One way to answer a question.
struct Answer {
    QString text;
    std::function<void()> chosen;  ///< may be empty: nothing happens
    bool destroys = false;         ///< something is lost by it
    bool is_default = false;
};

/// Asks without stopping the window: the run's views go on behind it. Escape answers nothing.
/// `id` is the dialog's object name. A question that is already asked is not asked twice.
void ask(QWidget* parent, const QString& id, const QString& title, const QString& text, const QList<Answer>& answers);

}  // namespace wavlab
