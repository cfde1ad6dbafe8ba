// SPDX-License-Identifier: GPL-3.0-or-later
// What share of its weights each router of the focused run puts on the embedding, on summaries and on details.
#include <array>
#include <cmath>

#include <QCoreApplication>

#include <qcustomplot.h>

#include "core/routing_mass.h"
#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/frame_problem.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr std::size_t most_markers = 40;

/// How a family is drawn; names as in the routing plot's legend.
struct FamilyLook {
    const char* name;
    SourceKind kind;
    QCPScatterStyle::ScatterShape shape;
    int dashes;  ///< of run_dashes()
};

constexpr std::array<FamilyLook, routing_families> looks = {{
    {WAVLAB_TEXT("embedding"), SourceKind::embedding, QCPScatterStyle::ssCircle, 3},
    {WAVLAB_TEXT("summaries"), SourceKind::block, QCPScatterStyle::ssDisc, 0},
    {WAVLAB_TEXT("partial sum"), SourceKind::partial, QCPScatterStyle::ssDiamond, 1},
    {WAVLAB_TEXT("phase details"), SourceKind::phase, QCPScatterStyle::ssSquare, 2},
    {WAVLAB_TEXT("split details"), SourceKind::split, QCPScatterStyle::ssTriangle, 4},
}};

class MassPlot final : public CanvasPlot {
    Q_DECLARE_TR_FUNCTIONS(MassPlot)

public:
    explicit MassPlot(QWidget* parent) : CanvasPlot(parent) {}

    QJsonObject state() const override {
        QJsonObject state;
        save_step(state);
        save_zoom(state);
        return state;
    }
    void set_state(const QJsonObject& state) override {
        load_step(state);
        load_zoom(state);
        request_rebuild();
    }
    std::optional<std::int64_t> shown_step() const override {
        return focused_run() ? recorded_step(focused_run()->frame_steps(FrameKind::routing), wanted_step())
                             : std::nullopt;
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override { show_frame(); }
    bool show_wanted_step() override {
        show_frame();
        return true;
    }
    bool concerns(const RecordChanges& changes) const override { return changes.routing; }
    QString problem_of(const RunRecord& record) const override;
    QString problem_of_frames() const override {
        const auto step = shown_step();
        return step ? frame_problem(*focused_run(), FrameKind::routing, *step) : QString();
    }
    QString invitation() const override {
        return tr(
            "How much of its weight each router puts on the embedding, on block summaries and on details appears "
            "here. Press Start.");
    }
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    const RoutingLayout& layout() const { return focused_run()->description().routing; }
    void show_frame();
};

QString MassPlot::problem_of(const RunRecord& record) const {
    const QString name = QString::fromStdString(record.name());
    if (record.description().experiment.empty()) return invitation();
    if (record.description().routing.empty())
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(name, QString::fromStdString(record.experiment().model.method));
    if (record.frame_steps(FrameKind::routing).empty())
        return tr("The run '%1' has recorded no routing yet.").arg(name);
    return {};
}

void MassPlot::rebuild() {
    QCPAxis *x = axes().axis(QCPAxis::atBottom), *y = axes().axis(QCPAxis::atLeft);
    x->setLabel(tr("Router"));
    x->setTicker(QSharedPointer<QCPAxisTicker>(new WholeTicker));
    x->grid()->setVisible(false);
    y->setLabel(tr("Share of weight α"));
    chart().clearGraphs();
    std::array<bool, routing_families> exists{};
    for (const std::vector<Source>& sources : layout().routers)
        for (const Source& source : sources) exists[std::size_t(family_of(source.kind))] = true;
    std::vector<LegendStrip::Entry> entries;
    for (std::size_t family = 0; family < routing_families; ++family) {
        const FamilyLook& look = looks[family];
        QCPGraph* graph = chart().addGraph();
        const QColor color = source_color(look.kind, style());
        QPen pen(color, style().line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
        if (const QVector<qreal> dashes = run_dashes(look.dashes); !dashes.isEmpty()) pen.setDashPattern(dashes);
        graph->setPen(pen);
        graph->setName(translated(look.name));
        QCPScatterStyle marker(look.shape, QPen(color, style().thin_line_width), QBrush(style().ground),
                               style().marker_size);
        if (layout().routers.size() <= most_markers) graph->setScatterStyle(marker);
        if (exists[family]) entries.push_back({graph->name(), pen, graph->scatterStyle()});
    }
    legend().set_entries(std::move(entries));
    show_frame();
}

void MassPlot::show_frame() {
    const auto step = shown_step();
    const auto frame = step ? focused_run()->routing_frame(*step) : nullptr;
    if (!frame) return;
    const std::vector<RoutingMass> masses = routing_masses(layout(), *frame);
    for (std::size_t family = 0; family < routing_families; ++family) {
        QVector<double> keys, values;
        for (std::size_t router = 0; router < masses.size(); ++router) {
            keys.append(double(router + 1));
            // What a router cannot read is no zero.
            bool readable = false;
            for (const Source& source : layout().routers[router])
                readable = readable || std::size_t(family_of(source.kind)) == family;
            values.append(readable ? masses[router][family] : std::nan(""));
        }
        chart().graph(int(family))->setData(keys, values, true);
    }
}

void MassPlot::fit_axes() {
    axes().axis(QCPAxis::atBottom)->setRange(0.5, double(layout().routers.size()) + 0.5);
    axes().axis(QCPAxis::atLeft)->setRange(0, 1.02);
}

bool MassPlot::show_hover(const QPointF& position) {
    return hover_graphs(position, [this](double key) {
        return tr("Router before %1").arg(router_label(std::size_t(std::lround(key)) - 1, layout().routers.size()));
    });
}

const Registration<PlotDescriptor> registration{{
    .id = "mass",
    .order = 7,
    .title = WAVLAB_TEXT("Mass"),
    .help = WAVLAB_TEXT(
        "What share of its weights α each router of the focused run puts on each kind of source, mean over tokens: "
        "embedding, block summaries, the partial sum of the running block, phase and split details (those of the "
        "running block among them). The shares of a router add up to 1. A line has a gap where a router has no such "
        "source. Routers are counted through depth: attention, MLP, attention, ..., and last the one before the final "
        "norm.\nDrag to move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.62,
    .beside = "routing",
    .several_runs = false,
    .make = [](QWidget* parent) -> Plot* { return new MassPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
