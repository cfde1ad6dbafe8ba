// SPDX-License-Identifier: GPL-3.0-or-later
// Heatmaps of the focused run's routing: which router reads which source, at one step or one router over time; alone,
// or as the difference to another run or step.
#include <algorithm>
#include <cmath>
#include <iterator>

#include <QComboBox>
#include <QMouseEvent>
#include <QSignalBlocker>
#include <QToolButton>

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
#include "views/routing_grid.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr std::size_t most_printed_columns = 400;  // over time
constexpr int click_distance = 3;                  // pixels: less is no drag

class RoutingPlot final : public CanvasPlot {
    Q_DECLARE_TR_FUNCTIONS(RoutingPlot)

public:
    explicit RoutingPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override { return over_time() ? std::nullopt : sides_[0].step; }

protected:
    void rebuild() override;
    void refresh(const RecordChanges& changes) override;
    bool concerns(const RecordChanges& changes) const override { return changes.routing; }
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
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    /// A run at the step at which it is shown or compared.
    struct Side {
        const RunRecord* record = nullptr;
        std::optional<std::int64_t> step;
        std::shared_ptr<const RoutingFrame> frame;
    };

    void make_controls();
    void show_color_map();
    ColorMap sequential_map() const { return cividis_->isChecked() ? ColorMap::cividis : ColorMap::viridis; }
    bool over_time() const { return mode_->currentIndex() == 1; }
    bool compares() const { return comparison_.kind != Comparison::Kind::none; }
    bool fixed_scale() const { return scale_->currentIndex() == 0; }
    const RoutingQuantity& quantity() const { return routing_quantities()[std::size_t(quantity_->currentIndex())]; }
    QString comparison_problem() const;
    void offer_choices();
    void set_up_axes();
    void set_up_step_axes();
    void set_up_time_axes();
    void set_up_legend();
    void show_router_mark();

    std::optional<double> value(const std::optional<RoutingCell>& first,
                                const std::optional<RoutingCell>& second) const;
    std::vector<double> cells_of(const RoutingFrame* first, const RoutingFrame* second) const;
    void find_sides();
    void show_frames();
    void show_history();
    void show_columns();
    void start_history(int side, const RunRecord& record, std::vector<std::int64_t> steps);
    std::optional<RoutingCell> cell_at(int side, std::size_t source, std::int64_t step) const;
    void show_scale(const std::vector<double>& cells);
    QString side_name(int side) const;
    /// `hovered_step`: over time.
    HoverBox::Content describe(const std::optional<RoutingCell>& first, const std::optional<RoutingCell>& second,
                               const Source& source, std::int64_t hovered_step = 0) const;
    bool hover_frames(const QPointF& position);
    bool hover_history(const QPointF& position);

    QComboBox* mode_ = nullptr;
    QComboBox* router_ = nullptr;
    QComboBox* quantity_ = nullptr;
    ComparisonPicker* picker_ = nullptr;
    QComboBox* scale_ = nullptr;
    QToolButton* cividis_ = nullptr;
    Heatmap* heatmap_ = nullptr;
    ColorBar color_bar_;
    KindStrip* row_strip_ = nullptr;
    KindStrip* column_strip_ = nullptr;
    QCPItemRect* router_mark_ = nullptr;
    QSharedPointer<CategoryTicker> row_ticker_;
    QSharedPointer<CategoryTicker> column_ticker_;

    RoutingGrid grid_;
    Comparison comparison_;
    Side sides_[2];                           ///< the focused run, and what it is compared with
    int wanted_router_ = 0;                   ///< from 1, as it is named; 0: the last
    std::size_t row_ = 0;                     ///< the router that is shown over time
    std::vector<std::size_t> shown_sources_;  ///< columns of the grid that are its rows then
    FrameHistory<RouterValues> histories_[2];
    const RunRecord* read_from_[2] = {nullptr, nullptr};
    std::size_t read_row_ = 0;
    QPoint pressed_at_;
};

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

