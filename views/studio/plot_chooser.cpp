// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/plot_chooser.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QScreen>
#include <QVBoxLayout>

#include "views/translated.h"

namespace wavlab {

PlotChooser::PlotChooser(const PagePanel& panel, const QJsonObject& state, QWidget* parent) : QDialog(parent) {
    setObjectName(QStringLiteral("plot_chooser"));
    setWindowTitle(tr("Choose what the panel shows"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* column = new QVBoxLayout(this);
    auto* hint = new QLabel(
        tr("Set quantity, scale and zoom: drag or use the wheel to zoom, a double click shows everything."), this);
    hint->setWordWrap(true);
    column->addWidget(hint);
    plot_ = panel.plot->make(this);
    plot_->setAccessibleName(translated(panel.plot->title));
    plot_->show_controls(true);
    plot_->set_runs(panel.runs);
    plot_->set_state(state);
    column->addWidget(plot_, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    QPushButton* reset = buttons->addButton(tr("&Reset"), QDialogButtonBox::ResetRole);
    reset->setToolTip(tr("Shows what the plot shows at first."));
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(reset, &QPushButton::clicked, this, [this] { plot_->set_state({}); });
    const QSize room = screen()->availableSize();
    const int letter = fontMetrics().averageCharWidth();
    resize(std::min(110 * letter, room.width() - 40), std::min(34 * fontMetrics().height(), room.height() - 60));
}

}  // namespace wavlab
