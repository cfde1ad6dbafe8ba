// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QWidget>

#include "views/studio/studio_runs.h"

class QComboBox;
class QLineEdit;
class QMenu;
class QPushButton;
class QSpinBox;
class QTableWidget;
class QToolButton;

namespace wavlab {

/// One panel of a figure: its plot, runs, texts and annotations. What the user does not touch stays as it is.
class PanelForm : public QWidget {
    Q_OBJECT

public:
    PanelForm(const StudioRuns& runs, QWidget* parent = nullptr);

    const FigurePanel& panel() const { return panel_; }
    void set_panel(const FigurePanel& panel);
    /// Whether what is drawn of this panel has a step.
    void set_has_step(bool has_step);
    /// Where annotations begin: the middle of the axes that are drawn.
    void set_middle(std::function<QPointF()> middle);

signals:
    /// By the user.
    void changed();
    /// The user wants to choose in the plot itself what it shows.
    void state_wanted();

private:
    void make_texts();
    void make_annotations();
    void show_panel();
    void show_annotations();
    void choose_kind();
    void fill_runs_menu();
    void set_runs(std::vector<std::string> runs);
    void add_annotation();
    void remove_annotation();
    void edit_annotation(int row, int column);
    void set_label(std::optional<std::string>& label, const QString& text);

    const StudioRuns& runs_of_;
    FigurePanel panel_;
    std::function<QPointF()> middle_;
    bool showing_ = false;  ///< what the controls say now is not the user's
    QComboBox* kind_;
    QLineEdit* runs_;
    QToolButton* choose_runs_;
    QMenu* runs_menu_;
    QPushButton* state_;
    QPushButton* reset_;
    QLineEdit* title_ = nullptr;
    QSpinBox* step_ = nullptr;
    QLineEdit* x_label_ = nullptr;
    QLineEdit* y_label_ = nullptr;
    QTableWidget* annotations_ = nullptr;
    QToolButton* remove_ = nullptr;
};

}  // namespace wavlab
