// SPDX-License-Identifier: GPL-3.0-or-later
// The plot and the table of causal probes.
#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <qcustomplot.h>
#include <QAbstractItemModelTester>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

#include "core/error.h"
#include "core/statistics.h"
#include "tests/views/application.h"
#include "tests/views/made_up_probe.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_export.h"
#include "views/heatmap.h"
#include "views/panel_scale.h"
#include "views/plot_pane.h"
#include "views/probe_choice.h"
#include "views/probe_dialog.h"
#include "views/probe_table_model.h"
#include "views/symmetric_log.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

struct ShownProbe {
    explicit ShownProbe(const std::shared_ptr<RunRecord>& record, const QJsonObject& state = {},
                        QSize size = {760, 420}) {
        test_application();
        plot.reset(static_cast<CanvasPlot*>(PlotRegistry::find("probe")->make(nullptr)));
        plot->resize(size);
        plot->set_runs({{record, 0, true}});
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
    std::vector<const Heatmap*> maps() {
        std::vector<const Heatmap*> found;
        for (int i = 0; i < plot->canvas().plottableCount(); ++i)
            if (const auto* map = dynamic_cast<const Heatmap*>(plot->canvas().plottable(i));
                map && map->realVisibility())
                found.push_back(map);
        return found;
    }
    std::vector<const PanelScale*> heads() {
        std::vector<const PanelScale*> found;
        for (const QCPLayerable* one : plot->canvas().layer("axes")->children())
            if (const auto* head = qobject_cast<const PanelScale*>(one); head && head->realVisibility())
                found.push_back(head);
        return found;
    }
    QString legend() {
        QStringList texts;
        const auto* strip = dynamic_cast<const LegendStrip*>(plot->canvas().plotLayout()->element(0, 0));
        for (const LegendStrip::Entry& entry : strip->entries()) texts << entry.text;
        return texts.join(" | ");
    }

    std::unique_ptr<CanvasPlot> plot;
};

TEST(ProbePlot, ShowsThreeHeatmapsSideBySideWithTheirRankCorrelation) {
    ProbedRunFolder run;
    run.keep(100);
    ShownProbe shown(run.record);
    EXPECT_EQ(shown.plot->problem().toStdString(), "");
    EXPECT_EQ(shown.plot->shown_step(), 100);
    const auto maps = shown.maps();
    ASSERT_EQ(maps.size(), 3u);
    const ProbeResult probe = made_up_probe(run.run.layout(), 100);
    const std::size_t routers = probe.layout.routers.size();
    std::vector<double> losses;
    for (const ProbeEffect& effect : probe.zero) losses.push_back(effect.delta_loss);
    for (const Heatmap* map : maps) EXPECT_EQ(map->rows(), routers);
    EXPECT_EQ(maps[0]->low(), -maps[0]->high()) << "around zero";
    EXPECT_DOUBLE_EQ(maps[0]->high(), largest_magnitude(losses));
    EXPECT_EQ(maps[1]->low(), 0);
    EXPECT_EQ(maps[1]->high(), 1);
    // The embedding is the first column and the first source of each router.
    const std::size_t cell = probe.layout.first_cell(7);
    EXPECT_DOUBLE_EQ(maps[0]->value(7, 0), losses[cell]);
    EXPECT_DOUBLE_EQ(maps[1]->value(7, 0), probe.alpha[cell]);
    EXPECT_DOUBLE_EQ(maps[2]->value(7, 0), probe.contribution[cell]);
    EXPECT_TRUE(std::isnan(maps[0]->value(0, 3))) << "the first router has one source";

    const auto heads = shown.heads();
    ASSERT_EQ(heads.size(), 3u);
    const QString pairs = QString::number(losses.size());
    EXPECT_EQ(heads[0]->note(), "nats per token");
    EXPECT_EQ(heads[1]->note().toStdString(), QStringLiteral("ρ = 1.00, n = %1").arg(pairs).toStdString());
    EXPECT_EQ(heads[2]->note().toStdString(), QStringLiteral("ρ = -1.00, n = %1").arg(pairs).toStdString());
    EXPECT_EQ(maps[0]->keyAxis()->axisRect()->top(), maps[1]->keyAxis()->axisRect()->top()) << "side by side";
    EXPECT_EQ(maps[0]->keyAxis()->axisRect()->size(), maps[2]->keyAxis()->axisRect()->size());
    EXPECT_TRUE(shown.legend().contains("step 100, 16 windows of validation part of stories"));

    // Zooming into one moves all.
    maps[1]->keyAxis()->setRange(1, 3);
    EXPECT_EQ(maps[0]->keyAxis()->range(), QCPRange(1, 3));
    EXPECT_EQ(maps[2]->keyAxis()->range(), QCPRange(1, 3));
}

TEST(ProbePlot, RenormalisesAndHatchesWhatHasNothingLeft) {
    ProbedRunFolder run;
    run.keep(100);
    ShownProbe shown(run.record, {{"quantity", "renormalise"}});
    const auto maps = shown.maps();
    const ProbeResult probe = made_up_probe(run.run.layout(), 100);
    const std::size_t cell = probe.layout.first_cell(7);
    EXPECT_DOUBLE_EQ(maps[0]->value(7, 0), probe.renormalise[cell].delta_loss);
    EXPECT_TRUE(std::isnan(maps[0]->value(0, 0)));
    EXPECT_TRUE(shown.legend().contains("nothing would be left")) << shown.legend().toStdString();
    const auto heads = shown.heads();
    EXPECT_TRUE(heads[0]->title().contains("renormalised"));
    EXPECT_TRUE(heads[1]->note().contains(QString("n = %1").arg(probe.renormalise.size() - 1)))
        << heads[1]->note().toStdString();

    // Logarithmic on both sides of zero, the same ends.
    shown.plot->set_state({{"log", true}});
    shown.paint();
    const SymmetricLog scale = SymmetricLog::below(largest_magnitude({probe.zero.back().delta_loss}));
    EXPECT_DOUBLE_EQ(shown.maps()[0]->value(7, 0), scale.to(probe.zero[cell].delta_loss));
    EXPECT_EQ(shown.maps()[0]->low(), -shown.maps()[0]->high());
}

TEST(ProbePlot, HoverTellsEverythingOfACell) {
    ProbedRunFolder run;
    run.keep(100);
    ShownProbe shown(run.record);
    const Heatmap& map = *shown.maps()[1];
    shown.plot->hover_at(map.cell(7, 0).center());
    const std::string text = shown.plot->hover_lines().join('\n').toStdString();
    EXPECT_THAT(text, HasSubstr("Router 8, before MLP of layer 4"));
    EXPECT_THAT(text, HasSubstr("embedding"));
    EXPECT_THAT(text, HasSubstr("Δloss, renormalised"));
    EXPECT_THAT(text, HasSubstr("first-order estimate"));
    shown.plot->hover_at(map.cell(0, 5).center());
    EXPECT_TRUE(shown.plot->hover_lines().isEmpty()) << "no such source";

    shown.plot->set_state({{"mode", "scatter"}});
    shown.paint();
    const ProbeResult probe = made_up_probe(run.run.layout(), 100);
    QCPAxisRect& axes = *shown.plot->canvas().axisRect();
    shown.plot->hover_at({axes.axis(QCPAxis::atBottom)->coordToPixel(probe.zero.back().delta_loss) + 3,
                          axes.axis(QCPAxis::atLeft)->coordToPixel(probe.zero.back().attribution)});
    EXPECT_THAT(shown.plot->hover_lines().join('\n').toStdString(), HasSubstr("before the final norm"));
}

TEST(ProbePlot, ScatterHasOnePointForEachCellAndTheDiagonal) {
    ProbedRunFolder run;
    run.keep(100);
    ShownProbe shown(run.record, {{"mode", "scatter"}});
    EXPECT_EQ(shown.maps().size(), 0u);
    const std::size_t cells = run.run.layout().cell_count();
    int points = 0;
    bool diagonal = false;
    for (int i = 0; i < shown.plot->canvas().graphCount(); ++i) {
        const QCPGraph& graph = *shown.plot->canvas().graph(i);
        if (graph.lineStyle() == QCPGraph::lsNone)
            points += graph.dataCount();
        else
            diagonal = graph.data()->constBegin()->key == graph.data()->constBegin()->value;
    }
    EXPECT_EQ(points, int(cells));
    EXPECT_TRUE(diagonal);
    EXPECT_THAT(shown.legend().toStdString(), HasSubstr("ρ = 1.00, n = " + std::to_string(cells)));
    EXPECT_TRUE(shown.plot->canvas().axisRect()->axis(QCPAxis::atBottom)->label().contains("nats per token"));
    shown.plot->set_state({{"mode", "heatmaps"}});
    shown.paint();
    EXPECT_EQ(shown.maps().size(), 3u) << "and back";
    EXPECT_EQ(shown.plot->canvas().graphCount(), 0);
}

TEST(ProbePlot, FamiliesHaveABarForAllOfTheDepthAndForEachBand) {
    ProbedRunFolder run;
    run.keep(100, false);
    ShownProbe shown(run.record, {{"mode", "families"}});
    EXPECT_EQ(shown.plot->problem().toStdString(), "");
    int bars = 0;
    for (int i = 0; i < shown.plot->canvas().plottableCount(); ++i)
        bars += qobject_cast<QCPBars*>(shown.plot->canvas().plottable(i)) != nullptr;
    EXPECT_EQ(bars, 12) << "three families, at all routers and in three bands";
    QCPAxisRect& axes = *shown.plot->canvas().axisRect();
    shown.plot->hover_at(
        {axes.axis(QCPAxis::atBottom)->coordToPixel(1), axes.axis(QCPAxis::atLeft)->coordToPixel(0.001)});
    EXPECT_THAT(shown.plot->hover_lines().join('\n').toStdString(), HasSubstr("1–8"));

    shown.plot->set_state({{"mode", "heatmaps"}});
    shown.paint();
    EXPECT_THAT(shown.plot->problem().toStdString(), HasSubstr("Probe this checkpoint again"));
}

TEST(ProbePlot, FollowsTheTimeCursorOrTheChosenProbe) {
    ProbedRunFolder run;
    for (const std::int64_t step : {100, 200, 300}) run.keep(step);
    run.keep(300, false);
    test_application();
    TimeCursor cursor;
    PlotPane pane(*PlotRegistry::find("probe"));
    pane.resize(600, 400);
    pane.set_time_cursor(cursor);
    pane.set_runs({{run.record, 0, true}});
    pane.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&pane));
    const auto shown = [&] {
        QCoreApplication::processEvents();
        pane.plot().canvas();
        return pane.plot().shown_step().value_or(-1);
    };
    EXPECT_EQ(shown(), 300);
    EXPECT_EQ(pane.plot().problem().toStdString(), "") << "single sources before families alone";
    cursor.set_step(250);
    EXPECT_EQ(shown(), 200);
    cursor.set_step(20);
    EXPECT_EQ(shown(), 100) << "none before it";
    cursor.set_step({});
    QJsonObject state = pane.plot().state();
    state["probe"] = probe_key(made_up_probe(run.run.layout(), 200));
    pane.plot().set_state(state);
    EXPECT_EQ(shown(), 200);
    EXPECT_EQ(pane.plot().state()["probe"].toString(), state["probe"].toString());
}

