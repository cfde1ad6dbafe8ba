// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/figure_look.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QSpinBox;

namespace wavlab {

/// How a figure is made for print. What the user does not touch keeps its value to the last digit.
class LookForm : public QWidget {
    Q_OBJECT

public:
    explicit LookForm(QWidget* parent = nullptr);

    const FigureLook& look() const { return look_; }
    void set_look(const FigureLook& look);

signals:
    /// By the user.
    void changed();

private:
    void add_page(QFormLayout& form);
    void add_lines(QFormLayout& form);
    void add_panels(QFormLayout& form);
    void add_files(QFormLayout& form);
    void choose_venue(int index);
    void show_look();

    FigureLook look_;
    bool showing_ = false;  ///< what the controls say now is not the user's
    QComboBox* venue_ = nullptr;
    QDoubleSpinBox* width_ = nullptr;
    QDoubleSpinBox* height_ = nullptr;
    QComboBox* font_ = nullptr;
    QDoubleSpinBox* points_ = nullptr;
    QDoubleSpinBox* line_ = nullptr;
    QComboBox* palette_ = nullptr;
    QComboBox* color_map_ = nullptr;
    QSpinBox* columns_ = nullptr;
    QCheckBox* letters_ = nullptr;
    QComboBox* legend_ = nullptr;
    QSpinBox* dots_ = nullptr;
    QComboBox* svg_text_ = nullptr;
};

}  // namespace wavlab
