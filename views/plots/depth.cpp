// SPDX-License-Identifier: GPL-3.0-or-later
// The stream through depth: what the user chooses, and the lines of all drawn runs at one step.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/flow_layout.h"
#include "views/frame_problem.h"
#include "views/plots/depth_plot.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr const char* mode_ids[] = {"step", "time", "runs"};

}  // namespace

DepthPlot::DepthPlot(QWidget* parent) : CanvasPlot(parent), color_bar_(chart(), axes()) {
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    row_ticker_.reset(new CategoryTicker(y));
    heatmap_ = new Heatmap(axes().axis(QCPAxis::atBottom), y);
    row_strip_ = new KindStrip(y, 4);
    grid_ = new PanelGrid(&chart());
    grid_->setVisible(false);
    make_controls();
}

void DepthPlot::make_controls() {
    mode_ = new QComboBox;
    mode_->addItems({tr("One step"), tr("Over time"), tr("Runs over time")});
    mode_->setAccessibleName(tr("What is drawn"));
    mode_->setToolTip(
        tr("All ticked runs through depth at one step; the selected run through depth and time; or up to six ticked "
           "runs through depth and time, side by side with the same axes and colours"));
    quantity_ = new QComboBox;
    quantity_->setAccessibleName(tr("Quantity"));
    for (const DepthQuantity& q : depth_quantities()) {
        quantity_->addItem(translated(q.title));
        quantity_->setItemData(quantity_->count() - 1, translated(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(translated(depth_quantities()[0].help));
    picker_ = new ComparisonPicker(false);
    log_ = new QCheckBox(tr("Log"));
    log_->setToolTip(tr("Logarithmic vertical axis, or logarithmic colours over time"));
    for (QWidget* control : {static_cast<QWidget*>(mode_), static_cast<QWidget*>(quantity_),
                             static_cast<QWidget*>(picker_), static_cast<QWidget*>(log_)})
        controls().addWidget(control);
    for (QComboBox* box : {mode_, quantity_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            quantity_->setToolTip(translated(quantity().help));
            request_rebuild();
        });
    }
    connect(mode_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(picker_, &ComparisonPicker::comparison_changed, this, [this] { request_rebuild(); });
    connect(log_, &QCheckBox::toggled, this, [this] { request_rebuild(); });
    picker_->setVisible(false);
}

int DepthPlot::mode_index() const { return mode_->currentIndex(); }
std::size_t DepthPlot::which() const { return std::size_t(quantity_->currentIndex()); }
bool DepthPlot::logarithmic() const { return log_->isChecked(); }

QJsonObject DepthPlot::state() const {
    QJsonObject state{{"mode", mode_ids[mode_index()]}, {"quantity", quantity().id}, {"log", logarithmic()}};
    picker_->save(state);
    save_step(state);
    save_zoom(state);
    return state;
}

void DepthPlot::set_state(const QJsonObject& state) {
    const auto index_of = [&](const char* key, auto begin, auto end, auto id) {
        const QString wanted = state[key].toString();
        const auto found = std::find_if(begin, end, [&](const auto& one) { return wanted == id(one); });
        return found == end ? 0 : int(found - begin);
    };
    quantity_->setCurrentIndex(index_of("quantity", depth_quantities().begin(), depth_quantities().end(),
                                        [](const DepthQuantity& q) { return q.id; }));
    mode_->setCurrentIndex(
        index_of("mode", std::begin(mode_ids), std::end(mode_ids), [](const char* id) { return id; }));
    log_->setChecked(state["log"].toBool());
    picker_->load(state);
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

std::optional<std::int64_t> DepthPlot::shown_step() const {
    if (!focused_run() || over_time()) return std::nullopt;
    return recorded_step(focused_run()->frame_steps(FrameKind::depth), wanted_step());
}

std::vector<std::int64_t> DepthPlot::shown_steps(const DrawnRun& run) const {
    const RunRecord& record = *run.record;
    if (mode() == Mode::time) return history_.last_steps(record);
    if (mode() == Mode::runs) {
        for (std::size_t i = 0; i < shown_panels_; ++i) {
            const auto& known = panels_[i].history.known();
            if (panels_[i].run.record == run.record && !known.empty()) return {known.rbegin()->first};
        }
        return {};
    }
    const auto step = recorded_step(record.frame_steps(FrameKind::depth), wanted_step());
    return step && record.depth_frame(*step) ? std::vector{*step} : std::vector<std::int64_t>();
}

QString DepthPlot::invitation() const {
    return tr("How states, updates and gradients grow through depth appears here. Press Start.");
}

QString DepthPlot::problem_of(const RunRecord& record) const {
    const auto has_frames = [](const DrawnRun& run) { return !run.record->frame_steps(FrameKind::depth).empty(); };
    if (mode() == Mode::runs && std::any_of(runs().begin(), runs().end(), has_frames)) return {};
    if (record.frame_steps(FrameKind::depth).empty())
        return tr("The run '%1' has recorded nothing of its depth yet.").arg(QString::fromStdString(record.name()));
    // In the window the run itself is shown instead; a figure is what was asked for, or none.
    if (!style().print || mode() != Mode::time || picker_->wanted_run().empty()) return {};
    const QString wanted = QString::fromStdString(picker_->wanted_run());
    for (const DrawnRun& run : runs()) {
        if (run.record.get() == &record || run.record->name() != picker_->wanted_run()) continue;
        if (has_frames(run)) return {};
        return tr("The run '%1' has recorded nothing of its depth yet.").arg(wanted);
    }
    return tr("The run '%1' to compare with is not among those that are drawn.").arg(wanted);
}

QString DepthPlot::problem_of_frames() const {
    const auto last_problem = [](const FrameHistory<DepthValues>& history, const RunRecord& record) {
        const bool nothing = history.complete() && history.known().empty() && !history.wanted().empty();
        return nothing ? frame_problem(record, FrameKind::depth, history.wanted().back()) : QString();
    };
    QString problem;
    if (mode() == Mode::step) {
        for (const DrawnRun& run : runs()) {
            const auto step = recorded_step(run.record->frame_steps(FrameKind::depth), wanted_step());
            if (!step) continue;
            const QString text = frame_problem(*run.record, FrameKind::depth, *step);
            if (text.isEmpty()) return {};  // the legend tells of the others
            if (problem.isEmpty() || run.focused) problem = text;
        }
    } else if (mode() == Mode::time) {
        for (int side = 0; side < history_.sides() && problem.isEmpty(); ++side)
            problem = last_problem(history_.side(side), *history_.run(side));
    } else {
        for (std::size_t i = 0; i < shown_panels_; ++i) {
            const QString text = last_problem(panels_[i].history, *panels_[i].run.record);
            if (text.isEmpty()) return {};  // the panels tell of the others
            if (problem.isEmpty()) problem = text;
        }
    }
    return problem;
}

void DepthPlot::forget() {
    comparison_ = {};
    history_.forget();
    for (Panel& panel : panels_) panel.read_from = nullptr;
}

void DepthPlot::rebuild() {
    picker_->setVisible(mode() == Mode::time);
    heatmap_->setVisible(over_time());
    color_bar_.set_style(style(), [this](QCPAxisRect& axes) { style_axes(axes); });
    color_bar_.set_visible(over_time());
    axes().axis(QCPAxis::atLeft)->setRangeReversed(over_time());
    chart().clearGraphs();
    choose_panels();
    lay_out_panels(mode() == Mode::runs);
    legend().set_most_lines(mode() == Mode::runs ? 4 : 1000);
    if (mode() == Mode::runs) {
        set_up_panels();
        show_panels();
    } else if (mode() == Mode::time) {
        set_up_map();
        show_map();
    } else {
        set_up_profile();
        show_profile();
    }
}

void DepthPlot::refresh(const RecordChanges&) {
    if (mode() == Mode::runs) {
        // A run that had recorded nothing gets its panel with its first frame.
        const auto begins = [](const DrawnRun& run) { return !run.record->frame_steps(FrameKind::depth).empty(); };
        if (std::any_of(without_frames_.begin(), without_frames_.end(), begins))
            rebuild();
        else
            show_panels();
    } else if (mode() == Mode::time) {
        show_map();
    } else {
        show_profile();
    }
}

bool DepthPlot::show_wanted_step() {
    if (over_time()) return false;
    show_profile();
    return true;
}

bool DepthPlot::load(std::chrono::milliseconds time) {
    if (mode() == Mode::step) return true;
    if (mode() == Mode::time) return history_.advance(time);
    bool complete = true;
    for (std::size_t i = 0; i < shown_panels_; ++i) {
        panels_[i].history.advance(time / int(shown_panels_));
        complete &= panels_[i].history.complete();
    }
    return complete;
}

void DepthPlot::show_loaded() {
    if (mode() == Mode::runs) show_panel_columns();
    if (mode() == Mode::time) show_columns();
}

void DepthPlot::set_up_profile() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    row_strip_->set_colors({});
    x->setLabel(tr("Sublayer"));
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->grid()->setVisible(false);
    y->grid()->setVisible(true);
    y->setLabel(translated(quantity().axis));
    y->setScaleType(logarithmic() ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setTicker(QSharedPointer<QCPAxisTicker>(logarithmic() ? new LogTicker : new QCPAxisTicker));
    y->setNumberFormat("g");
    y->setNumberPrecision(4);
    std::vector<LegendStrip::Entry> entries;
    for (const DrawnRun& run : runs()) {
        const QColor color = run_color(run.style_index, style());
        const QPen pen = run_pen(run.style_index, style(), style().line_width);
        QCPGraph* graph = chart().addGraph();
        graph->setPen(pen);
        graph->setScatterStyle({QCPScatterStyle::ssCircle, QPen(color, style().thin_line_width), QBrush(color),
                                style().marker_size * 0.7});
        graph->setName(QString::fromStdString(run.record->name()));
        entries.push_back({graph->name(), pen, graph->scatterStyle()});
    }
    profile_entries_ = std::move(entries);
}

void DepthPlot::show_profile() {
    sublayers_ = 0;
    std::vector<LegendStrip::Entry> entries = profile_entries_;
    for (std::size_t i = 0; i < runs().size(); ++i) {
        const RunRecord& record = *runs()[i].record;
        // Runs record at different steps: each shows its last one up to the chosen step.
        const auto step = recorded_step(record.frame_steps(FrameKind::depth), wanted_step());
        const auto frame = step ? record.depth_frame(*step) : nullptr;
        QVector<double> keys, values;
        if (frame) {
            sublayers_ = std::max(sublayers_, frame->state_rms.size());
            for (const double value : quantity().values(*frame)) {
                keys.append(double(keys.size() + 1));
                values.append(value);
            }
        } else if (step) {
            LegendStrip::Entry entry;
            entry.text = frame_problem(record, FrameKind::depth, *step);
            entry.heading = true;
            entries.push_back(entry);
        }
        chart().graph(int(i))->setData(keys, values, true);
    }
    legend().set_entries(std::move(entries));
}

QString DepthPlot::sublayer_name(std::size_t sublayer, std::size_t sublayers) const {
    return tr("Sublayer %1, %2").arg(sublayer + 1).arg(router_label(sublayer, sublayers));
}

void DepthPlot::add_kind_entries(std::vector<LegendStrip::Entry>& entries) const {
    for (const RouterKind kind : {RouterKind::attention, RouterKind::mlp}) {
        LegendStrip::Entry entry;
        entry.text = router_kind_title(kind);
        entry.swatch = router_color(kind, style());
        entries.push_back(entry);
    }
}

void DepthPlot::fit_axes() {
    if (!over_time()) {
        fit_graphs(0.03, true);
        return;
    }
    std::optional<QCPRange> columns;
    const auto add = [&](const Heatmap& map) {
        bool found = false;
        QCPRange range = map.getKeyRange(found, QCP::sdBoth);
        if (found && columns) range.expand(*columns);
        if (found) columns = range;
    };
    if (mode() == Mode::time) add(*heatmap_);
    for (std::size_t i = 0; i < shown_panels_; ++i) add(*panels_[i].heatmap);
    axes().axis(QCPAxis::atBottom)->setRange(columns.value_or(QCPRange(-0.5, 0.5)));
    axes().axis(QCPAxis::atLeft)->setRange(-0.5, double(std::max<std::size_t>(rows_, 1)) - 0.5);
}

bool DepthPlot::show_hover(const QPointF& position) {
    if (mode() == Mode::runs) return hover_panels(position);
    if (mode() == Mode::time) return hover_map(position);
    return hover_graphs(position,
                        [this](double key) { return sublayer_name(std::size_t(std::lround(key)) - 1, sublayers_); });
}

namespace {

const Registration<PlotDescriptor> registration{{
    .id = "depth",
    .order = 4,
    .title = WAVLAB_TEXT("Depth"),
    .help = WAVLAB_TEXT(
        "The stream through depth, for the ticked runs at one step, for the selected run over time, or for up to six "
        "ticked runs over time, side by side. Sublayers are "
        "numbered from 1; odd ones are attention, even ones the MLP. State: rms(h), what enters the sublayer. Update: "
        "rms(u), what it adds, u = f(RMSNorm(h)). Gradient: the L2 norm of its parameters' gradient before "
        "clipping.\n"
        "Update / state: rms(u) / rms(h). In a plain PreNorm stack h grows with every sublayer while the norm keeps u "
        "level, so this falls with depth and late sublayers hardly matter: PreNorm dilution. Compare a routed method "
        "with standard at the same step: if routing cures it, State stays level and Update / state does not fall. "
        "Over time divided by standard, red is where this run has more; side by side, all runs have the same axes and "
        "colours.\n"
        "Drag to move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.62,
    .several_runs = true,
    .quantities = {"state", "update", "gradient", "ratio"},
    .modes = {"step", "time", "runs"},
    .compares = true,
    .make = [](QWidget* parent) -> Plot* { return new DepthPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