TEST(ProbePlot, ShowsANewProbeOnceItIsToldOfIt) {
    ProbedRunFolder run;
    ShownProbe shown(run.record);
    EXPECT_THAT(shown.plot->problem().toStdString(), HasSubstr("has not been probed yet"));
    EXPECT_THAT(shown.plot->problem().toStdString(), HasSubstr("wavlab probe wav-12"));
    run.keep(50);
    RecordChanges changes;
    changes.probes = true;
    shown.plot->update_from(*run.record, changes);
    shown.paint();
    EXPECT_EQ(shown.plot->problem().toStdString(), "");
    EXPECT_EQ(shown.maps().size(), 3u);
}

TEST(ProbePlot, SaysWhyThereIsNothing) {
    SyntheticRun made;
    made.name = "plain";
    made.method = "standard";
    ProbedRunFolder standard(made);
    ShownProbe shown(standard.record);
    EXPECT_EQ(shown.plot->problem().toStdString(), "The run 'plain' uses the method standard, which has no routing.");

    ProbedRunFolder run;
    run.keep(10);
    for (const auto& file : std::filesystem::directory_iterator(run.record->folder() / "probes"))
        write_text(file.path(), "{ no");
    ShownProbe damaged(run.record);
    EXPECT_FALSE(damaged.plot->problem().isEmpty());
    EXPECT_FALSE(damaged.plot->problem().contains("has not been probed"));
}

