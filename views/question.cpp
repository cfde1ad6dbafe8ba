// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/question.h"

#include <QMessageBox>
#include <QPushButton>

#include "views/theme.h"

namespace wavlab {

void ask(QWidget* parent, const QString& id, const QString& title, const QString& text, const QList<Answer>& answers) {
    if (auto* asked = parent->findChild<QMessageBox*>(id)) {
        asked->raise();
        asked->activateWindow();
        return;
    }
    auto* box = new QMessageBox(QMessageBox::NoIcon, title, text, QMessageBox::NoButton, parent);
    box->setObjectName(id);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    const int side = 2 * box->fontMetrics().height();
    box->setIconPixmap(themed_icon(QStringLiteral("warning")).pixmap(QSize(side, side), parent->devicePixelRatioF()));
    for (const Answer& answer : answers) {
        const auto role = answer.destroys ? QMessageBox::DestructiveRole : QMessageBox::AcceptRole;
        QPushButton* button = box->addButton(answer.text, role);
        if (answer.is_default) box->setDefaultButton(button);
        if (answer.chosen) QObject::connect(button, &QPushButton::clicked, parent, answer.chosen);
    }
    QPushButton* cancel = box->addButton(QMessageBox::Cancel);
    box->setEscapeButton(cancel);
    if (!box->defaultButton()) box->setDefaultButton(cancel);  // Return destroys nothing
    box->open();
}

}  // namespace wavlab
