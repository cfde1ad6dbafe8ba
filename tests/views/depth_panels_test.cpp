// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs through depth and time: a panel each, over the same axes, with the same colours.
#include <algorithm>
#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QComboBox>
#include <QTest>

#include "core/error.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_export.h"
#include "views/heatmap.h"
#include "views/panel_grid.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

const QJsonObject runs_over_time{{"mode", "runs"}, {"quantity", "state"}};

SyntheticRun run_of(const std::string& name, const std::string& method, std::int64_t layers, std::int64_t every) {
    SyntheticRun run;
    run.name = name;
    run.method = method;
    run.layers = layers;
    run.record_every = every;
    return run;
}

const SyntheticRun wav = run_of("wav-12", "wav", 12, 5);
const SyntheticRun block = run_of("attnres-16", "attnres_block", 16, 7);
const SyntheticRun standard = run_of("standard-10", "standard", 10, 10);

std::vector<DrawnRun> drawn(const std::vector<std::shared_ptr<RunRecord>>& records, std::size_t focused = 0) {
    std::vector<DrawnRun> runs;
    for (std::size_t i = 0; i < records.size(); ++i) runs.push_back({records[i], int(i), i == focused});
    return runs;
}

std::vector<DrawnRun> three_runs() { return drawn({wav.record(), block.record(), standard.record()}); }

/// As many runs as asked for, with names "run-1", "run-2", ...
std::vector<DrawnRun> many_runs(int count, std::size_t focused = 0) {
    std::vector<std::shared_ptr<RunRecord>> records;
    for (int i = 1; i <= count; ++i) records.push_back(run_of("run-" + std::to_string(i), "wav", 4, 50).record());
    return drawn(records, focused);
}

struct ShownPanel {
    const Heatmap* map;
    QCPAxisRect* axes;
    const PanelTitle* title;
};

struct ShownPlot {
    explicit ShownPlot(std::vector<DrawnRun> runs, const QJsonObject& state = runs_over_time, QSize size = {760, 420},
                       TimeCursor* cursor = nullptr) {
        test_application();
        plot.reset(static_cast<CanvasPlot*>(PlotRegistry::find("depth")->make(nullptr)));
        plot->resize(size);
        if (cursor) plot->set_time_cursor(cursor);
        plot->set_runs(std::move(runs));
        plot->set_state(state);
        plot->show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(plot.get()));
        paint();
    }

    QImage paint() {
        QCoreApplication::processEvents();
        plot->canvas().replot(QCustomPlot::rpImmediateRefresh);
        return plot->canvas().grab().toImage();
    }

    /// Those that are seen, in their order.
    std::vector<ShownPanel> panels() {
        QCustomPlot& canvas = plot->canvas();
        std::vector<ShownPanel> found;
        for (int i = 0; i < canvas.plottableCount(); ++i) {
            const auto* map = dynamic_cast<const Heatmap*>(canvas.plottable(i));
            if (!map || !map->realVisibility()) continue;
            QCPAxisRect* axes = map->keyAxis()->axisRect();
            if (axes->axis(QCPAxis::atRight) && axes->axis(QCPAxis::atRight)->visible()) continue;  // the colour bar
            const PanelTitle* title = nullptr;
            for (const QCPLayerable* one : canvas.layer("axes")->children())
                if (const auto* candidate = qobject_cast<const PanelTitle*>(one);
                    candidate && candidate->axes() == axes)
                    title = candidate;
            found.push_back({map, axes, title});
        }
        return found;
    }

    QPointF at(const ShownPanel& panel, double step, double row) {
        return {panel.axes->axis(QCPAxis::atBottom)->coordToPixel(step),
                panel.axes->axis(QCPAxis::atLeft)->coordToPixel(row)};
    }

    QStringList legend() {
        QStringList texts;
        const auto* strip = dynamic_cast<const LegendStrip*>(plot->canvas().plotLayout()->element(0, 0));
        for (const LegendStrip::Entry& entry : strip->entries()) texts << entry.text;
        return texts;
    }

    std::unique_ptr<CanvasPlot> plot;
};

