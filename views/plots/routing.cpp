// SPDX-License-Identifier: GPL-3.0-or-later
// Heatmap of the focused run's routing: which router reads which source?
#include <algorithm>
#include <cmath>
#include <map>

#include <QComboBox>
#include <QToolButton>

#include <qcustomplot.h>

#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/flow_layout.h"
#include "views/heatmap.h"
#include "views/time_cursor.h"

namespace wavlab {

namespace {

/// A quantity with one value per router and source.
struct Quantity {
    const char* id;
    const char* title;
    const char* axis;  ///< on the colour bar
    const char* help;
    bool diverging = false;
    /// The end of the fixed scale, the same for every step; `newest` is the run's newest frame.
    double (*fixed_end)(const RoutingLayout& layout, const RoutingFrame& newest) = nullptr;
    double (*value)(const RoutingFrame&, std::size_t cell, std::size_t sources) = nullptr;
};

double largest_finite(const std::vector<float>& values) {
    double largest = 0;
    for (const float value : values)
        if (std::isfinite(value)) largest = std::max(largest, double(value));
    return largest;
}

const Quantity quantities[] = {
    {.id = "weight",
     .title = "Weight",
     .axis = "Mean weight α",
     .help = "Mean over tokens of the routing weight α = softmax(w·k + β); 0 to 1.",
     .fixed_end = [](const RoutingLayout&, const RoutingFrame&) { return 1.0; },
     .value = [](const RoutingFrame& f, std::size_t cell, std::size_t) { return double(f.weight[cell]); }},
    {.id = "contribution",
     .title = "Contribution",
     .axis = "Contribution ‖α v‖",
     .help = "Mean over tokens of ‖α v‖, the length of what a source adds to the mixed state. Values are not "
             "normalised, so a small weight on a long value can matter more than a large one on a short value. The "
             "fixed scale "
             "ends at the largest of the newest step.",
     .fixed_end = [](const RoutingLayout&, const RoutingFrame& newest) { return largest_finite(newest.contribution); },
     .value = [](const RoutingFrame& f, std::size_t cell, std::size_t) { return double(f.contribution[cell]); }},
    {.id = "relative",
     .title = "vs uniform",
     .axis = "log2(α / uniform)",
     .help = "The base-2 logarithm of the mean weight times the number of sources: 0 is uniform routing, 1 twice as "
             "much, -1 half of it.",
     .diverging = true,
     .fixed_end =
         [](const RoutingLayout& layout, const RoutingFrame&) {
             std::size_t most = 2;
             for (const std::vector<Source>& sources : layout.routers) most = std::max(most, sources.size());
             return std::log2(double(most));  // all weight on one of them
         },
     .value = [](const RoutingFrame& f, std::size_t cell,
                 std::size_t sources) { return std::log2(std::max(1e-9, double(f.weight[cell])) * double(sources)); }},
    {.id = "spread",
     .title = "Spread",
     .axis = "Spread of α",
     .help = "Standard deviation of the routing weight over tokens; at most 0.5.",
     .fixed_end = [](const RoutingLayout&, const RoutingFrame&) { return 0.5; },
     .value = [](const RoutingFrame& f, std::size_t cell, std::size_t) { return double(f.weight_spread[cell]); }},
};

QString source_label(const Source& source) {
    QString text = QString::fromStdString(label(source));
    for (qsizetype i = 0; i < text.size(); ++i)
        if (text[i].isDigit()) return text.insert(i, ' ');
    return text;
}

class RoutingPlot final : public CanvasPlot {
public:
    explicit RoutingPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override { return shown_step_; }

protected:
    void rebuild() override;
    void refresh(const RecordChanges& changes) override;
    bool show_wanted_step() override {
        show_frame();
        return true;
    }
    bool concerns(const RecordChanges& changes) const override { return changes.routing; }
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    void make_color_bar();
    void show_color_map();
    ColorMap sequential_map() const { return cividis_->isChecked() ? ColorMap::cividis : ColorMap::viridis; }
    void set_up_layout();
    void set_up_legend();
    void show_frame();
    void show_scale(const Quantity& quantity, const std::vector<double>& cells);
    const Quantity& quantity() const { return quantities[std::size_t(quantity_->currentIndex())]; }