void RoutingPlot::forget() {
    for (int side = 0; side < 2; ++side) {
        read_from_[side] = nullptr;
        sides_[side] = {};
    }
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

void RoutingPlot::find_sides() {
    const auto find = [](const RunRecord& record, std::optional<std::int64_t> wanted) {
        Side side{&record, recorded_step(record.frame_steps(FrameKind::routing), wanted), nullptr};
        if (side.step) side.frame = record.routing_frame(*side.step);
        return side;
    };
    sides_[0] = find(*focused_run(), wanted_step());
    sides_[1] = {};
    if (comparison_.kind == Comparison::Kind::run) sides_[1] = find(*comparison_.run, wanted_step());
    if (comparison_.kind == Comparison::Kind::step) sides_[1] = find(*focused_run(), comparison_.step);
}

void RoutingPlot::set_up_axes() {
    color_bar_.set_style(style(), [this](QCPAxisRect& axes) { style_axes(axes); });
    const double strip_room = style().px(7);
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
        QCPAxis* axis = axes().axis(type);
        const bool steps = over_time() && type == QCPAxis::atBottom;
        axis->setTickLength(0, steps ? style().ipx(4) : 0);
        axis->setBasePen(Qt::NoPen);
        axis->setSubTickPen(Qt::NoPen);
        if (!steps) axis->setTickPen(Qt::NoPen);
        axis->setTickLabelPadding(int((steps ? 0 : strip_room) + style().px(2)));
        axis->grid()->setVisible(false);
    }
    row_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());
    column_ticker_->set_spacing(QFontMetricsF(style().tick_font).height());
    heatmap_->set_style(style());
    row_strip_->set_style(style());
    column_strip_->set_style(style());
    if (over_time())
        set_up_time_axes();
    else
        set_up_step_axes();
}

void RoutingPlot::set_up_step_axes() {
    std::vector<CategoryTicker::Category> rows, columns;
    std::vector<QColor> row_colors, column_colors;
    for (const RoutingGrid::Row& row : grid_.rows()) {
        const int level = row.kind == RouterKind::final_norm ? 0 : row.kind == RouterKind::attention ? 1 : 2;
        rows.push_back({row.label, level});
        row_colors.push_back(router_color(row.kind, style()));
    }
    for (const Source& source : grid_.columns()) {
        const bool alone = source.block == 0;
        columns.push_back({source_label(source), alone ? 0 : source.kind == SourceKind::block ? 1 : 2});
        column_colors.push_back(source_color(source.kind, style()));
    }
    row_ticker_->set_categories(std::move(rows));
    column_ticker_->set_categories(std::move(columns));
    row_strip_->set_colors(std::move(row_colors));
    column_strip_->set_colors(std::move(column_colors));
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    x->setTicker(column_ticker_);
    x->setTickLabelRotation(-90);
    x->setLabel(tr("Source"));
    axes().axis(QCPAxis::atLeft)->setLabel(tr("Router before"));
}

void RoutingPlot::set_up_time_axes() {
    shown_sources_.clear();
    std::vector<CategoryTicker::Category> rows;
    std::vector<QColor> colors;
    for (std::size_t column = 0; column < grid_.columns().size(); ++column) {
        if (!grid_.source(0, row_, column) && !(grid_.compares() && grid_.source(1, row_, column))) continue;
        const Source& source = grid_.columns()[column];
        shown_sources_.push_back(column);
        rows.push_back({source_label(source), source.block == 0 ? 0 : source.kind == SourceKind::block ? 1 : 2});
        colors.push_back(source_color(source.kind, style()));
    }
    row_ticker_->set_categories(std::move(rows));
    row_strip_->set_colors(std::move(colors));
    column_strip_->set_colors({});
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->setTickLabelRotation(0);
    x->setLabel(tr("Step"));
    axes().axis(QCPAxis::atLeft)->setLabel(tr("Source"));
}

QString RoutingPlot::side_name(int side) const {
    const Side& shown = sides_[side];
    const QString name = shown.record ? QString::fromStdString(shown.record->name()) : QString();
    const bool moves = over_time() && !(side == 1 && comparison_.kind == Comparison::Kind::step);
    return moves || !shown.step ? name : tr("%1, step %2").arg(name).arg(*shown.step);
}

void RoutingPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries;
    const auto add = [&](const QString& text, const QColor& color = QColor()) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.swatch = color;
        entry.heading = !color.isValid();
        entries.push_back(entry);
    };
    if (over_time())
        add(tr("Router %1, %2").arg(row_ + 1).arg(router_place(grid_.rows()[row_].kind, grid_.rows()[row_].layer)));
    if (compares()) add(tr("%1 minus %2").arg(side_name(0), side_name(1)));
    bool lonely = false;
    for (std::size_t row = 0; grid_.compares() && row < grid_.rows().size(); ++row)
        for (std::size_t column = 0; column < grid_.columns().size(); ++column)
            lonely |= (!over_time() || row == row_) && grid_.is_lonely(row, column);
    if (lonely) add(tr("in one run only"), Heatmap::hatch_color(style()));
    if (!over_time()) {
        add(tr("Rows:"));
        for (const RouterKind kind : {RouterKind::attention, RouterKind::mlp, RouterKind::final_norm})
            add(router_kind_title(kind), router_color(kind, style()));
        add(tr("Columns:"));
    }
    // Over time the names of the rows say it.
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
        if (!over_time() && std::any_of(grid_.columns().begin(), grid_.columns().end(),
                                        [&](const Source& source) { return source.kind == kind; }))
            add(translated(kind_title(kind)), source_color(kind, style()));
    legend().set_entries(std::move(entries));
}

void RoutingPlot::show_router_mark() {
    router_mark_->setVisible(!over_time() && wanted_router_ > 0 && !style().print);
    router_mark_->setPen(QPen(style().ink, style().px(1)));
    router_mark_->topLeft->setCoords(-0.5, double(row_) - 0.5);
    if (!over_time() && wanted_router_ > 0) {
        const double row = std::min(double(wanted_router_ - 1), double(grid_.rows().size()) - 1);
        router_mark_->topLeft->setCoords(-0.5, row - 0.5);
        router_mark_->bottomRight->setCoords(double(grid_.columns().size()) - 0.5, row + 0.5);
    }
}

std::optional<double> RoutingPlot::value(const std::optional<RoutingCell>& first,
                                         const std::optional<RoutingCell>& second) const {
    if (!first || (compares() && !second)) return std::nullopt;
    const double here = quantity().value(*first);
    return compares() ? here - quantity().value(*second) : here;
}

std::vector<double> RoutingPlot::cells_of(const RoutingFrame* first, const RoutingFrame* second) const {
    const std::size_t rows = grid_.rows().size(), columns = grid_.columns().size();
    const int other = grid_.compares() ? 1 : 0;  // another step of the run has the layout of the run
    std::vector<double> cells(rows * columns, std::nan(""));
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column) {
            const auto here = grid_.cell(0, row, column, first);
            if (!here) continue;
            const auto there = compares() ? grid_.cell(other, row, column, second) : std::nullopt;
            cells[row * columns + column] = value(here, there).value_or(std::nan(""));
        }
    return cells;
}

void RoutingPlot::show_frames() {
    const std::size_t rows = grid_.rows().size(), columns = grid_.columns().size();
    std::vector<double> cells = cells_of(sides_[0].frame.get(), sides_[1].frame.get());
    show_scale(cells);
    heatmap_->set_cells(rows, columns, std::move(cells));
    if (!grid_.compares()) return;
    std::vector<bool> hatched(rows * columns);
    for (std::size_t place = 0; place < hatched.size(); ++place)
        hatched[place] = grid_.is_lonely(place / columns, place % columns);
    heatmap_->set_hatched(std::move(hatched));
}

void RoutingPlot::start_history(int side, const RunRecord& record, std::vector<std::int64_t> steps) {
    const int which = grid_.compares() ? side : 0;
    const std::optional<std::size_t> router = grid_.rows()[row_].router[which];
    if (read_from_[side] != &record || read_row_ != row_) {
        read_from_[side] = &record;
        histories_[side].restart([&record, router, layout = record.description().routing](std::int64_t step) {
            const auto frame = router ? record.routing_frame(step) : nullptr;
            return frame ? std::optional(router_values(layout, *frame, *router)) : std::nullopt;
        });
    }
    histories_[side].want(std::move(steps));
}

void RoutingPlot::show_history() {
    const RunRecord& record = *focused_run();
    if (read_row_ != row_) read_from_[0] = read_from_[1] = nullptr;
    const std::size_t most = style().print ? most_printed_columns : std::size_t(std::clamp(chart().width(), 100, 4000));
    std::vector<std::int64_t> steps = thinned_steps(record.frame_steps(FrameKind::routing), most);
    read_row_ = row_;
    start_history(0, record, steps);
    if (comparison_.kind == Comparison::Kind::run) {
        for (std::int64_t& step : steps) step = *recorded_step(comparison_.run->frame_steps(FrameKind::routing), step);
        steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
        start_history(1, *comparison_.run, std::move(steps));
    } else if (comparison_.kind == Comparison::Kind::step && sides_[1].step) {
        start_history(1, record, {*sides_[1].step});
    }
    if (!load(std::chrono::milliseconds(4))) start_loading();
    show_columns();
}

