// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"

namespace wavlab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<RunRecord> run_of(const char* name, std::int64_t steps) {
    SyntheticRun run;
    run.name = name;
    run.layers = 4;
    run.steps = steps;
    run.record_every = 20;
    return run.record();
}

/// One that should take 600 steps and has come to step 390; its last frame is of step 380.
std::shared_ptr<RunRecord> interrupted_run() {
    SyntheticRun run;
    run.name = "b";
    run.layers = 4;
    run.steps = 600;
    run.record_every = 20;
    auto record = std::make_shared<RunRecord>("/synthetic/b");
    record->apply(run.started());
    for (std::int64_t step = 0; step <= 390; ++step)
        for (const RunEvent& event : run.step_events(step)) record->apply(event);
    record->apply(RunEnded{.state = RunState::interrupted, .reason = "", .step = 390});
    return record;
}

/// What a figure of one panel says of its runs; the first of them is focused.
std::vector<std::string> run_lines(const char* kind, const std::vector<std::shared_ptr<RunRecord>>& runs,
                                   const QJsonObject& state = {}, std::optional<std::int64_t> step = {}) {
    test_application();
    PageContent content;
    content.panels.resize(1);
    PagePanel& panel = content.panels.front();
    panel.plot = PlotRegistry::find(kind);
    for (std::size_t i = 0; i < runs.size(); ++i) panel.runs.push_back({runs[i], int(i), i == 0});
    panel.state = state;
    panel.step = step;
    std::vector<std::string> lines;
    for (const QString& line : figure_provenance(content, FigurePage(content)).lines)
        if (line.startsWith("run ")) lines.push_back(line.toStdString());
    EXPECT_EQ(lines.size(), runs.size());
    lines.resize(runs.size());
    return lines;
}

/// The beginning of a run's line: "" where no step of it is to be named.
auto names(const char* run, const std::string& steps) {
    return StartsWith(std::string("run ") + run + ", method wav, " + (steps.empty() ? "" : steps + ", ") + "seed ");
}

TEST(FigureProvenance, NamesTheStepThatIsDrawnOfEachRun) {
    const std::vector runs{run_of("a", 600), interrupted_run()};
    auto lines = run_lines("depth", runs);
    EXPECT_THAT(lines[0], names("a", "step 600"));
    EXPECT_THAT(lines[1], names("b", "step 380"));
    lines = run_lines("depth", runs, {}, 90);
    EXPECT_THAT(lines[0], names("a", "step 80"));
    EXPECT_THAT(lines[1], names("b", "step 80"));
    lines = run_lines("depth", runs, {{"mode", "runs"}});
    EXPECT_THAT(lines[0], names("a", "step 600"));
    EXPECT_THAT(lines[1], names("b", "step 380"));
    lines = run_lines("loss", runs);
    EXPECT_THAT(lines[0], names("a", "step 600"));
    EXPECT_THAT(lines[1], names("b", "step 390"));
}

TEST(FigureProvenance, NamesOfRunsThatAreNotDrawnNoStep) {
    const std::vector runs{run_of("a", 600), interrupted_run(), run_of("c", 300)};
    const auto lines = run_lines("depth", runs, {{"mode", "time"}, {"against", "b"}});
    EXPECT_THAT(lines[0], names("a", "step 600"));
    EXPECT_THAT(lines[1], names("b", "step 380"));
    EXPECT_THAT(lines[2], names("c", ""));
}

TEST(FigureProvenance, NamesBothSidesOfADifference) {
    const std::vector runs{run_of("a", 600), interrupted_run()};
    for (const char* mode : {"step", "time"}) {
        auto lines = run_lines("routing", runs, {{"mode", mode}, {"against", "b"}});
        EXPECT_THAT(lines[0], names("a", "step 600")) << mode;
        EXPECT_THAT(lines[1], names("b", "step 380")) << mode;
        lines = run_lines("routing", {runs[0]}, {{"mode", mode}, {"against_step", 45}});
        EXPECT_THAT(lines[0], names("a", "steps 600 and 40")) << mode;
    }
    EXPECT_THAT(run_lines("routing", {runs[0]}, {{"against_step", 45}}, 500)[0], names("a", "steps 500 and 40"));
    EXPECT_THAT(run_lines("routing", {runs[0]}, {{"against_step", 40}}, 40)[0], names("a", "step 40"));
    EXPECT_THAT(run_lines("mass", {runs[1]})[0], names("b", "step 380"));
}

TEST(FigureProvenance, NamesTheStepsOfResults) {
    const auto best = run_of("a", 600);
    best->apply(ScalarRecorded{250, "val/loss", 0.5});
    const std::vector runs{best, run_of("c", 300), interrupted_run()};
    auto lines = run_lines("results", runs, {{"at", "best"}});
    EXPECT_THAT(lines[0], names("a", "step 250"));
    EXPECT_THAT(lines[1], names("c", "step 300"));
    EXPECT_THAT(lines[2], names("b", "")) << "results are those of finished runs";
    lines = run_lines("results", runs);
    EXPECT_THAT(lines[0], names("a", "step 600"));
    EXPECT_THAT(run_lines("results", runs, {{"quantity", "parameters"}})[0], names("a", ""));
}

TEST(FigureProvenance, NamesWhatMadeTheStepsBeforeAResume) {
    SyntheticRun run;
    run.name = "a";
    const auto record = run.record();
    RunStarted again = run.started();
    again.first_step = 200;
    again.description.commit = "another";
    again.description.started_at = "2026-02-03T04:05:06Z";
    record->apply(again);
    EXPECT_THAT(run_lines("loss", {record})[0],
                AllOf(HasSubstr("until step 200: WAV Lab 0.1.0 (0123456789ab), torch 2.11.0, cpu, "),
                      HasSubstr("then WAV Lab 0.1.0 (another), ")));
    PageContent content;
    content.panels.push_back({.plot = PlotRegistry::find("loss"), .runs = {{record, 0, true}}});
    EXPECT_TRUE(figure_provenance(content, FigurePage(content)).pdf_date.startsWith("20260115"));
}

}  // namespace
}  // namespace wavlab
