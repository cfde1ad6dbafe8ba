// SPDX-License-Identifier: GPL-3.0-or-later
// Causal probes: what the user chooses, and which probe is shown.
#include <algorithm>

#include <QCheckBox>
#include <QComboBox>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/flow_layout.h"
#include "views/plots/probe_plot.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr int lowest_lines = 26;

const char* const mode_ids[] = {"heatmaps", "scatter", "families"};

}  // namespace

ProbePlot::ProbePlot(QWidget* parent) : CanvasPlot(parent) {
    make_controls();
    add_panels();
}

void ProbePlot::make_controls() {
    mode_ = new QComboBox;
    mode_->addItems({tr("Heatmaps"), tr("Estimate"), tr("Families")});
    mode_->setAccessibleName(tr("What is drawn"));
    mode_->setToolTip(
        tr("Every source at every router beside its weight and contribution; the first-order estimate against the "
           "exact change of the loss; or whole families of sources, in all of the depth and in bands of it"));
    removal_ = new QComboBox;
    removal_->addItems({tr("Set to zero"), tr("Renormalised")});
    removal_->setAccessibleName(tr("Removal"));
    removal_->setToolTip(
        tr("What becomes of a router's other sources: they keep their weights, h − α v, or their weights are scaled so "
           "that they sum to 1 again, (h − α v) / (1 − α)"));
    picker_ = new ProbePicker;
    log_ = new QCheckBox(tr("Log"));
    log_->setToolTip(
        tr("Changes of the loss on a scale that is logarithmic on both sides of zero, and linear below a "
           "thousandth of the largest"));
    for (QComboBox* box : {mode_, removal_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        controls().addWidget(box);
        connect(box, &QComboBox::currentIndexChanged, this, [this] { request_rebuild(); });
    }
    controls().addWidget(log_);
    controls().addWidget(picker_);
    connect(mode_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(log_, &QCheckBox::toggled, this, [this] {
        if (mode() != Mode::heatmaps) reset_zoom();
        request_rebuild();
    });
    connect(picker_, &ProbePicker::chosen, this, [this] { request_rebuild(); });
}

ProbePlot::Mode ProbePlot::mode() const { return Mode(mode_->currentIndex()); }

Removal ProbePlot::removal() const { return removal_->currentIndex() == 1 ? Removal::renormalise : Removal::zero; }

const std::vector<ProbeEffect>& ProbePlot::effects() const {
    return removal() == Removal::zero ? probe_->zero : probe_->renormalise;
}

std::vector<double> ProbePlot::exact() const {
    std::vector<double> values;
    for (const ProbeEffect& effect : effects()) values.push_back(effect.delta_loss);
    return values;
}

QJsonObject ProbePlot::state() const {
    QJsonObject state{{"mode", mode_ids[mode_->currentIndex()]},
                      {"quantity", QString::fromStdString(to_string(removal()))},
                      {"log", log_->isChecked()}};
    if (!picker_->key().isEmpty()) state["probe"] = picker_->key();
    save_step(state);
    save_zoom(state);
    return state;
}

void ProbePlot::set_state(const QJsonObject& state) {
    int mode = 0;
    for (int i = 0; i < int(std::size(mode_ids)); ++i)
        if (state["mode"].toString() == QLatin1String(mode_ids[i])) mode = i;
    mode_->setCurrentIndex(mode);
    removal_->setCurrentIndex(state["quantity"].toString() == "renormalise" ? 1 : 0);
    log_->setChecked(state["log"].toBool());
    picker_->set_key(state["probe"].toString());
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString ProbePlot::invitation() const {
    return tr(
        "Whether what routers read matters: what the loss does when a router must do without one of its sources. "
        "Press Start for a first run, then choose Checkpoints > Probe the routing.");
}

QString ProbePlot::problem_of(const RunRecord& record) const {
    const QString name = QString::fromStdString(record.name());
    if (record.description().routing.empty()) {
        if (record.description().experiment.empty()) return invitation();
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(name, QString::fromStdString(record.experiment().model.method));
    }
    const bool none = kept_.of(record).empty();
    if (none && !kept_.problem().isEmpty()) return kept_.problem();
    if (none)
        return tr("The run '%1' has not been probed yet. Checkpoints > Probe the routing, or the command wavlab probe "
                  "%1, removes every source at every router of a checkpoint and measures what the loss does.")
            .arg(name);
    return {};
}

QString ProbePlot::problem_of_frames() const {
    if (!probe_) return {};
    const auto none = [&](const QString& what) {
        return tr("The probe of step %1 has measured no %2. Probe this checkpoint again with them.")
            .arg(probe_->step)
            .arg(what);
    };
    if (mode() == Mode::families) return bars_.empty() ? none(tr("families of sources")) : QString();
    return probe_->zero.empty() ? none(tr("single sources, only families")) : QString();
}

void ProbePlot::forget() {
    kept_.forget();
    probe_.reset();
    bars_.clear();
}

void ProbePlot::find_probe() {
    const std::vector<ProbeCache::Probe>& all = kept_.of(*focused_run());
    picker_->set_probes(all);
    probe_ = shown_probe(all, wanted_step(), picker_->key());
}

bool ProbePlot::show_wanted_step() {
    const ProbeCache::Probe before = probe_;
    if (shown_probe(kept_.of(*focused_run()), wanted_step(), picker_->key()) == before) return false;
    rebuild();
    return true;
}

bool ProbePlot::is_low() const { return !style().print && height() < lowest_lines * fontMetrics().height(); }

void ProbePlot::resizeEvent(QResizeEvent* event) {
    CanvasPlot::resizeEvent(event);
    if (is_low() != low_) request_rebuild();
}

void ProbePlot::rebuild() {
    find_probe();
    low_ = is_low();
    for (QCPAbstractPlottable* part : chart_parts_) chart().removePlottable(part);
    chart_parts_.clear();
    bars_.clear();
    if (!probe_) return;
    routing_ = RoutingGrid(probe_->layout);
    first_cells_.clear();
    std::size_t cell = 0;
    for (const auto& sources : probe_->layout.routers) {
        first_cells_.push_back(cell);
        cell += sources.size();
    }
    style_axes(axes());
    lay_out_panels(mode() == Mode::heatmaps);
    if (mode() == Mode::families)
        show_families();
    else if (probe_->zero.empty())
        legend().set_entries({});
    else if (mode() == Mode::heatmaps)
        show_maps();
    else
        show_scatter();
}

void ProbePlot::name_probe(std::vector<LegendStrip::Entry>& entries) const {
    if (style().print || (low_ && mode() != Mode::heatmaps)) return;  // the caption or the table says it
    LegendStrip::Entry entry;
    entry.heading = true;
    entry.text = tr("%1, %2").arg(QString::fromStdString(focused_run()->name()), probe_title(*probe_));
    entries.push_back(entry);
}

void ProbePlot::name_kinds(std::vector<LegendStrip::Entry>& entries, const std::vector<SourceKind>& kinds) const {
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial}) {
        if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) continue;
        LegendStrip::Entry entry;
        entry.text = translated(kind_title(kind));
        entry.swatch = source_color(kind, style());
        entries.push_back(entry);
    }
}

