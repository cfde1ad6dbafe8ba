// SPDX-License-Identifier: GPL-3.0-or-later
// Training and validation loss of all drawn runs.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>

#include <qcustomplot.h>

#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/flow_layout.h"
#include "views/smoothing.h"

namespace wavlab {

namespace {

const char* const train_name = "train/loss";
const char* const validation_name = "val/loss";

QString number(double value) {
    if (std::isnan(value)) return QStringLiteral("NaN");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("infinite") : QStringLiteral("-infinite");
    return QString::number(value, 'f', 4);
}

QCPScatterStyle marker(int style_index, const PlotStyle& style, const QColor& color) {
    static constexpr QCPScatterStyle::ScatterShape shapes[] = {QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare,
                                                               QCPScatterStyle::ssTriangle, QCPScatterStyle::ssDiamond,
                                                               QCPScatterStyle::ssTriangleInverted};
    const auto shape = shapes[std::size_t(((style_index % 5) + 5) % 5)];
    return {shape, QPen(color, style.thin_line_width), QBrush(style.ground), style.marker_size};
}

/// The smallest and largest of some numbers.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool empty() const { return low > high; }
};

/// The curves of one run, filled point by point as they come.
struct Curves {
    const RunRecord* record = nullptr;
    int style_index = 0;
    QCPGraph* raw = nullptr;
    QCPGraph* smoothed = nullptr;
    QCPGraph* validation = nullptr;
    Smoothing smoothing{0.9};
    std::size_t train_points = 0;
    std::size_t validation_points = 0;
    std::pair<double, double> last_train;  ///< step and value
    std::pair<double, double> last_validation;
};

class LossPlot final : public CanvasPlot {
public:
    explicit LossPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;

protected:
    void rebuild() override;
    void refresh(const RecordChanges& changes) override;
    bool concerns(const RecordChanges& changes) const override { return changes.scalars; }
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    bool append(Curves& curves);
    void set_up_axes();
    void set_up_curves();
    void set_up_references();
    void set_up_legend();
    void widen(double step, double value);
    double nearest_step(double key) const;

