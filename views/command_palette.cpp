// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/command_palette.h"

#include <algorithm>

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <QTimer>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/theme.h"

namespace wavlab {

CommandPalette::CommandPalette(const ActionRegistry& actions, QWidget* parent) : QDialog(parent), actions_(actions) {
    setObjectName(QStringLiteral("command_palette"));
    setWindowTitle(tr("Commands"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(520, 380);
    auto* column = new QVBoxLayout(this);
    text_ = new QLineEdit(this);
    text_->setPlaceholderText(tr("Type a command"));
    text_->setAccessibleName(tr("Command"));
    text_->setClearButtonEnabled(true);
    text_->installEventFilter(this);
    column->addWidget(text_);
    list_ = new QListWidget(this);
    list_->setAccessibleName(tr("Commands"));
    list_->setUniformItemSizes(true);
    column->addWidget(list_, 1);
    connect(text_, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(text_, &QLineEdit::returnPressed, this, &CommandPalette::run_current);
    connect(list_, &QListWidget::itemActivated, this, &CommandPalette::run_current);
    filter({});
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == text_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Down || key == Qt::Key_Up || key == Qt::Key_PageDown || key == Qt::Key_PageUp) {
            QCoreApplication::sendEvent(list_, event);
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void CommandPalette::filter(const QString& text) {
    const QStringList words = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    list_->clear();
    for (QAction* action : actions_.all()) {
        const ActionDescriptor& descriptor = actions_.descriptor(action->objectName());
        QString name = QString(descriptor.text).remove(QLatin1Char('&'));
        if (!descriptor.menu.isEmpty())
            name = QString(descriptor.menu).remove(QLatin1Char('&')) + QStringLiteral(": ") + name;
        const QString searched = name + QLatin1Char(' ') + descriptor.help;
        const bool fits = std::all_of(words.begin(), words.end(), [&](const QString& word) {
            return searched.contains(word, Qt::CaseInsensitive);
        });
        if (!fits) continue;
        const QString keys = descriptor.shortcut.toString(QKeySequence::NativeText);
        // Names stand in one column, with and without an icon.
        QPixmap nothing(16, 16);
        nothing.fill(Qt::transparent);
        const QIcon icon = action->icon().isNull() ? QIcon(nothing) : action->icon();
        auto* item = new QListWidgetItem(icon, keys.isEmpty() ? name : name + QStringLiteral("   ") + keys, list_);
        item->setData(Qt::UserRole, action->objectName());
        item->setToolTip(action->toolTip());
        if (!action->isEnabled()) item->setForeground(quiet_color(palette()));
    }
    list_->setCurrentRow(0);
}

void CommandPalette::run_current() {
    QListWidgetItem* item = list_->currentItem();
    if (!item) return;
    QPointer<QAction> action = &actions_.action(item->data(Qt::UserRole).toString());
    if (!action->isEnabled()) return;
    accept();
    // After this dialog is gone, so that the action's own dialog gets the keyboard.
    QTimer::singleShot(0, action, [action] {
        if (action) action->trigger();
    });
}

}  // namespace wavlab
