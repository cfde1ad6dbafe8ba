// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QJsonObject>
#include <QStringList>
#include <QWidget>

#include "core/registry.h"
#include "core/run_record.h"

class QCustomPlot;

namespace wavlab {

/// Colours, fonts and line widths of a plot: the screen's (following the theme) or print's. See views/plot_style.h.
struct PlotStyle;
class TimeCursor;

/// One run as it is drawn: its record, and a colour and dash pattern that stay its own.
struct DrawnRun {
    std::shared_ptr<RunRecord> record;
    int style_index = 0;   ///< into the Okabe-Ito colours and the dash patterns
    bool focused = false;  ///< the run that single-run plots (routing, details) show
};

/// One view of runs. A plot is a widget with a QCustomPlot and its own small controls; it draws the same on screen and
/// in a figure. A new plot is one new file that registers a PlotDescriptor (derive from CanvasPlot).
class Plot : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;

    /// The runs to draw. Called when the choice changes.
    virtual void set_runs(std::vector<DrawnRun> runs) = 0;
    /// Something changed in a run that is drawn; repaints once if it concerns this plot and the plot is visible.
    virtual void update_from(const RunRecord& record, const RecordChanges& changes) = 0;
    virtual void set_style(const PlotStyle& style) = 0;
    /// From now on the step is this cursor's (one for all plots of a window), no longer the state's. It outlives the
    /// plot.
    virtual void set_time_cursor(TimeCursor* cursor) = 0;
    /// The cursor moved: shows what each run has recorded last up to its step. Repaints only what follows it.
    virtual void time_cursor_moved() = 0;
    virtual QCustomPlot& canvas() = 0;
    /// Why there is nothing to draw for these runs ("The run 'a' uses the method standard, which has no routing."),
    /// else empty. The plot itself shows this sentence in place of its axes; a figure of it fails with the sentence.
    virtual QString problem() const = 0;
    /// Shows or hides the controls (hidden in figures).
    virtual void show_controls(bool shown) = 0;
    /// What the user chose here: quantity, scale, step, zoom. A figure takes it over, the window may keep it.
    virtual QJsonObject state() const = 0;
    /// Takes over a state of `state()`; missing keys mean the default, unknown ones are ignored. `"step"` (a number)
    /// chooses the frame nearest at or before that step, without it the newest is followed.
    virtual void set_state(const QJsonObject& state) = 0;
    /// The step of the frame that is drawn; nothing for plots over time.
    virtual std::optional<std::int64_t> shown_step() const { return std::nullopt; }
    /// The steps that are drawn of this run, one of those that are drawn; of plots over time the last one. Empty where
    /// nothing of it is drawn, or its step is not known. Enough for plots that draw one frame, or all runs over time.
    virtual std::vector<std::int64_t> shown_steps(const DrawnRun& run) const {
        const std::optional<std::int64_t> step = shown_step();
        if (!step) return {run.record->step()};
        return run.focused ? std::vector{*step} : std::vector<std::int64_t>();
    }
    /// Sentences that whoever draws this should know: runs that do not count, settings that were mixed.
    virtual QStringList notes() const { return {}; }
};

struct PlotDescriptor {
    std::string id;  ///< "loss", "routing", "details": `--kind` on the command line
    int order = 0;
    std::string title;
    std::string help;            ///< what it shows, with the definitions of its symbols
    double height_ratio = 0.62;  ///< of a figure's width
    std::string beside = {};     ///< id of an earlier plot: by default it is a tab behind that one in the window
    bool several_runs = false;   ///< draws all runs it is given, not only the focused one
    /// What `"quantity"` and `"mode"` of its state can be, the default first; empty: it has no such choice.
    std::vector<std::string> quantities = {};
    std::vector<std::string> modes = {};
    /// Knows `"against"` (a run's name) and `"against_step"`: a figure may show the difference to that run.
    bool compares = false;
    /// Shows what methods and their options are called: the model part is to be loaded before a figure is drawn.
    bool names_methods = false;
    std::function<Plot*(QWidget* parent)> make;
};

using PlotRegistry = Registry<PlotDescriptor>;

}  // namespace wavlab
