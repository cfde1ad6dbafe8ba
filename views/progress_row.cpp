// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/progress_row.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

namespace wavlab {

ProgressRow::ProgressRow(const QString& name, const QString& cancel_help, QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 2, 4, 2);
    text_ = new QLabel(this);
    text_->setObjectName(name + QStringLiteral("_progress_text"));
    text_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    row->addWidget(text_, 1);
    bar_ = new QProgressBar(this);
    bar_->setAccessibleName(tr("Progress"));
    bar_->setFixedWidth(100);
    bar_->setTextVisible(false);
    row->addWidget(bar_);
    auto* cancel = new QToolButton(this);
    cancel->setObjectName(name + QStringLiteral("_cancel"));
    cancel->setText(tr("Cancel"));
    cancel->setToolTip(cancel_help);
    cancel->setFocusPolicy(Qt::TabFocus);
    row->addWidget(cancel);
    connect(cancel, &QToolButton::clicked, this, &ProgressRow::cancel_wanted);
    hide();
}

void ProgressRow::show_progress(const QString& text, std::int64_t done, std::int64_t total) {
    constexpr int parts = 1000;
    text_->setText(text);
    bar_->setRange(0, total > 0 ? parts : 0);
    if (total > 0) bar_->setValue(int(parts * done / total));
    show();
}

}  // namespace wavlab
