// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/canvas_plot.h"

#include <algorithm>
#include <cmath>

#include <QEvent>
#include <QJsonArray>
#include <QMouseEvent>
#include <QTimer>
#include <QVBoxLayout>

#include <qcustomplot.h>

#include "views/chart_parts.h"
#include "views/flow_layout.h"
#include "views/time_cursor.h"

namespace wavlab {

namespace {

constexpr std::chrono::milliseconds load_portion{8};
constexpr std::size_t most_printed_columns = 400;
constexpr int load_wait = 120;  // milliseconds between two pictures of what is loading

void lay_out(QCustomPlot& canvas) {
    using Element = QCPLayoutElement;
    for (const auto phase : {Element::upPreparation, Element::upMargins, Element::upLayout})
        canvas.plotLayout()->update(phase);
}

}  // namespace

CanvasPlot::CanvasPlot(QWidget* parent)
    : Plot(parent), style_(std::make_unique<PlotStyle>(PlotStyle::screen(palette(), font()))) {
    canvas_ = new QCustomPlot(this);
    canvas_->setMinimumSize(120, 80);
    canvas_->setNoAntialiasingOnDrag(true);
    canvas_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    canvas_->installEventFilter(this);
    axes_ = canvas_->axisRect();
    legend_ = new LegendStrip(canvas_);
    canvas_->plotLayout()->insertRow(0);
    canvas_->plotLayout()->addElement(0, 0, legend_);
    canvas_->plotLayout()->setRowStretchFactor(0, 0.0001);
    canvas_->plotLayout()->setRowSpacing(0);
    hover_ = new HoverBox(canvas_);
    note_ = new CenteredNote(canvas_);
    cursor_line_ = new CursorLine(axes_);

    control_bar_ = new QWidget(this);
    controls_ = new FlowLayout(control_bar_);
    controls_->setContentsMargins(6, 0, 6, 4);
    controls_->setSpacing(6);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(canvas_, 1);
    column->addWidget(control_bar_);

    const auto user_moved = [this] {
        if (setting_ranges_) return;
        zoomed_ = true;
        clear_hover();
    };
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft})
        connect(axes_->axis(type), qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, user_moved);
    connect(canvas_, &QCustomPlot::mouseDoubleClick, this, [this] {
        zoomed_ = false;
        request_rebuild();
    });
    connect(canvas_, &QCustomPlot::beforeReplot, this, &CanvasPlot::settle_layout);
    loading_ = new QTimer(this);
    connect(loading_, &QTimer::timeout, this, &CanvasPlot::load_on);
}

CanvasPlot::~CanvasPlot() = default;

void CanvasPlot::set_runs(std::vector<DrawnRun> runs) {
    loading_->stop();
    runs_ = std::move(runs);
    forget();
    request_rebuild();
}

void CanvasPlot::update_from(const RunRecord& record, const RecordChanges& changes) {
    for (const DrawnRun& run : runs_) {
        if (run.record.get() != &record) continue;
        if (changes.description) {
            forget();
            pending_rebuild_ = true;
        }
        if (!changes.description && !concerns(changes)) return;
        pending_ |= changes;
        schedule();
        return;
    }
}

void CanvasPlot::set_style(const PlotStyle& style) {
    *style_ = style;
    follows_theme_ = false;
    request_rebuild();
}

void CanvasPlot::set_time_cursor(TimeCursor* cursor) {
    time_cursor_ = cursor;
    request_rebuild();
}

void CanvasPlot::time_cursor_moved() {
    pending_step_ = true;
    schedule();
}

std::optional<std::int64_t> CanvasPlot::wanted_step() const { return time_cursor_ ? time_cursor_->step() : own_step_; }

void CanvasPlot::save_step(QJsonObject& state) const {
    if (const auto step = wanted_step()) state["step"] = qint64(*step);
}