    QComboBox* quantity_ = nullptr;
    QComboBox* scale_ = nullptr;
    QToolButton* cividis_ = nullptr;
    Heatmap* heatmap_ = nullptr;
    QCPAxisRect* bar_axes_ = nullptr;
    Heatmap* bar_ = nullptr;
    KindStrip* router_strip_ = nullptr;
    KindStrip* source_strip_ = nullptr;
    QSharedPointer<CategoryTicker> router_ticker_;
    QSharedPointer<CategoryTicker> source_ticker_;

    RoutingLayout layout_;
    std::vector<Source> columns_;
    std::map<std::size_t, std::size_t> cell_of_;  ///< router * columns + column to the cell in a frame
    std::shared_ptr<const RoutingFrame> frame_;
    std::optional<std::int64_t> shown_step_;
};

RoutingPlot::RoutingPlot(QWidget* parent) : CanvasPlot(parent) {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    y->setRangeReversed(true);
    router_ticker_.reset(new CategoryTicker(y));
    source_ticker_.reset(new CategoryTicker(x));
    y->setTicker(router_ticker_);
    x->setTicker(source_ticker_);
    heatmap_ = new Heatmap(x, y);
    router_strip_ = new KindStrip(y, 4);
    source_strip_ = new KindStrip(x, 4);
    make_color_bar();

    quantity_ = new QComboBox;
    for (const Quantity& q : quantities) {
        quantity_->addItem(q.title);
        quantity_->setItemData(quantity_->count() - 1, QString::fromUtf8(q.help), Qt::ToolTipRole);
    }
    quantity_->setToolTip(QString::fromUtf8(quantities[0].help));
    scale_ = new QComboBox;
    scale_->addItems({"Fixed", "Fitted"});
    scale_->setToolTip(
        "The colour scale: fixed, so that steps compare (weights: 0 to 1), or fitted to this frame's largest value");
    cividis_ = new QToolButton;
    cividis_->setCheckable(true);
    cividis_->setAccessibleName("Colour map");
    cividis_->setToolTip("The colour map: Viridis, or Cividis, which looks the same with a colour vision deficiency");
    for (QComboBox* box : {quantity_, scale_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        box->setMinimumWidth(56);  // a narrow window cuts the text rather than growing
        controls().addWidget(box);
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            quantity_->setToolTip(QString::fromUtf8(quantity().help));
            request_rebuild();
        });
    }
    controls().addWidget(cividis_);
    show_color_map();
    connect(cividis_, &QToolButton::toggled, this, [this] {
        show_color_map();
        request_rebuild();
    });
}

void RoutingPlot::make_color_bar() {
    bar_axes_ = new QCPAxisRect(&chart(), false);
    QCPAxis* keys = bar_axes_->addAxis(QCPAxis::atBottom);
    QCPAxis* values = bar_axes_->addAxis(QCPAxis::atRight);
    keys->setVisible(false);
    keys->setRange(-0.5, 0.5);
    values->setVisible(true);
    bar_ = new Heatmap(keys, bar_axes_->addAxis(QCPAxis::atLeft));
    bar_axes_->axis(QCPAxis::atLeft)->setVisible(false);
    bar_->set_gaps(false);
    chart().plotLayout()->addElement(1, 1, bar_axes_);
    chart().plotLayout()->setColumnStretchFactor(1, 0.0001);
    auto* group = new QCPMarginGroup(&chart());
    axes().setMarginGroup(QCP::msTop | QCP::msBottom, group);
    bar_axes_->setMarginGroup(QCP::msTop | QCP::msBottom, group);
    bar_axes_->setRangeDrag({});
    bar_axes_->setRangeZoom({});
}

void RoutingPlot::show_color_map() {
    QImage ramp(48, 12, QImage::Format_RGB32);
    for (int x = 0; x < ramp.width(); ++x)
        for (int y = 0; y < ramp.height(); ++y)
            ramp.setPixel(x, y, color_at(sequential_map(), double(x) / (ramp.width() - 1)));
    cividis_->setIcon(QPixmap::fromImage(ramp));
    cividis_->setIconSize(QSize(32, 8));
}

QJsonObject RoutingPlot::state() const {
    QJsonObject state{
        {"quantity", quantity().id}, {"fitted", scale_->currentIndex() == 1}, {"cividis", cividis_->isChecked()}};
    save_step(state);
    save_zoom(state);
    return state;
}

void RoutingPlot::set_state(const QJsonObject& state) {
    const QString id = state["quantity"].toString();
    int index = 0;
    for (std::size_t i = 0; i < std::size(quantities); ++i)
        if (id == quantities[i].id) index = int(i);
    quantity_->setCurrentIndex(index);
    scale_->setCurrentIndex(state["fitted"].toBool() ? 1 : 0);
    cividis_->setChecked(state["cividis"].toBool());
    load_step(state);
    load_zoom(state);
    request_rebuild();
}

QString RoutingPlot::invitation() const {
    return "Which earlier block each sublayer reads: the routing weights of every router on every source appear here, "
           "from step 0 on. Press Start.";
}

QString RoutingPlot::problem_of(const RunRecord& record) const {
    const QString name = QString::fromStdString(record.name());
    if (record.description().routing.empty()) {
        if (record.description().experiment.empty()) return invitation();
        return QString("The run '%1' uses the method %2, which has no routing.")
            .arg(name, QString::fromStdString(record.experiment().model.method));
    }
    if (record.frame_steps(FrameKind::routing).empty())
        return QString("The run '%1' has recorded no routing yet.").arg(name);
    return {};
}

void RoutingPlot::rebuild() {
    set_up_layout();
    set_up_legend();
    show_frame();
}

void RoutingPlot::refresh(const RecordChanges&) {
    if (focused_run()->description().routing != layout_)
        rebuild();
    else
        show_frame();
}

void RoutingPlot::set_up_layout() {
    layout_ = focused_run()->description().routing;
    columns_ = layout_.columns();
    cell_of_.clear();
    std::size_t cell = 0;
    for (std::size_t router = 0; router < layout_.routers.size(); ++router)
        for (const Source& source : layout_.routers[router]) {
            const auto column = std::find(columns_.begin(), columns_.end(), source) - columns_.begin();
            cell_of_[router * columns_.size() + std::size_t(column)] = cell++;
        }

    const std::size_t routers = layout_.routers.size();
    std::vector<CategoryTicker::Category> rows, columns;
    std::vector<QColor> row_colors, column_colors;
    for (std::size_t router = 0; router < routers; ++router) {
        const RouterKind kind = router_kind(router, routers);
        const int level = kind == RouterKind::final_norm ? 0 : kind == RouterKind::attention ? 1 : 2;
        rows.push_back({router_label(router, routers), level});
        row_colors.push_back(router_color(kind, style()));
    }
    for (const Source& source : columns_) {
        const bool alone = source.block == 0;
        columns.push_back({source_label(source), alone ? 0 : source.kind == SourceKind::block ? 1 : 2});
        column_colors.push_back(source_color(source.kind, style()));
    }
    const double line = QFontMetricsF(style().tick_font).height();
    router_ticker_->set_categories(std::move(rows));
    router_ticker_->set_spacing(line);
    source_ticker_->set_categories(std::move(columns));
    source_ticker_->set_spacing(line);
    router_strip_->set_colors(std::move(row_colors));
    source_strip_->set_colors(std::move(column_colors));

    style_axes(*bar_axes_);
    const double strip_room = style().px(7);
    for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft}) {
        QCPAxis* axis = axes().axis(type);
        axis->setTickLength(0, 0);
        axis->setBasePen(Qt::NoPen);
        axis->setTickPen(Qt::NoPen);
        axis->setTickLabelPadding(int(strip_room + style().px(2)));
        axis->grid()->setVisible(false);
    }
    axes().axis(QCPAxis::atBottom)->setTickLabelRotation(-90);
    axes().axis(QCPAxis::atBottom)->setLabel("Source");
    axes().axis(QCPAxis::atLeft)->setLabel("Router before");
    heatmap_->set_style(style());
    bar_->set_style(style());
    router_strip_->set_style(style());
    source_strip_->set_style(style());
    const int bar_width = style().ipx(10);
    QCPAxis* values = bar_axes_->axis(QCPAxis::atRight);
    values->grid()->setVisible(false);
    bar_axes_->setMinimumMargins(QMargins(0, 0, style().ipx(4), 0));
    bar_axes_->setSizeConstraintRect(QCPLayoutElement::scrInnerRect);
    bar_axes_->setMinimumSize(bar_width, 10);
    bar_axes_->setMaximumSize(bar_width, QWIDGETSIZE_MAX);
}

void RoutingPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries;
    const auto add = [&](const QString& text, const QColor& color) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.swatch = color;
        entries.push_back(entry);
    };
    const auto add_heading = [&](const QString& text) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.heading = true;
        entries.push_back(entry);
    };
    add_heading("Rows:");
    for (const RouterKind kind : {RouterKind::attention, RouterKind::mlp, RouterKind::final_norm})
        add(router_kind_title(kind), router_color(kind, style()));
    add_heading("Columns:");
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
        if (std::any_of(columns_.begin(), columns_.end(), [&](const Source& s) { return s.kind == kind; }))
            add(QString::fromStdString(kind_title(kind)), source_color(kind, style()));
    legend().set_entries(std::move(entries));
}

void RoutingPlot::show_frame() {
    const RunRecord& record = *focused_run();
    shown_step_ = recorded_step(record.frame_steps(FrameKind::routing), wanted_step());
    frame_ = shown_step_ ? record.routing_frame(*shown_step_) : nullptr;
    const std::size_t rows = layout_.routers.size();
    std::vector<double> cells(rows * columns_.size(), std::nan(""));
    if (frame_ && frame_->weight.size() == layout_.cell_count())
        for (const auto& [place, cell] : cell_of_)
            cells[place] = quantity().value(*frame_, cell, layout_.routers[place / columns_.size()].size());
    show_scale(quantity(), cells);
    heatmap_->set_cells(rows, columns_.size(), std::move(cells));
}

