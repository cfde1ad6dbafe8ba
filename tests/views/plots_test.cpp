// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>
#include <set>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QJsonArray>
#include <QSignalSpy>
#include <QTest>

#include "tests/views/application.h"
#include "tests/views/made_up_probe.h"
#include "tests/views/shown_plot.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"

namespace wavlab {
namespace {

QPalette dark_palette() {
    QPalette palette;
    palette.setColor(QPalette::Base, QColor(0x1e, 0x1f, 0x22));
    palette.setColor(QPalette::Text, QColor(0xe0, 0xe0, 0xe0));
    return palette;
}

int color_count(const QImage& image) {
    std::set<QRgb> colors;
    for (int y = 0; y < image.height(); y += 2)
        for (int x = 0; x < image.width(); x += 2) colors.insert(image.pixel(x, y));
    return int(colors.size());
}

SyntheticRun of_method(const std::string& method) {
    SyntheticRun run;
    run.method = method;
    run.name = method + "-12";
    return run;
}

TEST(Plots, RegisterThemselvesWithHelp) {
    std::vector<std::string> ids;
    for (const PlotDescriptor& plot : PlotRegistry::all()) {
        ids.push_back(plot.id);
        EXPECT_FALSE(plot.title.empty());
        EXPECT_GT(plot.help.size(), 100u) << plot.id;
    }
    EXPECT_EQ(ids, (std::vector<std::string>{"loss", "routing", "details", "depth", "probe", "results", "mass"}));
}

TEST(Plots, DrawAtEverySizeInLightAndDark) {
    ProbedRunFolder probed;
    probed.keep(100);
    const auto wav = probed.record;
    for (const PlotDescriptor& descriptor : PlotRegistry::all())
        for (const QSize size : {QSize(160, 120), QSize(640, 360), QSize(600, 400), QSize(3840, 2160)})
            for (const bool dark : {false, true}) {
                test_application();
                const std::unique_ptr<Plot> plot(descriptor.make(nullptr));
                if (dark) plot->setPalette(dark_palette());
                plot->resize(size);
                plot->set_runs(drawn({wav}));
                plot->show();
                QCoreApplication::processEvents();
                EXPECT_TRUE(plot->problem().isEmpty()) << plot->problem().toStdString();
                const QImage image = plot->canvas().grab().toImage();
                EXPECT_GT(color_count(image), 8) << descriptor.id << " " << size.width();
                const QColor ground = image.pixelColor(image.width() - 2, image.height() - 2);
                EXPECT_EQ(ground.lightness() < 128, dark) << descriptor.id << " " << size.width();
            }
}

TEST(Plots, FitIntoNarrowPanels) {
    ProbedRunFolder probed;
    probed.keep(100);
    const auto wav = probed.record;
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        const auto plot = shown_plot(descriptor.id.c_str(), {wav});
        EXPECT_LE(plot->minimumSizeHint().width(), 400) << descriptor.id;
        plot->set_state({{"over", "time"}});
        plot->canvas();
        EXPECT_LE(plot->minimumSizeHint().width(), 400) << descriptor.id;
    }
}

TEST(Plots, SayWhatTheyWillShowAndShowItWhenItComes) {
    const SyntheticRun run;
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        auto plot = shown_plot(descriptor.id.c_str(), {});
        EXPECT_TRUE(plot->problem().contains("Press Start")) << descriptor.id;
        EXPECT_GT(color_count(plot->canvas().grab().toImage()), 2) << "the sentence is drawn";

        auto record = std::make_shared<RunRecord>("/synthetic/" + run.name);
        plot->set_runs(drawn({record}));
        plot->canvas();
        EXPECT_FALSE(plot->problem().isEmpty());
        plot->update_from(*record, record->apply(run.started()));
        for (std::int64_t step = 0; step <= 20; ++step)
            for (const RunEvent& event : run.step_events(step)) plot->update_from(*record, record->apply(event));
        QCoreApplication::processEvents();
        if (descriptor.id == "probe") continue;    // it shows no events: probe_plot_test.cpp
        if (descriptor.id == "results") continue;  // the run is not finished: results_plot_test.cpp
        EXPECT_TRUE(plot->problem().isEmpty()) << plot->problem().toStdString();
        plot->hover_at(plot->canvas().axisRect()->center());
        EXPECT_TRUE(plot->canvas().layer("main")->visible());
    }
}

