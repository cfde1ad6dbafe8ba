// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/source.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/number_text.h"
#include "core/translatable.h"

namespace wavlab {

namespace {

struct KindText {
    SourceKind kind;
    std::string_view label;
    std::string_view title;
    bool numbered;
};

constexpr KindText kinds[] = {
    KindText{SourceKind::embedding, "embedding", WAVLAB_TEXT("embedding"), false},
    KindText{SourceKind::block, "block", WAVLAB_TEXT("summary"), true},
    KindText{SourceKind::phase, "phase", WAVLAB_TEXT("phase detail"), true},
    KindText{SourceKind::split, "split", WAVLAB_TEXT("split detail"), true},
    KindText{SourceKind::partial, "partial", WAVLAB_TEXT("partial sum"), false},
    KindText{SourceKind::phase_partial, "phase-partial", WAVLAB_TEXT("running phase detail"), false},
    KindText{SourceKind::split_partial, "split-partial", WAVLAB_TEXT("running split detail"), false},
};

const KindText& text_of(SourceKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string label(const Source& source) {
    const KindText& text = text_of(source.kind);
    return std::string(text.label) + (text.numbered ? std::to_string(source.block) : "");
}

Source parse_source(std::string_view label) {
    for (const KindText& text : kinds) {
        if (!label.starts_with(text.label)) continue;
        const std::string_view rest = label.substr(text.label.size());
        if (!text.numbered && rest.empty()) return {text.kind, 0};
        if (!text.numbered || rest.empty() || rest.front() < '1' || rest.front() > '9') continue;
        if (const auto block = parse_whole_number(rest)) return {text.kind, *block};
    }
    throw InputError("'" + std::string(label) +
                     "' is no source; allowed are embedding, block1, phase1, split1, ..., partial, phase-partial, "
                     "split-partial");
}

std::string kind_label(SourceKind kind) { return std::string(text_of(kind).label); }

std::string kind_title(SourceKind kind) { return std::string(text_of(kind).title); }

std::size_t RoutingLayout::cell_count() const { return first_cell(routers.size()); }

std::size_t RoutingLayout::first_cell(std::size_t router) const {
    std::size_t cells = 0;
    for (std::size_t r = 0; r < router; ++r) cells += routers[r].size();
    return cells;
}

std::vector<Source> RoutingLayout::columns() const {
    // Running sources come last; within a block the kinds keep their order; the embedding has block 0.
    const auto position = [](const Source& s) { return std::tuple(s.kind >= SourceKind::partial, s.block, s.kind); };
    const auto before = [&](const Source& a, const Source& b) { return position(a) < position(b); };
    std::set<Source, decltype(before)> distinct(before);
    for (const std::vector<Source>& sources : routers) distinct.insert(sources.begin(), sources.end());
    return {distinct.begin(), distinct.end()};
}

}  // namespace wavlab
