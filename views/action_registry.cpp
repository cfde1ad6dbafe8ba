// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/action_registry.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <QMenu>
#include <QWidget>

#include "core/error.h"
#include "views/theme.h"

namespace wavlab {

QString failure_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {
        return QString::fromUtf8(error.what());
    } catch (...) {
        return QObject::tr("Something failed without saying what.");
    }
    return {};
}

ActionRegistry::ActionRegistry(QWidget* window) : QObject(window), window_(window) {}

QAction& ActionRegistry::add(const ActionDescriptor& descriptor, std::function<void()> handler) {
    if (entries_.contains(descriptor.id))
        throw WorkError("two actions are registered as '" + descriptor.id.toStdString() + "'");
    auto* action = new QAction(descriptor.text, this);
    action->setObjectName(descriptor.id);
    action->setCheckable(descriptor.checkable);
    action->setShortcut(descriptor.shortcut);
    action->setShortcutContext(Qt::WindowShortcut);
    if (!descriptor.icon.isEmpty()) action->setIcon(themed_icon(descriptor.icon));
    connect(action, &QAction::triggered, this, [this, handler = std::move(handler)] {
        const QString message = failure_of(handler);
        if (!message.isEmpty()) emit failed(message);
    });
    window_->addAction(action);
    actions_.append(action);
    if (!descriptor.menu.isEmpty() && !menus_.contains(descriptor.menu)) menus_.append(descriptor.menu);
    describe(entries_[descriptor.id] = Entry{descriptor, action, {}});
    return *action;
}

const ActionRegistry::Entry& ActionRegistry::entry(const QString& id) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) throw WorkError("there is no action '" + id.toStdString() + "'");
    return found->second;
}

ActionRegistry::Entry& ActionRegistry::find(const QString& id) {
    entry(id);  // throws when there is none
    return entries_[id];
}

QAction& ActionRegistry::action(const QString& id) const { return *entry(id).action; }

const ActionDescriptor& ActionRegistry::descriptor(const QString& id) const { return entry(id).descriptor; }

QString ActionRegistry::obstacle(const QString& id) const { return entry(id).obstacle; }

void ActionRegistry::describe(const Entry& entry) {
    const QString name = QString(entry.descriptor.text).remove(QLatin1Char('&')).remove(QStringLiteral("…"));
    QString heading = QStringLiteral("<b>%1</b>").arg(name.toHtmlEscaped());
    const QString keys = entry.descriptor.shortcut.toString(QKeySequence::NativeText);
    if (!keys.isEmpty()) heading += QStringLiteral(" (%1)").arg(keys.toHtmlEscaped());
    const QString& body = entry.obstacle.isEmpty() ? entry.descriptor.help : entry.obstacle;
    entry.action->setToolTip(heading + QStringLiteral("<br>") + body.toHtmlEscaped());
    entry.action->setStatusTip(body);
}

void ActionRegistry::set_obstacle(const QString& id, const QString& reason) {
    Entry& found = find(id);
    if (found.obstacle == reason && found.action->isEnabled() == reason.isEmpty()) return;
    found.obstacle = reason;
    found.action->setEnabled(reason.isEmpty());
    describe(found);
}

void ActionRegistry::set_text(const QString& id, const QString& text, const QString& icon, const QString& help) {
    Entry& found = find(id);
    if (found.descriptor.text == text && found.descriptor.help == help) return;
    found.descriptor.text = text;
    found.descriptor.icon = icon;
    found.descriptor.help = help;
    found.action->setText(text);
    if (!icon.isEmpty()) found.action->setIcon(themed_icon(icon));
    describe(found);
}

void ActionRegistry::fill(QMenu& menu, const QString& title) const {
    menu.setToolTipsVisible(true);
    for (QAction* action : actions_) {
        const ActionDescriptor& descriptor = entry(action->objectName()).descriptor;
        if (descriptor.menu != title) continue;
        if (descriptor.begins_group) menu.addSeparator();
        menu.addAction(action);
    }
}

QStringList ActionRegistry::menus() const {
    QStringList titles;
    for (const QString& title : menus_) {
        const auto stands_there = [&](const QAction* action) {
            return entry(action->objectName()).descriptor.menu == title;
        };
        if (std::any_of(actions_.begin(), actions_.end(), stands_there)) titles.append(title);
    }
    return titles;
}

}  // namespace wavlab