TEST(DepthPanels, ShowEachRunWithItsOwnValuesOnSharedAxesAndColours) {
    ShownPlot shown(three_runs());
    const auto panels = shown.panels();
    ASSERT_EQ(panels.size(), 3u);
    const SyntheticRun* const runs[] = {&wav, &block, &standard};
    const PlotStyle style = PlotStyle::screen(shown.plot->palette(), shown.plot->font());
    double largest = 0;
    for (const SyntheticRun* run : runs)
        for (std::int64_t step = 0; step <= 300; ++step)
            if (step % run->record_every == 0 || step == 300)
                for (const float value : run->depth_frame(step).state_rms) largest = std::max(largest, double(value));
    for (std::size_t i = 0; i < 3; ++i) {
        const Heatmap& map = *panels[i].map;
        EXPECT_EQ(map.rows(), 33u) << "those of the deepest run";
        EXPECT_NEAR(map.high(), largest, 1e-6) << "one scale, over all of them";
        EXPECT_EQ(map.low(), 0);
        const std::size_t column = *map.column_at(140);
        const DepthFrame frame = runs[i]->depth_frame(140);
        EXPECT_NEAR(map.value(3, column), frame.state_rms[3], 1e-6);
        EXPECT_NEAR(map.value(32, column), frame.state_rms.back(), 1e-6) << "the final norm is the last row of all";
        EXPECT_EQ(std::isnan(map.value(22, column)), i == 2) << "the shallow run has no such sublayer";
        for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft})
            EXPECT_EQ(panels[i].axes->axis(type)->range(), panels[0].axes->axis(type)->range());
        EXPECT_EQ(panels[i].axes->size(), panels[0].axes->size());
        ASSERT_TRUE(panels[i].title);
        EXPECT_EQ(panels[i].title->text().toStdString(), runs[i]->name);
        EXPECT_EQ(panels[i].title->line().color(), run_color(int(i), style));
        EXPECT_EQ(panels[i].title->line().dashPattern(), i == 0 ? QPen(Qt::black).dashPattern() : run_dashes(int(i)));
        for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(panels[i].axes->rect().intersects(panels[j].axes->rect()));
    }
    const QRect canvas = shown.plot->canvas().viewport();
    for (const ShownPanel& panel : panels) {
        EXPECT_TRUE(canvas.contains(panel.axes->outerRect()));
        EXPECT_GT(panel.axes->width(), 120);
        EXPECT_GT(panel.axes->height(), 80);
    }
    shown.plot->set_state({{"mode", "runs"}, {"quantity", "ratio"}, {"log", true}});
    shown.paint();
    const Heatmap& ratio = *shown.panels()[1].map;
    EXPECT_EQ(ratio.rows(), 32u) << "no final norm";
    EXPECT_NEAR(ratio.value(30, *ratio.column_at(140)),
                block.depth_frame(140).update_rms[30] / block.depth_frame(140).state_rms[30], 1e-6);
    EXPECT_GT(ratio.low(), 0);
    EXPECT_EQ(shown.plot->state()["mode"], "runs");
    EXPECT_FALSE(shown.plot->shown_step());
}

TEST(DepthPanels, HoverNamesRunSublayerStepAndValue) {
    ShownPlot shown(three_runs());
    const auto panels = shown.panels();
    ASSERT_EQ(panels.size(), 3u);
    const std::pair<const SyntheticRun*, std::int64_t> cases[] = {{&wav, 140}, {&block, 140}, {&standard, 140}};
    for (std::size_t i = 0; i < 3; ++i) {
        shown.plot->hover_at(shown.at(panels[i], 140, 3));
        const QStringList lines = shown.plot->hover_lines();
        ASSERT_EQ(lines.size(), 5) << lines.join('\n').toStdString();
        EXPECT_EQ(lines[0], "Sublayer 4, mlp 2");
        EXPECT_EQ(lines[1], "step\t140");
        const float value = cases[i].first->depth_frame(140).state_rms[3];
        EXPECT_EQ(lines[2], QString::fromStdString(cases[i].first->name) + "\t" + QString::number(value, 'g', 4));
    }
    // The others stand beside it at their last record up to the step.
    shown.plot->hover_at(shown.at(panels[0], 145, 3));
    EXPECT_TRUE(shown.plot->hover_lines().join('\n').contains(
        "standard-10\t" + QString::number(standard.depth_frame(140).state_rms[3], 'g', 4)));
    shown.plot->hover_at(shown.at(panels[2], 140, 25));
    EXPECT_TRUE(shown.plot->hover_lines().value(2).contains("none"));
    shown.plot->hover_at(shown.at(panels[2], 140, 32));
    EXPECT_TRUE(shown.plot->hover_lines().value(0).contains("final"));
    shown.plot->hover_at({2, 2});
    EXPECT_TRUE(shown.plot->hover_lines().isEmpty());
}

