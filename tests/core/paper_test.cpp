// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cmath>

#include "core/embedded_resources.h"
#include "core/error.h"
#include "core/figure_file.h"
#include "core/paper_claim.h"
#include "core/paper_project.h"
#include "core/ready_experiments.h"
#include "core/routing_mass.h"

namespace wavlab {
namespace {

TableRun some_run(const std::string& method, std::int64_t layers, std::int64_t seed, double loss,
                  std::int64_t parameters = 1000) {
    TableRun run;
    run.name = method + std::to_string(layers) + "-" + std::to_string(seed);
    run.experiment.model.method = method;
    run.experiment.model.layers = layers;
    run.experiment.seed = seed;
    run.description.parameters = parameters;
    run.state = RunState::finished;
    run.values["val/loss"] = {100, loss};
    return run;
}

/// WAV minus Block AttnRes for three seeds, with these differences.
std::vector<TableRun> runs_with_differences(std::int64_t layers, const std::vector<double>& differences) {
    std::vector<TableRun> runs;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        const auto seed = static_cast<std::int64_t>(i + 1);
        runs.push_back(some_run("attnres_block", layers, seed, 2.0 + 0.1 * double(i)));
        runs.push_back(some_run("wav", layers, seed, 2.0 + 0.1 * double(i) + differences[i], 1005));
    }
    return runs;
}

PaperClaim some_claim(PaperExpectation expect = PaperExpectation::lower, double margin = 0) {
    PaperClaim claim;
    claim.subject = {{"model.method", "wav"}};
    claim.baseline = {{"model.method", "attnres_block"}};
    claim.where = {{"model.layers", "48"}};
    claim.expect = expect;
    claim.margin = margin;
    return claim;
}

TEST(PaperClaims, TheIntervalDecides) {
    const auto verdict = [](const PaperClaim& claim, const std::vector<double>& differences) {
        return answer(claim, runs_with_differences(48, differences)).verdict;
    };
    const std::vector<double> lower{-0.10, -0.11, -0.12}, higher{0.10, 0.11, 0.12}, around{-0.10, 0.11, -0.02};
    EXPECT_EQ(verdict(some_claim(), lower), PaperVerdict::supported);
    EXPECT_EQ(verdict(some_claim(), higher), PaperVerdict::not_supported);
    EXPECT_EQ(verdict(some_claim(), around), PaperVerdict::undecided);
    EXPECT_EQ(verdict(some_claim(), {-0.1}), PaperVerdict::undecided) << "one pair has no interval";
    EXPECT_EQ(verdict(some_claim(), {}), PaperVerdict::undecided);
    const PaperClaim not_lower = some_claim(PaperExpectation::not_lower);
    EXPECT_EQ(verdict(not_lower, lower), PaperVerdict::not_supported);
    EXPECT_EQ(verdict(not_lower, higher), PaperVerdict::supported);
    EXPECT_EQ(verdict(not_lower, around), PaperVerdict::undecided);
    const PaperClaim within = some_claim(PaperExpectation::within, 0.1);  // 0.21 of 2.1
    EXPECT_EQ(verdict(within, higher), PaperVerdict::supported);
    EXPECT_EQ(verdict(within, {0.30, 0.31, 0.32}), PaperVerdict::not_supported);
    EXPECT_EQ(verdict(within, {0.20, 0.21, 0.22}), PaperVerdict::undecided);
}

TEST(PaperClaims, NumbersAreThoseOfThePairs) {
    std::vector<TableRun> runs = runs_with_differences(48, {-0.10, -0.12, -0.14});
    runs.push_back(some_run("wav", 48, 9, 100));  // without a partner
    runs.push_back(some_run("wav", 12, 1, 100));  // elsewhere
    TableRun unfinished = some_run("wav", 48, 2, 100);
    unfinished.state = RunState::running;
    runs.push_back(unfinished);
    const PaperAnswer found = answer(some_claim(), runs);
    ASSERT_EQ(found.statistics.n, 3u);
    EXPECT_NEAR(*found.statistics.mean, -0.12, 1e-12);
    EXPECT_NEAR(*found.statistics.interval, 4.302652729911275 * 0.02 / std::sqrt(3.0), 1e-9);
    EXPECT_EQ(found.at.lower, 3u);
    EXPECT_NEAR(*found.at.bootstrap.low, -0.14, 1e-12);
    EXPECT_EQ(found.at.subject_statistics.n, 4u) << "means are those of the tables";
}

TEST(PaperClaims, DifferencesOfDifferencesArePaired) {
    std::vector<TableRun> runs = runs_with_differences(48, {-0.10, -0.12, -0.14});
    for (const TableRun& run : runs_with_differences(12, {0.01, 0.00, -0.01})) runs.push_back(run);
    PaperClaim claim = some_claim();
    claim.than = {{"model.layers", "12"}};
    const PaperAnswer found = answer(claim, runs);
    EXPECT_NEAR(*found.statistics.mean, -0.12, 1e-12);
    EXPECT_NEAR(*found.statistics.standard_deviation, 0.01, 1e-12);
    EXPECT_EQ(found.verdict, PaperVerdict::supported);
}

TEST(PaperClaims, ParametersAreExact) {
    PaperClaim claim = some_claim(PaperExpectation::within, 0.01);
    claim.parameters = true;
    const std::vector<TableRun> runs = runs_with_differences(48, {0.1});
    EXPECT_EQ(answer(claim, runs).verdict, PaperVerdict::supported);
    claim.margin = 0.001;
    EXPECT_EQ(answer(claim, runs).verdict, PaperVerdict::not_supported);
    EXPECT_EQ(answer(claim, {}).verdict, PaperVerdict::undecided);
}

TEST(PaperProjects, ReadyOnesAndTheirFilesAreRight) {
    for (const std::string id : {"small", "full"}) {
        const std::string folder = "paper/" + id + "/";
        const PaperProject project = parse_paper(embedded_resource(folder + "paper.toml"), id);
        EXPECT_FALSE(project.claims.empty());
        ASSERT_EQ(project.published.size(), 2u);
        EXPECT_EQ(project.published[0].loss, 0.4738);
        EXPECT_EQ(project.published[1].baseline_loss, 0.9363);
        std::vector<std::string> names;
        for (const std::string& sweep : project.sweeps) {
            const ReadyExperiment* ready = find_ready_sweep(sweep);
            ASSERT_TRUE(ready) << sweep;
            EXPECT_NE(ready->text.find("\nname = \"" + sweep + "\"\n"), std::string::npos) << "figures find runs by it";
        }
        for (const PaperFigure& figure : project.figures) {
            const FigureFile file = parse_figure(embedded_resource(folder + figure.file), figure.file);
            for (const FigurePanel& panel : file.panels)
                for (const std::string& runs : panel.runs) {
                    bool known = false;
                    for (const std::string& sweep : project.sweeps) known = known || runs.starts_with(sweep + "-");
                    EXPECT_TRUE(known) << figure.file << ": " << runs;
                }
        }
    }
}

TEST(PaperProjects, SettingsMayBeWrittenInAnyForm) {
    const PaperProject project = parse_paper(R"(
title = "x"
sweeps = ["s.toml"]
[[claim]]
text = "y"
subject = { model.method = "wav", method.phase = true }
baseline = { "model.method" = "standard" }
where = { "model.layers" = 12, "train.lr" = 1e-3 }
)",
                                             "paper.toml");
    const PaperClaim& claim = project.claims.front();
    EXPECT_EQ(settings_text(claim.subject), "method.phase = true, model.method = wav");
    EXPECT_EQ(settings_text(claim.where), "model.layers = 12, train.lr = 0.001");
    EXPECT_EQ(claim.line, 4);
    TableRun run = some_run("wav", 12, 1, 2);
    run.experiment.train.lr = 1e-3;
    EXPECT_EQ(runs_with({run}, claim.where).size(), 1u);
    EXPECT_EQ(runs_with({run}, {{"seed", "2"}}).size(), 0u);
    EXPECT_EQ(runs_with({run}, {{"no.such", "2"}}).size(), 0u);
}

