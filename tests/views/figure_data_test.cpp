// SPDX-License-Identifier: GPL-3.0-or-later
// What a figure shows, taken off its canvas: against what the runs have recorded.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <QJsonArray>

#include "tests/views/drawn_figure.h"
#include "tests/views/made_up_probe.h"
#include "tests/views/synthetic_run.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const DrawnSeries* series_named(const DrawnAxes& axes, const std::string& name) {
    for (const DrawnSeries& series : axes.series)
        if (series.name == name) return &series;
    return nullptr;
}

TEST(FigureDataTest, LossHasTheRecordedValuesOfEachRun) {
    SyntheticRun first, second;
    second.name = "standard_12 & more";
    second.method = "standard";
    second.not_finite = {180};
    const auto one = first.record(), two = second.record();
    const FigureData data = drawn_figure("loss", {{one, 0, true}, {two, 1, false}});
    ASSERT_EQ(data.axes.size(), 1u);
    const DrawnAxes& axes = data.axes.front();
    EXPECT_EQ(axes.x.label, "Step");
    EXPECT_THAT(axes.y.label, HasSubstr("nats per token"));
    EXPECT_LE(axes.x.low, 0);
    EXPECT_GE(axes.x.high, 300);
    for (const auto& record : {one, two}) {
        const DrawnSeries* each = series_named(axes, record->name() + ", each step");
        const DrawnSeries* validation = series_named(axes, record->name() + ", validation");
        ASSERT_TRUE(each && validation && series_named(axes, record->name()));
        const ScalarSeries &losses = *record->scalars("train/loss"), &evaluated = *record->scalars("val/loss");
        EXPECT_EQ(each->x, losses.steps);
        ASSERT_EQ(each->y.size(), losses.values.size());
        for (std::size_t i = 0; i < each->y.size(); ++i)
            if (std::isfinite(losses.values[i])) {
                EXPECT_EQ(each->y[i], losses.values[i]);
            }
        EXPECT_EQ(validation->kind, DrawnSeries::Kind::marker);
        EXPECT_EQ(validation->x, evaluated.steps);
        EXPECT_EQ(validation->y, evaluated.values);
    }
    ASSERT_EQ(axes.marks.size(), 1u);
    EXPECT_EQ(axes.marks[0].x, 180);
    EXPECT_FALSE(axes.references.empty());
    EXPECT_GE(data.legend.size(), 2u);
    // It lies within the canvas, above the axes' numbers and below the legend.
    EXPECT_GT(axes.place.left(), 0.03);
    EXPECT_LT(axes.place.right(), 1);
    EXPECT_GE(axes.place.top(), data.legend_place.bottom());
}

TEST(FigureDataTest, ALineInTheFigureIsAsBroadAsInPrint) {
    const FigureData data = drawn_figure("loss", {{SyntheticRun().record(), 1, true}});
    const DrawnSeries* line = series_named(data.axes[0], "wav-12");
    ASSERT_TRUE(line);
    EXPECT_NEAR(line->line.width, 1.1, 1e-9);
    ASSERT_EQ(line->line.dashes.size(), 2u);
    EXPECT_NEAR(line->line.dashes[0], 5 * 1.1, 1e-9);
    EXPECT_EQ(line->line.color, QColor(0xd5, 0x5e, 0x00));
}

TEST(FigureDataTest, AZoomKeepsWhatIsSeenAndOneNeighbourOnEitherSide) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("loss", {{record, 0, true}}, {{"zoom", QJsonArray{100.5, 200.5, 0, 5}}});
    const DrawnSeries* line = series_named(data.axes[0], "wav-12, each step");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->x.front(), 100);
    EXPECT_EQ(line->x.back(), 201);
    EXPECT_EQ(line->x.size(), 102u);
}

