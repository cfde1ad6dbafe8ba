// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <qcustomplot.h>

#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/color_bar.h"
#include "views/compared_history.h"
#include "views/comparison_picker.h"
#include "views/heatmap.h"
#include "views/panel_grid.h"
#include "views/plots/depth_quantities.h"

class QCheckBox;
class QComboBox;

namespace wavlab {

class CategoryTicker;

/// The residual stream through depth: RMS of states and updates and gradient norms, as lines of all drawn runs at one
/// step, or over time of the focused run (alone, or divided by another run or step), or of several runs, a panel each.
class DepthPlot final : public CanvasPlot {
    Q_OBJECT

public:
    /// Runs that have a panel of their own over time.
    static constexpr std::size_t most_panels = 6;

    explicit DepthPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override;
    std::vector<std::int64_t> shown_steps(const DrawnRun& run) const override;

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
    void show_loaded() override;
    QString problem_of(const RunRecord& record) const override;
    QString problem_of_frames() const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    enum class Mode { step, time, runs };

    /// One run over time beside others. The first has the plot's own axes.
    struct Panel {
        QCPAxisRect* axes = nullptr;
        Heatmap* heatmap = nullptr;
        KindStrip* strip = nullptr;
        PanelTitle* title = nullptr;
        DrawnRun run;
        FrameHistory<DepthValues> history;
        const RunRecord* read_from = nullptr;
        std::size_t sublayers = 0;  ///< with the final norm
    };

    Mode mode() const { return Mode(mode_index()); }
    int mode_index() const;
    bool over_time() const { return mode() != Mode::step; }
    std::size_t which() const;
    const DepthQuantity& quantity() const { return depth_quantities()[which()]; }
    bool logarithmic() const;
    void make_controls();
    QString sublayer_name(std::size_t sublayer, std::size_t sublayers) const;
    void add_kind_entries(std::vector<LegendStrip::Entry>& entries) const;

    // One step (depth.cpp)
    void set_up_profile();
    void show_profile();

    // The focused run over time (depth_map.cpp)
    void set_up_map();
    void set_up_map_axes(QCPAxisRect& axes, Heatmap& heatmap, KindStrip& strip);
    void set_up_map_legend();
    void show_map();
    void show_columns();
    /// Names and colours of the rows, the last of which is the final norm's where there is one more than sublayers.
    void set_rows(std::size_t rows, std::size_t sublayers);
    std::vector<QColor> row_colors(std::size_t rows, std::size_t sublayers) const;
    ColorScale scale_of(const std::vector<double>& cells) const;
    bool hover_map(const QPointF& position);

    // Several runs over time (depth_panels.cpp)
    void choose_panels();
    void add_panel();
    /// Whether the panels, or the plot's own axes alone are laid out.
    void lay_out_panels(bool panels);
    void set_up_panels();
    void set_up_panel_legend();
    void show_panels();
    void show_panel_columns();
    /// Where a value of this panel stands in the rows that all share; nothing: there is no such row.
    std::optional<std::size_t> value_index(const Panel& panel, const std::vector<double>& values,
                                           std::size_t row) const;
    std::optional<double> panel_value(const Panel& panel, std::size_t row, std::int64_t step) const;
    bool hover_panels(const QPointF& position);

    QComboBox* mode_ = nullptr;
    QComboBox* quantity_ = nullptr;
    ComparisonPicker* picker_ = nullptr;
    QCheckBox* log_ = nullptr;
    Heatmap* heatmap_ = nullptr;
    ColorBar color_bar_;
    KindStrip* row_strip_ = nullptr;
    QSharedPointer<CategoryTicker> row_ticker_;
    Comparison comparison_;
    ComparedHistory<DepthValues> history_;
    std::vector<LegendStrip::Entry> profile_entries_;
    std::size_t rows_ = 0;       ///< of the map, or of all panels
    std::size_t sublayers_ = 0;  ///< with the final norm, the most of all runs

    PanelGrid* grid_ = nullptr;
    std::vector<Panel> panels_;
    std::size_t shown_panels_ = 0;
    std::vector<DrawnRun> without_panel_;  ///< for want of room
    std::vector<DrawnRun> without_frames_;
};

}  // namespace wavlab
