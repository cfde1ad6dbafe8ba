// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QStringList>
#include <QWidget>

#include "core/run_folder.h"
#include "views/table_actions.h"

class QLabel;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace wavlab {

class ActionRegistry;
class CheckpointsModel;
class ProgressRow;

/// The list of a run's checkpoints. Actions act on the selected rows; the last checkpoint is selected until the user
/// selects others, and stays the last while a run saves more.
class CheckpointsPanel : public QWidget {
    Q_OBJECT

public:
    /// `buttons`, `menu`: ids of the actions over the list and of its context menu; an empty one is a separator.
    CheckpointsPanel(CheckpointsModel& model, const ActionRegistry& actions, const QStringList& buttons,
                     const QStringList& menu, TableActions::Keys keys, QWidget* parent = nullptr);

    /// The selected checkpoints, by step.
    std::vector<CheckpointFolder> selected() const;
    /// Selects exactly these steps.
    void select(const std::vector<std::int64_t>& steps);
    void set_title(const QString& text);
    /// What stands there while there is no checkpoint.
    void set_empty_text(const QString& text);
    /// Work that goes and can be cancelled. `total` 0: it is not known how much.
    void show_progress(const QString& text, std::int64_t done, std::int64_t total);
    void hide_progress();
    QTableView& table() { return *table_; }

signals:
    void selection_changed();
    void cancel_wanted();

private:
    void show_table_or_text();
    void select_something();

    CheckpointsModel& model_;
    QSortFilterProxyModel* sorted_;
    QLabel* title_;
    QStackedWidget* stack_;
    QTableView* table_;
    QLabel* empty_;
    ProgressRow* progress_;
    std::int64_t last_step_ = -1;  ///< of the last checkpoint when rows changed last; follow it while it is selected
};

}  // namespace wavlab
