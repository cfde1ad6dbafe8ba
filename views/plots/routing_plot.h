// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <qcustomplot.h>

#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/color_bar.h"
#include "views/compared_history.h"
#include "views/comparison_picker.h"
#include "views/heatmap.h"
#include "views/routing_grid.h"

class QComboBox;
class QToolButton;

namespace wavlab {

class CategoryTicker;

/// The focused run's routing: which router reads which source, at one step or one router over time; alone, or as the
/// difference to another run or step.
class RoutingPlot final : public CanvasPlot {
    Q_OBJECT

public:
    explicit RoutingPlot(QWidget* parent);

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    std::optional<std::int64_t> shown_step() const override { return over_time() ? std::nullopt : sides_[0].step; }
    std::vector<std::int64_t> shown_steps(const DrawnRun& run) const override;

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
    QString problem_of_frames() const override;
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
    ColorMap sequential_map() const { return cividis_->isChecked() ? ColorMap::cividis : style().color_map; }
    bool over_time() const { return mode_->currentIndex() == 1; }
    bool compares() const { return comparison_.kind != Comparison::Kind::none; }
    bool fixed_scale() const { return scale_->currentIndex() == 0; }
    const RoutingQuantity& quantity() const { return routing_quantities()[std::size_t(quantity_->currentIndex())]; }
    bool is_recorded(const RoutingFrame& frame) const {
        return !quantity().is_recorded || quantity().is_recorded(frame);
    }
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
    ComparedHistory<RouterValues> history_;   ///< of that router
    std::size_t read_row_ = 0;                ///< the router that it is of
    QPoint pressed_at_;
};

}  // namespace wavlab
