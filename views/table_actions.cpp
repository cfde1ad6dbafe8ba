// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/table_actions.h"

#include <utility>

#include <QKeyEvent>
#include <QMenu>
#include <QTableView>

#include "views/action_registry.h"

namespace wavlab {

TableActions::TableActions(QTableView& table, const ActionRegistry& actions, QStringList menu, const QString& menu_name,
                           Keys keys)
    : QObject(&table),
      table_(table),
      actions_(actions),
      menu_(std::move(menu)),
      menu_name_(menu_name),
      keys_(std::move(keys)) {
    table_.setContextMenuPolicy(Qt::CustomContextMenu);
    table_.installEventFilter(this);
    connect(&table_, &QWidget::customContextMenuRequested, this, &TableActions::show_menu);
    connect(&table_, &QTableView::doubleClicked, this, [this] { trigger(keys_.enter); });
}

void TableActions::trigger(const QString& id) {
    if (id.isEmpty()) return;
    QAction& action = actions_.action(id);
    if (action.isEnabled()) action.trigger();
}

void TableActions::show_menu(const QPoint& position) {
    QPoint place = position;
    if (!table_.indexAt(position).isValid()) {
        // The menu key: at the row that the keyboard is in.
        const QModelIndex current = table_.currentIndex();
        if (!current.isValid()) return;
        place = table_.visualRect(current).center();
    }
    auto* menu = new QMenu(table_.parentWidget());
    menu->setObjectName(menu_name_);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    for (const QString& id : std::as_const(menu_)) {
        if (id.isEmpty())
            menu->addSeparator();
        else
            menu->addAction(&actions_.action(id));
    }
    menu->popup(table_.viewport()->mapToGlobal(place));
}

bool TableActions::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const bool enter = key == Qt::Key_Return || key == Qt::Key_Enter;
        const QString& id = enter ? keys_.enter : keys_.remove;
        if ((enter || key == Qt::Key_Delete) && !id.isEmpty()) {
            trigger(id);
            return true;
        }
    }
    return QObject::eventFilter(watched, event);
}

}  // namespace wavlab