TEST(PaperProjects, WhatIsWrongIsNamed) {
    const auto message = [](const std::string& text) -> std::string {
        try {
            parse_paper(text, "paper.toml");
        } catch (const InputError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(message("sweeps = [\"a\"]").find("title"), std::string::npos);
    const std::string start = "title = \"t\"\nsweeps = [\"a\"]\n";
    EXPECT_EQ(message(start), "");
    for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
             {"colour = 1", "paper.toml, line 3: colour: this key is not known here"},
             {"table = 1", "[[table]]"},
             {"[[table]]\nname = \"a b\"\ntitle = \"t\"", "a b"},
             {"[[table]]\nname = \"a\"\ntitle = \"t\"\ndigits = 12", "1 to 9"},
             {"[[figure]]\nfile = \"a.svg\"", "must end in .toml"},
             {"[[claim]]\ntext = \"t\"", "'subject'"},
             {"[[claim]]\ntext = \"t\"\nsubject = 1", "must be settings"},
             {"[[claim]]\ntext = \"t\"\nsubject = { a = 1 }\nbaseline = { a = 2 }\nexpect = \"within\"", "margin"},
             {"[[claim]]\ntext = \"t\"\nsubject = { a = 1 }\nbaseline = { a = 2 }\nquantity = \"parameters\"",
              "within"}}) {
        const std::string found = message(start + text + "\n");
        EXPECT_NE(found.find(part), std::string::npos) << text << ": " << found;
        EXPECT_NE(found.find("paper.toml, line"), std::string::npos) << found;
    }
}

