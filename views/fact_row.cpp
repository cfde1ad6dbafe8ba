// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/fact_row.h"

#include <QGridLayout>
#include <QLabel>

namespace wavlab {

QLabel* add_fact_row(QWidget& panel, const QString& object_name, const QString& label, const QString& help) {
    auto* grid = static_cast<QGridLayout*>(panel.layout());
    const int row = grid->rowCount();
    auto* name = new QLabel(label, &panel);
    name->setEnabled(false);  // quiet
    name->setToolTip(help);
    auto* value = new QLabel(QStringLiteral("–"), &panel);
    value->setObjectName(object_name);
    value->setTextFormat(Qt::PlainText);
    value->setWordWrap(true);
    value->setMinimumWidth(60);
    value->setToolTip(help);
    value->setAccessibleName(label);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    grid->addWidget(name, row, 0, Qt::AlignTop);
    grid->addWidget(value, row, 1);
    return value;
}

}  // namespace wavlab
