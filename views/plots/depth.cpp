// SPDX-License-Identifier: GPL-3.0-or-later
// The residual stream through depth: RMS of states and updates and gradient norms, as lines of all drawn runs at one
// step, or of the focused run over time, alone or divided by another run or step.
#include <algorithm>
#include <array>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>

#include <qcustomplot.h>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/color_bar.h"
#include "views/comparison_picker.h"
#include "views/flow_layout.h"
#include "views/frame_history.h"
#include "views/heatmap.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr std::size_t most_printed_columns = 400;  // over time

using Values = std::vector<double>;  // by sublayer

template <class Floats>
Values as_values(const Floats& floats) {
    return Values(floats.begin(), floats.end());
}

struct Quantity {
    const char* id;
    const char* title;
    const char* axis;
    const char* help;
    Values (*values)(const DepthFrame& frame);
};

const Quantity quantities[] = {
    {"state", WAVLAB_TEXT("State"), WAVLAB_TEXT("RMS of the state h"),
     WAVLAB_TEXT("RMS over channels of what enters each sublayer, h, mean over tokens; the last is what enters the "
                 "final norm."),
     [](const DepthFrame& frame) { return as_values(frame.state_rms); }},
    {"update", WAVLAB_TEXT("Update"), WAVLAB_TEXT("RMS of the update u"),
     WAVLAB_TEXT("RMS over channels of what each sublayer adds, u = f(RMSNorm(h)), mean over tokens."),
     [](const DepthFrame& frame) { return as_values(frame.update_rms); }},
    {"gradient", WAVLAB_TEXT("Gradient"), WAVLAB_TEXT("Gradient norm"),
     WAVLAB_TEXT("L2 norm of the gradient of each sublayer's parameters, before clipping."),
     [](const DepthFrame& frame) { return as_values(frame.gradient_norm); }},
    {"ratio", WAVLAB_TEXT("Update / state"), WAVLAB_TEXT("RMS of u / RMS of h"),
     WAVLAB_TEXT("How much a sublayer changes the state that it reads: RMS of its update u over RMS of its input h. "
                 "Where it falls with depth, states grow while updates do not, and later sublayers change less and "
                 "less: PreNorm dilution. Where routing mixes earlier sources instead of adding all, it stays level."),
     [](const DepthFrame& frame) {
         Values values;
         for (std::size_t i = 0; i < std::min(frame.update_rms.size(), frame.state_rms.size()); ++i)
             values.push_back(double(frame.update_rms[i]) / double(frame.state_rms[i]));
         return values;
     }},
};

constexpr std::size_t quantity_count = std::size(quantities);

/// All quantities of one frame.
using FrameValues = std::array<Values, quantity_count>;

std::optional<FrameValues> read_values(const RunRecord& record, std::int64_t step) {
    const auto frame = record.depth_frame(step);
    if (!frame) return std::nullopt;
    FrameValues values;
    for (std::size_t i = 0; i < quantity_count; ++i) values[i] = quantities[i].values(*frame);
    return values;
}