void RoutingPlot::show_scale(const Quantity& quantity, const std::vector<double>& cells) {
    double largest = 0;
    for (const double cell : cells)
        if (std::isfinite(cell)) largest = std::max(largest, std::abs(cell));
    if (largest <= 0) largest = 1;
    const std::vector<std::int64_t>& steps = focused_run()->frame_steps(FrameKind::routing);
    const auto newest = steps.empty() ? nullptr : focused_run()->routing_frame(steps.back());
    const double fixed = newest ? quantity.fixed_end(layout_, *newest) : 0;
    const double high = scale_->currentIndex() == 0 && fixed > 0 ? fixed : largest;
    const double low = quantity.diverging ? -high : 0;
    const ColorMap map = quantity.diverging ? ColorMap::diverging : sequential_map();
    heatmap_->set_scale(map, low, high);

    constexpr std::size_t shades = 128;
    std::vector<double> ramp(shades);
    for (std::size_t i = 0; i < shades; ++i) ramp[i] = low + (high - low) * (double(i) + 0.5) / shades;
    bar_->set_cells(shades, 1, std::move(ramp));
    bar_->set_scale(map, low, high);
    bar_axes_->axis(QCPAxis::atLeft)->setRange(-0.5, shades - 0.5);
    QCPAxis* values = bar_axes_->axis(QCPAxis::atRight);
    values->setRange(low, high);
    values->setLabel(QString::fromUtf8(quantity.axis));
    values->setNumberFormat("g");
    values->setNumberPrecision(3);
}

