// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/cost_panel.h"

#include <QGridLayout>
#include <QLabel>

#include "views/fact_row.h"
#include "views/quantity_text.h"

namespace wavlab {

CostPanel::CostPanel(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(8, 4, 2, 2);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(1);
    grid->setColumnStretch(1, 1);
    parameters_ =
        add_row(QStringLiteral("parameters"), tr("Parameters"),
                tr("Trained numbers of the model, and how many of them the method adds to the plain decoder."));
    sources_ = add_row(QStringLiteral("sources"), tr("Sources"),
                       tr("How many earlier states a router chooses from: the mean over all 2L+1 routers, and the most "
                          "that one of them has."));
    flops_ = add_row(QStringLiteral("flops"), tr("Work"),
                     tr("Floating-point operations per token, forward and backward, a multiplication and an addition "
                        "counted as two; and the part of them that routing takes."));
    memory_ = add_row(QStringLiteral("memory"), tr("Model memory"),
                      tr("Of the model alone: parameters, gradients, optimizer state and the activations of one "
                         "microbatch. The status line shows what the whole program uses during a run, which holds "
                         "LibTorch, the text and the records too."));
    data_ = add_row(QStringLiteral("data"), tr("Data"), {});
    time_ = add_row(QStringLiteral("time"), tr("Time"), {});
    device_ = add_row(QStringLiteral("device"), tr("Device"), {});
}

QLabel* CostPanel::add_row(const QString& id, const QString& label, const QString& help) {
    return add_fact_row(*this, QStringLiteral("cost.") + id, label, help);
}

void CostPanel::show_estimate(const Experiment& experiment, const CostEstimate& estimate) {
    const double share =
        estimate.parameters > 0 ? 100.0 * double(estimate.added_parameters) / double(estimate.parameters) : 0;
    QString parameters = count_text(double(estimate.parameters));
    if (estimate.added_parameters > 0)
        parameters += (estimate.most_sources > 0 ? tr(", routing adds %1 (%2%)") : tr(", the method adds %1 (%2%)"))
                          .arg(count_text(double(estimate.added_parameters)), QString::number(share, 'g', 2));
    parameters_->setText(parameters);
    sources_->setText(estimate.most_sources == 0 ? tr("none: no routing")
                                                 : tr("%1 on average, %2 at most")
                                                       .arg(QString::number(estimate.mean_sources, 'f', 1))
                                                       .arg(estimate.most_sources));
    QString flops = short_count_text(estimate.flops_per_token);
    if (flops.back().isDigit()) flops += QLatin1Char(' ');  // "950 FLOP", "12.3 MFLOP"
    flops = tr("%1FLOP a token").arg(flops);
    if (estimate.routing_flops_per_token > 0 && estimate.flops_per_token > 0)
        flops += tr(", routing %1%")
                     .arg(QString::number(100 * estimate.routing_flops_per_token / estimate.flops_per_token, 'g', 2));
    flops_->setText(flops);
    memory_->setText(tr("about %1").arg(bytes_text(estimate.memory_bytes)));
    setAccessibleDescription(QString::fromStdString(experiment.name));
}

void CostPanel::show_nothing(const QString& reason) {
    for (QLabel* label : {parameters_, sources_, flops_, memory_}) label->setText(QStringLiteral("–"));
    set_time(reason, {});
}

void CostPanel::set_time(const QString& text, const QString& help) {
    time_->setText(text);
    time_->setToolTip(help);
}

void CostPanel::set_device(const QString& text, const QString& help) {
    device_->setText(text);
    device_->setToolTip(help);
}

void CostPanel::set_data(const QString& text, const QString& help) {
    data_->setText(text);
    data_->setToolTip(help);
}

QString CostPanel::text_of(const QString& row) const {
    const auto* label = findChild<QLabel*>(QStringLiteral("cost.") + row);
    return label ? label->text() : QString();
}

}  // namespace wavlab
