// SPDX-License-Identifier: GPL-3.0-or-later
// Block summaries and WAV's details of the focused run: RMS, matching scale, cosine and biases, by block or over time.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>

#include <qcustomplot.h>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/flow_layout.h"
#include "views/frame_history.h"
#include "views/frame_problem.h"
#include "views/plots/detail_quantities.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr std::size_t most_points = 500;  // over time
constexpr std::size_t most_markers = 40;  // through depth

class DetailsPlot final : public CanvasPlot {
    Q_DECLARE_TR_FUNCTIONS(DetailsPlot)

public:
    explicit DetailsPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override {
        return over_time() || !focused_run()
                   ? std::nullopt
                   : recorded_step(focused_run()->frame_steps(FrameKind::details), wanted_step());
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override { show_frames(); }
    bool show_wanted_step() override {
        if (over_time()) return false;
        show_frames();
        return true;
    }
    std::optional<double> key_of_step(std::int64_t step) const override {
        return over_time() ? std::optional(double(step)) : std::nullopt;
    }
    bool concerns(const RecordChanges& changes) const override { return changes.details; }
    void forget() override { read_from_ = nullptr; }
    bool load(std::chrono::milliseconds time) override {
        history_.advance(time);
        return !over_time() || history_.complete();
    }
    void show_loaded() override { show_history(); }
    QString problem_of(const RunRecord& record) const override;
    QString problem_of_frames() const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    bool over_time() const { return over_->currentIndex() == 1; }
    const DetailQuantity& quantity() const { return detail_quantities()[std::size_t(quantity_->currentIndex())]; }
    std::size_t places(const DetailFrame& frame) const;
    void set_up_places(const RunRecord& record);
    void set_up_graphs(const RunRecord& record);
    void show_frames();
    void show_by_place(const DetailFrame& frame);
    void show_over_time(const RunRecord& record);
    void show_history();

    QComboBox* quantity_ = nullptr;
    QComboBox* over_ = nullptr;
    QComboBox* place_ = nullptr;  ///< block or router over time; the first entry is the mean
    QCheckBox* log_ = nullptr;
    ReferenceLines* zero_ = nullptr;
    FrameHistory<std::shared_ptr<const DetailFrame>> history_;  ///< of the frames over time
    const RunRecord* read_from_ = nullptr;
    std::vector<LegendStrip::Entry> series_;  ///< of the legend
    int wanted_place_ = 0;
};

DetailsPlot::DetailsPlot(QWidget* parent) : CanvasPlot(parent) {
    zero_ = new ReferenceLines(&axes());
    quantity_ = new QComboBox;
    for (const DetailQuantity& q : detail_quantities()) {
        quantity_->addItem(translated(q.title));
        quantity_->setItemData(quantity_->count() - 1, translated(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(translated(detail_quantities()[0].help));
    over_ = new QComboBox;
    over_->addItems({tr("One step"), tr("Over time")});
    over_->setToolTip(tr("Every block (or router) at one step, or one of them over all steps"));
    over_->setAccessibleName(tr("What is drawn"));
    quantity_->setAccessibleName(tr("Quantity"));
    place_ = new QComboBox;
    place_->setToolTip(tr("The block (or router) whose values are drawn over time"));
    place_->setAccessibleName(tr("Block or router"));
    log_ = new QCheckBox(tr("Log"));
    log_->setToolTip(tr("Logarithmic vertical axis"));
    for (QComboBox* box : {quantity_, over_, place_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        box->setMinimumWidth(56);  // a narrow window cuts the text rather than growing
        controls().addWidget(box);
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            quantity_->setToolTip(translated(quantity().help));
            request_rebuild();
        });
    }
    connect(over_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(place_, &QComboBox::activated, this, [this](int index) { wanted_place_ = index; });
    connect(log_, &QCheckBox::toggled, this, [this] { request_rebuild(); });
    controls().addWidget(log_);
    place_->setVisible(false);
}

QJsonObject DetailsPlot::state() const {
    QJsonObject state{{"quantity", quantity().id},
                      {"over", over_time() ? "time" : "depth"},
                      {"place", wanted_place_},
                      {"log", log_->isChecked()}};
    save_step(state);
    save_zoom(state);
    return state;
}

void DetailsPlot::set_state(const QJsonObject& state) {
    const QString id = state["quantity"].toString();
    int index = 0;
    for (std::size_t i = 0; i < detail_quantities().size(); ++i)
        if (id == detail_quantities()[i].id) index = int(i);
    quantity_->setCurrentIndex(index);
    over_->setCurrentIndex(state["over"].toString() == "time" ? 1 : 0);
    wanted_place_ = state["place"].toInt();
    log_->setChecked(state["log"].toBool());
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString DetailsPlot::invitation() const {
    return tr(
        "The RMS of block summaries and of WAV's phase and split details appear here, block by block. Press Start.");
}

QString DetailsPlot::problem_of(const RunRecord& record) const {
    const QString name = QString::fromStdString(record.name());
    const QString method = QString::fromStdString(record.experiment().model.method);
    if (record.description().experiment.empty()) return invitation();
    if (record.description().routing.empty())
        return tr("The run '%1' uses the method %2, which has no block summaries and no details.").arg(name, method);
    const std::vector<std::int64_t>& steps = record.frame_steps(FrameKind::details);
    if (steps.empty()) return tr("The run '%1' has recorded no details yet.").arg(name);
    const auto frame = record.detail_frame(steps.back());
    if (!frame) return {};
    for (const DetailSeries& series : quantity().series) {
        const std::vector<float>& values = (*frame).*series.field;
        if (std::any_of(values.begin(), values.end(), [](float v) { return !std::isnan(v); })) return {};
    }
    return tr("The run '%1' uses the method %2, which has no details; choose RMS to see its block summaries.")
        .arg(name, method);
}

QString DetailsPlot::problem_of_frames() const {
    if (!over_time()) {
        const auto step = shown_step();
        return step ? frame_problem(*focused_run(), FrameKind::details, *step) : QString();
    }
    const bool nothing = history_.complete() && history_.known().empty() && !history_.wanted().empty();
    return nothing ? frame_problem(*focused_run(), FrameKind::details, history_.wanted().back()) : QString();
}

std::size_t DetailsPlot::places(const DetailFrame& frame) const {
    std::size_t most = 0;
    for (const DetailSeries& series : quantity().series) most = std::max(most, (frame.*series.field).size());
    return most;
}

void DetailsPlot::rebuild() {
    const RunRecord& record = *focused_run();
    place_->setVisible(over_time());
    log_->setEnabled(!quantity().around_zero);
    set_up_places(record);
    set_up_graphs(record);
    show_frames();
}

void DetailsPlot::set_up_places(const RunRecord& record) {
    const std::vector<std::int64_t>& steps = record.frame_steps(FrameKind::details);
    const auto frame = steps.empty() ? nullptr : record.detail_frame(steps.back());
    const std::size_t count = frame ? places(*frame) : 0;
    QStringList names{quantity().per_router ? tr("Mean of routers") : tr("Mean of blocks")};
    for (std::size_t i = 0; i < count; ++i)
        names << (quantity().per_router ? router_label(i, count) : tr("Block %1").arg(i + 1));
    const QSignalBlocker blocker(place_);
    place_->clear();
    place_->addItems(names);
    place_->setCurrentIndex(wanted_place_ < names.size() ? wanted_place_ : 0);
}

void DetailsPlot::set_up_graphs(const RunRecord& record) {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    x->setLabel(over_time() ? tr("Step") : quantity().per_router ? tr("Router") : tr("Block"));
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->grid()->setVisible(false);
    QString label = translated(over_time() ? quantity().short_axis : quantity().axis);
    if (over_time() && place_->currentIndex() == 0)
        label = (quantity().per_router ? tr("%1, mean of routers") : tr("%1, mean of blocks")).arg(label);
    if (over_time() && place_->currentIndex() > 0)
        label = tr("%1, %2", "quantity, block").arg(label, place_->currentText().toLower());
    y->setLabel(label);
    const bool logarithmic = log_->isChecked() && !quantity().around_zero;
    y->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new LogTicker)
                             : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    y->setNumberFormat("g");
    y->setNumberPrecision(4);
    zero_->set_style(style());
    zero_->set_lines(quantity().around_zero ? std::vector<ReferenceLines::Line>{{0, "", false}}
                                            : std::vector<ReferenceLines::Line>{});

    const std::vector<std::int64_t>& steps = record.frame_steps(FrameKind::details);
    const auto newest = steps.empty() ? nullptr : record.detail_frame(steps.back());
    chart().clearGraphs();
    std::vector<LegendStrip::Entry> entries;
    for (const DetailSeries& series : quantity().series) {
        QCPGraph* graph = chart().addGraph();
        const QColor color = source_color(series.kind, style());
        QPen pen(color, style().line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
        // Matched details lie on their summary: their dashes alternate on its broad line.
        if (series.look == DetailSeries::broad) pen.setWidthF(style().line_width * 2.2);
        if (series.look == DetailSeries::matched) {
            pen.setDashPattern({2.5, 4.5});
            pen.setDashOffset(series.kind == SourceKind::split ? 3.5 : 0);
        }
        graph->setPen(pen);
        if (!over_time() && newest && places(*newest) <= most_markers) {
            const QBrush filling(series.look == DetailSeries::matched ? style().ground : color);
            const auto shape = series.kind == SourceKind::phase   ? QCPScatterStyle::ssSquare
                               : series.kind == SourceKind::split ? QCPScatterStyle::ssTriangle
                                                                  : QCPScatterStyle::ssCircle;
            const double size = style().marker_size * (series.look == DetailSeries::broad ? 1.4 : 1);
            graph->setScatterStyle({shape, QPen(color, style().thin_line_width), filling, size});
        }
        graph->setName(translated(series.name));
        const bool exists = newest && std::any_of(((*newest).*series.field).begin(), ((*newest).*series.field).end(),
                                                  [](float v) { return !std::isnan(v); });
        if (exists) entries.push_back({graph->name(), pen, graph->scatterStyle()});
    }
    series_ = entries;
    legend().set_entries(std::move(entries));
}

void DetailsPlot::show_frames() {
    const RunRecord& record = *focused_run();
    if (over_time()) {
        show_over_time(record);
    } else if (const auto step = shown_step()) {
        if (const auto frame = record.detail_frame(*step)) show_by_place(*frame);
    }
}

void DetailsPlot::show_by_place(const DetailFrame& frame) {
    for (int i = 0; i < chart().graphCount(); ++i) {
        const std::vector<float>& values = frame.*quantity().series[std::size_t(i)].field;
        QVector<double> keys, numbers;
        for (std::size_t place = 0; place < values.size(); ++place) {
            keys.append(double(place + 1));
            numbers.append(values[place]);
        }
        chart().graph(i)->setData(keys, numbers, true);
    }
}

void DetailsPlot::show_over_time(const RunRecord& record) {
    if (read_from_ != &record) {
        read_from_ = &record;
        history_.restart([&record](std::int64_t step) -> std::optional<std::shared_ptr<const DetailFrame>> {
            auto frame = record.detail_frame(step);
            return frame ? std::optional(std::move(frame)) : std::nullopt;
        });
    }
    history_.want(thinned_steps(record.frame_steps(FrameKind::details), most_points));
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_history();
}

void DetailsPlot::show_history() {
    if (!over_time()) return;
    const int place = place_->currentIndex() - 1;
    for (int i = 0; i < chart().graphCount(); ++i) {
        QVector<double> keys, numbers;
        for (const std::int64_t step : history_.wanted()) {
            const auto found = history_.known().find(step);
            if (found == history_.known().end()) {
                // Curves have a gap where a frame cannot be read, and none where it is not read yet.
                if (!history_.is_unreadable(step)) continue;
                keys.append(double(step));
                numbers.append(std::nan(""));
                continue;
            }
            const std::vector<float>& values = (*found->second).*quantity().series[std::size_t(i)].field;
            double sum = 0;
            int count = 0;
            for (std::size_t j = 0; j < values.size(); ++j) {
                if (std::isnan(values[j]) || (place >= 0 && int(j) != place)) continue;
                sum += values[j];
                ++count;
            }
            keys.append(double(step));
            numbers.append(count > 0 ? sum / count : std::nan(""));
        }
        chart().graph(i)->setData(keys, numbers, true);
    }
    std::vector<LegendStrip::Entry> entries = series_;
    if (const auto steps = history_.unreadable(); !steps.empty()) {
        entries.push_back(unreadable_entry(*focused_run(), FrameKind::details, steps, style()));
        entries.back().swatch = QColor();
        entries.back().heading = true;
    }
    legend().set_entries(std::move(entries));
}

void DetailsPlot::fit_axes() { fit_graphs(over_time() ? 0.015 : 0.04, !quantity().around_zero); }

bool DetailsPlot::show_hover(const QPointF& position) {
    return hover_graphs(position, [this](double key) {
        const int place = int(std::lround(key));
        if (over_time()) return tr("step %1").arg(place);
        if (!quantity().per_router) return tr("Block %1").arg(place);
        return tr("Router before %1")
            .arg(router_label(std::size_t(place - 1), focused_run()->description().routing.routers.size()));
    });
}

const Registration<PlotDescriptor> registration{{
    .id = "details",
    .order = 3,
    .title = WAVLAB_TEXT("Details"),
    .help = WAVLAB_TEXT(
        "What routers of the focused run can read of each block. Summary: b = Σ u over the block's sublayers. Phase: "
        "p = Σ c u with c positive on attention and negative on MLP sublayers. Split: s = Σ c u with c positive on "
        "the first half and negative on the second. The c of a detail sum to zero.\n"
        "RMS matching: a detail enters the routers as p · rms(b) / (rms(p) + 1e-6), so that it is as long as its "
        "summary; rms(v) = sqrt(mean of v²) over the channels, per token.\nBias β: added to a detail's logit in "
        "each router, learned, -2 at the start.\nDrag to move, turn the wheel to zoom, double click to see "
        "everything."),
    .height_ratio = 0.62,
    .several_runs = false,
    .quantities = {"rms", "scale", "cosine", "bias"},
    .make = [](QWidget* parent) -> Plot* { return new DetailsPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
