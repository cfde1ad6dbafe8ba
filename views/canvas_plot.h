// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QElapsedTimer>
#include <QPointF>

#include "views/plot_style.h"
#include "views/plots/plot.h"

class QCPAxisRect;
class QCPPainter;
class QLabel;
class QMouseEvent;
class QTimer;

namespace wavlab {

class CenteredNote;
class CursorLine;
class FlowLayout;
class HoverBox;
class LegendStrip;

/// What every plot has in common: the canvas with a legend above its axes, a bar of controls, one repaint for many
/// changes, nothing while hidden, zoom and pan, hover on a layer of its own. A plot fills in the rest.
class CanvasPlot : public Plot {
    Q_OBJECT

public:
    explicit CanvasPlot(QWidget* parent);
    ~CanvasPlot() override;

    void set_runs(std::vector<DrawnRun> runs) final;
    void update_from(const RunRecord& record, const RecordChanges& changes) final;
    void set_style(const PlotStyle& style) final;
    void set_time_cursor(TimeCursor* cursor) final;
    void time_cursor_moved() final;
    /// Up to date when it returns.
    QCustomPlot& canvas() final;
    void show_controls(bool shown) final;
    QString problem() const final;

    /// The text under the mouse, one line a row, cells separated by tabs; empty when nothing is hovered.
    QStringList hover_lines() const;
    /// As if the mouse were at this point of the canvas.
    void hover_at(const QPointF& position);

protected:
    /// Something changed that needs everything anew: the runs, the style, a choice. Ends with axes and data in place.
    virtual void rebuild() = 0;
    /// New data of the drawn runs came in.
    virtual void refresh(const RecordChanges& changes) = 0;
    virtual bool concerns(const RecordChanges& changes) const = 0;
    /// Why this run cannot be drawn, or empty.
    virtual QString problem_of(const RunRecord& record) const = 0;
    /// Why what is to be seen now cannot be, in spite of `problem_of`: a frame that cannot be read. Asked after
    /// drawing, and shown in place of it.
    virtual QString problem_of_frames() const { return {}; }
    /// What was kept of the runs' frames may no longer hold: other runs, or one that was resumed.
    virtual void forget() {}
    /// What will be seen here once there is a run.
    virtual QString invitation() const = 0;
    /// Shows what is at this point, with hover_box(); false: nothing there.
    virtual bool show_hover(const QPointF& position) = 0;
    /// Sets the axes to show everything. Called after data changed unless the user zoomed, and on a double click.
    virtual void fit_axes() = 0;

    /// The step to show: the time cursor's, or without one (in a figure) the state's. Nothing: the newest.
    std::optional<std::int64_t> wanted_step() const;
    /// `"step"` of a state, where one is chosen.
    void save_step(QJsonObject& state) const;
    void load_step(const QJsonObject& state);
    /// The wanted step changed. False: nothing on the axes follows it, the line of the cursor apart.
    virtual bool show_wanted_step() { return false; }
    /// Plots over time: where a step lies on the horizontal axis. The cursor is drawn there as a line that can be
    /// dragged; nothing: the horizontal axis is not time.
    virtual std::optional<double> key_of_step(std::int64_t) const { return std::nullopt; }
    /// The inverse, for plots whose axis is not the step itself.
    virtual std::int64_t step_of_key(double key) const;
    /// Plots that read many frames do so in small portions between events: after this call, `load` until it is done,
    /// with `show_loaded` now and then.
    void start_loading();
    /// Reads for about this long; true when everything is read.
    virtual bool load(std::chrono::milliseconds) { return true; }
    /// How many columns a heatmap over time can show: one a pixel, in print as many as are told apart.
    std::size_t most_columns() const;
    /// Draws what is read so far.
    virtual void show_loaded() {}

    const std::vector<DrawnRun>& runs() const { return runs_; }
    /// The run that single-run plots show; null without runs.
    const RunRecord* focused_run() const;
    const PlotStyle& style() const { return *style_; }
    QCustomPlot& chart() { return *canvas_; }
    QCPAxisRect& axes() { return *axes_; }
    LegendStrip& legend() { return *legend_; }
    HoverBox& hover_box() { return *hover_; }
    FlowLayout& controls() { return *controls_; }
    /// Further axes over the same time: the time cursor is drawn there too. They last as long as the plot.
    void set_more_axes(std::vector<QCPAxisRect*> axes);
    /// Fonts, pens and lengths of an axis rectangle by the style.
    void style_axes(QCPAxisRect& axes) const;

    /// Shows the values of all named graphs at their key nearest to this point, as a table.
    bool hover_graphs(const QPointF& position, const std::function<QString(double key)>& title);

    /// Fits both axes to all graphs: `margin` of the width on either side; `from_zero` starts a linear axis at zero.
    void fit_graphs(double margin, bool from_zero);

    /// After a control changed: draws again soon.
    void request_rebuild();
    bool zoomed() const { return zoomed_; }
    /// Other axes than before: what was zoomed into is not on them.
    void reset_zoom() { zoomed_ = false; }
    /// The zoom as part of a state.
    void save_zoom(QJsonObject& state) const;
    void load_zoom(const QJsonObject& state);

    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void flush();
    void flush_step();
    void schedule();
    void clear_hover();
    void load_on();
    void show_progress();
    void place_cursor_line();
    bool drag_cursor(const QMouseEvent& event);
    QCPAxisRect* axes_on_cursor(const QPointF& position) const;
    bool show_frame_problem();
    void show_note(const QString& text);
    void settle_layout();

    std::vector<DrawnRun> runs_;
    std::unique_ptr<PlotStyle> style_;
    QCustomPlot* canvas_ = nullptr;
    QCPAxisRect* axes_ = nullptr;
    LegendStrip* legend_ = nullptr;
    HoverBox* hover_ = nullptr;
    CenteredNote* note_ = nullptr;
    QWidget* control_bar_ = nullptr;
    FlowLayout* controls_ = nullptr;
    CursorLine* cursor_line_ = nullptr;
    TimeCursor* time_cursor_ = nullptr;
    std::optional<std::int64_t> own_step_;  ///< of the state, where there is no cursor
    bool pending_step_ = false;
    QCPAxisRect* dragged_on_ = nullptr;  ///< the axes on which the cursor is dragged
    bool frame_problem_shown_ = false;
    QTimer* loading_ = nullptr;
    QElapsedTimer since_shown_;  ///< what is loading
    RecordChanges pending_;
    bool pending_rebuild_ = true;
    bool scheduled_ = false;
    bool setting_ranges_ = false;
    bool zoomed_ = false;
    bool follows_theme_ = true;
    QSize laid_out_;
    std::optional<QPointF> hovered_;  ///< where the mouse rests
};

/// Gives the canvas this size, in canvas units, and all of its parts their places.
void lay_out_canvas(QCustomPlot& canvas, QSize size);

/// Draws the canvas into this place of the painter, laid out for its size; both in canvas units.
void draw_canvas(QCustomPlot& canvas, QCPPainter& painter, const QRect& place);

}  // namespace wavlab
