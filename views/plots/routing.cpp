// SPDX-License-Identifier: GPL-3.0-or-later
// Heatmaps of routing: what the user chooses, and what is shown when.
#include "views/plots/routing_plot.h"

#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QMouseEvent>
#include <QSignalBlocker>
#include <QToolButton>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/flow_layout.h"
#include "views/frame_problem.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr int click_distance = 3;  // pixels: less is no drag

}  // namespace

RoutingPlot::RoutingPlot(QWidget* parent) : CanvasPlot(parent), color_bar_(chart(), axes()) {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    y->setRangeReversed(true);
    row_ticker_.reset(new CategoryTicker(y));
    column_ticker_.reset(new CategoryTicker(x));
    y->setTicker(row_ticker_);
    heatmap_ = new Heatmap(x, y);
    row_strip_ = new KindStrip(y, 4);
    column_strip_ = new KindStrip(x, 4);
    router_mark_ = new QCPItemRect(&chart());
    router_mark_->setLayer("axes");
    router_mark_->setSelectable(false);
    make_controls();
    connect(&chart(), &QCustomPlot::mousePress, this, [this](QMouseEvent* event) { pressed_at_ = event->pos(); });
    connect(&chart(), &QCustomPlot::mouseRelease, this, [this](QMouseEvent* event) {
        if (over_time() || event->button() != Qt::LeftButton || !axes().rect().contains(event->pos())) return;
        if ((event->pos() - pressed_at_).manhattanLength() >= click_distance) return;
        const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(event->pos().y())));
        if (row < 0 || std::size_t(row) >= grid_.rows().size()) return;
        wanted_router_ = row + 1;
        router_->setCurrentIndex(row);
        show_router_mark();
        chart().replot(QCustomPlot::rpQueuedRefresh);
    });
}