TEST(ProbePlot, KeepsItsStateInAnotherPlot) {
    ProbedRunFolder run;
    run.keep(100);
    const QJsonObject state{{"mode", "scatter"}, {"quantity", "renormalise"}, {"log", true}, {"step", 100}};
    ShownProbe shown(run.record, state);
    EXPECT_EQ(shown.plot->state(), state);
    ShownProbe usual(run.record, {{"mode", "unknown"}, {"colour", 3}});
    EXPECT_EQ(usual.plot->state()["mode"].toString(), "heatmaps");
    EXPECT_EQ(usual.plot->state()["quantity"].toString(), "zero");
}

TEST(ProbePlot, FiguresOfEachModeAreVectors) {
    ProbedRunFolder run;
    run.keep(100);
    test_application();
    FigureContent content;
    content.plot = PlotRegistry::find("probe");
    content.runs = {{run.record, 0, true}};
    for (const char* mode : {"heatmaps", "scatter", "families"})
        for (const double width : {3.25, 5.5}) {
            FigureOptions options;
            options.width_inches = width;
            options.state = {{"mode", mode}};
            FigureResult result;
            const QByteArray bytes = render_figure(content, options, FigureFormat::pdf, result);
            EXPECT_TRUE(bytes.startsWith("%PDF")) << mode;
            EXPECT_FALSE(bytes.contains("/Subtype /Image")) << mode;
            EXPECT_EQ(result.step, 100);
        }
    ProbedRunFolder unprobed;
    content.runs = {{unprobed.record, 0, true}};
    FigureResult result;
    EXPECT_THROW(render_figure(content, {}, FigureFormat::pdf, result), InputError);
}

