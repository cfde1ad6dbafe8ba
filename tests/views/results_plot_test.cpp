// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QComboBox>
#include <QJsonArray>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QToolButton>

#include "tests/views/application.h"
#include "tests/views/shown_plot.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_data.h"
#include "views/figure_export.h"
#include "views/figure_tikz.h"
#include "views/method_style.h"
#include "views/plots/results_parts.h"

namespace wavlab {
namespace {

std::unique_ptr<CanvasPlot> shown_results(const Records& records, const QJsonObject& state = {},
                                          QSize size = {640, 420}) {
    return shown_plot("results", records, size, state);
}

struct Recipe {
    std::string method = "wav";
    std::int64_t layers = 12;
    std::int64_t seed = 1;
    double loss = 2;  ///< at the end; 0.1 less at the best step
    std::string options = {};
    bool finished = true;
};

std::shared_ptr<RunRecord> make_run(const Recipe& recipe) {
    const std::string name = recipe.method + "-" + std::to_string(recipe.layers) + "-" + std::to_string(recipe.seed);
    auto record = std::make_shared<RunRecord>("/synthetic/" + name);
    RunStarted started;
    started.description.experiment = "name = \"" + name + "\"\nseed = " + std::to_string(recipe.seed) +
                                     "\n[model]\nmethod = \"" + recipe.method +
                                     "\"\nlayers = " + std::to_string(recipe.layers) + "\n[method]\n" + recipe.options;
    started.description.added_parameters = recipe.method == "standard" ? 0 : 1000 * recipe.layers;
    started.total_steps = 100;
    record->apply(started);
    for (const std::int64_t step : {0, 50, 100}) {
        record->apply(ScalarRecorded{step, "train/tokens_per_second", 10'000.0 / double(recipe.layers)});
        record->apply(ScalarRecorded{step, "train/memory_bytes", 1e8 * double(recipe.layers)});
        record->apply(ScalarRecorded{step, "val/loss", recipe.loss + (step == 0 ? 1 : step == 50 ? -0.1 : 0)});
    }
    if (recipe.finished) record->apply(RunEnded{.state = RunState::finished, .reason = "", .step = 100});
    return record;
}

Records some_runs() {
    Records runs;
    for (const std::int64_t layers : {48, 12, 24})
        for (const std::int64_t seed : {1, 2}) {
            const double loss = 3 - 0.01 * double(layers) + 0.02 * double(seed);
            runs.push_back(make_run({"wav", layers, seed, loss - 0.1 * double(seed)}));
            runs.push_back(make_run({"attnres_block", layers, seed, loss}));
        }
    return runs;
}

QCPGraph* graph_of(CanvasPlot& plot, const QString& name) {
    QCustomPlot& canvas = plot.canvas();
    for (int i = 0; i < canvas.graphCount(); ++i)
        if (canvas.graph(i)->name() == name) return canvas.graph(i);
    return nullptr;
}

QCPErrorBars* bars_of(CanvasPlot& plot, const QCPGraph* graph) {
    QCustomPlot& canvas = plot.canvas();
    for (int i = 0; i < canvas.plottableCount(); ++i)
        if (auto* bars = qobject_cast<QCPErrorBars*>(canvas.plottable(i)); bars && bars->dataPlottable() == graph)
            return bars;
    return nullptr;
}

QStringList hover(CanvasPlot& plot, double key) {
    QCustomPlot& canvas = plot.canvas();
    plot.hover_at({canvas.xAxis->coordToPixel(key), double(canvas.axisRect()->center().y())});
    return plot.hover_lines();
}

/// What stands there of one line.
QString hover(CanvasPlot& plot, double key, const QString& line) {
    return hover(plot, key).filter(QRegularExpression("^" + QRegularExpression::escape(line) + "\t")).value(0);
}

QString legend_of(CanvasPlot& plot) {
    QCustomPlot& canvas = plot.canvas();
    QStringList texts;
    for (int i = 0; i < canvas.plotLayout()->elementCount(); ++i)
        if (auto* legend = dynamic_cast<LegendStrip*>(canvas.plotLayout()->elementAt(i)))
            for (const LegendStrip::Entry& entry : legend->entries()) texts << entry.text;
    return texts.join('|');
}

QComboBox& box(CanvasPlot& plot, const char* name) {
    return *plot.findChild<QComboBox*>(QStringLiteral("results.") + QLatin1String(name));
}

TEST(ResultsPlot, DrawsMeansOverSeedsByDepthOneLineForEachMethod) {
    auto plot = shown_results(some_runs());
    EXPECT_TRUE(plot->problem().isEmpty()) << plot->problem().toStdString();
    QCPGraph* wav = graph_of(*plot, method_title("wav"));
    ASSERT_NE(wav, nullptr);
    ASSERT_EQ(wav->dataCount(), 3);
    EXPECT_EQ(wav->dataMainKey(0), 12);
    EXPECT_NEAR(wav->dataMainValue(0), 2.76, 1e-9);  // of 2.80 and 2.72
    QCPErrorBars* bars = bars_of(*plot, wav);
    ASSERT_NE(bars, nullptr);
    EXPECT_NEAR(bars->data()->at(0).errorPlus, 0.08 / std::sqrt(2.0), 1e-9);
    const QString legend = legend_of(*plot);
    EXPECT_TRUE(legend.contains(method_title("wav") + "|")) << legend.toStdString();
    EXPECT_TRUE(legend.endsWith("|mean ± standard deviation (n = 2)")) << legend.toStdString();

    const QCPAxis* x = plot->canvas().xAxis;
    EXPECT_EQ(x->tickVector(), (QVector<double>{12, 24, 48}));
    EXPECT_EQ(x->tickVectorLabels(), (QVector<QString>{"12", "24", "48"}));
    EXPECT_EQ(plot->canvas().yAxis->label().simplified(), "Validation loss (nats per token)");

    const QStringList lines = hover(*plot, 25);
    EXPECT_TRUE(lines[0].endsWith(" 24")) << lines[0].toStdString();
    ASSERT_EQ(lines.size(), 4);
    EXPECT_EQ(hover(*plot, 25, method_title("wav")),
              method_title("wav") + "\t2.6400\t± 0.0566\t2\t1: 2.6800   2: 2.6000");
}

/// Where the bar of a line at this key is drawn, by the pixels in its colour between mean and upper end.
int drawn_bar(CanvasPlot& plot, const QString& name, double key) {
    QCPGraph* graph = graph_of(plot, name);
    const QCPErrorBars* bars = bars_of(plot, graph);
    const int index = graph->findBegin(key, false);
    QCustomPlot& canvas = plot.canvas();
    const double mean = graph->dataMainValue(index), end = mean + bars->data()->at(index).errorPlus;
    const int y = int(std::lround(canvas.yAxis->coordToPixel(mean + 0.85 * (end - mean))));
    const QImage image = canvas.toPixmap(640, 420).toImage();
    const int middle = int(std::lround(canvas.xAxis->coordToPixel(key)));
    for (int x = middle - 20; x <= middle + 20; ++x)
        if (image.pixelColor(x, y) == bars->pen().color()) return x - middle;
    return 1000;
}

TEST(ResultsPlot, NoLineCoversTheErrorBarsOfAnother) {
    Records runs;
    for (const std::int64_t layers : {12, 24, 48})
        for (const double loss : {2.6, 3.0}) {
            runs.push_back(make_run({"wav", layers, loss < 2.8 ? 1 : 2, loss}));
            runs.push_back(make_run({"attnres_block", layers, loss < 2.8 ? 1 : 2, loss}));
        }
    auto plot = shown_results(runs);
    const QString wav = method_title("wav"), block = method_title("attnres_block");
    const int left = drawn_bar(*plot, block, 24), right = drawn_bar(*plot, wav, 24);
    ASSERT_LT(std::max(std::abs(left), std::abs(right)), 20);
    EXPECT_GE(right - left, 4);
    EXPECT_EQ(graph_of(*plot, wav)->dataMainKey(1), 24) << "values stay where they are";
    const FigureData data = figure_data(plot->canvas(), {640, 420}, 96.0 / 72);
    std::vector<double> shifts;
    for (const DrawnSeries& series : data.axes.at(0).series) {
        EXPECT_EQ(series.x, (std::vector<double>{12, 24, 48}));
        shifts.push_back(series.shift);
    }
    ASSERT_EQ(shifts.size(), 2u);
    EXPECT_NEAR(shifts[0], -shifts[1], 1e-9);
    EXPECT_GT(std::abs(shifts[0] - shifts[1]), 4);
    EXPECT_THAT(figure_tikz({data}, {}), testing::HasSubstr("\\addplot[xshift="));

    plot->set_state({{"band", "none"}});
    for (const DrawnSeries& series : figure_data(plot->canvas(), {640, 420}).axes.at(0).series)
        EXPECT_EQ(series.shift, 0) << "nothing covers anything";
}

TEST(ResultsPlot, LinesAtClosePositionsStayWithTheirs) {
    Records runs = some_runs();
    for (const std::int64_t seed : {1, 2}) {
        runs.push_back(make_run({"wav", 25, seed, 2.5 + 0.01 * double(seed)}));
        runs.push_back(make_run({"attnres_block", 25, seed, 2.6 + 0.01 * double(seed)}));
    }
    auto plot = shown_results(runs);
    const QCPAxis* x = plot->canvas().xAxis;
    const double gap = (x->coordToPixel(25) - x->coordToPixel(24)) * 0.75;  // in points
    for (const DrawnSeries& series : figure_data(plot->canvas(), {640, 420}, 96.0 / 72).axes.at(0).series) {
        EXPECT_NE(series.shift, 0);
        EXPECT_LT(std::abs(series.shift), gap / 2);
    }
}

TEST(ResultsPlot, LinesLookAlikeInAllQuantitiesAndInGrey) {
    const Records runs = some_runs();
    auto loss = shown_results(runs), difference = shown_results(runs, {{"quantity", "difference"}});
    QCPGraph* wav = graph_of(*loss, method_title("wav"));
    QCPGraph* block = graph_of(*loss, method_title("attnres_block"));
    EXPECT_EQ(graph_of(*difference, method_title("wav"))->pen().color(), wav->pen().color());
    EXPECT_NE(wav->scatterStyle().shape(), block->scatterStyle().shape());
    EXPECT_NE(wav->pen().dashPattern(), block->pen().dashPattern());
    const PlotStyle style = PlotStyle::print_style("sans", 8);
    EXPECT_EQ(mean_marker(0, style).shape(), mean_marker(5, style).shape());
    EXPECT_NE(mean_marker(0, style).brush(), mean_marker(5, style).brush());
}

TEST(ResultsPlot, DifferencesAreToABaselineWithItsInterval) {
    Records runs = some_runs();
    runs.push_back(make_run({"standard", 12, 1, 3.5}));
    auto plot = shown_results(runs, {{"quantity", "difference"}, {"band", "interval"}});
    EXPECT_EQ(plot->canvas().yAxis->label().simplified(),
              "Δ validation loss against " + method_title("attnres_block") + " (nats per token)");
    EXPECT_EQ(graph_of(*plot, method_title("attnres_block")), nullptr) << "it is the line at zero";
    QCPGraph* wav = graph_of(*plot, method_title("wav"));
    EXPECT_NEAR(wav->dataMainValue(2), -0.15, 1e-9);
    EXPECT_NEAR(bars_of(*plot, wav)->data()->at(2).errorMinus, 0.05, 1e-9);
    EXPECT_TRUE(legend_of(*plot).contains("95 % bootstrap interval")) << legend_of(*plot).toStdString();
    const QString line = hover(*plot, 12, method_title("wav"));
    EXPECT_TRUE(line.contains("-0.1500\t-0.2000 … -0.1000\t2")) << line.toStdString();
    EXPECT_FALSE(plot->notes().filter("too narrow").isEmpty());

    QComboBox& baselines = box(*plot, "baseline");
    EXPECT_FALSE(baselines.isHidden());
    EXPECT_EQ(baselines.currentText(), method_title("attnres_block"));
    baselines.setCurrentIndex(baselines.findData("model.method=standard"));
    emit baselines.activated(baselines.currentIndex());
    plot->canvas();
    EXPECT_EQ(plot->state()["baseline"].toString(), "model.method=standard");
    EXPECT_TRUE(plot->canvas().yAxis->label().contains(method_title("standard")));
    EXPECT_EQ(graph_of(*plot, method_title("wav"))->dataCount(), 1);
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(0), -0.7, 1e-9);
}

TEST(ResultsPlot, ABaselineOfOtherRunsGivesWayInTheWindowAndNotInAFigure) {
    const QJsonObject state{{"quantity", "difference"}, {"baseline", "rezero"}};
    auto plot = shown_results(some_runs(), state);
    EXPECT_TRUE(plot->problem().isEmpty()) << plot->problem().toStdString();
    EXPECT_EQ(plot->state()["baseline"].toString(), "rezero") << "for when such runs are drawn again";
    plot->set_style(PlotStyle::print_style("sans", 8));
    plot->set_state(state);
    EXPECT_TRUE(plot->problem().contains("rezero")) << plot->problem().toStdString();
}

TEST(ResultsPlot, ShowsSeedsTheBestStepAndCosts) {
    auto plot = shown_results(some_runs(), {{"band", "seeds"}, {"at", "best"}});
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(0), 2.66, 1e-9);
    EXPECT_TRUE(plot->canvas().yAxis->label().startsWith("Best validation loss")) << "it is a little too good";
    EXPECT_EQ(graph_of(*plot, method_title("wav") + ", seeds")->dataCount(), 6);
    EXPECT_TRUE(std::isnan(bars_of(*plot, graph_of(*plot, method_title("wav")))->data()->at(0).errorPlus));
}

TEST(ResultsPlot, ShowsCostsFromZero) {
    auto plot = shown_results(some_runs(), {{"quantity", "memory"}});
    EXPECT_EQ(plot->canvas().yAxis->label().simplified(), "Memory (GB)");
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(2), 4.8, 1e-9);
    EXPECT_EQ(plot->canvas().yAxis->range().lower, 0);
    EXPECT_TRUE(hover(*plot, 48)[2].contains("4.8 GB")) << hover(*plot, 48)[2].toStdString();
    plot->set_state({{"quantity", "parameters"}});
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(2), 48'000, 1e-9);
    EXPECT_FALSE(legend_of(*plot).contains("mean")) << "they are the settings' own";
    EXPECT_TRUE(box(*plot, "unit").isHidden());
    plot->set_state({{"quantity", "speed"}});
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(2), 10'000.0 / 48, 1e-9);
}

TEST(ResultsPlot, OnlyFinishedRunsCountAndOneAppearsWhenItFinishes) {
    const auto running = make_run({.loss = 2.5, .finished = false});
    auto plot = shown_results({running});
    EXPECT_TRUE(plot->problem().contains("'wav-12-1' is not finished")) << plot->problem().toStdString();
    plot->update_from(*running, running->apply(RunEnded{.state = RunState::finished, .reason = "", .step = 100}));
    plot->canvas();
    EXPECT_TRUE(plot->problem().isEmpty()) << "one position is drawn too";
    ASSERT_EQ(graph_of(*plot, method_title("wav"))->dataCount(), 1);
    EXPECT_TRUE(plot->canvas().xAxis->range().contains(12));
    EXPECT_EQ(bars_of(*plot, graph_of(*plot, method_title("wav")))->dataCount(), 1);

    const auto other = make_run({.seed = 2, .finished = false});
    plot->set_runs(drawn({running, other}));
    EXPECT_TRUE(legend_of(*plot).contains("1 run(s) not finished")) << legend_of(*plot).toStdString();
    EXPECT_FALSE(plot->notes().filter("wav-12-2").isEmpty());
    EXPECT_TRUE(
        shown_results({other, make_run({.seed = 3, .finished = false})})->problem().startsWith("None of these"));
}

TEST(ResultsPlot, AnEvaluationOnDemandIsSeen) {
    const auto run = make_run({});
    auto plot = shown_results({run});
    plot->update_from(*run, run->apply(ScalarRecorded{100, "val/loss", 1.25}));
    EXPECT_NEAR(graph_of(*plot, method_title("wav"))->dataMainValue(0), 1.25, 1e-9);
    hover(*plot, 12);
    run->apply(ScalarRecorded{100, "val/loss", 1.5});  // the plot has not been told
    EXPECT_TRUE(plot->problem().isEmpty());
    EXPECT_EQ(hover(*plot, 12).size(), 3);
}

TEST(ResultsPlot, PublishedFiguresAreStarsAndNoLine) {
    const QJsonArray references{QJsonObject{{"x", 48}, {"y", 2.0}, {"label", "the paper"}},
                                QJsonObject{{"x", 96}, {"y", 1.9}}};
    auto plot = shown_results(some_runs(), {{"references", references}});
    QCPGraph* stars = graph_of(*plot, "published");
    ASSERT_NE(stars, nullptr);
    EXPECT_EQ(stars->dataCount(), 2);
    EXPECT_EQ(stars->lineStyle(), QCPGraph::lsNone);
    EXPECT_EQ(stars->scatterStyle().shape(), QCPScatterStyle::ssCustom);
    EXPECT_TRUE(legend_of(*plot).contains("published"));
    EXPECT_TRUE(plot->canvas().xAxis->range().contains(96));
    EXPECT_EQ(plot->canvas().itemCount(), 1);
    EXPECT_TRUE(hover(*plot, 48).last().startsWith("published: the paper\t2"));

    QJsonObject state = plot->state();
    state["quantity"] = "speed";
    plot->set_state(state);
    EXPECT_EQ(graph_of(*plot, "published"), nullptr) << "they are losses";
    // Nor do they stay where the axes mean something else.
    const QJsonObject losses = shown_results(some_runs(), {{"references", references}})->state();
    for (const auto& [key, value] : {std::pair{"unit", "bits-per-byte"}, {"x", "method.blocks"}}) {
        QJsonObject other = losses;
        other[QLatin1String(key)] = value;
        plot->set_state(other);
        EXPECT_EQ(graph_of(*plot, "published"), nullptr) << key;
    }
    plot->set_state(losses);
    EXPECT_NE(graph_of(*plot, "published"), nullptr);
    const QJsonObject differences{
        {"quantity", "difference"}, {"baseline", "attnres_block"}, {"references", references}};
    plot->set_state(differences);
    ASSERT_NE(graph_of(*plot, "published"), nullptr);
    QJsonObject against_wav = plot->state();
    against_wav["baseline"] = "model.method=wav";
    plot->set_state(against_wav);
    EXPECT_EQ(graph_of(*plot, "published"), nullptr);
    plot->set_state({{"references", QJsonArray{QJsonObject{{"x", 48}}}}});
    EXPECT_TRUE(plot->problem().contains("number 1")) << plot->problem().toStdString();
}

TEST(ResultsPlot, LabelsOfPublishedFiguresDoNotOverlap) {
    const QJsonArray references{QJsonObject{{"x", 48}, {"y", 2.50}, {"label", "the upper"}},
                                QJsonObject{{"x", 48}, {"y", 2.49}, {"label", "the lower"}}};
    auto plot = shown_results(some_runs(), {{"references", references}});
    QCustomPlot& canvas = plot->canvas();
    ASSERT_EQ(canvas.itemCount(), 2);
    const auto box = [&](int item) {
        auto* text = qobject_cast<QCPItemText*>(canvas.item(item));
        return QRectF(text->topLeft->pixelPosition(), text->bottomRight->pixelPosition());
    };
    EXPECT_LE(box(0).bottom(), box(1).top());
    EXPECT_LE(box(1).bottom(), canvas.axisRect()->bottom());
}

TEST(ResultsPlot, MethodsWithoutTheSettingAreALineAcross) {
    auto plot = shown_results(
        {make_run({.loss = 2, .options = "blocks = 2\n"}), make_run({.loss = 1.9, .options = "blocks = 8\n"}),
         make_run({.method = "standard", .loss = 2.5})},
        {{"x", "method.blocks"}, {"log_x", true}});
    EXPECT_EQ(graph_of(*plot, method_title("wav"))->dataCount(), 2);
    EXPECT_EQ(graph_of(*plot, method_title("standard"))->dataCount(), 0);
    EXPECT_TRUE(plot->canvas().yAxis->range().contains(2.5));
    EXPECT_EQ(plot->canvas().xAxis->scaleType(), QCPAxis::stLogarithmic);
    EXPECT_TRUE(hover(*plot, 8).join('\n').contains("2.5000"));
    EXPECT_TRUE(shown_results({make_run({.method = "standard"})}, {{"x", "method.blocks"}})
                    ->problem()
                    .contains("None of the finished runs has the setting"));
}

TEST(ResultsPlot, ChoicesComeFromTheRuns) {
    auto plot = shown_results({make_run({.layers = 12}), make_run({.layers = 24, .options = "blocks = 2\n"})});
    QComboBox& x = box(*plot, "x");
    QComboBox& line = box(*plot, "line");
    EXPECT_GE(x.findData("method.blocks"), 0);
    EXPECT_LT(x.findData("model.method"), 0);
    EXPECT_LT(line.findData("model.layers"), 0) << "it is the horizontal axis";
    line.setCurrentIndex(line.findData("method.blocks"));
    emit line.activated(line.currentIndex());
    plot->canvas();
    EXPECT_NE(graph_of(*plot, "blocks = 2"), nullptr);
    for (QComboBox* one : plot->findChildren<QComboBox*>()) EXPECT_FALSE(one->accessibleName().isEmpty());
    plot->set_state({{"x", "data.dataset"}});
    EXPECT_TRUE(plot->problem().contains("no numbers")) << plot->problem().toStdString();
    plot->set_state({{"line", "model.method, method.blocks"}});
    EXPECT_NE(graph_of(*plot, method_title("wav") + ", blocks = 2"), nullptr);
}

TEST(ResultsPlot, UnitsThatNoRunHasAreTold) {
    auto plot = shown_results(some_runs(), {{"unit", "bits-per-byte"}});
    EXPECT_TRUE(plot->problem().contains("do not give their text back")) << plot->problem().toStdString();
}

TEST(ResultsPlot, LongLabelsAreBrokenToTheAxis) {
    auto plot = shown_results(some_runs(), {{"quantity", "difference"}}, {640, 900});
    QCustomPlot& canvas = plot->canvas();
    canvas.replot();
    EXPECT_FALSE(canvas.yAxis->label().contains('\n'));
    plot->resize(640, 260);
    QCoreApplication::processEvents();
    plot->canvas().replot();
    EXPECT_TRUE(canvas.yAxis->label().contains('\n'));
    for (const QString& line : canvas.yAxis->label().split('\n'))
        EXPECT_LE(QFontMetricsF(canvas.yAxis->labelFont()).horizontalAdvance(line), canvas.axisRect()->height());
    canvas.yAxis->setLabel("Of a figure file");
    canvas.replot();
    EXPECT_EQ(canvas.yAxis->label().simplified(), "Of a figure file");
    const QFontMetricsF metrics(canvas.yAxis->labelFont());
    EXPECT_EQ(broken_text("loss (nats per token)", metrics, 1), "loss\n(nats per token)");
}

}  // namespace
}  // namespace wavlab