TEST(DepthPanels, NameTheRunsThatHaveNoPanelAndAlwaysShowTheSelectedOne) {
    ShownPlot shown(many_runs(9, 7));
    const auto panels = shown.panels();
    ASSERT_EQ(panels.size(), 6u);
    QStringList names;
    for (const ShownPanel& panel : panels) names << panel.title->text();
    EXPECT_EQ(names, (QStringList{"run-1", "run-2", "run-3", "run-4", "run-5", "run-8"}));
    const QStringList legend = shown.legend();
    const qsizetype sentence = legend.indexOf("There is room for 6 of 9 runs; not shown:");
    ASSERT_GE(sentence, 0) << legend.join('\n').toStdString();
    EXPECT_EQ(legend.mid(sentence + 1), (QStringList{"run-6", "run-7", "run-9"}));

    shown.plot->set_runs(many_runs(2));
    shown.paint();
    EXPECT_EQ(shown.panels().size(), 2u);
    EXPECT_FALSE(shown.legend().join('\n').contains("not shown"));
}

TEST(DepthPanels, ARunGetsItsPanelWithItsFirstRecord) {
    auto late = std::make_shared<RunRecord>("/synthetic/late");
    const SyntheticRun made = run_of("late", "wav", 12, 5);
    late->apply(made.started());
    ShownPlot shown(drawn({late, block.record()}));
    EXPECT_EQ(shown.panels().size(), 1u) << "the selected run has none yet, the other has";
    EXPECT_TRUE(shown.legend().join('\n').contains("Nothing of their depth recorded yet:\nlate"));
    shown.plot->update_from(*late, late->apply(made.depth_frame(0)));
    shown.paint();
    ASSERT_EQ(shown.panels().size(), 2u);
    EXPECT_EQ(shown.panels()[0].title->text(), "late");
    shown.plot->update_from(*late, late->apply(made.depth_frame(5)));
    shown.paint();
    EXPECT_EQ(shown.panels()[0].map->columns(), 2u) << "and follows it";
}