void CanvasPlot::load_step(const QJsonObject& state) {
    own_step_.reset();
    if (state.contains("step")) own_step_ = std::int64_t(state["step"].toDouble());
}

std::int64_t CanvasPlot::step_of_key(double key) const { return std::llround(key); }

QCustomPlot& CanvasPlot::canvas() {
    flush();
    if (loading_->isActive()) {
        load(std::chrono::hours(1));
        loading_->stop();
        show_progress();
    }
    return *canvas_;
}

void CanvasPlot::show_controls(bool shown) { control_bar_->setVisible(shown); }

QString CanvasPlot::problem() const {
    if (runs_.empty()) return invitation();
    const RunRecord* focused = focused_run();
    if (!focused) return invitation();
    const QString problem = problem_of(*focused);
    return problem.isEmpty() && !pending_rebuild_ ? problem_of_frames() : problem;
}

QStringList CanvasPlot::hover_lines() const { return hover_->lines(); }

void CanvasPlot::hover_at(const QPointF& position) {
    flush();
    hovered_ = position;
    if (!note_->text().isEmpty() || !show_hover(position)) hover_->clear();
}

const RunRecord* CanvasPlot::focused_run() const {
    for (const DrawnRun& run : runs_)
        if (run.focused) return run.record.get();
    return runs_.empty() ? nullptr : runs_.front().record.get();
}

