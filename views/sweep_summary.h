// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "views/sweep_grid.h"

class QLabel;
class QPushButton;

namespace wavlab {

/// What a sweep is and will cost, in a few lines, before it is queued.
class SweepSummary : public QWidget {
    Q_OBJECT

public:
    explicit SweepSummary(QWidget* parent);

    void show_grid(const SweepGrid& grid);
    /// There is no grid: why.
    void show_nothing(const QString& reason);
    QString text_of(const QString& row) const;

signals:
    /// All runs are to be seen.
    void grid_wanted();

protected:
    void changeEvent(QEvent* event) override;

private:
    QLabel* add_row(const QString& id, const QString& label, const QString& help);
    void show_problem(const QString& text);

    QLabel* runs_;
    QLabel* time_;
    QLabel* memory_;
    QLabel* disk_;
    QLabel* problem_;
    QPushButton* show_;
};

}  // namespace wavlab
