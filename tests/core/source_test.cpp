// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/source.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace wavlab {
namespace {

TEST(Source, HasTheContractsLabels) {
    const std::vector<std::pair<Source, std::string>> cases{
        {{SourceKind::embedding, 0}, "embedding"},
        {{SourceKind::block, 12}, "block12"},
        {{SourceKind::phase, 3}, "phase3"},
        {{SourceKind::split, 1}, "split1"},
        {{SourceKind::partial, 0}, "partial"},
        {{SourceKind::phase_partial, 0}, "phase-partial"},
        {{SourceKind::split_partial, 0}, "split-partial"},
    };
    for (const auto& [source, text] : cases) {
        EXPECT_EQ(label(source), text);
        EXPECT_EQ(parse_source(text), source);
    }
}

TEST(Source, RefusesOtherLabels) {
    for (const char* bad : {"", "block", "block0", "block-1", "block1x", "blocks1", "embedding1", "partial2", "phase",
                            "phase-partial1", "Block1", "block99999999999999999999", "block+1", "block01x"})
        EXPECT_THROW(parse_source(bad), InputError) << bad;
}

TEST(Source, EveryKindHasATitle) {
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
        EXPECT_FALSE(kind_title(kind).empty());
}

TEST(RoutingLayout, CountsCellsAndOrdersColumns) {
    const Source embedding{SourceKind::embedding, 0}, partial{SourceKind::partial, 0};
    const Source block1{SourceKind::block, 1}, phase1{SourceKind::phase, 1}, split1{SourceKind::split, 1};
    const Source block2{SourceKind::block, 2}, running{SourceKind::phase_partial, 0};
    const RoutingLayout layout{{{embedding},
                                {embedding, partial, running},
                                {embedding, block1, phase1, split1, partial},
                                {embedding, block1, block2}}};
    EXPECT_EQ(layout.cell_count(), 12u);
    EXPECT_EQ(layout.first_cell(0), 0u);
    EXPECT_EQ(layout.first_cell(2), 4u);
    EXPECT_EQ(layout.columns(), (std::vector<Source>{embedding, block1, phase1, split1, block2, partial, running}));
    EXPECT_TRUE(RoutingLayout{}.empty());
    EXPECT_EQ(RoutingLayout{}.cell_count(), 0u);
}

}  // namespace
}  // namespace wavlab
