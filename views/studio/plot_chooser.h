// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "views/figure_page.h"

namespace wavlab {

/// The plot of a panel with its own controls, in which the user sets quantity, scale and zoom.
class PlotChooser : public QDialog {
    Q_OBJECT

public:
    /// `state`: what it shows at first, the step included.
    PlotChooser(const PagePanel& panel, const QJsonObject& state, QWidget* parent);

    QJsonObject state() const { return plot_->state(); }
    Plot& plot() { return *plot_; }

private:
    Plot* plot_;
};

}  // namespace wavlab
