// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/experiment.h"
#include "core/method.h"

class QLabel;

namespace wavlab {

/// What an experiment will cost, before it is started.
class CostPanel : public QWidget {
    Q_OBJECT

public:
    explicit CostPanel(QWidget* parent);

    void show_estimate(const Experiment& experiment, const CostEstimate& estimate);
    /// Nothing can be said: why.
    void show_nothing(const QString& reason);
    /// How long it will take: "about 2:10 on CPU, 2 threads", or why that is not known.
    void set_time(const QString& text, const QString& help);
    void set_device(const QString& text, const QString& help);
    void set_data(const QString& text, const QString& help);

    QString text_of(const QString& row) const;

private:
    QLabel* add_row(const QString& id, const QString& label, const QString& help);

    QLabel* parameters_;
    QLabel* sources_;
    QLabel* flops_;
    QLabel* memory_;
    QLabel* data_;
    QLabel* time_;
    QLabel* device_;
};

}  // namespace wavlab