void CanvasPlot::style_axes(QCPAxisRect& axes) const {
    const PlotStyle& s = *style_;
    // Where there is no legend above, the uppermost number must not be cut.
    const int half_number = int(std::ceil(QFontMetricsF(s.tick_font).height() / 2)) + 1;
    axes.setMinimumMargins(QMargins(s.ipx(6), std::max(s.ipx(5), half_number), s.ipx(10), s.ipx(4)));
    for (QCPAxis* axis : axes.axes()) {
        axis->setBasePen(QPen(s.ink, s.frame_width));
        axis->setTickPen(QPen(s.ink, s.frame_width));
        axis->setSubTickPen(QPen(s.ink, s.frame_width * 0.7));
        axis->setTickLength(0, s.ipx(4));
        axis->setSubTickLength(0, 0);
        axis->setTickLabelFont(s.tick_font);
        axis->setTickLabelColor(s.ink);
        axis->setTickLabelPadding(s.ipx(3));
        axis->setLabelFont(s.font);
        axis->setLabelColor(s.ink);
        axis->setLabelPadding(s.ipx(3));
        axis->setPadding(s.ipx(2));
        axis->grid()->setPen(QPen(s.grid, s.print ? s.px(0.5) : 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
        axis->grid()->setSubGridVisible(false);
    }
}

std::size_t CanvasPlot::most_columns() const {
    return style().print ? most_printed_columns : std::size_t(std::clamp(canvas_->width(), 100, 4000));
}

void CanvasPlot::set_more_axes(std::vector<QCPAxisRect*> axes) {
    axes.insert(axes.begin(), axes_);
    cursor_line_->set_axes(std::move(axes));
}

void CanvasPlot::start_loading() {
    if (loading_->isActive()) return;
    since_shown_.start();
    loading_->start(0);
}

void CanvasPlot::load_on() {
    // In the background it waits: an event loop that is never idle keeps a core busy.
    const bool seen = isVisible() && !visibleRegion().isEmpty();
    loading_->setInterval(seen ? 0 : load_wait);
    if (!seen) return;
    const bool complete = load(load_portion);
    if (complete) loading_->stop();
    if (complete || since_shown_.elapsed() >= load_wait) show_progress();
}

void CanvasPlot::show_progress() {
    if (!note_->text().isEmpty() || pending_rebuild_) return;
    setting_ranges_ = true;
    show_loaded();
    if (!zoomed_) fit_axes();
    if (!show_frame_problem() && hovered_ && !show_hover(*hovered_)) hover_->clear();
    setting_ranges_ = false;
    canvas_->replot(QCustomPlot::rpQueuedRefresh);
    since_shown_.start();
}

void CanvasPlot::request_rebuild() {
    pending_rebuild_ = true;
    schedule();
}

void CanvasPlot::save_zoom(QJsonObject& state) const {
    if (!zoomed_) return;
    const QCPRange x = axes_->axis(QCPAxis::atBottom)->range(), y = axes_->axis(QCPAxis::atLeft)->range();
    state["zoom"] = QJsonArray{x.lower, x.upper, y.lower, y.upper};
}

void CanvasPlot::load_zoom(const QJsonObject& state) {
    const QJsonArray zoom = state["zoom"].toArray();
    zoomed_ = zoom.size() == 4;
    if (!zoomed_) return;
    setting_ranges_ = true;
    axes_->axis(QCPAxis::atBottom)->setRange(zoom[0].toDouble(), zoom[1].toDouble());
    axes_->axis(QCPAxis::atLeft)->setRange(zoom[2].toDouble(), zoom[3].toDouble());
    setting_ranges_ = false;
}

bool CanvasPlot::eventFilter(QObject* watched, QEvent* event) {
    if (watched == canvas_) {
        if (event->type() == QEvent::MouseMove || event->type() == QEvent::MouseButtonPress ||
            event->type() == QEvent::MouseButtonRelease) {
            const auto& mouse = *static_cast<QMouseEvent*>(event);
            if (drag_cursor(mouse)) return true;
            if (event->type() == QEvent::MouseMove && mouse.buttons() == Qt::NoButton) hover_at(mouse.position());
        } else if (event->type() == QEvent::Leave || event->type() == QEvent::Resize) {
            clear_hover();
        }
    }
    return Plot::eventFilter(watched, event);
}

QCPAxisRect* CanvasPlot::axes_on_cursor(const QPointF& position) const {
    if (!time_cursor_) return nullptr;
    for (QCPAxisRect* axes : cursor_line_->axes()) {
        const std::optional<double> x = cursor_line_->pixel(*axes);
        if (x && axes->rect().contains(position.toPoint()) && std::abs(position.x() - *x) <= 4) return axes;
    }
    return nullptr;
}

bool CanvasPlot::drag_cursor(const QMouseEvent& event) {
    QCPAxisRect* const near = axes_on_cursor(event.position());
    if (event.type() == QEvent::MouseButtonPress && event.button() == Qt::LeftButton && near) {
        dragged_on_ = near;
        clear_hover();
    } else if (event.type() == QEvent::MouseButtonRelease && dragged_on_) {
        dragged_on_ = nullptr;
    } else if (event.type() == QEvent::MouseMove && dragged_on_) {
        const double key = dragged_on_->axis(QCPAxis::atBottom)->pixelToCoord(event.position().x());
        time_cursor_->set_step(std::max<std::int64_t>(0, step_of_key(key)));
    } else {
        if (event.type() == QEvent::MouseMove && event.buttons() == Qt::NoButton)
            canvas_->setCursor(near ? Qt::SplitHCursor : Qt::ArrowCursor);
        return false;
    }
    return true;
}

void CanvasPlot::place_cursor_line() {
    const RunRecord* focused = focused_run();
    std::optional<double> key;
    if (time_cursor_ && focused && note_->text().isEmpty())
        key = key_of_step(time_cursor_->step().value_or(focused->step()));
    cursor_line_->set_key(key, time_cursor_ && time_cursor_->following());
}

void CanvasPlot::showEvent(QShowEvent* event) {
    Plot::showEvent(event);
    if (pending_rebuild_ || pending_step_ || pending_.any()) schedule();
}

void CanvasPlot::changeEvent(QEvent* event) {
    Plot::changeEvent(event);
    const bool look = event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange;
    if (!look || !follows_theme_ || !style_) return;
    *style_ = PlotStyle::screen(palette(), font());
    request_rebuild();
}

void CanvasPlot::schedule() {
    if (scheduled_ || !isVisible()) return;
    scheduled_ = true;
    QTimer::singleShot(0, this, [this] {
        scheduled_ = false;
        if (isVisible()) flush();
    });
}

bool CanvasPlot::show_frame_problem() {
    const QString problem = problem_of_frames();
    frame_problem_shown_ = !problem.isEmpty();
    if (frame_problem_shown_) {
        show_note(problem);
        place_cursor_line();
    }
    return frame_problem_shown_;
}

void CanvasPlot::show_note(const QString& text) {
    note_->set_text(text);
    note_->set_style(*style_);
    for (const char* layer : {"grid", "main", "axes", "legend"}) canvas_->layer(layer)->setVisible(text.isEmpty());
    if (!text.isEmpty()) hover_->clear();
}

void CanvasPlot::flush() {
    if (!pending_rebuild_ && !pending_.any()) {
        if (std::exchange(pending_step_, false)) flush_step();
        return;
    }
    pending_step_ = false;
    const RunRecord* focused = focused_run();
    const QString problem = focused ? problem_of(*focused) : invitation();
    const bool was_empty = !note_->text().isEmpty();
    const bool anew = pending_rebuild_ || was_empty;
    const RecordChanges changes = std::exchange(pending_, {});
    pending_rebuild_ = false;
    if (!problem.isEmpty() && was_empty && problem == note_->text() && !anew) return;

    frame_problem_shown_ = false;
    show_note(problem);
    hover_->set_style(*style_);
    canvas_->setBackground(QBrush(style_->ground));
    setting_ranges_ = true;
    if (problem.isEmpty()) {
        if (anew) {
            legend_->set_style(*style_);
            style_axes(*axes_);
            rebuild();
            laid_out_ = {};
        } else {
            refresh(changes);
        }
        if (!zoomed_) fit_axes();
        // The mouse rests while frames come in: what stands beside it follows them.
        if (!show_frame_problem() && hovered_ && !show_hover(*hovered_)) hover_->clear();
    } else {
        clear_hover();
    }
    setting_ranges_ = false;
    cursor_line_->set_style(*style_);
    place_cursor_line();
    canvas_->replot(QCustomPlot::rpQueuedRefresh);
}

void CanvasPlot::flush_step() {
    if (frame_problem_shown_) {
        request_rebuild();
        flush();
        return;
    }
    if (!note_->text().isEmpty()) return;
    setting_ranges_ = true;
    const bool drawn_anew = show_wanted_step();
    if (drawn_anew && !zoomed_) fit_axes();
    if (drawn_anew && !show_frame_problem() && hovered_ && !show_hover(*hovered_)) hover_->clear();
    setting_ranges_ = false;
    place_cursor_line();
    if (drawn_anew)
        canvas_->replot(QCustomPlot::rpQueuedRefresh);
    else
        cursor_line_->layer()->replot();
}

void CanvasPlot::clear_hover() {
    hovered_.reset();
    hover_->clear();
}

void CanvasPlot::settle_layout() {
    // Labels depend on the axes' length and the axes' length on the labels, and how panels are arranged on their room:
    // more passes settle them.
    if (laid_out_ == canvas_->size()) return;
    laid_out_ = canvas_->size();
    lay_out(*canvas_);
    lay_out(*canvas_);
}

void lay_out_canvas(QCustomPlot& canvas, QSize size) {
    canvas.setViewport(QRect(QPoint(0, 0), size));
    lay_out(canvas);
    lay_out(canvas);
}

void draw_canvas(QCustomPlot& canvas, QCPPainter& painter, const QRect& place) {
    const QRect before = canvas.viewport();
    lay_out_canvas(canvas, place.size());
    painter.save();
    painter.translate(place.topLeft());
    canvas.toPainter(&painter, place.width(), place.height());
    painter.restore();
    canvas.setViewport(before);
}

}  // namespace wavlab
