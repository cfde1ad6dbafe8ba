// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

class QPoint;
class QTableView;

namespace wavlab {

class ActionRegistry;

/// Lets actions of the registry act on the rows of a table: by a context menu (at the mouse, or by the menu key at the
/// current row), by Return or a double click, and by the Delete key.
class TableActions : public QObject {
    Q_OBJECT

public:
    /// Ids of actions; empty: the key does nothing.
    struct Keys {
        QString enter;   ///< Return, and a double click
        QString remove;  ///< the Delete key
    };

    /// `menu`: ids; an empty one is a separator. `menu_name` is the menu's object name.
    TableActions(QTableView& table, const ActionRegistry& actions, QStringList menu, const QString& menu_name,
                 Keys keys);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void trigger(const QString& id);
    void show_menu(const QPoint& position);

    QTableView& table_;
    const ActionRegistry& actions_;
    QStringList menu_;
    QString menu_name_;
    Keys keys_;
};

}  // namespace wavlab