TEST(PaperProjects, AClaimIsOfMeansOverSeedsAlone) {
    std::vector<Experiment> experiments;
    for (const char* method : {"wav", "attnres_block"})
        for (const char* dataset : {"tinystories", "text8"})
            for (const std::int64_t seed : {1, 2}) {
                Experiment experiment;
                experiment.model.method = method;
                experiment.model.layers = 48;
                experiment.data.dataset = dataset;
                experiment.seed = seed;
                experiments.push_back(experiment);
            }
    PaperProject project;
    project.claims = {some_claim()};
    try {
        require_paper_fits(project, experiments, "paper.toml");
        ADD_FAILURE() << "losses of two texts have no mean";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("differ in data.dataset too"), std::string::npos) << error.what();
    }
    project.claims[0].where.emplace_back("data.dataset", "text8");
    EXPECT_NO_THROW(require_paper_fits(project, experiments, "paper.toml"));
}

TEST(RoutingMass, AddsUpToOne) {
    RoutingLayout layout;
    layout.routers = {{{SourceKind::embedding, 0}},
                      {{SourceKind::embedding, 0}, {SourceKind::partial, 0}},
                      {{SourceKind::embedding, 0},
                       {SourceKind::block, 1},
                       {SourceKind::phase, 1},
                       {SourceKind::split, 1},
                       {SourceKind::split_partial, 0}}};
    RoutingFrame frame;
    frame.weight = {1, 0.25, 0.75, 0.1F, 0.2F, 0.3F, 0.15F, 0.25F};
    const auto mass = routing_mass(layout, frame);
    ASSERT_TRUE(mass);
    double sum = 0;
    for (const double one : *mass) sum += one;
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_NEAR((*mass)[std::size_t(RoutingFamily::embedding)], 1.35 / 3, 1e-6);
    EXPECT_NEAR((*mass)[std::size_t(RoutingFamily::split)], 0.4 / 3, 1e-6);
    frame.weight.pop_back();
    EXPECT_FALSE(routing_mass(layout, frame));
    EXPECT_FALSE(routing_mass({}, {}));
}

}  // namespace
}  // namespace wavlab