    QDoubleSpinBox* smoothing_ = nullptr;
    QCheckBox* log_steps_ = nullptr;
    QCheckBox* log_loss_ = nullptr;
    QCheckBox* unigram_ = nullptr;
    ReferenceLines* references_ = nullptr;
    NonFiniteMarks* marks_ = nullptr;
    std::vector<Curves> curves_;
    Extent steps_;
    Extent values_;
};

LossPlot::LossPlot(QWidget* parent) : CanvasPlot(parent) {
    references_ = new ReferenceLines(&axes());
    marks_ = new NonFiniteMarks(&axes());
    smoothing_ = new QDoubleSpinBox;
    smoothing_->setRange(0, 0.999);
    smoothing_->setSingleStep(0.05);
    smoothing_->setDecimals(3);
    smoothing_->setValue(0.9);
    smoothing_->setToolTip(
        "Exponential moving average of the training loss: m = s m + (1 - s) loss, divided by "
        "1 - s^n so that the start is not biased. 0 draws the raw values only.");
    auto* smoothing_label = new QLabel("Smoothing");
    smoothing_label->setToolTip(smoothing_->toolTip());
    log_steps_ = new QCheckBox("Log steps");
    log_loss_ = new QCheckBox("Log loss");
    unigram_ = new QCheckBox("Unigram");
    unigram_->setToolTip(
        "The entropy of single tokens of the training text, in nats per token: what a model reaches "
        "that knows how frequent each token is and nothing else.");
    controls().addWidget(smoothing_label);
    controls().addWidget(smoothing_);
    for (QCheckBox* box : {log_steps_, log_loss_, unigram_}) {
        controls().addWidget(box);
        connect(box, &QCheckBox::toggled, this, [this] { request_rebuild(); });
    }
    connect(smoothing_, &QDoubleSpinBox::valueChanged, this, [this] { request_rebuild(); });
}

QJsonObject LossPlot::state() const {
    QJsonObject state{{"smoothing", smoothing_->value()},
                      {"log_steps", log_steps_->isChecked()},
                      {"log_loss", log_loss_->isChecked()},
                      {"unigram", unigram_->isChecked()}};
    save_zoom(state);
    return state;
}

void LossPlot::set_state(const QJsonObject& state) {
    smoothing_->setValue(state["smoothing"].toDouble(0.9));
    log_steps_->setChecked(state["log_steps"].toBool());
    log_loss_->setChecked(state["log_loss"].toBool());
    unigram_->setChecked(state["unigram"].toBool());
    load_zoom(state);
    request_rebuild();
}

QString LossPlot::invitation() const {
    return "The training and validation loss of the runs appear here, in nats per token. Press Start.";
}

QString LossPlot::problem_of(const RunRecord&) const {
    for (const DrawnRun& run : runs())
        for (const char* name : {train_name, validation_name}) {
            const ScalarSeries* series = run.record->scalars(name);
            if (series && !series->steps.empty()) return {};
        }
    return QString("The run '%1' has recorded no loss yet.").arg(QString::fromStdString(focused_run()->name()));
}

void LossPlot::rebuild() {
    set_up_axes();
    set_up_curves();
    set_up_references();
    set_up_legend();
}

void LossPlot::refresh(const RecordChanges&) {
    for (Curves& curves : curves_)
        if (!append(curves)) {
            rebuild();
            return;
        }
}

void LossPlot::set_up_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    x->setLabel("Step");
    y->setLabel("Loss (nats per token)");
    const auto set_scale = [](QCPAxis* axis, bool logarithmic, QSharedPointer<QCPAxisTicker> linear) {
        axis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axis->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new LogTicker) : linear);
        axis->setNumberFormat("g");
        axis->setNumberPrecision(6);
    };
    set_scale(x, log_steps_->isChecked(), QSharedPointer<QCPAxisTicker>(new WholeTicker));
    set_scale(y, log_loss_->isChecked(), QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    x->grid()->setVisible(false);
    y->grid()->setVisible(true);
    references_->set_style(style());
    marks_->set_style(style());
}

