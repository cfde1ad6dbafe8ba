// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe_files.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safe_file.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

ProbeResult some_probe(std::int64_t step = 100) {
    ProbeResult result;
    result.step = step;
    result.model = "abc";
    result.source = "validation part of a \"text\"";
    result.device = "cpu";
    result.windows = 4;
    result.tokens = 64;
    result.loss = 1.25;
    result.layout.routers = {{{SourceKind::embedding, 0}},
                             {{SourceKind::embedding, 0}, {SourceKind::phase_partial, 0}},
                             {{SourceKind::embedding, 0}, {SourceKind::block, 12}}};
    result.alpha = {1, 0.25, 0.75, 1.0 / 3, 2.0 / 3};
    result.contribution = {3, 2, 1, 0, infinity};
    result.zero = {{0.5, 0.25}, {-0.125, 1e-9}, {0, 0}, {infinity, -infinity}, {0.1, 0.2}};
    result.renormalise = {{nan, nan}, {0.5, nan}, {1, 2}, {3, 4}, {5, 6}};
    result.families = {{SourceKind::embedding, {1, 2, 3}, Removal::zero, 0.5, 1.5, {0.25, nan}},
                       {SourceKind::phase_partial, {2}, Removal::renormalise, 0.75, 1, {-infinity, 0.5}}};
    return result;
}

/// The rows hold every number with its place.
std::vector<std::string> lines(const ProbeResult& result) {
    std::vector<std::string> all;
    for (const nlohmann::json& row : probe_rows(result)) all.push_back(row.dump());
    return all;
}

TEST(ProbeFiles, AreReadBackWithEveryNumber) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    EXPECT_TRUE(read_probes(run).probes.empty());
    const ProbeResult written = some_probe();
    const auto file = keep_probe(run, written);
    EXPECT_EQ(file.parent_path(), folder / "probes");
    const KeptProbes kept = read_probes(run);
    EXPECT_THAT(kept.problems, ElementsAre());
    ASSERT_EQ(kept.probes.size(), 1u);
    const ProbeResult& read = kept.probes[0];
    EXPECT_EQ(read.step, written.step);
    EXPECT_EQ(read.model, written.model);
    EXPECT_EQ(read.source, written.source);
    EXPECT_EQ(read.device, written.device);
    EXPECT_EQ(read.windows, written.windows);
    EXPECT_EQ(read.tokens, written.tokens);
    EXPECT_EQ(read.loss, written.loss);
    EXPECT_EQ(read.layout, written.layout);
    EXPECT_EQ(read.alpha, written.alpha);
    EXPECT_EQ(read.contribution, written.contribution);
    EXPECT_EQ(lines(read), lines(written));
    EXPECT_TRUE(std::isnan(read.renormalise[0].delta_loss));
    EXPECT_EQ(read.zero[3].attribution, -infinity);
    EXPECT_FALSE(read.cancelled);
}

TEST(ProbeFiles, ARepeatTakesThePlaceOfTheOlder) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    ProbeResult one = some_probe();
    const auto file = keep_probe(run, one);
    one.loss = 2;
    EXPECT_EQ(keep_probe(run, one), file);
    ASSERT_EQ(read_probes(run).probes.size(), 1u);
    EXPECT_EQ(read_probes(run).probes[0].loss, 2);

    const auto change = [&](auto how) {
        ProbeResult other = some_probe();
        how(other);
        EXPECT_NE(keep_probe(run, other), file);
    };
    change([](ProbeResult& other) { other.model = "another"; });
    change([](ProbeResult& other) { other.source = "another"; });
    change([](ProbeResult& other) { other.windows = 5; });
    change([](ProbeResult& other) { other.step = 20; });
    change([](ProbeResult& other) { other.zero = other.renormalise = {}; });
    const KeptProbes kept = read_probes(run);
    EXPECT_THAT(kept.problems, ElementsAre());
    ASSERT_EQ(kept.probes.size(), 6u);
    EXPECT_EQ(kept.probes[0].step, 20) << "by step";
}

TEST(ProbeFiles, DamagedOnesAreNamedAndTheOthersRead) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    const auto file = keep_probe(run, some_probe(1));
    const std::string text = read_file(file);
    keep_probe(run, some_probe(2));
    const auto damage = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        changed.replace(changed.find(from), from.size(), to);
        write_text(file, changed);
        const KeptProbes kept = read_probes(run);
        ASSERT_EQ(kept.probes.size(), 1u) << to;
        EXPECT_EQ(kept.probes[0].step, 2);
        ASSERT_EQ(kept.problems.size(), 1u) << to;
        EXPECT_THAT(kept.problems[0], HasSubstr(file.string() + ": "));
    };
    damage("{", "");
    damage("\"loss\"", "\"lose\"");
    damage("1.25", "\"many\"");
    damage("phase-partial\"]", "phase-sofa\"]");
    damage("[\"embedding\"]", "[]");
    damage("\"mode\":\"zero\"", "\"mode\":\"half\"");
    damage("\"schema\":1", "\"schema\":2");
    damage("\"routers\":[1,2,3]", "\"routers\":7");
    damage("\"routers\":[1,2,3]", "\"routers\":[1,2,4]");
    write_text(file, "");
    EXPECT_EQ(read_probes(run).problems.size(), 1u);
    write_text(folder.path() / "probes" / "note.txt", "not one of them");
    EXPECT_EQ(read_probes(run).problems.size(), 1u);
}

TEST(ProbeFiles, WhatCannotBeKeptSaysSo) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    ProbeResult cancelled = some_probe();
    cancelled.cancelled = true;
    EXPECT_THROW(keep_probe(run, cancelled), WorkError);
    write_text(folder / "probes", "a file");
    EXPECT_THAT(message_of<InputError>([&] { keep_probe(run, some_probe()); }), HasSubstr("probes"));
    EXPECT_TRUE(read_probes(run).probes.empty());
}

}  // namespace
}  // namespace wavlab