TEST(Plots, RepaintOnceForManyChangesAndNotWhileHidden) {
    ProbedRunFolder probed;
    probed.keep(100);
    const auto record = probed.record;
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        auto plot = shown_plot(descriptor.id.c_str(), {record});
        QCustomPlot& canvas = plot->canvas();
        QCoreApplication::processEvents();
        QSignalSpy replots(&canvas, &QCustomPlot::afterReplot);
        RecordChanges changes;
        changes.scalars = changes.routing = changes.details = changes.depth = changes.probes = true;
        for (int i = 0; i < 10; ++i) plot->update_from(*record, changes);
        QCoreApplication::processEvents();
        EXPECT_EQ(replots.count(), 1) << descriptor.id;

        RecordChanges others;
        others.samples = true;
        others.state = descriptor.id != "results";  // only finished runs have results
        plot->update_from(*record, others);
        QCoreApplication::processEvents();
        EXPECT_EQ(replots.count(), 1) << descriptor.id;

        plot->hover_at(canvas.axisRect()->center());
        EXPECT_EQ(replots.count(), 1) << "hovering redraws its own layer only, " << descriptor.id;

        plot->hide();
        plot->update_from(*record, changes);
        QCoreApplication::processEvents();
        EXPECT_EQ(replots.count(), 1) << descriptor.id;
        plot->show();
        QCoreApplication::processEvents();
        EXPECT_GE(replots.count(), 2) << descriptor.id;
    }
}

TEST(Plots, KeepTheirStateInAnotherPlot) {
    const auto record = SyntheticRun().record();
    const std::pair<const char*, QJsonObject> cases[] = {
        {"loss",
         {{"smoothing", 0.5},
          {"log_steps", true},
          {"log_loss", true},
          {"entropies", true},
          {"x", "tokens"},
          {"unit", "bits-per-byte"},
          {"group", "model.method"},
          {"band", "interval"},
          {"single_runs", true},
          {"losses", "validation"}}},
        {"routing", {{"quantity", "contribution"}, {"fitted", true}, {"cividis", true}, {"step", 100}}},
        {"details", {{"quantity", "cosine"}, {"over", "time"}, {"place", 2}, {"log", false}}},
        {"depth", {{"quantity", "gradient"}, {"log", true}, {"step", 50}}},
        {"results",
         {{"quantity", "difference"},
          {"x", "model.width"},
          {"line", "model.method,model.layers"},
          {"baseline", "standard"},
          {"band", "interval"},
          {"at", "best"},
          {"unit", "bits-per-byte"},
          {"log_x", true},
          {"references",
           QJsonArray{QJsonObject{{"x", 12.0},
                                  {"y", -0.1},
                                  {"label", "paper"},
                                  {"quantity", "difference"},
                                  {"by", "model.layers"},
                                  {"unit", "bits-per-byte"},
                                  {"baseline", "attnres_block"}}}}}},
    };
    for (const auto& [id, state] : cases) {
        auto plot = shown_plot(id, {record});
        plot->set_state(state);
        plot->canvas();
        const QJsonObject kept = plot->state();
        for (const QString& key : state.keys()) EXPECT_EQ(kept[key], state[key]) << id << " " << key.toStdString();
        plot->set_state({});
        EXPECT_FALSE(plot->state().contains("step"));
    }
}

TEST(Plots, WheelZoomsAndDoubleClickShowsEverything) {
    ProbedRunFolder probed;
    probed.keep(100);
    const auto record = probed.record;
    for (const PlotDescriptor& descriptor : PlotRegistry::all()) {
        auto plot = shown_plot(descriptor.id.c_str(), {record});
        QCustomPlot& canvas = plot->canvas();
        const QCPRange whole = canvas.xAxis->range();
        const QPoint middle = canvas.axisRect()->center();
        QWheelEvent wheel(middle, canvas.mapToGlobal(middle), {}, {0, 240}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&canvas, &wheel);
        EXPECT_LT(canvas.xAxis->range().size(), whole.size()) << descriptor.id;
        EXPECT_TRUE(plot->state().contains("zoom"));
        RecordChanges changes;
        changes.scalars = changes.routing = changes.details = changes.depth = changes.probes = true;
        plot->update_from(*record, changes);
        plot->canvas();
        EXPECT_LT(canvas.xAxis->range().size(), whole.size()) << "new data leave the zoom alone, " << descriptor.id;
        QTest::mouseDClick(&canvas, Qt::LeftButton, Qt::NoModifier, middle);
        plot->canvas();
        EXPECT_NEAR(canvas.xAxis->range().size(), whole.size(), 1e-9) << descriptor.id;
        EXPECT_FALSE(plot->state().contains("zoom"));
    }
}