void RoutingPlot::make_controls() {
    mode_ = new QComboBox;
    mode_->addItems({tr("One step"), tr("Over time")});
    mode_->setAccessibleName(tr("What is drawn"));
    mode_->setToolTip(
        tr("All routers at one step, or one router over all steps. A click on a row chooses that router."));
    router_ = new QComboBox;
    router_->setAccessibleName(tr("Router"));
    router_->setToolTip(tr("The router whose sources are drawn over time"));
    quantity_ = new QComboBox;
    quantity_->setAccessibleName(tr("Quantity"));
    for (const RoutingQuantity& q : routing_quantities()) {
        quantity_->addItem(translated(q.title));
        quantity_->setItemData(quantity_->count() - 1, translated(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(translated(quantity().help));
    picker_ = new ComparisonPicker(true);
    scale_ = new QComboBox;
    scale_->addItems({tr("Fixed"), tr("Fitted")});
    scale_->setAccessibleName(tr("Colour scale"));
    scale_->setToolTip(
        tr("The colour scale: fixed, so that steps compare (weights: 0 to 1; differences: the largest of the newest "
           "step), or fitted to the largest value that is drawn"));
    cividis_ = new QToolButton;
    cividis_->setCheckable(true);
    cividis_->setAccessibleName(tr("Colour map"));
    cividis_->setToolTip(
        tr("The colour map: Viridis, or Cividis, which looks the same with a colour vision deficiency. Differences are "
           "blue and red around white, which all can tell apart."));
    for (QComboBox* box : {mode_, router_, quantity_, static_cast<QComboBox*>(picker_), scale_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        controls().addWidget(box);
    }
    controls().addWidget(cividis_);
    for (QComboBox* box : {mode_, router_, quantity_, scale_})
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            quantity_->setToolTip(translated(quantity().help));
            request_rebuild();
        });
    connect(mode_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(router_, &QComboBox::activated, this, [this](int index) {
        wanted_router_ = index + 1;
        reset_zoom();
    });
    connect(picker_, &ComparisonPicker::comparison_changed, this, [this] { request_rebuild(); });
    connect(cividis_, &QToolButton::toggled, this, [this] {
        show_color_map();
        request_rebuild();
    });
    router_->setVisible(false);
    show_color_map();
}

void RoutingPlot::show_color_map() {
    cividis_->setIcon(QPixmap::fromImage(color_map_picture(sequential_map(), QSize(48, 12))));
    cividis_->setIconSize(QSize(32, 8));
}

QJsonObject RoutingPlot::state() const {
    QJsonObject state{{"mode", over_time() ? "time" : "step"},
                      {"quantity", quantity().id},
                      {"fitted", !fixed_scale()},
                      {"cividis", cividis_->isChecked()}};
    if (wanted_router_ > 0) state["router"] = wanted_router_;
    picker_->save(state);
    save_step(state);
    save_zoom(state);
    return state;
}

void RoutingPlot::set_state(const QJsonObject& state) {
    const QString id = state["quantity"].toString();
    int index = 0;
    for (std::size_t i = 0; i < routing_quantities().size(); ++i)
        if (id == routing_quantities()[i].id) index = int(i);
    quantity_->setCurrentIndex(index);
    mode_->setCurrentIndex(state["mode"].toString() == "time" ? 1 : 0);
    wanted_router_ = std::max(0, state["router"].toInt());
    scale_->setCurrentIndex(state["fitted"].toBool() ? 1 : 0);
    cividis_->setChecked(state["cividis"].toBool());
    picker_->load(state);
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString RoutingPlot::invitation() const {
    return tr(
        "Which earlier block each sublayer reads: the routing weights of every router on every source appear "
        "here, from step 0 on. Press Start.");
}

QString RoutingPlot::problem_of(const RunRecord& record) const {
    const QString name = QString::fromStdString(record.name());
    if (record.description().routing.empty()) {
        if (record.description().experiment.empty()) return invitation();
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(name, QString::fromStdString(record.experiment().model.method));
    }
    if (record.frame_steps(FrameKind::routing).empty())
        return tr("The run '%1' has recorded no routing yet.").arg(name);
    // In the window another router or run is shown instead; a figure is what was asked for, or none.
    if (!style().print) return {};
    const std::size_t routers = record.description().routing.routers.size();
    if (std::size_t(wanted_router_) > routers)
        return tr("The run '%1' has no router %2; it has 1 to %3.").arg(name).arg(wanted_router_).arg(routers);
    return comparison_problem();
}

QString RoutingPlot::comparison_problem() const {
    if (picker_->wanted_run().empty()) return {};
    const QString wanted = QString::fromStdString(picker_->wanted_run());
    for (const DrawnRun& run : runs()) {
        if (run.record.get() == focused_run() || run.record->name() != picker_->wanted_run()) continue;
        if (run.record->description().routing.empty())
            return tr("The run '%1' uses the method %2, which has no routing to compare with.")
                .arg(wanted, QString::fromStdString(run.record->experiment().model.method));
        if (run.record->frame_steps(FrameKind::routing).empty())
            return tr("The run '%1' has recorded no routing yet.").arg(wanted);
        return {};
    }
    return tr("The run '%1' to compare with is not among those that are drawn.").arg(wanted);
}

QString RoutingPlot::problem_of_frames() const {
    if (!over_time()) {
        for (const Side& side : sides_)
            if (side.step && !side.frame) return frame_problem(*side.record, FrameKind::routing, *side.step);
        for (const Side& side : sides_)
            if (side.frame && !is_recorded(*side.frame))
                return tr("The run '%1' was recorded by a version that did not keep this quantity (%2).")
                    .arg(QString::fromStdString(side.record->name()), translated(quantity().title));
        return {};
    }
    for (int side = 0; side < history_.sides(); ++side)
        if (history_.complete() && history_.side(side).known().empty() && !history_.side(side).wanted().empty())
            return frame_problem(*history_.run(side), FrameKind::routing, history_.side(side).wanted().back());
    return {};
}

void RoutingPlot::forget() {
    history_.forget();
    sides_[0] = sides_[1] = {};
    comparison_ = {};
}

void RoutingPlot::rebuild() {
    offer_choices();
    find_sides();
    const RunRecord* other = comparison_.run;
    grid_ = RoutingGrid(focused_run()->description().routing, other ? &other->description().routing : nullptr);
    row_ = grid_.rows().size() - 1;
    if (wanted_router_ > 0) row_ = std::min(row_, std::size_t(wanted_router_ - 1));
    QStringList names;
    for (const RoutingGrid::Row& row : grid_.rows())
        names << tr("%1: %2", "router").arg(names.size() + 1).arg(row.label);
    {
        const QSignalBlocker blocker(router_);
        router_->clear();
        router_->addItems(names);
        router_->setCurrentIndex(int(row_));
    }
    router_->setVisible(over_time());
    set_up_axes();
    if (over_time())
        show_history();
    else
        show_frames();
    set_up_legend();
    show_router_mark();
}

void RoutingPlot::refresh(const RecordChanges&) {
    const bool other_layout = focused_run()->description().routing != grid_.layout(0) ||
                              (comparison_.run && comparison_.run->description().routing != grid_.layout(1));
    if (other_layout) {
        rebuild();
        return;
    }
    offer_choices();
    find_sides();
    if (over_time())
        show_history();
    else
        show_frames();
    if (compares()) set_up_legend();
}

bool RoutingPlot::show_wanted_step() {
    if (over_time()) return false;
    offer_choices();
    find_sides();
    show_frames();
    if (compares()) set_up_legend();
    return true;
}

void RoutingPlot::offer_choices() {
    std::vector<DrawnRun> routed;
    for (const DrawnRun& run : runs())
        if (!run.record->frame_steps(FrameKind::routing).empty() && !run.record->description().routing.empty())
            routed.push_back(run);
    const std::vector<std::int64_t>& steps = focused_run()->frame_steps(FrameKind::routing);
    picker_->set_choices(routed, focused_run(), steps.front(), recorded_step(steps, wanted_step()));
    comparison_ = picker_->comparison();
}

namespace {

const Registration<PlotDescriptor> registration{{
    .id = "routing",
    .order = 2,
    .title = WAVLAB_TEXT("Routing"),
    .help = WAVLAB_TEXT(
        "Which source each router reads, for the focused run. Rows: the routers, before every attention and MLP "
        "sublayer and before the final norm. Columns: the sources. Blank cells do not exist.\n"
        "Weight α: softmax over a router's sources i of w·k_i + β, with the learned query w, the normalised key k_i "
        "= RMSNorm(v_i) γ and a bias β on details; the mean over the tokens of the step's first microbatch. The "
        "mixed state is h = Σ α_i v_i.\n"
        "Contribution: mean of ‖α v‖. Attribution: −Σ α v·G with G = dL/dh, to first order what zeroing the source "
        "there would add to the training loss. Effective sources: exp of the mean entropy of α, 1 when one source is "
        "read, "
        "the number of sources when all are read alike.\n"
        "Over time: the sources of one router at every recorded step. Compared with another ticked run or another "
        "step: what this run has more (red) or less (blue).\n"
        "Drag to move, turn the wheel to zoom, double click to see everything; a click on a row chooses the router "
        "that is drawn over time."),
    .height_ratio = 0.8,
    .several_runs = false,
    .quantities = {"weight", "contribution", "attribution", "relative", "spread"},
    .modes = {"step", "time"},
    .compares = true,
    .make = [](QWidget* parent) -> Plot* { return new RoutingPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
