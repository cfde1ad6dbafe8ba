// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wavlab {

/// What a router can read. Each kind has one colour everywhere (design §9).
enum class SourceKind { embedding, block, phase, split, partial, phase_partial, split_partial };

/// One source of one router.
struct Source {
    SourceKind kind = SourceKind::embedding;
    std::int64_t block = 0;  ///< from 1 for block, phase and split; 0 for the others

    friend bool operator==(const Source&, const Source&) = default;
};

/// "embedding", "block3", "phase3", "split3", "partial", "phase-partial", "split-partial" (design §2, contract).
std::string label(const Source& source);

/// The inverse of `label`. Throws InputError on anything else.
Source parse_source(std::string_view label);

/// The kind as labels begin: "embedding", "block", "phase", ..., "split-partial".
std::string kind_label(SourceKind kind);

/// For people: "embedding", "summary", "phase detail", "split detail", "partial sum", ...
std::string kind_title(SourceKind kind);

/// The sources of every router, in the contract's order. Router r (from 0) stands before sublayer r+1; the last one
/// stands before the final norm. Empty for methods without routing. Values per router and source are kept in flat
/// arrays ("cells"): router after router, sources in order.
struct RoutingLayout {
    std::vector<std::vector<Source>> routers;

    std::size_t cell_count() const;
    /// Index of the first cell of a router.
    std::size_t first_cell(std::size_t router) const;
    /// The distinct sources in the order of columns of a heatmap: embedding, then block, phase, split by block, then
    /// the partial ones.
    std::vector<Source> columns() const;
    bool empty() const { return routers.empty(); }

    friend bool operator==(const RoutingLayout&, const RoutingLayout&) = default;
};

}  // namespace wavlab
