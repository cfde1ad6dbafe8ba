// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>

class QMenu;
class QWidget;

namespace wavlab {

/// One thing the user can do, declared once: menus, toolbar, shortcuts and the command palette all come from it.
struct ActionDescriptor {
    QString id;    ///< "run.start"; also the action's object name
    QString text;  ///< as in a menu, with its mnemonic: "&Start"
    QString help;  ///< one sentence: what it does
    QString icon;  ///< name of a themed icon; empty: none
    QKeySequence shortcut;
    QString menu;               ///< title of the menu it stands in; empty: in none
    bool begins_group = false;  ///< a separator stands before it in its menu
    bool checkable = false;
};

/// All actions of a window. An action that cannot be used now says why in its tooltip and status tip.
class ActionRegistry : public QObject {
    Q_OBJECT

public:
    /// The shortcuts work in `window`.
    explicit ActionRegistry(QWidget* window);

    /// Gives a menu its place among the others before it has actions.
    void place_menu(const QString& title) { menus_.append(title); }
    /// Adds an action. What `handler` throws arrives as `failed`.
    QAction& add(const ActionDescriptor& descriptor, std::function<void()> handler);
    /// Throws WorkError when no action has this id.
    QAction& action(const QString& id) const;
    /// In the order they were added.
    const QList<QAction*>& all() const { return actions_; }
    const ActionDescriptor& descriptor(const QString& id) const;

    /// Enables the action when `reason` is empty; else disables it, and says why.
    void set_obstacle(const QString& id, const QString& reason);
    QString obstacle(const QString& id) const;
    /// Another text for the same action ("Pause" and "Resume").
    void set_text(const QString& id, const QString& text, const QString& icon, const QString& help);

    /// Adds all actions of one menu, in order, with their separators.
    void fill(QMenu& menu, const QString& title) const;
    /// Titles of the menus in the order in which they were placed or got their first action.
    QStringList menus() const;

signals:
    /// An action's handler failed: a sentence for the user.
    void failed(const QString& message);

private:
    struct Entry {
        ActionDescriptor descriptor;
        QAction* action = nullptr;
        QString obstacle;
    };
    const Entry& entry(const QString& id) const;
    Entry& find(const QString& id);
    static void describe(const Entry& entry);

    QWidget* window_;
    QList<QAction*> actions_;
    QStringList menus_;
    std::map<QString, Entry> entries_;
};

/// Runs `work` and gives what it throws as a sentence; empty when it did not throw.
QString failure_of(const std::function<void()>& work);

}  // namespace wavlab