void LossPlot::set_up_curves() {
    chart().clearGraphs();
    curves_.clear();
    marks_->clear();
    steps_ = values_ = {};
    const bool smooth = smoothing_->value() > 0;
    for (const DrawnRun& run : runs()) {
        const QColor color = run_color(run.style_index, style());
        Curves curves;
        curves.record = run.record.get();
        curves.style_index = run.style_index;
        curves.smoothing = Smoothing(smoothing_->value());
        curves.raw = chart().addGraph();
        curves.smoothed = chart().addGraph();
        curves.validation = chart().addGraph();
        QPen pen(color, style().line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
        const QVector<qreal> dashes = run_dashes(run.style_index);
        if (!dashes.isEmpty()) pen.setDashPattern(dashes);
        curves.raw->setPen(smooth ? QPen(style().faint(color, 0.3), style().thin_line_width) : pen);
        curves.smoothed->setPen(pen);
        curves.smoothed->setVisible(smooth);
        // With several runs the markers alone: one more line a run would hide the others.
        curves.validation->setLineStyle(runs().size() > 1 ? QCPGraph::lsNone : QCPGraph::lsLine);
        curves.validation->setPen(QPen(color, style().thin_line_width));
        curves.validation->setScatterStyle(marker(run.style_index, style(), color));
        for (QCPGraph* graph : {curves.raw, curves.smoothed, curves.validation}) graph->setAdaptiveSampling(true);
        append(curves);
        curves_.push_back(curves);
    }
}

bool LossPlot::append(Curves& curves) {
    const QColor color = run_color(curves.style_index, style());
    const auto take = [&](const char* name, std::size_t& taken, std::pair<double, double>& last, const auto& add) {
        const ScalarSeries* series = curves.record->scalars(name);
        const std::size_t points = series ? series->steps.size() : 0;
        // A resumed run replaces what came after its checkpoint, an evaluation on demand the one before it.
        if (points < taken) return false;
        if (taken > 0 && series->steps[taken - 1] != last.first) return false;
        if (taken > 0 && series->values[taken - 1] != last.second && !std::isnan(last.second)) return false;
        for (std::size_t i = taken; i < points; ++i) {
            const double step = series->steps[i], value = series->values[i];
            add(step, value);
            if (std::isfinite(value))
                widen(step, value);
            else
                marks_->add(step, color);
            last = {step, value};
        }
        taken = points;
        return true;
    };
    const bool train = take(train_name, curves.train_points, curves.last_train, [&](double step, double value) {
        curves.raw->addData(step, std::isfinite(value) ? value : std::nan(""));
        curves.smoothed->addData(step, curves.smoothing.next(value));
    });
    const bool validation =
        take(validation_name, curves.validation_points, curves.last_validation, [&](double step, double value) {
            curves.validation->addData(step, std::isfinite(value) ? value : std::nan(""));
        });
    return train && validation;
}

void LossPlot::widen(double step, double value) {
    if (step > 0 || !log_steps_->isChecked()) steps_.include(step);
    if (value > 0 || !log_loss_->isChecked()) values_.include(value);
}

void LossPlot::set_up_references() {
    std::vector<ReferenceLines::Line> lines;
    std::set<double> floors, entropies;
    for (const DrawnRun& run : runs()) {
        const RunDescription& description = run.record->description();
        if (description.validation_floor) floors.insert(*description.validation_floor);
        if (description.unigram_entropy > 0) entropies.insert(description.unigram_entropy);
    }
    for (const double floor : floors) lines.push_back({floor, "floor", true});
    if (unigram_->isChecked())
        for (const double entropy : entropies) lines.push_back({entropy, "unigram entropy", false});
    references_->set_lines(std::move(lines));
}

void LossPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries;
    const bool one = curves_.size() == 1;
    for (const Curves& curves : curves_) {
        const QColor color = run_color(curves.style_index, style());
        LegendStrip::Entry entry;
        entry.text = one ? "train" : QString::fromStdString(curves.record->name());
        entry.line = smoothing_->value() > 0 ? curves.smoothed->pen() : curves.raw->pen();
        if (!one) entry.marker = marker(curves.style_index, style(), color);
        entries.push_back(entry);
        if (one) {
            entry.text = "validation";
            entry.line = curves.validation->pen();
            entry.marker = marker(curves.style_index, style(), color);
            entries.push_back(entry);
        }
    }
    if (!one) {
        LegendStrip::Entry train{"train", QPen(style().muted_ink, style().line_width)};
        LegendStrip::Entry validation{"validation", Qt::NoPen, marker(0, style(), style().muted_ink)};
        train.heading = true;
        entries.push_back(train);
        entries.push_back(validation);
    }
    legend().set_entries(std::move(entries));
}

void LossPlot::fit_axes() {
    const bool log_loss = log_loss_->isChecked(), log_steps = log_steps_->isChecked();
    Extent steps = steps_, values = values_;
    if (steps.empty()) steps = {log_steps ? 1.0 : 0.0, 1};
    if (values.empty()) values = {log_loss ? 0.1 : 0.0, 1};
    bool text_below = false;
    for (const ReferenceLines::Line& line : references_->lines()) {
        text_below = text_below || (line.text_below && line.value <= values.low);
        if (line.value > 0 || !log_loss) values.include(line.value);
    }
    double low = log_loss ? std::log10(values.low) : values.low;
    double high = log_loss ? std::log10(values.high) : values.high;
    const double size = std::max(high - low, 1e-3);
    low -= size * (text_below ? 0.14 : 0.05);  // room for the floor's name
    if (!log_loss && values.low >= 0) low = std::max(low, 0.0);
    high += size * 0.05;
    axes().axis(QCPAxis::atLeft)->setRange(log_loss ? std::pow(10, low) : low, log_loss ? std::pow(10, high) : high);
    if (steps.high - steps.low < 1) steps.high = steps.low + 1;
    if (log_steps)
        axes().axis(QCPAxis::atBottom)->setRange(steps.low, steps.high * 1.03);
    else
        axes()
            .axis(QCPAxis::atBottom)
            ->setRange(std::min(0.0, steps.low), steps.high + (steps.high - steps.low) * 0.015);
}

