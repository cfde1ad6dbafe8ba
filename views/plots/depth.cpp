// SPDX-License-Identifier: GPL-3.0-or-later
// The residual stream through depth, of all drawn runs: RMS of states and updates, gradient norms.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>

#include <qcustomplot.h>

#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/flow_layout.h"
#include "views/time_cursor.h"

namespace wavlab {

namespace {

struct Quantity {
    const char* id;
    const char* title;
    const char* axis;
    const char* help;
    std::vector<float> DepthFrame::*field;
};

const Quantity quantities[] = {
    {"state", "State", "RMS of the state h",
     "RMS over channels of what enters each sublayer, h, mean over tokens; the "
     "last is what enters the final norm.",
     &DepthFrame::state_rms},
    {"update", "Update", "RMS of the update u",
     "RMS over channels of what each sublayer adds, u = f(RMSNorm(h)), mean "
     "over tokens.",
     &DepthFrame::update_rms},
    {"gradient", "Gradient", "Gradient norm", "L2 norm of the gradient of each sublayer's parameters, before clipping.",
     &DepthFrame::gradient_norm},
};

class DepthPlot final : public CanvasPlot {
public:
    explicit DepthPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override {
        if (!focused_run()) return std::nullopt;
        return recorded_step(focused_run()->frame_steps(FrameKind::depth), wanted_step());
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override { show_frames(); }
    bool show_wanted_step() override {
        show_frames();
        return true;
    }
    bool concerns(const RecordChanges& changes) const override { return changes.depth; }
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override {
        return "How states, updates and gradients grow through depth appears here. Press Start.";
    }
    bool show_hover(const QPointF& position) override;
    void fit_axes() override { fit_graphs(0.03, true); }

private:
    const Quantity& quantity() const { return quantities[quantity_->currentIndex()]; }
    void show_frames();

    QComboBox* quantity_ = nullptr;
    QCheckBox* log_ = nullptr;
};

DepthPlot::DepthPlot(QWidget* parent) : CanvasPlot(parent) {
    quantity_ = new QComboBox;
    for (const Quantity& q : quantities) {
        quantity_->addItem(q.title);
        quantity_->setItemData(quantity_->count() - 1, QString::fromUtf8(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(quantities[0].help);
    log_ = new QCheckBox("Log");
    log_->setToolTip("Logarithmic vertical axis");
    controls().addWidget(quantity_);
    controls().addWidget(log_);
    connect(quantity_, &QComboBox::currentIndexChanged, this, [this] {
        quantity_->setToolTip(quantity().help);
        request_rebuild();
    });
    connect(log_, &QCheckBox::toggled, this, [this] { request_rebuild(); });
}

QJsonObject DepthPlot::state() const {
    QJsonObject state{{"quantity", quantity().id}, {"log", log_->isChecked()}};
    save_step(state);
    save_zoom(state);
    return state;
}

void DepthPlot::set_state(const QJsonObject& state) {
    const QString id = state["quantity"].toString();
    const auto found =
        std::find_if(std::begin(quantities), std::end(quantities), [&](const Quantity& q) { return id == q.id; });
    quantity_->setCurrentIndex(found == std::end(quantities) ? 0 : int(found - std::begin(quantities)));
    log_->setChecked(state["log"].toBool());
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString DepthPlot::problem_of(const RunRecord& record) const {
    if (!record.frame_steps(FrameKind::depth).empty()) return {};
    return QString("The run '%1' has recorded nothing of its depth yet.").arg(QString::fromStdString(record.name()));
}

void DepthPlot::rebuild() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    x->setLabel("Sublayer");
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->grid()->setVisible(false);
    y->setLabel(quantity().axis);
    y->setScaleType(log_->isChecked() ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setTicker(QSharedPointer<QCPAxisTicker>(log_->isChecked() ? new LogTicker : new QCPAxisTicker));
    y->setNumberFormat("g");
    y->setNumberPrecision(4);
    chart().clearGraphs();
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
    show_frames();
}

void DepthPlot::show_frames() {
    for (std::size_t i = 0; i < runs().size(); ++i) {
        const RunRecord& record = *runs()[i].record;
        // Runs record at different steps: each shows its last one up to the chosen step.
        const auto step = recorded_step(record.frame_steps(FrameKind::depth), wanted_step());
        const auto frame = step ? record.depth_frame(*step) : nullptr;
        QVector<double> keys, values;
        if (frame)
            for (const float value : (*frame).*quantity().field) {
                keys.append(double(keys.size() + 1));
                values.append(value);
            }
        chart().graph(int(i))->setData(keys, values, true);
    }
}

bool DepthPlot::show_hover(const QPointF& position) {
    return hover_graphs(position, [this](double key) {
        const std::size_t sublayer = std::size_t(std::lround(key)) - 1;
        std::size_t sublayers = 0;
        for (int i = 0; i < chart().graphCount(); ++i)
            sublayers = std::max(sublayers, std::size_t(chart().graph(i)->dataCount()));
        const bool has_final = quantity().field == &DepthFrame::state_rms;
        return QString("Sublayer %1, %2")
            .arg(sublayer + 1)
            .arg(router_label(sublayer, has_final ? sublayers : sublayers + 1));
    });
}

const Registration<PlotDescriptor> registration{{
    .id = "depth",
    .order = 4,
    .title = "Depth",
    .help = "The stream through depth at one step, for the ticked runs. Sublayers are numbered from 1; odd ones are "
            "attention, even ones the MLP. State: rms(h), what enters the sublayer. Update: rms(u), what it adds, u = "
            "f(RMSNorm(h)). Gradient: the L2 norm of its parameters' gradient before clipping.\nDrag to move, turn the "
            "wheel to zoom, double click to see everything.",
    .height_ratio = 0.62,
    .several_runs = true,
    .make = [](QWidget* parent) -> Plot* { return new DepthPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
