// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <QWidget>

#include "views/plots/plot.h"
#include "views/probe_choice.h"

class QLabel;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;

namespace wavlab {

class ActionRegistry;
class ProbeTableModel;
class ProgressRow;
class TimeCursor;

/// The numbers of the focused run's probe as a table, and the progress of one that is being made.
class ProbePanel : public QWidget {
    Q_OBJECT

public:
    /// `buttons`: ids of the actions over the table. `copy`: of the one that copies its rows, also in its menu.
    ProbePanel(TimeCursor& cursor, const ActionRegistry& actions, const QStringList& buttons, const QString& copy,
               QWidget* parent = nullptr);

    void set_runs(const std::vector<DrawnRun>& runs);
    /// Something new is known of a run.
    void note(const RunRecord& record, const RecordChanges& changes);
    /// Work that goes and can be cancelled. `total` 0: it is not known how much.
    void show_progress(const QString& text, std::int64_t done, std::int64_t total);
    void hide_progress();
    bool shows_progress() const;
    ProbeTableModel& model() { return *model_; }
    QTableView& table() { return *table_; }
    /// The selected rows as they are sorted, or all where at most one is selected, columns parted by tabs.
    QString text() const;

signals:
    void shown_probe_changed();
    void cancel_wanted();

protected:
    void showEvent(QShowEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void make_table(QWidget& page, const ActionRegistry& actions, const QString& copy);
    void refresh();
    void follow();
    QString why_empty() const;

    TimeCursor& cursor_;
    ProbeCache cache_;
    ProbeTableModel* model_;
    QSortFilterProxyModel* sorted_;
    ProbePicker* picker_;
    QLabel* title_;
    QStackedWidget* stack_;
    QTableView* table_ = nullptr;
    QLabel* empty_;
    ProgressRow* progress_;
    std::shared_ptr<RunRecord> record_;
    bool stale_ = false;  ///< something changed while the panel could not be seen
};

}  // namespace wavlab
