// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

#include "views/plots/plot.h"

class QLabel;
class QStackedWidget;

namespace wavlab {

class TimeCursor;

/// A plot in the window: until there is a run, a text that says what it will show and what to press. Gathers what
/// changed while the plot is hidden, so that only visible plots cost anything.
class PlotPane : public QWidget {
    Q_OBJECT

public:
    PlotPane(const PlotDescriptor& descriptor, QWidget* parent = nullptr);

    const PlotDescriptor& descriptor() const { return descriptor_; }
    Plot& plot() { return *plot_; }

    void set_runs(const std::vector<DrawnRun>& runs);
    /// The step of all plots; a plot that cannot be seen follows once it can.
    void set_time_cursor(TimeCursor& cursor);
    /// Remembers what changed; nothing is drawn yet.
    void note(const RunRecord& record, const RecordChanges& changes);
    /// Draws what was noted, if the plot can be seen.
    void flush();
    /// Brings the pixels up to date at once, for a picture of the window.
    void paint_now();
    /// What to do to see something here.
    void set_hint(const QString& hint);

protected:
    void showEvent(QShowEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    bool can_be_seen() const;
    void restyle();

    const PlotDescriptor& descriptor_;
    QStackedWidget* stack_;
    QLabel* text_;
    Plot* plot_;
    std::vector<std::pair<const RunRecord*, RecordChanges>> noted_;
    std::vector<DrawnRun> runs_;
    bool runs_changed_ = false;
    bool cursor_moved_ = false;
};

}  // namespace wavlab
