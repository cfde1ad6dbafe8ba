// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/routing_grid.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

#include "core/translatable.h"

namespace wavlab {

const std::vector<RoutingQuantity>& routing_quantities() {
    static const std::vector<RoutingQuantity> all = {
        {.id = "weight",
         .title = WAVLAB_TEXT("Weight"),
         .axis = WAVLAB_TEXT("Mean weight α"),
         .help = WAVLAB_TEXT("Mean over tokens of the routing weight α = softmax(w·k + β); 0 to 1."),
         .fixed_end = [](const RoutingLayout&) { return 1.0; },
         .value = [](const RoutingCell& cell) { return cell.weight; }},
        {.id = "contribution",
         .title = WAVLAB_TEXT("Contribution"),
         .axis = WAVLAB_TEXT("Contribution ‖α v‖"),
         .help = WAVLAB_TEXT(
             "Mean over tokens of ‖α v‖, the length of what a source adds to the mixed state. Values are not "
             "normalised, so a small weight on a long value can matter more than a large one on a short value. The "
             "fixed scale ends at the largest of the newest step."),
         .fixed_end = [](const RoutingLayout&) { return 0.0; },
         .value = [](const RoutingCell& cell) { return cell.contribution; }},
        {.id = "attribution",
         .title = WAVLAB_TEXT("Attribution"),
         .axis = WAVLAB_TEXT("Attributed Δloss (nats per token)"),
         .help = WAVLAB_TEXT(
             "What zeroing the source at this router would add to the training loss, to first order: −Σ α v·G over "
             "the tokens of the step's first microbatch, with G = dL/dh from the backward pass. Positive: the source "
             "helps. A probe of a checkpoint says how far to trust it. The fixed scale ends at the largest of the "
             "newest step."),
         .diverging = true,
         .fixed_end = [](const RoutingLayout&) { return 0.0; },
         .value = [](const RoutingCell& cell) { return cell.attribution; },
         .is_recorded = [](const RoutingFrame& frame) { return !frame.attribution.empty(); }},
        {.id = "relative",
         .title = WAVLAB_TEXT("vs uniform"),
         .axis = WAVLAB_TEXT("log2(α / uniform)"),
         .help = WAVLAB_TEXT(
             "The base-2 logarithm of the mean weight times the number of sources: 0 is uniform routing, 1 twice as "
             "much, -1 half of it."),
         .diverging = true,
         .fixed_end =
             [](const RoutingLayout& layout) {
                 std::size_t most = 2;
                 for (const std::vector<Source>& sources : layout.routers) most = std::max(most, sources.size());
                 return std::log2(double(most));  // all weight on one of them
             },
         .value =
             [](const RoutingCell& cell) { return std::log2(std::max(1e-9, cell.weight) * double(cell.sources)); }},
        {.id = "spread",
         .title = WAVLAB_TEXT("Spread"),
         .axis = WAVLAB_TEXT("Spread of α"),
         .help = WAVLAB_TEXT("Standard deviation of the routing weight over tokens; at most 0.5."),
         .fixed_end = [](const RoutingLayout&) { return 0.5; },
         .value = [](const RoutingCell& cell) { return cell.spread; }},
    };
    return all;
}

namespace {

RoutingCell read_cell(const RoutingFrame& frame, std::size_t cell, std::size_t sources) {
    const auto at = [cell](const std::vector<float>& values) {
        return cell < values.size() ? double(values[cell]) : std::nan("");
    };
    return {at(frame.weight), at(frame.contribution), at(frame.weight_spread), at(frame.attribution), sources};
}

std::vector<Source> all_columns(const RoutingLayout& first, const RoutingLayout& second) {
    RoutingLayout both = first;
    both.routers.insert(both.routers.end(), second.routers.begin(), second.routers.end());
    return both.columns();
}

}  // namespace

RouterValues router_values(const RoutingLayout& layout, const RoutingFrame& frame, std::size_t router) {
    RouterValues values;
    if (router >= layout.routers.size() || frame.weight.size() != layout.cell_count()) return values;
    const std::size_t first = layout.first_cell(router), sources = layout.routers[router].size();
    for (std::size_t i = 0; i < sources; ++i) values.push_back(read_cell(frame, first + i, sources));
    return values;
}

RoutingGrid::RoutingGrid(const RoutingLayout& first, const RoutingLayout* second) : compares_(second != nullptr) {
    layouts_[0] = first;
    if (second) layouts_[1] = *second;
    columns_ = all_columns(layouts_[0], layouts_[1]);
    const std::size_t counts[] = {layouts_[0].routers.size(), layouts_[1].routers.size()};
    const std::size_t most = std::max(counts[0], counts[1]);
    for (std::size_t i = 0; i < most; ++i) {
        Row row;
        row.kind = router_kind(i, most);
        row.layer = i / 2;
        row.label = router_label(i, most);
        for (int run = 0; run < 2; ++run) {
            if (counts[run] == 0) continue;
            if (i + 1 == most)
                row.router[run] = counts[run] - 1;
            else if (i + 1 < counts[run])
                row.router[run] = i;
        }
        rows_.push_back(std::move(row));
    }
    for (int run = 0; run < 2; ++run) {
        first_cells_[run] = {0};
        for (const std::vector<Source>& sources : layouts_[run].routers)
            first_cells_[run].push_back(first_cells_[run].back() + sources.size());
        sources_[run].assign(rows_.size() * columns_.size(), -1);
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            if (!rows_[row].router[run]) continue;
            const std::vector<Source>& sources = layouts_[run].routers[*rows_[row].router[run]];
            for (std::size_t i = 0; i < sources.size(); ++i) {
                const auto column = std::find(columns_.begin(), columns_.end(), sources[i]) - columns_.begin();
                sources_[run][row * columns_.size() + std::size_t(column)] = int(i);
            }
        }
    }
}

std::optional<std::size_t> RoutingGrid::source(int run, std::size_t row, std::size_t column) const {
    const int source = sources_[run][row * columns_.size() + column];
    return source < 0 ? std::nullopt : std::optional(std::size_t(source));
}

std::optional<RoutingCell> RoutingGrid::cell(int run, std::size_t row, std::size_t column,
                                             const RoutingFrame* frame) const {
    const std::optional<std::size_t> which = source(run, row, column);
    if (!which || !frame || frame->weight.size() != first_cells_[run].back()) return std::nullopt;
    const std::size_t router = *rows_[row].router[run];
    return read_cell(*frame, first_cells_[run][router] + *which, layouts_[run].routers[router].size());
}

bool RoutingGrid::is_lonely(std::size_t row, std::size_t column) const {
    return compares_ && source(0, row, column).has_value() != source(1, row, column).has_value();
}

QString source_label(const Source& source) {
    QString text = QString::fromStdString(label(source));
    for (qsizetype i = 0; i < text.size(); ++i)
        if (text[i].isDigit()) return text.insert(i, ' ');
    return text;
}

QString router_place(RouterKind kind, std::size_t layer) {
    if (kind == RouterKind::final_norm) return QCoreApplication::translate("wavlab", "before the final norm");
    return QCoreApplication::translate("wavlab", "before %1 of layer %2").arg(router_kind_title(kind)).arg(layer + 1);
}

}  // namespace wavlab
