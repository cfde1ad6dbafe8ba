// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QLabel;
class QWidget;

namespace wavlab {

/// Adds a row to the grid layout of `panel`: a quiet name and a value that can be selected, which is returned.
QLabel* add_fact_row(QWidget& panel, const QString& object_name, const QString& label, const QString& help);

}  // namespace wavlab