TEST(SymmetricLog, GoesThereAndBackOnBothSides) {
    const SymmetricLog scale = SymmetricLog::below(0.3);
    EXPECT_DOUBLE_EQ(scale.linear, 1e-4);
    for (const double value : {-2.0, -1e-3, -1e-7, 0.0, 1e-6, 0.3})
        EXPECT_NEAR(scale.from(scale.to(value)), value, 1e-12);
    EXPECT_LT(scale.to(-0.1), scale.to(0.01));
    EXPECT_DOUBLE_EQ(SymmetricLog().to(0.25), 0.25);
    EXPECT_FALSE(SymmetricLog::below(0).active());
}

TEST(ProbeTableModel, KeepsTheRulesOfAModelAndSortsByNumbers) {
    ProbeTableModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    const SyntheticRun run;
    const auto probe = std::make_shared<const ProbeResult>(made_up_probe(run.layout(), 100));
    model.set_probe(probe);
    const int cells = int(run.layout().cell_count());
    ASSERT_EQ(model.rowCount(), 2 * cells + 24);
    const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
    EXPECT_EQ(text(0, ProbeTableModel::router), "1: attn 1");
    EXPECT_EQ(text(0, ProbeTableModel::source), "embedding");
    EXPECT_EQ(text(0, ProbeTableModel::mode), "set to zero");
    EXPECT_EQ(text(0, ProbeTableModel::delta_loss), QString::number(probe->zero[0].delta_loss, 'g', 4));
    EXPECT_EQ(text(1, ProbeTableModel::mode), "renormalised");
    EXPECT_EQ(text(1, ProbeTableModel::delta_loss), QString::fromUtf8("–"));
    EXPECT_FALSE(model.index(1, ProbeTableModel::delta_loss).data(Qt::ToolTipRole).toString().isEmpty());
    EXPECT_EQ(text(2 * cells, ProbeTableModel::router), "1 to 25");
    EXPECT_TRUE(text(2 * cells, ProbeTableModel::source).startsWith("all: "));
    EXPECT_LT(model.index(1, ProbeTableModel::delta_loss).data(ProbeTableModel::sort_role).toDouble(),
              model.index(0, ProbeTableModel::delta_loss).data(ProbeTableModel::sort_role).toDouble());
    model.set_probe(nullptr);
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(ProbeDialog, SaysHowMuchWorkItIsAndWhatIsMissing) {
    test_application();
    ProbedRun run;
    run.name = "wav-12";
    run.layout = {{{{SourceKind::embedding, 0}}, {{SourceKind::embedding, 0}, {SourceKind::partial, 0}}}};
    run.usual_windows = 64;
    run.context = 128;
    run.batch = 8;
    // Five removals of single sources, sixteen of families, and two passes without; eight batches.
    EXPECT_EQ(probe_passes(run, 64, true), 8 * (5 + 16 + 2));
    EXPECT_EQ(probe_passes(run, 1, false), 18);
    auto* dialog = new ProbeDialog(run, {{"step 300", "/a/300"}, {"step 200", "/a/200"}}, "/a/200");
    EXPECT_EQ(dialog->choice().model, "/a/200");
    EXPECT_EQ(dialog->choice().windows, 64);
    EXPECT_TRUE(dialog->choice().cells);
    EXPECT_THAT(dialog->findChild<QLabel*>("probe.note")->text().toStdString(), HasSubstr("184 forward passes"));
    dialog->findChild<QRadioButton*>("probe.file")->setChecked(true);
    EXPECT_FALSE(dialog->findChild<QPushButton*>("probe.start")->isEnabled());
    dialog->set_file("/no/such/file");
    EXPECT_EQ(dialog->findChild<QLabel*>("probe.note")->text(), "This file is not there.");
    delete dialog;
}

}  // namespace
}  // namespace wavlab
