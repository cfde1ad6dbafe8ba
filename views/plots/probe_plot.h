// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <qcustomplot.h>

#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/heatmap.h"
#include "views/panel_grid.h"
#include "views/panel_scale.h"
#include "views/probe_choice.h"
#include "views/routing_grid.h"
#include "views/symmetric_log.h"

class QCheckBox;
class QComboBox;

namespace wavlab {

class CategoryTicker;

/// What removing sources does to the focused run's loss, as its probes have measured: heatmaps of Δloss, α and
/// contribution side by side, the first-order estimate against the exact value, or whole families by band of depth.
class ProbePlot final : public CanvasPlot {
    Q_OBJECT

public:
    explicit ProbePlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override {
        return probe_ ? std::optional(probe_->step) : std::nullopt;
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override { rebuild(); }
    bool concerns(const RecordChanges& changes) const override { return changes.probes; }
    void forget() override;
    bool show_wanted_step() override;
    QString problem_of(const RunRecord& record) const override;
    QString problem_of_frames() const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;
    void resizeEvent(QResizeEvent* event) override;

private:
    enum class Mode { heatmaps, scatter, families };

    /// Δloss, α or the contribution. The first has the plot's own axes.
    struct Panel {
        QCPAxisRect* axes = nullptr;
        Heatmap* map = nullptr;
        KindStrip* rows = nullptr;
        KindStrip* columns = nullptr;
        PanelScale* head = nullptr;
        QSharedPointer<CategoryTicker> row_ticker, column_ticker;
    };
    /// What a bar stands for.
    struct Bar {
        const ProbedFamily* family = nullptr;  ///< null: the room between two families
        QString name;
    };

    Mode mode() const;
    Removal removal() const;
    const std::vector<ProbeEffect>& effects() const;
    std::vector<double> exact() const;
    /// There is so little height that texts give way to data.
    bool is_low() const;
    void make_controls();
    void find_probe();
    void style_own_axes();
    void name_probe(std::vector<LegendStrip::Entry>& entries) const;
    void name_kinds(std::vector<LegendStrip::Entry>& entries, const std::vector<SourceKind>& kinds) const;

    // probe_maps.cpp
    void add_panels();
    void lay_out_panels(bool panels);
    void show_maps();
    void set_up_maps_legend(bool any_hatched);
    void set_up_panel(Panel& panel);
    std::vector<double> cells_of(const std::vector<double>& values) const;
    std::optional<std::size_t> cell(std::size_t row, std::size_t column) const;
    bool hover_maps(const QPointF& position);
    HoverBox::Content describe(std::size_t row, std::size_t column) const;

    // probe_charts.cpp
    void show_scatter();
    void show_families();
    void add_bars();
    std::vector<Bar> bars() const;
    void set_value_axis(QCPAxis& axis, const QString& label);
    bool hover_scatter(const QPointF& position);
    bool hover_families(const QPointF& position);

    QComboBox* mode_ = nullptr;
    QComboBox* removal_ = nullptr;
    ProbePicker* picker_ = nullptr;
    QCheckBox* log_ = nullptr;
    PanelGrid* grid_ = nullptr;
    std::vector<Panel> panels_;
    std::vector<QCPAbstractPlottable*> chart_parts_;  ///< of the scatter or the bars

    mutable ProbeCache kept_;
    ProbeCache::Probe probe_;
    RoutingGrid routing_;
    std::vector<std::size_t> first_cells_;  ///< by router
    SymmetricLog scale_;                    ///< of Δloss
    std::vector<Bar> bars_;
    QCPRange chart_keys_, chart_values_;
    bool low_ = false;  ///< as it is drawn
};

}  // namespace wavlab