TEST(FigureDataTest, TokensAreInTheUnitsOfTheAxis) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("loss", {{record, 0, true}}, {{"x", "tokens"}});
    const DrawnAxes& axes = data.axes[0];
    EXPECT_THAT(axes.x.label, HasSubstr("Tokens ("));
    const DrawnSeries* line = series_named(axes, "wav-12, each step");
    ASSERT_TRUE(line);
    EXPECT_LE(line->x.back(), axes.x.high);
    EXPECT_GT(line->x.back(), axes.x.high * 0.9);
    EXPECT_LT(axes.x.high, 10000);
    for (const DrawnTick& tick : axes.x.ticks) EXPECT_NEAR(std::stod(tick.label), tick.value, 1e-6);
}

TEST(FigureDataTest, GroupsHaveBandsAroundTheirMeans) {
    std::vector<DrawnRun> runs;
    for (int seed = 0; seed < 3; ++seed) {
        SyntheticRun run;
        run.name = "wav-" + std::to_string(seed);
        run.final_loss = 1.1 + 0.05 * seed;
        runs.push_back({run.record(), seed, seed == 0});
    }
    const FigureData data = drawn_figure("loss", runs, {{"group", "model.method"}, {"band", "deviation"}});
    bool any = false;
    for (const DrawnSeries& series : data.axes[0].series) {
        if (series.kind != DrawnSeries::Kind::band) continue;
        any = true;
        ASSERT_EQ(series.low.size(), series.x.size());
        for (std::size_t i = 0; i < series.x.size(); ++i) EXPECT_LE(series.low[i], series.high[i]);
        EXPECT_LT(series.fill.alphaF(), 0.5);
    }
    EXPECT_TRUE(any);
}

TEST(FigureDataTest, RoutingHasTheCellsOfItsFrame) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("routing", {{record, 0, true}});
    ASSERT_EQ(data.axes.size(), 1u);
    const DrawnAxes& axes = data.axes.front();
    ASSERT_EQ(axes.matrices.size(), 1u);
    const DrawnMatrix& matrix = axes.matrices.front();
    const RoutingLayout& layout = record->description().routing;
    EXPECT_EQ(matrix.rows, layout.routers.size());
    EXPECT_EQ(axes.y.categories.size(), matrix.rows);
    EXPECT_EQ(axes.x.categories.size(), matrix.columns);
    EXPECT_EQ(axes.y.categories.front(), "attn 1");
    EXPECT_TRUE(axes.y.reversed);
    EXPECT_EQ(axes.strips.size(), 2u);
    // Each router's weights sum to one.
    const auto frame = record->routing_frame(record->frame_steps(FrameKind::routing).back());
    ASSERT_TRUE(frame);
    std::size_t cells = 0;
    for (std::size_t row = 0; row < matrix.rows; ++row) {
        double sum = 0;
        for (std::size_t column = 0; column < matrix.columns; ++column) {
            const double value = matrix.values[row * matrix.columns + column];
            if (std::isnan(value)) continue;
            sum += value;
            ++cells;
        }
        EXPECT_NEAR(sum, 1, 1e-4);
    }
    std::size_t sources = 0;
    for (const auto& router : layout.routers) sources += router.size();
    EXPECT_EQ(cells, sources);
    ASSERT_EQ(data.color_bars.size(), 1u);
    EXPECT_EQ(data.color_bars[0].axis.label, matrix.name);
    EXPECT_EQ(data.color_bars[0].scale.high, matrix.scale.high);
}

TEST(FigureDataTest, RoutingOverTimeHasTheStepsOfItsFrames) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("routing", {{record, 0, true}}, {{"mode", "time"}, {"router", 5}});
    const DrawnMatrix& matrix = data.axes.at(0).matrices.at(0);
    const std::vector<std::int64_t>& steps = record->frame_steps(FrameKind::routing);
    ASSERT_EQ(matrix.column_keys.size(), steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(matrix.column_keys[i], double(steps[i]));
}

