// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

class QLabel;
class QStackedWidget;
class QTableView;

namespace wavlab {

class ActionRegistry;
class QueueModel;

/// The queue: its list, what can be done with it, and how far it is. Alt+Up and Alt+Down move the selected run, Delete
/// removes the selected ones.
class QueuePanel : public QWidget {
    Q_OBJECT

public:
    /// `ids`: the actions that stand over the list, in their order.
    QueuePanel(QueueModel& model, const ActionRegistry& actions, const QStringList& ids, QWidget* parent = nullptr);

    /// The ids of the selected runs, from top to bottom.
    QStringList selected() const;
    void select(const QString& id);
    /// Scrolls to the run that goes, when there is one.
    void show_running();
    /// "3 of 12 over, about 1:20 left".
    void set_summary(const QString& text);
    /// What must not be missed: an unfinished queue, another process that works through it. Empty: nothing.
    void set_notice(const QString& text);
    QString notice() const;
    void set_empty_text(const QString& text);
    QTableView& table() { return *table_; }

signals:
    void selection_changed();
    /// A run was double-clicked, or Enter pressed on it.
    void open_wanted(const QString& id);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void make_table();

    QueueModel& model_;
    const ActionRegistry& actions_;
    QLabel* summary_;
    QLabel* notice_;
    QStackedWidget* stack_;
    QTableView* table_;
    QLabel* empty_;
};

}  // namespace wavlab
