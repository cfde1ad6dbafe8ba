// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/form_section.h"

#include <QGridLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace wavlab {

FormSection::FormSection(const QString& title, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    header_ = new QToolButton(this);
    header_->setAutoRaise(true);
    header_->setCheckable(true);
    header_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    header_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    QFont font = header_->font();
    font.setWeight(QFont::DemiBold);
    header_->setFont(font);
    const int arrow = fontMetrics().height() * 2 / 3;
    header_->setIconSize(QSize(arrow, arrow));
    column->addWidget(header_);
    body_ = new QWidget(this);
    grid_ = new QGridLayout(body_);
    grid_->setContentsMargins(8, 0, 2, 6);
    grid_->setHorizontalSpacing(8);
    grid_->setVerticalSpacing(3);
    grid_->setColumnStretch(0, 2);
    grid_->setColumnStretch(1, 3);
    column->addWidget(body_);
    connect(header_, &QToolButton::toggled, this, &FormSection::set_open);
    set_title(title);
    set_open(true);
}

void FormSection::set_title(const QString& title) {
    header_->setText(title);
    header_->setAccessibleName(title);
}

void FormSection::set_open(bool open) {
    header_->setChecked(open);
    header_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
    body_->setVisible(open);
}

bool FormSection::is_open() const { return header_->isChecked(); }

}  // namespace wavlab