bool RoutingPlot::load(std::chrono::milliseconds time) {
    if (!over_time()) return true;
    histories_[0].advance(time);
    if (!compares()) return histories_[0].complete();
    histories_[1].advance(time);
    return histories_[0].complete() && histories_[1].complete();
}

std::optional<RoutingCell> RoutingPlot::cell_at(int side, std::size_t column, std::int64_t step) const {
    const int which = grid_.compares() ? side : 0;
    const std::optional<std::size_t> source = grid_.source(which, row_, column);
    if (side == 1 && comparison_.kind == Comparison::Kind::step) step = sides_[1].step.value_or(0);
    if (side == 1 && comparison_.kind == Comparison::Kind::run)
        step = recorded_step(comparison_.run->frame_steps(FrameKind::routing), step).value_or(0);
    const RouterValues* values = histories_[side].up_to(step);
    if (!source || !values || *source >= values->size()) return std::nullopt;
    return (*values)[*source];
}

void RoutingPlot::show_columns() {
    const std::vector<std::int64_t>& steps = histories_[0].wanted();
    std::vector<double> cells(shown_sources_.size() * steps.size(), std::nan(""));
    std::vector<bool> hatched(cells.size());
    for (std::size_t row = 0; row < shown_sources_.size(); ++row)
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::size_t place = row * steps.size() + i;
            hatched[place] = grid_.is_lonely(row_, shown_sources_[row]);
            if (hatched[place]) continue;
            const auto here = cell_at(0, shown_sources_[row], steps[i]);
            const auto there = compares() ? cell_at(1, shown_sources_[row], steps[i]) : std::nullopt;
            cells[place] = value(here, there).value_or(std::nan(""));
        }
    show_scale(cells);
    heatmap_->set_cells(shown_sources_.size(), steps.size(), std::move(cells));
    heatmap_->set_hatched(std::move(hatched));
    heatmap_->set_column_edges(edges_between(steps));
}

void RoutingPlot::show_scale(const std::vector<double>& cells) {
    double end = 0;
    if (fixed_scale() && !compares()) end = quantity().fixed_end(grid_.layout(0));
    if (fixed_scale() && end == 0 && !over_time()) {
        const auto newest = [](const RunRecord& record) -> std::shared_ptr<const RoutingFrame> {
            const std::vector<std::int64_t>& steps = record.frame_steps(FrameKind::routing);
            return steps.empty() ? nullptr : record.routing_frame(steps.back());
        };
        const auto first = newest(*focused_run());
        const auto second = comparison_.run ? newest(*comparison_.run) : sides_[1].frame;
        end = largest_magnitude(cells_of(first.get(), second.get()));
    }
    if (end == 0) end = largest_magnitude(cells);
    const ColorScale scale = ColorScale::to(end, quantity().diverging || compares(), sequential_map());
    heatmap_->set_scale(scale.map, scale.low, scale.high);
    const QString axis = translated(quantity().axis);
    color_bar_.set_scale(scale, compares() ? tr("%1, difference").arg(axis) : axis);
}

void RoutingPlot::fit_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const std::size_t rows = over_time() ? shown_sources_.size() : grid_.rows().size();
    bool found = false;
    const QCPRange columns = heatmap_->getKeyRange(found, QCP::sdBoth);
    x->setRange(found ? columns : QCPRange(-0.5, 0.5));
    axes().axis(QCPAxis::atLeft)->setRange(-0.5, double(rows) - 0.5);
}

