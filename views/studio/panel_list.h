// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

#include "views/studio/studio_runs.h"

class QListWidget;
class QToolButton;

namespace wavlab {

class PanelForm;

/// The panels of a figure, and the form of the selected one.
class PanelList : public QWidget {
    Q_OBJECT

public:
    PanelList(const StudioRuns& runs, QWidget* parent = nullptr);

    const std::vector<FigurePanel>& panels() const { return panels_; }
    void set_panels(std::vector<FigurePanel> panels);
    /// Behind the others, and selected.
    void add(FigurePanel panel);
    /// -1 without panels.
    int current() const;
    void select(int row);
    /// Takes over what the plot of the selected panel shows.
    void set_state(const QJsonObject& state);
    PanelForm& form() { return *form_; }

signals:
    /// By the user.
    void changed();
    void current_changed(int row);
    /// The user wants to choose in the plot itself what the selected panel shows.
    void state_wanted();

private:
    void remove();
    void move(int by);
    void show_list(int current);
    QString text_of(std::size_t row) const;
    void refresh_buttons();

    const StudioRuns& runs_;
    std::vector<FigurePanel> panels_;
    QListWidget* list_;
    PanelForm* form_;
    QToolButton* add_;
    QToolButton* remove_;
    QToolButton* up_;
    QToolButton* down_;
};

}  // namespace wavlab