TEST(DepthPanels, MoveTogether) {
    ShownPlot shown(three_runs());
    QCustomPlot& canvas = shown.plot->canvas();
    const QPointF middle = shown.panels()[1].axes->rect().center();
    const QCPRange whole = canvas.xAxis->range();
    QWheelEvent wheel(middle, canvas.mapToGlobal(middle), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QCoreApplication::sendEvent(&canvas, &wheel);
    shown.paint();
    const auto panels = shown.panels();
    EXPECT_LT(panels[1].axes->axis(QCPAxis::atBottom)->range().size(), whole.size());
    for (const ShownPanel& panel : panels)
        for (const auto type : {QCPAxis::atBottom, QCPAxis::atLeft})
            EXPECT_EQ(panel.axes->axis(type)->range(), panels[1].axes->axis(type)->range());
    EXPECT_TRUE(shown.plot->state().contains("zoom"));
    QTest::mouseDClick(&canvas, Qt::LeftButton, {}, middle.toPoint());
    shown.paint();
    EXPECT_EQ(shown.panels()[2].axes->axis(QCPAxis::atBottom)->range(), whole);
}

TEST(DepthPanels, HaveTheLineOfTheTimeCursorInEachOfThem) {
    TimeCursor cursor;
    cursor.set_step(101);
    ShownPlot shown(three_runs(), runs_over_time, {760, 420}, &cursor);
    const PlotStyle style = PlotStyle::screen(shown.plot->palette(), shown.plot->font());
    const QImage picture = shown.paint();
    const auto has_line = [&](const ShownPanel& panel, double step) {
        const int x = int(std::lround(shown.at(panel, step, 0).x()));
        for (int beside = -1; beside <= 1; ++beside) {
            int dark = 0;
            for (int y = panel.axes->top() + 12; y < panel.axes->bottom(); ++y)
                dark += picture.pixelColor(x + beside, y) == style.ink;
            if (dark > panel.axes->height() - 30) return true;
        }
        return false;
    };
    for (const ShownPanel& panel : shown.panels()) {
        EXPECT_TRUE(has_line(panel, 101));
        EXPECT_FALSE(has_line(panel, 201));
    }
    // It can be dragged in any of them.
    QCustomPlot& canvas = shown.plot->canvas();
    const auto panels = shown.panels();
    const QCPRange before = canvas.xAxis->range();
    const double row = 12;
    QTest::mousePress(&canvas, Qt::LeftButton, {}, shown.at(panels[2], 101, row).toPoint());
    QTest::mouseMove(&canvas, shown.at(panels[2], 200, row).toPoint());
    QTest::mouseRelease(&canvas, Qt::LeftButton, {}, shown.at(panels[2], 200, row).toPoint());
    ASSERT_TRUE(cursor.step());
    EXPECT_NEAR(double(*cursor.step()), 200, 4);
    EXPECT_EQ(canvas.xAxis->range().lower, before.lower) << "the axes stay";
}

TEST(DepthPanels, GiveWayToTheOtherModesAndComeBack) {
    ShownPlot shown(three_runs());
    auto* mode = shown.plot->findChild<QComboBox*>();
    ASSERT_TRUE(mode);
    EXPECT_FALSE(mode->accessibleName().isEmpty());
    EXPECT_TRUE(mode->focusPolicy() & Qt::TabFocus);
    QTest::keyClick(mode, Qt::Key_Home);
    shown.paint();
    EXPECT_EQ(shown.plot->state()["mode"], "step");
    EXPECT_TRUE(shown.panels().empty());
    EXPECT_EQ(shown.plot->canvas().graphCount(), 3);
    EXPECT_GT(shown.plot->canvas().axisRect()->width(), 500) << "the whole room again";
    EXPECT_TRUE(shown.plot->canvas().xAxis->tickLabels());
    QTest::keyClick(mode, Qt::Key_Down);
    shown.paint();
    EXPECT_EQ(shown.plot->state()["mode"], "time");
    ASSERT_EQ(shown.panels().size(), 1u);
    EXPECT_EQ(shown.panels()[0].map->rows(), 25u);
    EXPECT_TRUE(!shown.panels()[0].title || shown.panels()[0].title->text().isEmpty());
    QTest::keyClick(mode, Qt::Key_Down);
    shown.paint();
    EXPECT_EQ(shown.panels().size(), 3u);
    EXPECT_EQ(shown.panels()[0].map->rows(), 33u);
}

TEST(DepthPanels, FitEverySize) {
    for (const int count : {1, 2, 4, 5, 6})
        for (const QSize size : {QSize(160, 120), QSize(300, 700), QSize(900, 240), QSize(1400, 900)}) {
            ShownPlot shown(many_runs(count), runs_over_time, size);
            const auto panels = shown.panels();
            ASSERT_EQ(int(panels.size()), count);
            for (const ShownPanel& panel : panels) EXPECT_EQ(panel.axes->size(), panels[0].axes->size());
            if (size.width() < 300) continue;
            for (std::size_t i = 0; i < panels.size(); ++i) {
                EXPECT_GT(panels[i].axes->width(), 40) << count << " " << size.width();
                EXPECT_GT(panels[i].axes->height(), 20) << count << " " << size.width();
                for (std::size_t j = 0; j < i; ++j)
                    EXPECT_FALSE(panels[i].axes->rect().intersects(panels[j].axes->rect()));
            }
        }
}

TEST(DepthPanels, AreAFigureOfVectors) {
    test_application();
    FigureOptions options;
    options.state = runs_over_time;
    FigureResult result;
    const QByteArray svg =
        render_figure({PlotRegistry::find("depth"), three_runs()}, options, FigureFormat::svg, result);
    for (const SyntheticRun* run : {&wav, &block, &standard}) EXPECT_TRUE(svg.contains(run->name.c_str())) << run->name;
    EXPECT_FALSE(svg.contains("<image"));
    EXPECT_FALSE(result.step);
    const QByteArray crowded =
        render_figure({PlotRegistry::find("depth"), many_runs(8)}, options, FigureFormat::svg, result);
    EXPECT_TRUE(crowded.contains("not shown"));
    EXPECT_TRUE(crowded.contains("run-8"));
}

}  // namespace
}  // namespace wavlab