TEST(FigureDataTest, DetailsHaveAGraphForEachKind) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("details", {{record, 0, true}});
    const auto frame = record->detail_frame(record->frame_steps(FrameKind::details).back());
    ASSERT_TRUE(frame);
    ASSERT_FALSE(data.axes.at(0).series.empty());
    const DrawnSeries& summary = data.axes[0].series.front();
    ASSERT_EQ(summary.y.size(), frame->summary_rms.size());
    for (std::size_t i = 0; i < summary.y.size(); ++i) {
        EXPECT_EQ(summary.x[i], double(i + 1));
        EXPECT_EQ(summary.y[i], double(frame->summary_rms[i]));
    }
    EXPECT_NE(summary.marker.shape, DrawnMarker::Shape::none);
}

TEST(FigureDataTest, PanelsOfDepthAreAxesOfTheirOwn) {
    SyntheticRun first, second;
    second.name = "attnres-block-12";
    second.method = "attnres_block";
    const FigureData data =
        drawn_figure("depth", {{first.record(), 0, true}, {second.record(), 1, false}}, {{"mode", "runs"}});
    ASSERT_EQ(data.axes.size(), 2u);
    EXPECT_EQ(data.axes[0].title, "wav-12");
    EXPECT_EQ(data.axes[1].title, "attnres-block-12");
    EXPECT_EQ(data.axes[1].matrices.at(0).name, "attnres-block-12");
    EXPECT_EQ(data.axes[0].matrices[0].scale.high, data.axes[1].matrices[0].scale.high);
    EXPECT_LT(data.axes[0].place.right(), data.axes[1].place.left());
    EXPECT_EQ(data.color_bars.size(), 1u);
}

TEST(FigureDataTest, DepthHasTheStatesOfEachRun) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("depth", {{record, 0, true}});
    const auto frame = record->depth_frame(record->frame_steps(FrameKind::depth).back());
    const DrawnSeries* series = series_named(data.axes.at(0), "wav-12");
    ASSERT_TRUE(series && frame);
    ASSERT_EQ(series->y.size(), frame->state_rms.size());
    for (std::size_t i = 0; i < series->y.size(); ++i) EXPECT_EQ(series->y[i], double(frame->state_rms[i]));
}

TEST(FigureDataTest, ProbesHaveTheirEffectsWhateverTheScale) {
    ProbedRunFolder probed;
    probed.keep(100);
    const std::vector<DrawnRun> runs{{probed.record, 0, true}};
    const FigureData plain = drawn_figure("probe", runs), logarithmic = drawn_figure("probe", runs, {{"log", true}});
    ASSERT_EQ(plain.axes.size(), 3u);
    ASSERT_EQ(logarithmic.axes.size(), 3u);
    EXPECT_EQ(plain.axes[0].matrices.at(0).name, plain.axes[0].head->title);
    const DrawnMatrix &a = plain.axes[0].matrices[0], &b = logarithmic.axes[0].matrices[0];
    EXPECT_GT(b.scale.symmetric, 0);
    EXPECT_NEAR(a.scale.high, b.scale.high, 1e-9);
    for (std::size_t i = 0; i < a.values.size(); ++i)
        if (!std::isnan(a.values[i])) {
            EXPECT_NEAR(a.values[i], b.values[i], 1e-9 + 1e-6 * std::abs(a.values[i]));
        }
    const FigureData scatter = drawn_figure("probe", runs, {{"mode", "scatter"}, {"log", true}});
    const FigureData straight = drawn_figure("probe", runs, {{"mode", "scatter"}});
    const DrawnSeries &there = scatter.axes.at(0).series.front(), &here = straight.axes.at(0).series.front();
    EXPECT_FALSE(here.name.empty());
    ASSERT_EQ(here.x.size(), there.x.size());
    for (std::size_t i = 0; i < here.x.size(); ++i) EXPECT_NEAR(here.x[i], there.x[i], 1e-9);
    const FigureData families = drawn_figure("probe", runs, {{"mode", "families"}});
    EXPECT_EQ(families.axes.at(0).series.front().kind, DrawnSeries::Kind::bar);
    EXPECT_FALSE(families.axes[0].x.categories.empty());
}

}  // namespace
}  // namespace wavlab
