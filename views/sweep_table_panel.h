// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

#include "core/loss_unit.h"
#include "core/sweep_table.h"

class QComboBox;
class QLabel;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;

namespace wavlab {

class SweepTableModel;

/// The results of one sweep, with the choice of the sweep and of the row that others are compared with.
class SweepTablePanel : public QWidget {
    Q_OBJECT

public:
    explicit SweepTablePanel(QWidget* parent = nullptr);

    /// The sweeps that can be chosen; the chosen one stays if it is there still, else the last is chosen.
    void set_sweeps(const QStringList& names);
    /// Empty without one.
    QString sweep() const;
    void choose(const QString& sweep);
    /// The results of the chosen sweep.
    /// `unit`: of the losses.
    void set_table(const SweepTable& table, LossUnit unit = LossUnit::nats_per_token);
    SweepTableModel& model() { return *model_; }
    QTableView& table() { return *table_; }
    /// The table as it is sorted, as text.
    QString text(TableFormat format) const;
    /// Puts it on the clipboard.
    void copy(TableFormat format);

signals:
    void sweep_chosen(const QString& sweep);

private:
    void make_choices();
    void show_baselines();

    SweepTableModel* model_;
    QSortFilterProxyModel* sorted_;
    QComboBox* sweeps_;
    QComboBox* baseline_;
    QStackedWidget* stack_;
    QTableView* table_;
};

}  // namespace wavlab
