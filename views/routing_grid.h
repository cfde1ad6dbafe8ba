// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "core/run_event.h"
#include "core/source.h"
#include "views/plot_style.h"

namespace wavlab {

/// The numbers of one cell of a routing frame.
struct RoutingCell {
    double weight = 0;
    double contribution = 0;
    double spread = 0;
    double attribution = 0;   ///< NaN where it was not recorded
    std::size_t sources = 1;  ///< of its router
};

/// A quantity with one value per router and source.
struct RoutingQuantity {
    const char* id;
    const char* title;
    const char* axis;  ///< on the colour bar
    const char* help;
    bool diverging = false;
    /// The end of the fixed scale, the same for every step; zero: the largest of the newest frame.
    double (*fixed_end)(const RoutingLayout& layout) = nullptr;
    double (*value)(const RoutingCell& cell) = nullptr;
    /// Whether a frame has it; null: always.
    bool (*is_recorded)(const RoutingFrame& frame) = nullptr;
};

const std::vector<RoutingQuantity>& routing_quantities();

/// One router of a run at one step.
using RouterValues = std::vector<RoutingCell>;
/// Its cells in the order of its sources; empty when the frame does not fit the layout.
RouterValues router_values(const RoutingLayout& layout, const RoutingFrame& frame, std::size_t router);

/// The rows (routers) and columns (sources) of a heatmap of one run, or of two runs that are compared: routers and
/// sources of the same name share a cell, and what only one of them has is there too.
class RoutingGrid {
public:
    struct Row {
        RouterKind kind = RouterKind::attention;
        std::size_t layer = 0;  ///< from 0
        QString label;
        std::optional<std::size_t> router[2];  ///< in the layout of the first and of the second run
    };

    RoutingGrid() = default;
    explicit RoutingGrid(const RoutingLayout& first, const RoutingLayout* second = nullptr);

    const std::vector<Row>& rows() const { return rows_; }
    const std::vector<Source>& columns() const { return columns_; }
    const RoutingLayout& layout(int run) const { return layouts_[run]; }
    bool compares() const { return compares_; }
    /// Which of its router's sources this is in the first (0) or second (1) run; nothing where it is none.
    std::optional<std::size_t> source(int run, std::size_t row, std::size_t column) const;
    /// The cell of that run's frame; nothing where there is none.
    std::optional<RoutingCell> cell(int run, std::size_t row, std::size_t column, const RoutingFrame* frame) const;
    /// Only one of the two runs has it.
    bool is_lonely(std::size_t row, std::size_t column) const;

private:
    RoutingLayout layouts_[2];
    std::vector<Row> rows_;
    std::vector<Source> columns_;
    std::vector<int> sources_[2];              ///< by row and column; -1: none
    std::vector<std::size_t> first_cells_[2];  ///< by router, and the number of all
    bool compares_ = false;
};

/// "block 3".
QString source_label(const Source& source);

/// "before attention of layer 4".
QString router_place(RouterKind kind, std::size_t layer);

}  // namespace wavlab