void RoutingPlot::fit_axes() {
    axes().axis(QCPAxis::atBottom)->setRange(-0.5, double(columns_.size()) - 0.5);
    axes().axis(QCPAxis::atLeft)->setRange(-0.5, double(layout_.routers.size()) - 0.5);
}

bool RoutingPlot::show_hover(const QPointF& position) {
    if (!frame_ || !axes().rect().contains(position.toPoint())) return false;
    const int column = int(std::lround(axes().axis(QCPAxis::atBottom)->pixelToCoord(position.x())));
    const int router = int(std::lround(axes().axis(QCPAxis::atLeft)->pixelToCoord(position.y())));
    if (column < 0 || router < 0 || std::size_t(column) >= columns_.size()) return false;
    if (std::size_t(router) >= layout_.routers.size()) return false;
    const auto found = cell_of_.find(std::size_t(router) * columns_.size() + std::size_t(column));
    if (found == cell_of_.end() || found->second >= frame_->weight.size()) return false;

    const std::size_t cell = found->second, row = std::size_t(router), routers = layout_.routers.size();
    const auto text = [](double value) { return QString::number(value, 'g', 4); };
    const QString where =
        router_kind(row, routers) == RouterKind::final_norm
            ? QString("before the final norm")
            : QString("before %1 of layer %2").arg(router_kind_title(router_kind(row, routers))).arg(row / 2 + 1);
    HoverBox::Content content;
    content.title = QString("Router %1, %2").arg(router + 1).arg(where);
    content.anchor = position;
    content.frame = heatmap_->cell(row, std::size_t(column));
    const Source& source = columns_[std::size_t(column)];
    content.rows = {
        {source_color(source.kind, style()),
         {},
         {source_label(source), QString::fromStdString(kind_title(source.kind))}},
        {QColor(), {}, {"weight α", text(frame_->weight[cell]) + " ± " + text(frame_->weight_spread[cell])}},
        {QColor(), {}, {"contribution ‖α v‖", text(frame_->contribution[cell])}},
        {QColor(), {}, {"entropy of the router", text(frame_->entropy[row]) + " nats"}},
        {QColor(),
         {},
         {"effective sources",
          QString("%1 of %2").arg(text(frame_->effective_sources[row])).arg(layout_.routers[row].size())}},
        {QColor(), {}, {"query norm ‖w‖", text(frame_->query_norm[row])}},
    };
    hover_box().show(std::move(content), axes().rect());
    return true;
}

const Registration<PlotDescriptor> registration{{
    .id = "routing",
    .order = 2,
    .title = "Routing",
    .help =
        "Which source each router reads, for the focused run. Rows: the routers, before every attention and MLP "
        "sublayer and before the final norm. Columns: the sources. Blank cells do not exist.\n"
        "Weight α: softmax over a router's sources i of w·k_i + β, with the learned query w, the normalised key k_i "
        "= RMSNorm(v_i) γ and a bias β on details; the mean over the tokens of the step's first microbatch. The "
        "mixed state is h = Σ α_i v_i.\n"
        "Contribution: mean of ‖α v‖. Effective sources: exp of the mean entropy of α, 1 when one source is read, "
        "the number of sources when all are read alike.\nDrag to move, turn the wheel to zoom, double click to see "
        "everything.",
    .height_ratio = 0.8,
    .several_runs = false,
    .make = [](QWidget* parent) -> Plot* { return new RoutingPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