double LossPlot::nearest_step(double key) const {
    double best = std::nan("");
    for (const Curves& curves : curves_)
        for (const char* name : {train_name, validation_name}) {
            const ScalarSeries* series = curves.record->scalars(name);
            if (!series || series->steps.empty()) continue;
            const auto after = std::lower_bound(series->steps.begin(), series->steps.end(), key);
            for (const auto candidate : {after, after == series->steps.begin() ? after : std::prev(after)})
                if (candidate != series->steps.end() && !(std::abs(*candidate - key) >= std::abs(best - key)))
                    best = *candidate;
        }
    return best;
}

bool LossPlot::show_hover(const QPointF& position) {
    const QRectF area = axes().rect();
    if (!area.contains(position)) return false;
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    const double step = nearest_step(x->pixelToCoord(position.x()));
    if (std::isnan(step)) return false;
    HoverBox::Content content;
    content.title = "step " + QString::number(qint64(step));
    content.anchor = QPointF(x->coordToPixel(step), position.y());
    content.vertical_line = true;
    content.rows.push_back({QColor(), {}, {"", "train", "smoothed", "validation"}, true});
    for (const Curves& curves : curves_) {
        const QColor color = run_color(curves.style_index, style());
        QStringList cells{QString::fromStdString(curves.record->name()), "-", "-", "-"};
        const ScalarSeries* train = curves.record->scalars(train_name);
        if (train) {
            const auto at = std::lower_bound(train->steps.begin(), train->steps.end(), step);
            if (at != train->steps.end() && *at == step) {
                cells[1] = number(train->values[std::size_t(at - train->steps.begin())]);
                const auto smooth = curves.smoothed->data()->findBegin(step, false);
                if (smooth != curves.smoothed->data()->constEnd() && smooth->key == step) {
                    cells[2] = number(smooth->value);
                    const double pixel = y->coordToPixel(smooth->value);
                    if (std::isfinite(pixel)) content.dots.push_back({QPointF(content.anchor.x(), pixel), color});
                }
            }
        }
        if (const ScalarSeries* validation = curves.record->scalars(validation_name)) {
            const auto after = std::upper_bound(validation->steps.begin(), validation->steps.end(), step);
            if (after != validation->steps.begin()) {
                const std::size_t index = std::size_t(after - validation->steps.begin()) - 1;
                cells[3] = number(validation->values[index]);
                if (validation->steps[index] != step)
                    cells[3] += QString(" (step %1)").arg(qint64(validation->steps[index]));
            }
        }
        content.rows.push_back({color, run_dashes(curves.style_index), cells});
    }
    for (const ReferenceLines::Line& line : references_->lines())
        content.rows.push_back({style().muted_ink, {4, 3}, {line.text, "", "", number(line.value)}, true});
    hover_box().show(std::move(content), area);
    return true;
}

const Registration<PlotDescriptor> registration{{
    .id = "loss",
    .order = 1,
    .title = "Loss",
    .help = "Training and validation loss of the ticked runs, in nats per token (per character with the char "
            "tokenizer): the mean of -ln p(next token). Faint: each step's training loss. Line: its exponential moving "
            "average, debiased. Markers: validation loss on fixed windows. Floor: the mean of -ln p of the validation "
            "text under the grammar that made it; none can be expected to be better. A cross at the upper edge marks a "
            "value that "
            "is not finite.\nDrag to move, turn the wheel to zoom, double click to see everything.",
    .height_ratio = 0.62,
    .several_runs = true,
    .make = [](QWidget* parent) -> Plot* { return new LossPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