TEST(RoutingPlot, HoverNamesRouterAndSource) {
    const SyntheticRun run;
    const RoutingFrame frame = run.routing_frame(300);
    auto plot = shown_plot("routing", {run.record()});
    QCustomPlot& canvas = plot->canvas();
    const auto at = [&](double column, double router) {
        return QPointF(canvas.xAxis->coordToPixel(column), canvas.yAxis->coordToPixel(router));
    };
    // Router 7 is the first that sees block 1: embedding, block1, phase1, split1.
    const RoutingLayout layout = run.layout();
    plot->hover_at(at(2, 6));
    const QString text = plot->hover_lines().join('\n');
    EXPECT_TRUE(text.contains("before attention of layer 4")) << text.toStdString();
    EXPECT_TRUE(text.contains("phase 1"));
    EXPECT_TRUE(text.contains(QString::number(frame.weight[layout.first_cell(6) + 2], 'g', 4))) << text.toStdString();
    EXPECT_TRUE(text.contains("effective sources\t"));
    plot->hover_at(at(12, 3));
    EXPECT_TRUE(plot->hover_lines().isEmpty()) << "a cell that does not exist";
    plot->hover_at(at(0, 24));
    EXPECT_TRUE(plot->hover_lines().join('\n').contains("before the final norm"));
}

TEST(RoutingPlot, TheValuesBesideTheMouseFollowNewFrames) {
    const SyntheticRun run;
    auto record = std::make_shared<RunRecord>("/synthetic/" + run.name);
    record->apply(run.started());
    for (const RunEvent& event : run.step_events(0)) record->apply(event);
    auto plot = shown_plot("routing", {record});
    QCustomPlot& canvas = plot->canvas();
    plot->hover_at({canvas.xAxis->coordToPixel(2), canvas.yAxis->coordToPixel(6)});
    const QStringList before = plot->hover_lines();
    ASSERT_FALSE(before.isEmpty());
    for (std::int64_t step = 1; step <= 300; ++step)
        for (const RunEvent& event : run.step_events(step)) plot->update_from(*record, record->apply(event));
    plot->canvas();
    const float weight = run.routing_frame(300).weight[run.layout().first_cell(6) + 2];
    EXPECT_NE(plot->hover_lines(), before);
    EXPECT_TRUE(plot->hover_lines().join('\n').contains(QString::number(weight, 'g', 4)));
}

TEST(RoutingPlot, FollowsTheNewestFrameUntilAStepIsChosen) {
    SyntheticRun run;
    auto record = std::make_shared<RunRecord>("/synthetic/live");
    record->apply(run.started());
    auto plot = shown_plot("routing", {record});
    const auto advance = [&](std::int64_t step) {
        plot->update_from(*record, record->apply(run.routing_frame(step)));
        plot->canvas();
    };
    advance(0);
    EXPECT_EQ(plot->shown_step(), 0);
    advance(5);
    EXPECT_EQ(plot->shown_step(), 5);
    plot->set_state({{"step", 3}});
    advance(10);
    EXPECT_EQ(plot->shown_step(), 0);
    plot->set_state({});
    advance(15);
    EXPECT_EQ(plot->shown_step(), 15);
}

TEST(RoutingPlot, MethodsWithoutRoutingGetASentence) {
    for (const char* id : {"routing", "details"}) {
        const QString problem = shown_plot(id, {of_method("standard").record()})->problem();
        EXPECT_TRUE(problem.contains("'standard-12'")) << problem.toStdString();
        EXPECT_TRUE(problem.contains("method standard")) << problem.toStdString();
    }
}

TEST(DetailsPlot, ShowsSummariesWithoutDetailsAndSaysSoForTheRest) {
    auto plot = shown_plot("details", {of_method("attnres_block").record()});
    EXPECT_TRUE(plot->problem().isEmpty());
    plot->set_state({{"quantity", "cosine"}});
    EXPECT_TRUE(plot->problem().contains("no details")) << plot->problem().toStdString();
}

TEST(DetailsPlot, HoverGivesAllSeriesOfABlock) {
    auto plot = shown_plot("details", {SyntheticRun().record()});
    QCustomPlot& canvas = plot->canvas();
    plot->hover_at({canvas.xAxis->coordToPixel(2), double(canvas.axisRect()->center().y())});
    const QStringList lines = plot->hover_lines();
    ASSERT_EQ(lines.size(), 6);
    EXPECT_EQ(lines[0], "Block 2");
    EXPECT_TRUE(lines[5].startsWith("split, matched\t"));
    plot->set_state({{"quantity", "bias"}});
    plot->canvas();
    plot->hover_at({canvas.xAxis->coordToPixel(25), double(canvas.axisRect()->center().y())});
    EXPECT_EQ(plot->hover_lines().value(0), "Router before final");
}

}  // namespace
}  // namespace wavlab