bool ProbePlot::show_hover(const QPointF& position) {
    if (!probe_) return false;
    if (mode() == Mode::heatmaps) return hover_maps(position);
    return mode() == Mode::scatter ? hover_scatter(position) : hover_families(position);
}

void ProbePlot::fit_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    if (mode() == Mode::heatmaps) {
        x->setRange(-0.5, std::max(1.0, double(routing_.columns().size())) - 0.5);
        y->setRange(-0.5, std::max(1.0, double(routing_.rows().size())) - 0.5);
        return;
    }
    x->setRange(chart_keys_);
    y->setRange(chart_values_);
}

namespace {

const Registration<PlotDescriptor> registration{{
    .id = "probe",
    .order = 5,
    .title = WAVLAB_TEXT("Probes"),
    .help = WAVLAB_TEXT(
        "Whether what a router reads matters. A probe takes one source away from one router, or all sources of a "
        "family in a band of depth, and measures the change of the loss in nats per token: Δloss above zero, the model "
        "needs it; below zero, it does better without.\n"
        "Set to zero: h − α v. Renormalised: (h − α v) / (1 − α), so that the weights sum to 1 again. Beside it the "
        "weight α and the contribution ‖α v‖, means over the tokens, and how well their order agrees with that of "
        "Δloss: Spearman's rank correlation ρ over n cells, 1 when both orders are the same.\n"
        "Estimate: the first-order one, −Σ α v·G over the tokens with G = dL/dh, which costs nothing while a run "
        "trains, against the exact change.\n"
        "Drag to move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.7,
    .several_runs = false,
    .quantities = {"zero", "renormalise"},
    .modes = {"heatmaps", "scatter", "families"},
    .make = [](QWidget* parent) -> Plot* { return new ProbePlot(parent); },
}};

}  // namespace

}  // namespace wavlab