class DepthPlot final : public CanvasPlot {
    Q_DECLARE_TR_FUNCTIONS(DepthPlot)

public:
    explicit DepthPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override {
        if (!focused_run() || over_time()) return std::nullopt;
        return recorded_step(focused_run()->frame_steps(FrameKind::depth), wanted_step());
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override;
    bool concerns(const RecordChanges& changes) const override { return changes.depth; }
    void forget() override;
    bool show_wanted_step() override;
    std::optional<double> key_of_step(std::int64_t step) const override {
        return over_time() ? std::optional(double(step)) : std::nullopt;
    }
    bool load(std::chrono::milliseconds time) override;
    void show_loaded() override {
        if (over_time()) show_columns();
    }
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override {
        return tr("How states, updates and gradients grow through depth appears here. Press Start.");
    }
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    bool over_time() const { return mode_->currentIndex() == 1; }
    bool compares() const { return over_time() && comparison_.kind != Comparison::Kind::none; }
    std::size_t which() const { return std::size_t(quantity_->currentIndex()); }
    const Quantity& quantity() const { return quantities[which()]; }
    void make_controls();
    void set_up_profile();
    void show_profile();
    void set_up_map();
    void show_map();
    void show_columns();
    /// The values of the focused run (0) or of what it is compared with (1) up to this step; null when not read yet.
    const Values* values_at(int side, std::int64_t step) const;
    void show_scale(std::vector<double>& cells);
    QString sublayer_name(std::size_t sublayer) const;
    bool hover_map(const QPointF& position);

    QComboBox* mode_ = nullptr;
    QComboBox* quantity_ = nullptr;
    ComparisonPicker* picker_ = nullptr;
    QCheckBox* log_ = nullptr;
    Heatmap* heatmap_ = nullptr;
    ColorBar color_bar_;
    KindStrip* row_strip_ = nullptr;
    QSharedPointer<CategoryTicker> row_ticker_;
    Comparison comparison_;
    FrameHistory<FrameValues> histories_[2];
    const RunRecord* read_from_[2] = {nullptr, nullptr};
    std::size_t rows_ = 0;       ///< of the map
    std::size_t sublayers_ = 0;  ///< with the final norm, for names
};

DepthPlot::DepthPlot(QWidget* parent) : CanvasPlot(parent), color_bar_(chart(), axes()) {
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    row_ticker_.reset(new CategoryTicker(y));
    heatmap_ = new Heatmap(axes().axis(QCPAxis::atBottom), y);
    row_strip_ = new KindStrip(y, 4);
    make_controls();
}

void DepthPlot::make_controls() {
    mode_ = new QComboBox;
    mode_->addItems({tr("One step"), tr("Over time")});
    mode_->setAccessibleName(tr("What is drawn"));
    mode_->setToolTip(tr("All ticked runs through depth at one step, or the selected run through depth and time"));
    quantity_ = new QComboBox;
    quantity_->setAccessibleName(tr("Quantity"));
    for (const Quantity& q : quantities) {
        quantity_->addItem(translated(q.title));
        quantity_->setItemData(quantity_->count() - 1, translated(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(translated(quantities[0].help));
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

QJsonObject DepthPlot::state() const {
    QJsonObject state{{"mode", over_time() ? "time" : "step"}, {"quantity", quantity().id}, {"log", log_->isChecked()}};
    picker_->save(state);
    save_step(state);
    save_zoom(state);
    return state;
}

void DepthPlot::set_state(const QJsonObject& state) {
    const QString id = state["quantity"].toString();
    const auto found =
        std::find_if(std::begin(quantities), std::end(quantities), [&](const Quantity& q) { return id == q.id; });
    quantity_->setCurrentIndex(found == std::end(quantities) ? 0 : int(found - std::begin(quantities)));
    mode_->setCurrentIndex(state["mode"].toString() == "time" ? 1 : 0);
    log_->setChecked(state["log"].toBool());
    picker_->load(state);
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString DepthPlot::problem_of(const RunRecord& record) const {
    if (record.frame_steps(FrameKind::depth).empty())
        return tr("The run '%1' has recorded nothing of its depth yet.").arg(QString::fromStdString(record.name()));
    // In the window the run itself is shown instead; a figure is what was asked for, or none.
    if (!style().print || !over_time() || picker_->wanted_run().empty()) return {};
    const QString wanted = QString::fromStdString(picker_->wanted_run());
    for (const DrawnRun& run : runs()) {
        if (run.record.get() == &record || run.record->name() != picker_->wanted_run()) continue;
        if (!run.record->frame_steps(FrameKind::depth).empty()) return {};
        return tr("The run '%1' has recorded nothing of its depth yet.").arg(wanted);
    }
    return tr("The run '%1' to compare with is not among those that are drawn.").arg(wanted);
}

void DepthPlot::forget() {
    comparison_ = {};
    read_from_[0] = read_from_[1] = nullptr;
}

void DepthPlot::rebuild() {
    picker_->setVisible(over_time());
    heatmap_->setVisible(over_time());
    color_bar_.set_style(style(), [this](QCPAxisRect& axes) { style_axes(axes); });
    color_bar_.set_visible(over_time());
    axes().axis(QCPAxis::atLeft)->setRangeReversed(over_time());
    chart().clearGraphs();
    if (over_time()) {
        set_up_map();
        show_map();
    } else {
        set_up_profile();
        show_profile();
    }
}

void DepthPlot::refresh(const RecordChanges&) {
    if (over_time())
        show_map();
    else
        show_profile();
}

bool DepthPlot::show_wanted_step() {
    if (over_time()) return false;
    show_profile();
    return true;
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
    y->setScaleType(log_->isChecked() ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setTicker(QSharedPointer<QCPAxisTicker>(log_->isChecked() ? new LogTicker : new QCPAxisTicker));
    y->setNumberFormat("g");
    y->setNumberPrecision(4);
    std::vector<LegendStrip::Entry> entries;
    for (const DrawnRun& run : runs()) {
        const QColor color = run_color(run.style_index, style());
        QPen pen(color, style().line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
        if (const QVector<qreal> dashes = run_dashes(run.style_index); !dashes.isEmpty()) pen.setDashPattern(dashes);
        QCPGraph* graph = chart().addGraph();
        graph->setPen(pen);
        graph->setScatterStyle({QCPScatterStyle::ssCircle, QPen(color, style().thin_line_width), QBrush(color),
                                style().marker_size * 0.7});
        graph->setName(QString::fromStdString(run.record->name()));
        entries.push_back({graph->name(), pen, graph->scatterStyle()});
    }
    legend().set_entries(std::move(entries));
}

void DepthPlot::show_profile() {
    sublayers_ = 0;
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
        }
        chart().graph(int(i))->setData(keys, values, true);
    }
}

void DepthPlot::set_up_map() {
    std::vector<DrawnRun> others;
    for (const DrawnRun& run : runs())
        if (!run.record->frame_steps(FrameKind::depth).empty()) others.push_back(run);
    const std::vector<std::int64_t>& steps = focused_run()->frame_steps(FrameKind::depth);
    picker_->set_choices(others, focused_run(), steps.front(), recorded_step(steps, wanted_step()));
    comparison_ = picker_->comparison();

    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    x->setLabel(tr("Step"));
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->setBasePen(Qt::NoPen);
    x->setSubTickPen(Qt::NoPen);
    x->grid()->setVisible(false);
    y->setScaleType(QCPAxis::stLinear);
    y->setTicker(row_ticker_);
    y->setLabel(tr("Sublayer"));
    y->setTickLength(0, 0);
    y->setBasePen(Qt::NoPen);
    y->setTickPen(Qt::NoPen);
    y->setTickLabelPadding(int(style().px(9)));
    y->grid()->setVisible(false);
    heatmap_->set_style(style());
    row_strip_->set_style(style());
    row_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());

    std::vector<LegendStrip::Entry> entries;
    const auto add = [&](const QString& text, const QColor& color) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.swatch = color;
        entry.heading = !color.isValid();
        entries.push_back(entry);
    };
    const QString name = QString::fromStdString(focused_run()->name());
    if (comparison_.kind == Comparison::Kind::run)
        add(tr("%1 divided by %2").arg(name, QString::fromStdString(comparison_.run->name())), QColor());
    else if (comparison_.kind == Comparison::Kind::step)
        add(tr("%1 divided by its step %2").arg(name).arg(*recorded_step(steps, comparison_.step)), QColor());
    else
        add(name, QColor());
    for (const RouterKind kind : {RouterKind::attention, RouterKind::mlp})
        add(router_kind_title(kind), router_color(kind, style()));
    legend().set_entries(std::move(entries));
}

void DepthPlot::show_map() {
    const RunRecord& record = *focused_run();
    const std::size_t most = style().print ? most_printed_columns : std::size_t(std::clamp(chart().width(), 100, 4000));
    std::vector<std::int64_t> steps = thinned_steps(record.frame_steps(FrameKind::depth), most);
    const auto start = [this](int side, const RunRecord& run, std::vector<std::int64_t> wanted) {
        if (read_from_[side] != &run)
            histories_[side].restart([&run](std::int64_t step) { return read_values(run, step); });
        read_from_[side] = &run;
        histories_[side].want(std::move(wanted));
    };
    start(0, record, steps);
    if (comparison_.kind == Comparison::Kind::run) {
        for (std::int64_t& step : steps) step = *recorded_step(comparison_.run->frame_steps(FrameKind::depth), step);
        steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
        start(1, *comparison_.run, std::move(steps));
    } else if (comparison_.kind == Comparison::Kind::step) {
        start(1, record, {*recorded_step(record.frame_steps(FrameKind::depth), comparison_.step)});
    }
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_columns();
}

bool DepthPlot::load(std::chrono::milliseconds time) {
    if (!over_time()) return true;
    histories_[0].advance(time);
    if (!compares()) return histories_[0].complete();
    histories_[1].advance(time);
    return histories_[0].complete() && histories_[1].complete();
}

const Values* DepthPlot::values_at(int side, std::int64_t step) const {
    if (side == 1 && comparison_.kind == Comparison::Kind::step)
        step = histories_[1].wanted().empty() ? 0 : histories_[1].wanted().front();
    if (side == 1 && comparison_.kind == Comparison::Kind::run)
        step = recorded_step(comparison_.run->frame_steps(FrameKind::depth), step).value_or(0);
    const FrameValues* values = histories_[side].up_to(step);
    return values ? &(*values)[which()] : nullptr;
}

void DepthPlot::show_columns() {
    const std::vector<std::int64_t>& steps = histories_[0].wanted();
    rows_ = 0;
    sublayers_ = 0;
    for (int side = 0; side < (compares() ? 2 : 1); ++side)
        for (const auto& [step, values] : histories_[side].known()) {
            rows_ = std::max(rows_, values[which()].size());
            sublayers_ = std::max(sublayers_, values[0].size());
        }
    std::vector<double> cells(rows_ * steps.size(), std::nan(""));
    std::vector<bool> hatched(cells.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Values* here = values_at(0, steps[i]);
        const Values* there = compares() ? values_at(1, steps[i]) : nullptr;
        if (!here || (compares() && !there)) continue;
        for (std::size_t row = 0; row < rows_; ++row) {
            const std::size_t place = row * steps.size() + i;
            if (row >= here->size() || (there && row >= there->size()))
                hatched[place] = there && (row < here->size() || row < there->size());
            else
                cells[place] = there ? std::log2((*here)[row] / (*there)[row]) : (*here)[row];
        }
    }
    std::vector<CategoryTicker::Category> names;
    std::vector<QColor> colors;
    for (std::size_t row = 0; row < rows_; ++row) {
        const RouterKind kind = router_kind(row, sublayers_);
        names.push_back({router_label(row, sublayers_), kind == RouterKind::final_norm  ? 0
                                                        : kind == RouterKind::attention ? 1
                                                                                        : 2});
        colors.push_back(router_color(kind, style()));
    }
    row_ticker_->set_categories(std::move(names));
    row_strip_->set_colors(std::move(colors));
    show_scale(cells);
    heatmap_->set_cells(rows_, steps.size(), std::move(cells));
    heatmap_->set_hatched(std::move(hatched));
    heatmap_->set_column_edges(edges_between(steps));
}

void DepthPlot::show_scale(std::vector<double>& cells) {
    const QString axis = translated(quantity().axis);
    ColorScale scale = ColorScale::to(largest_magnitude(cells), compares(), ColorMap::viridis);
    if (!compares() && log_->isChecked()) {
        double smallest = INFINITY;
        for (const double cell : cells)
            if (cell > 0) smallest = std::min(smallest, cell);
        scale.logarithmic = smallest < scale.high;
        if (scale.logarithmic) scale.low = smallest;
    }
    heatmap_->set_scale(scale.map, scale.low, scale.high, scale.logarithmic);
    color_bar_.set_scale(scale, compares() ? tr("log2 of the ratio: %1").arg(axis) : axis);
}

void DepthPlot::fit_axes() {
    if (!over_time()) {
        fit_graphs(0.03, true);
        return;
    }
    bool found = false;
    const QCPRange columns = heatmap_->getKeyRange(found, QCP::sdBoth);
    axes().axis(QCPAxis::atBottom)->setRange(found ? columns : QCPRange(-0.5, 0.5));
    axes().axis(QCPAxis::atLeft)->setRange(-0.5, double(std::max<std::size_t>(rows_, 1)) - 0.5);
}

QString DepthPlot::sublayer_name(std::size_t sublayer) const {
    return tr("Sublayer %1, %2").arg(sublayer + 1).arg(router_label(sublayer, sublayers_));
}

bool DepthPlot::show_hover(const QPointF& position) {
    if (over_time()) return hover_map(position);
    return hover_graphs(position, [this](double key) { return sublayer_name(std::size_t(std::lround(key)) - 1); });
}

bool DepthPlot::hover_map(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || *column >= histories_[0].wanted().size() || row < 0 || std::size_t(row) >= rows_) return false;
    const std::int64_t step = histories_[0].wanted()[*column];
    HoverBox::Content content;
    content.title = sublayer_name(std::size_t(row));
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    content.rows.push_back({QColor(), {}, {tr("step"), QString::number(step)}});
    double values[2] = {std::nan(""), std::nan("")};
    for (int side = 0; side < (compares() ? 2 : 1); ++side) {
        const Values* known = values_at(side, step);
        QString name = translated(quantity().title);
        if (compares())
            name = side == 0         ? QString::fromStdString(focused_run()->name())
                   : comparison_.run ? QString::fromStdString(comparison_.run->name())
                                     : tr("step %1").arg(histories_[1].wanted().front());
        if (known && std::size_t(row) < known->size()) values[side] = (*known)[std::size_t(row)];
        content.rows.push_back(
            {QColor(), {}, {name, std::isnan(values[side]) ? tr("none") : QString::number(values[side], 'g', 4)}});
    }
    if (compares() && !std::isnan(values[0]) && !std::isnan(values[1]))
        content.rows.push_back({QColor(), {}, {tr("ratio"), QString::number(values[0] / values[1], 'g', 4)}});
    hover_box().show(std::move(content), axes().rect());
    return true;
}

const Registration<PlotDescriptor> registration{{
    .id = "depth",
    .order = 4,
    .title = WAVLAB_TEXT("Depth"),
    .help = WAVLAB_TEXT(
        "The stream through depth, for the ticked runs at one step, or for the selected run over time. Sublayers are "
        "numbered from 1; odd ones are attention, even ones the MLP. State: rms(h), what enters the sublayer. Update: "
        "rms(u), what it adds, u = f(RMSNorm(h)). Gradient: the L2 norm of its parameters' gradient before "
        "clipping.\n"
        "Update / state: rms(u) / rms(h). In a plain PreNorm stack h grows with every sublayer while the norm keeps u "
        "level, so this falls with depth and late sublayers hardly matter: PreNorm dilution. Compare a routed method "
        "with standard at the same step: if routing cures it, State stays level and Update / state does not fall. "
        "Over time divided by standard, red is where this run has more.\n"
        "Drag to move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.62,
    .several_runs = true,
    .quantities = {"state", "update", "gradient", "ratio"},
    .modes = {"step", "time"},
    .compares = true,
    .make = [](QWidget* parent) -> Plot* { return new DepthPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
