// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/status_line.h"

#include <QLabel>
#include <QProgressBar>
#include <QStatusBar>

#include "views/quantity_text.h"

namespace wavlab {

StatusLine::StatusLine(QStatusBar& bar) : QObject(&bar), bar_(bar) {
    device_ = add_label(tr("Where the run goes, or would go"));
    device_->setObjectName(QStringLiteral("status.device"));
    step_ = add_label(tr("Updates done"));
    step_->setObjectName(QStringLiteral("status.step"));
    progress_ = new QProgressBar(&bar);
    progress_->setTextVisible(false);
    progress_->setMaximumWidth(160);
    progress_->setMinimumWidth(80);
    progress_->setMaximumHeight(bar.fontMetrics().height());
    progress_->setAccessibleName(tr("Progress of the run"));
    bar.addPermanentWidget(progress_);
    left_ = add_label(tr("Time left, at the speed of the last steps"));
    speed_ = add_label(tr("Training tokens per second"));
    speed_->setObjectName(QStringLiteral("status.speed"));
    memory_ = add_label(tr("Memory in use: of this program on the CPU, the peak allocation on a GPU"));
    show_idle({});
}

QLabel* StatusLine::add_label(const QString& help) {
    auto* label = new QLabel(&bar_);
    label->setTextFormat(Qt::PlainText);
    label->setToolTip(help);
    label->setContentsMargins(4, 0, 4, 0);
    bar_.addPermanentWidget(label);
    return label;
}

void StatusLine::set_device(const QString& text, const QString& help) {
    device_->setText(text);
    device_->setToolTip(help);
}

void StatusLine::show_progress(const RunProgress& progress) {
    QString step = tr("step %1 of %2").arg(count_text(double(progress.step)), count_text(double(progress.total_steps)));
    if (!progress.activity.empty() && progress.activity != "training")
        step = tr("%1 · %2").arg(QString::fromStdString(progress.activity), step);
    step_->setText(step);
    progress_->setRange(0, 1000);
    progress_->setValue(progress.total_steps > 0 ? int(1000 * progress.step / progress.total_steps) : 0);
    left_->setText(progress.seconds_left > 0 ? tr("%1 left").arg(duration_text(progress.seconds_left)) : QString());
    speed_->setText(progress.tokens_per_second > 0 ? tr("%1 tokens/s").arg(count_text(progress.tokens_per_second))
                                                   : QString());
    memory_->setText(progress.memory_bytes > 0 ? bytes_text(progress.memory_bytes) : QString());
    progress_->show();
    for (QLabel* label : {step_, left_, speed_, memory_}) label->setVisible(!label->text().isEmpty());
}

void StatusLine::show_idle(const QString& text) {
    step_->setText(text);
    step_->setVisible(!text.isEmpty());
    progress_->hide();
    for (QLabel* label : {left_, speed_, memory_}) label->hide();
}

QString StatusLine::text() const { return step_->text(); }

}  // namespace wavlab