HoverBox::Content RoutingPlot::describe(const std::optional<RoutingCell>& first,
                                        const std::optional<RoutingCell>& second, const Source& source,
                                        std::int64_t hovered_step) const {
    const auto text = [](double value) { return QString::number(value, 'g', 4); };
    HoverBox::Content content;
    content.rows = {
        {source_color(source.kind, style()), {}, {source_label(source), translated(kind_title(source.kind))}}};
    if (!compares()) {
        content.rows.push_back(
            {QColor(), {}, {tr("weight α"), tr("%1 ± %2").arg(text(first->weight), text(first->spread))}});
        content.rows.push_back({QColor(), {}, {tr("contribution ‖α v‖"), text(first->contribution)}});
        return content;
    }
    const std::optional<RoutingCell> both[] = {first, second};
    for (int side = 0; side < 2; ++side) {
        std::int64_t step = sides_[side].step.value_or(0);
        if (over_time() && side == 0) step = hovered_step;
        if (over_time() && side == 1 && comparison_.run)
            step = recorded_step(comparison_.run->frame_steps(FrameKind::routing), hovered_step).value_or(0);
        const QString shown = both[side] ? text(quantity().value(*both[side])) : tr("none");
        content.rows.push_back(
            {QColor(), {}, {QString::fromStdString(sides_[side].record->name()), tr("step %1").arg(step), shown}});
    }
    const auto difference = value(first, second);
    content.rows.push_back(
        {QColor(), {}, {tr("difference"), QString(), difference ? text(*difference) : tr("in one run only")}});
    return content;
}

bool RoutingPlot::show_hover(const QPointF& position) {
    if (!axes().rect().contains(position.toPoint())) return false;
    return over_time() ? hover_history(position) : hover_frames(position);
}

bool RoutingPlot::hover_frames(const QPointF& position) {
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || row < 0 || std::size_t(row) >= grid_.rows().size()) return false;
    const int other = grid_.compares() ? 1 : 0;
    const auto here = grid_.cell(0, std::size_t(row), *column, sides_[0].frame.get());
    const auto there = compares() ? grid_.cell(other, std::size_t(row), *column, sides_[1].frame.get()) : std::nullopt;
    if (!here && !there) return false;
    const RoutingGrid::Row& about = grid_.rows()[std::size_t(row)];
    HoverBox::Content content = describe(here, there, grid_.columns()[*column]);
    content.title = tr("Router %1, %2").arg(row + 1).arg(router_place(about.kind, about.layer));
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    if (!compares()) {
        const auto text = [](double value) { return QString::number(value, 'g', 4); };
        const RoutingFrame& frame = *sides_[0].frame;
        const std::size_t router = *about.router[0];
        if (router < frame.entropy.size() && router < frame.effective_sources.size() &&
            router < frame.query_norm.size()) {
            content.rows.push_back(
                {QColor(), {}, {tr("entropy of the router"), tr("%1 nats").arg(text(frame.entropy[router]))}});
            content.rows.push_back({QColor(),
                                    {},
                                    {tr("effective sources"),
                                     tr("%1 of %2").arg(text(frame.effective_sources[router])).arg(here->sources)}});
            content.rows.push_back({QColor(), {}, {tr("query norm ‖w‖"), text(frame.query_norm[router])}});
        }
    }
    hover_box().show(std::move(content), axes().rect());
    return true;
}

bool RoutingPlot::hover_history(const QPointF& position) {
    const auto column = heatmap_->column_at(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x()));
    const int row = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (!column || row < 0 || std::size_t(row) >= shown_sources_.size()) return false;
    if (*column >= histories_[0].wanted().size()) return false;
    const std::int64_t step = histories_[0].wanted()[*column];
    const std::size_t source = shown_sources_[std::size_t(row)];
    const auto here = cell_at(0, source, step);
    const auto there = compares() ? cell_at(1, source, step) : std::nullopt;
    if (!here && !there) return false;
    HoverBox::Content content = describe(here, there, grid_.columns()[source], step);
    content.title = tr("Step %1").arg(step);
    content.anchor = position;
    content.frame = heatmap_->cell(std::size_t(row), *column);
    hover_box().show(std::move(content), axes().rect());
    return true;
}

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
        "Contribution: mean of ‖α v‖. Effective sources: exp of the mean entropy of α, 1 when one source is read, "
        "the number of sources when all are read alike.\n"
        "Over time: the sources of one router at every recorded step. Compared with another ticked run or another "
        "step: what this run has more (red) or less (blue).\n"
        "Drag to move, turn the wheel to zoom, double click to see everything; a click on a row chooses the router "
        "that is drawn over time."),
    .height_ratio = 0.8,
    .several_runs = false,
    .quantities = {"weight", "contribution", "relative", "spread"},
    .modes = {"step", "time"},
    .compares = true,
    .make = [](QWidget* parent) -> Plot* { return new RoutingPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
