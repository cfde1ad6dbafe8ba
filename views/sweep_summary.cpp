// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sweep_summary.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

#include "views/fact_row.h"
#include "views/quantity_text.h"
#include "views/theme.h"

namespace wavlab {

SweepSummary::SweepSummary(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(8, 4, 2, 2);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(1);
    grid->setColumnStretch(1, 1);
    runs_ = add_row(QStringLiteral("runs"), tr("Runs"),
                    tr("One for every combination of the values. Combinations that differ only in what their method "
                       "does not have would be the same run: they are made once."));
    time_ = add_row(QStringLiteral("time"), tr("Time"),
                    tr("Of all runs one after another on this device: a few real steps of each kind of run were timed. "
                       "'About': some are scaled from similar ones by their work."));
    memory_ = add_row(QStringLiteral("memory"), tr("Model memory"), tr("What the largest of the runs needs."));
    disk_ = add_row(QStringLiteral("disk"), tr("Disk"), tr("Checkpoints and records of all runs, estimated."));
    problem_ = new QLabel(this);
    problem_->setObjectName(QStringLiteral("sweep.problem"));
    problem_->setTextFormat(Qt::PlainText);
    problem_->setWordWrap(true);
    problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    problem_->hide();
    grid->addWidget(problem_, grid->rowCount(), 0, 1, 2);
    show_ = new QPushButton(tr("Sho&w all runs…"), this);
    show_->setObjectName(QStringLiteral("show_grid"));
    show_->setIcon(themed_icon(QStringLiteral("table")));
    show_->setToolTip(tr("The grid as a table: settings, time, memory and problems of every run."));
    grid->addWidget(show_, grid->rowCount(), 0, 1, 2);
    connect(show_, &QPushButton::clicked, this, &SweepSummary::grid_wanted);
}

QLabel* SweepSummary::add_row(const QString& id, const QString& label, const QString& help) {
    return add_fact_row(*this, QStringLiteral("sweep.") + id, label, help);
}

void SweepSummary::show_grid(const SweepGrid& grid) {
    if (!grid.problem.isEmpty()) {
        show_nothing(grid.problem);
        return;
    }
    runs_->setText(grid.size_text());
    if (const std::optional<double> seconds = grid.seconds())
        time_->setText((grid.is_any_scaled() ? tr("about %1, one after another") : tr("%1, one after another"))
                           .arg(duration_text(*seconds)));
    else
        time_->setText(grid.time_status.isEmpty() ? QStringLiteral("–") : grid.time_status);
    memory_->setText(tr("at most %1 at once").arg(bytes_text(grid.memory_bytes())));
    disk_->setText(tr("about %1").arg(bytes_text(grid.disk_bytes())));
    const std::size_t bad = grid.bad_rows();
    show_problem(bad == 0 ? QString() : tr("%1 of the runs cannot be made. %2").arg(bad).arg(grid.first_problem()));
    show_->setEnabled(true);
}

void SweepSummary::show_nothing(const QString& reason) {
    for (QLabel* label : {runs_, time_, memory_, disk_}) label->setText(QStringLiteral("–"));
    show_problem(reason);
    show_->setEnabled(false);
}

void SweepSummary::show_problem(const QString& text) {
    problem_->setText(text);
    problem_->setVisible(!text.isEmpty());
    QPalette palette;
    palette.setColor(QPalette::WindowText, error_color(palette));
    if (problem_->palette() != palette) problem_->setPalette(palette);
}

void SweepSummary::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && problem_) show_problem(problem_->text());
}

QString SweepSummary::text_of(const QString& row) const {
    const auto* label = findChild<QLabel*>(QStringLiteral("sweep.") + row);
    return label ? label->text() : QString();
}

}  // namespace wavlab
