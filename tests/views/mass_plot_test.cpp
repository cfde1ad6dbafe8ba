// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <qcustomplot.h>

#include "core/routing_mass.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/figure_data.h"
#include "views/plots/plot.h"

namespace wavlab {
namespace {

std::unique_ptr<Plot> plot_of(const SyntheticRun& run) {
    test_application();
    std::unique_ptr<Plot> plot(PlotRegistry::find("mass")->make(nullptr));
    plot->resize(600, 400);
    plot->set_runs({{run.record(), 0, true}});
    return plot;
}

const DrawnSeries* series_of(const DrawnAxes& axes, const std::string& name) {
    for (const DrawnSeries& series : axes.series)
        if (series.name == name) return &series;
    return nullptr;
}

TEST(MassPlot, ShowsTheSharesOfEachRouter) {
    const SyntheticRun run;
    const auto plot = plot_of(run);
    const DrawnAxes axes = figure_data(plot->canvas(), QSize(3960, 2460)).axes.at(0);
    ASSERT_TRUE(plot->problem().isEmpty());
    const auto record = run.record();
    const RoutingLayout& layout = record->description().routing;
    const auto frame = record->routing_frame(*plot->shown_step());
    const std::vector<RoutingMass> masses = routing_masses(layout, *frame);
    ASSERT_EQ(masses.size(), layout.routers.size());
    const DrawnSeries* embedding = series_of(axes, "embedding");
    const DrawnSeries* phase = series_of(axes, "phase details");
    ASSERT_TRUE(embedding && phase);
    ASSERT_EQ(embedding->y.size(), masses.size());
    for (std::size_t router = 0; router < masses.size(); ++router) {
        double all = 0;
        for (const double one : masses[router]) all += one;
        EXPECT_NEAR(all, 1, 1e-5) << router;
        EXPECT_DOUBLE_EQ(embedding->x[router], double(router + 1));
        EXPECT_DOUBLE_EQ(embedding->y[router], masses[router][std::size_t(RoutingFamily::embedding)]);
        bool has_phase = false;
        for (const Source& source : layout.routers[router])
            has_phase = has_phase || family_of(source.kind) == RoutingFamily::phase;
        EXPECT_EQ(std::isnan(phase->y[router]), !has_phase) << "a gap where there is none to read";
        if (has_phase) {
            EXPECT_DOUBLE_EQ(phase->y[router], masses[router][std::size_t(RoutingFamily::phase)]);
        }
    }
}

TEST(MassPlot, NamesOnlyWhatTheMethodHas) {
    SyntheticRun block;
    block.method = "attnres_block";
    const auto plot = plot_of(block);
    for (const DrawnLegendEntry& entry : figure_data(plot->canvas(), QSize(3960, 2460)).legend)
        EXPECT_EQ(entry.text.find("details"), std::string::npos) << entry.text;
    SyntheticRun standard;
    standard.method = "standard";
    EXPECT_TRUE(plot_of(standard)->problem().contains("has no routing"));
}

TEST(MassPlot, FollowsTheStep) {
    const SyntheticRun run;
    const auto plot = plot_of(run);
    plot->set_state({{"step", 98}});
    plot->canvas();
    EXPECT_EQ(plot->shown_step(), 95);
}

}  // namespace
}  // namespace wavlab
