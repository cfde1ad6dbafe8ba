// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <qcustomplot.h>
#include <QComboBox>
#include <QElapsedTimer>

#include "tests/views/application.h"
#include "tests/views/shown_plot.h"
#include "tests/views/synthetic_run.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/curves/axis_units.h"
#include "views/curves/span_raster.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

struct Recipe {
    std::string method = "wav";
    std::int64_t layers = 12;
    std::int64_t seed = 1;
    std::int64_t batch = 8;
    std::int64_t steps = 200;
    double loss = 2;       ///< everywhere
    double seconds = 0.5;  ///< of a step; 0: not recorded
    double flops = 2e6;    ///< of a token
};

std::shared_ptr<RunRecord> make_run(const Recipe& recipe) {
    const std::string name = recipe.method + "-" + std::to_string(recipe.layers) + "-" + std::to_string(recipe.seed);
    auto record = std::make_shared<RunRecord>("/synthetic/" + name);
    RunStarted started;
    started.description.experiment = "name = \"" + name + "\"\nseed = " + std::to_string(recipe.seed) +
                                     "\n[model]\nmethod = \"" + recipe.method +
                                     "\"\ncontext = 128\nlayers = " + std::to_string(recipe.layers) +
                                     "\n[train]\nbatch = " + std::to_string(recipe.batch) + "\n";
    started.description.flops_per_token = recipe.flops;
    started.total_steps = recipe.steps;
    record->apply(started);
    for (std::int64_t step = 0; step <= recipe.steps; ++step) {
        if (step > 0) record->apply(ScalarRecorded{step, "train/loss", recipe.loss});
        if (step > 0 && recipe.seconds > 0)
            record->apply(ScalarRecorded{step, "train/tokens_per_second", double(recipe.batch) * 128 / recipe.seconds});
        if (step % 50 == 0) record->apply(ScalarRecorded{step, "val/loss", recipe.loss + 0.1});
    }
    return record;
}

QStringList hover(CanvasPlot& plot, double key) {
    QCustomPlot& canvas = plot.canvas();
    plot.hover_at({canvas.xAxis->coordToPixel(key), double(canvas.axisRect()->center().y())});
    return plot.hover_lines();
}

SyntheticRun of_method(const std::string& method) {
    SyntheticRun run;
    run.method = method;
    run.name = method + "-12";
    return run;
}

TEST(LossPlot, HoverNamesAllRunsAtTheStepAndValuesThatAreNotFinite) {
    SyntheticRun broken = of_method("standard");
    broken.not_finite = {120};
    auto plot = shown_plot("loss", {SyntheticRun().record(), broken.record()});
    const QStringList lines = hover(*plot, 120);
    ASSERT_GE(lines.size(), 5);
    EXPECT_TRUE(lines[0].startsWith("step 120 · ")) << lines[0].toStdString();
    EXPECT_TRUE(lines[2].startsWith("wav-12\t"));
    EXPECT_TRUE(lines[3].startsWith("standard-12\tNaN")) << lines[3].toStdString();
    EXPECT_TRUE(lines[3].contains("(step 100)"));
    EXPECT_TRUE(lines.last().startsWith("floor")) << lines.last().toStdString();

    auto without = shown_plot("loss", {SyntheticRun().record(), of_method("standard").record()});
    EXPECT_NE(plot->canvas().grab().toImage(), without->canvas().grab().toImage()) << "the cross is seen";
}

TEST(LossPlot, AResumedRunReplacesWhatCameAfterItsCheckpoint) {
    SyntheticRun first;
    auto record = first.record();
    auto plot = shown_plot("loss", {record});
    RunStarted again = first.started();
    again.first_step = 100;
    plot->update_from(*record, record->apply(again));
    plot->canvas().grab();  // also when it is painted before it was told
    SyntheticRun second = first;
    second.final_loss = 2;
    for (std::int64_t step = 101; step <= 200; ++step)
        for (const RunEvent& event : second.step_events(step)) plot->update_from(*record, record->apply(event));
    auto fresh = shown_plot("loss", {record});
    for (const double step : {90.0, 101.0, 150.0, 200.0}) EXPECT_EQ(hover(*plot, step), hover(*fresh, step));
    plot->hover_at({-1, -1});
    fresh->hover_at({-1, -1});
    EXPECT_EQ(plot->canvas().grab().toImage(), fresh->canvas().grab().toImage());
}

TEST(LossPlot, IsPaintedWhateverBecameOfTheRecordMeanwhile) {
    auto record = SyntheticRun().record();
    auto plot = shown_plot("loss", {record});
    QCustomPlot& canvas = plot->canvas();
    RunStarted again = SyntheticRun().started();
    again.first_step = 20;
    record->apply(again);  // the plot has not been told
    canvas.replot(QCustomPlot::rpImmediateRefresh);
    *record = RunRecord("/synthetic/empty");
    canvas.replot(QCustomPlot::rpImmediateRefresh);
    plot->hover_at(canvas.axisRect()->center());
}

TEST(LossPlot, DrawsAMillionStepsQuickly) {
    auto record = std::make_shared<RunRecord>("/synthetic/long");
    record->apply(SyntheticRun().started());
    for (int step = 1; step <= 1'000'000; ++step)
        record->apply(ScalarRecorded{step, "train/loss", 4.0 / std::sqrt(step) + (step % 7) * 0.01});
    auto plot = shown_plot("loss", {record}, {800, 500});
    QCustomPlot& canvas = plot->canvas();
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 5; ++i) canvas.replot(QCustomPlot::rpImmediateRefresh);
    const double milliseconds = double(timer.nsecsElapsed()) / 5e6;
    RecordProperty("milliseconds", std::to_string(milliseconds));
    EXPECT_LT(milliseconds, 150);
}

TEST(LossPlot, MovedByPixelsItLooksAsDrawnAnew) {
    Records records;
    for (int run = 0; run < 3; ++run) {
        records.push_back(std::make_shared<RunRecord>("/synthetic/long-" + std::to_string(run)));
        records.back()->apply(SyntheticRun().started());
        for (int step = 1; step <= 40'000; ++step)
            records.back()->apply(
                ScalarRecorded{step, "train/loss", 2 + run + std::sin(step * 1.7 + run * step * 0.01)});
    }
    auto moved = shown_plot("loss", records, {900, 400});
    QCustomPlot& canvas = moved->canvas();
    canvas.xAxis->setRange(10'000.3, 30'000.7);
    for (const int pixels : {7, -31, 250, 100, -600}) {
        canvas.replot(QCustomPlot::rpImmediateRefresh);
        canvas.xAxis->moveRange(canvas.xAxis->range().size() / canvas.axisRect()->width() * pixels);
        canvas.replot(QCustomPlot::rpImmediateRefresh);
        auto anew = shown_plot("loss", records, {900, 400});
        anew->set_state(moved->state());
        EXPECT_EQ(canvas.grab().toImage(), anew->canvas().grab().toImage()) << pixels;
    }
}

TEST(LossPlot, StepZeroHasNoPlaceOnALogarithmicAxis) {
    auto plot = shown_plot("loss", {make_run({})});
    plot->set_state({{"log_steps", true}, {"losses", "validation"}});
    EXPECT_NEAR(plot->canvas().xAxis->range().lower, 50, 1e-9);
    const QString title = hover(*plot, 60).value(0);
    EXPECT_TRUE(title.startsWith("step 50")) << title.toStdString();
}

TEST(LossPlot, MeasuresTrainingByTokensTimeAndFlops) {
    // 1024 and 2048 tokens a step; half a second and two seconds.
    const Records records = {make_run({}), make_run({.layers = 24, .batch = 16, .seconds = 2})};
    auto plot = shown_plot("loss", records);
    EXPECT_EQ(plot->canvas().xAxis->label(), "Step");
    plot->set_state({{"x", "tokens"}});
    EXPECT_EQ(plot->canvas().xAxis->label(), "Tokens (thousands)");
    EXPECT_NEAR(plot->canvas().xAxis->range().upper, 200 * 2048, 10'000);
    QStringList lines = hover(*plot, 100 * 1024);
    EXPECT_TRUE(lines[0].contains("102.4k tokens")) << lines[0].toStdString();
    EXPECT_TRUE(lines[0].contains("step 50 to step 100")) << lines[0].toStdString();

    plot->set_state({{"x", "time"}});
    EXPECT_EQ(plot->canvas().xAxis->label(), "Training time (min)");
    EXPECT_NEAR(plot->canvas().xAxis->range().upper, 400, 10);
    lines = hover(*plot, 50);
    EXPECT_TRUE(lines[0].contains("step 25 to step 100")) << lines[0].toStdString();

    plot->set_state({{"x", "flops"}, {"log_steps", true}});
    EXPECT_EQ(plot->canvas().xAxis->label(), "Training compute (GFLOP)");
    EXPECT_NEAR(plot->canvas().xAxis->range().upper / (200.0 * 2048 * 2e6), 1.03, 0.001);
    EXPECT_EQ(plot->canvas().xAxis->scaleType(), QCPAxis::stLogarithmic);
}

TEST(LossPlot, GivesLossesInBitsWhereTheyAreDefined) {
    // Two tokens of 1.5 nats for three characters of four bytes.
    const auto described = make_run({.loss = 1.5});
    RunStarted started;
    started.description = described->description();
    started.description.validation_tokens = 2000;
    started.description.validation_characters = 3000;
    started.description.validation_bytes = 4000;
    started.description.unigram_entropy = 2;
    started.description.bigram_entropy = 1;
    auto record = std::make_shared<RunRecord>("/synthetic/bits");
    record->apply(started);
    for (std::int64_t step = 1; step <= 100; ++step) record->apply(ScalarRecorded{step, "train/loss", 1.5});
    auto plot = shown_plot("loss", {record});
    EXPECT_EQ(plot->canvas().yAxis->label(), "Loss (nats per token)");
    EXPECT_TRUE(hover(*plot, 50)[2].contains("\t1.5")) << hover(*plot, 50)[2].toStdString();

    plot->set_state({{"unit", "bits-per-character"}, {"entropies", true}});
    EXPECT_EQ(plot->canvas().yAxis->label(), "Loss (bits per character)");
    const double factor = 2.0 / 3 / std::log(2.0);
    EXPECT_TRUE(hover(*plot, 50)[2].contains(QString::number(1.5 * factor, 'f', 4)))
        << hover(*plot, 50)[2].toStdString();
    QStringList lines = hover(*plot, 50);
    EXPECT_TRUE(lines.last().startsWith("bigram entropy")) << lines.last().toStdString();
    EXPECT_TRUE(lines.last().contains(QString::number(factor, 'f', 4))) << lines.last().toStdString();
    plot->set_state({{"unit", "bits-per-byte"}});
    EXPECT_TRUE(hover(*plot, 50)[2].contains(QString::number(1.5 * factor * 3 / 4, 'f', 4)));

    // Beside a run whose tokens do not give the text back.
    plot->set_runs(drawn({record, described}));
    plot->canvas();
    EXPECT_EQ(hover(*plot, 50).size(), 3) << "title, heading, the one run";
    auto lossy = shown_plot("loss", {described});
    lossy->set_state({{"unit", "bits-per-byte"}});
    EXPECT_TRUE(lossy->problem().contains("do not give its text back")) << lossy->problem().toStdString();
}

TEST(LossPlot, SaysWhichRunsCannotLieOnAnAxis) {
    const auto plain = make_run({}), timeless = make_run({.layers = 24, .seconds = 0});
    auto plot = shown_plot("loss", {timeless});
    plot->set_state({{"x", "time"}});
    EXPECT_TRUE(plot->problem().contains("training time is not known")) << plot->problem().toStdString();
    plot->set_runs(drawn({plain, timeless}));
    plot->canvas();
    EXPECT_TRUE(plot->problem().isEmpty());
    EXPECT_EQ(hover(*plot, 20).size(), 3) << "title, heading, the one run";
    auto costless = shown_plot("loss", {make_run({.flops = 0})});
    costless->set_state({{"x", "flops"}});
    EXPECT_TRUE(costless->problem().contains("FLOPs are not known"));
}

TEST(LossPlot, GroupsAreMeansOverTheirRuns) {
    Records records;
    for (const std::int64_t seed : {1, 2, 3}) {
        records.push_back(make_run({.seed = seed, .loss = 1.0 + double(seed)}));
        records.push_back(make_run({.method = "standard", .seed = seed, .loss = 5}));
    }
    auto plot = shown_plot("loss", records);
    plot->set_state({{"group", "model.method"}, {"smoothing", 0}});
    QStringList lines = hover(*plot, 100);
    ASSERT_EQ(lines.size(), 4) << lines.join('\n').toStdString();
    const QString wav = lines[2].startsWith("wav") ? lines[2] : lines[3];
    EXPECT_EQ(wav, "wav\t3\t3.0000 ± 1.0000\t3.1000 ± 1.0000");
    plot->set_state({{"group", "*"}, {"band", "interval"}, {"smoothing", 0}});
    lines = hover(*plot, 100);
    const QString interval = lines[2].startsWith("wav") ? lines[2] : lines[3];
    EXPECT_EQ(interval, "wav\t3\t3.0000 ± 2.4841\t3.1000 ± 2.4841");
    // A run that has come half way stops the mean of its group.
    records.push_back(make_run({.seed = 4, .steps = 100, .loss = 3}));
    plot->set_runs(drawn(records));
    lines = hover(*plot, 150);
    EXPECT_TRUE(lines.filter("wav").value(0).startsWith("wav\t4\t-\t")) << lines.join('\n').toStdString();
}

TEST(LossPlot, AGroupKeepsItsColourWhileOthersComeAndGo) {
    const auto shallow = make_run({.layers = 6}), middle = make_run({.layers = 12}), deep = make_run({.layers = 48});
    auto plot = shown_plot("loss", {shallow, deep});
    plot->set_state({{"group", "model.layers"}});
    plot->canvas();
    const QJsonObject before = plot->state()["group_styles"].toObject();
    ASSERT_EQ(before.size(), 2);
    plot->set_runs(drawn({deep, middle}));
    plot->canvas();
    const QJsonObject after = plot->state()["group_styles"].toObject();
    EXPECT_EQ(after["model.layers=48"], before["model.layers=48"]);
    EXPECT_NE(after["model.layers=12"], after["model.layers=48"]);
    auto figure = shown_plot("loss", {middle, deep});
    figure->set_state(plot->state());
    figure->canvas();
    EXPECT_EQ(figure->state()["group_styles"].toObject()["model.layers=48"], before["model.layers=48"]);
}

TEST(LossPlot, OffersTheSettingsThatDiffer) {
    auto plot = shown_plot("loss", {make_run({}), make_run({.batch = 16})});
    QStringList keys;
    for (QComboBox* box : plot->findChildren<QComboBox*>())
        if (box->accessibleName() == "Groups")
            for (int i = 0; i < box->count(); ++i) keys << box->itemData(i).toString();
    EXPECT_EQ(keys, (QStringList{"", "*", "model.method", "model.layers", "data.dataset", "train.batch"}));
}

TEST(LossPlot, ManyRunsLeaveRoomForThePlot) {
    Records records;
    for (std::int64_t seed = 0; seed < 60; ++seed) records.push_back(make_run({.seed = seed, .steps = 60}));
    auto plot = shown_plot("loss", records);
    EXPECT_GT(plot->canvas().axisRect()->height(), 180);
    EXPECT_LE(hover(*plot, 30).size(), 15);
    EXPECT_TRUE(hover(*plot, 30).join('\n').contains("and 48 more"));
    for (const char* group : {"", "*", "model.method"})
        for (const char* axis : {"step", "tokens", "time", "flops"})
            for (const char* losses : {"both", "train", "validation"}) {
                plot->set_state({{"group", group}, {"x", axis}, {"losses", losses}, {"single_runs", true}});
                EXPECT_FALSE(plot->canvas().grab().isNull());
                EXPECT_LE(plot->minimumSizeHint().width(), 400);
                hover(*plot, plot->canvas().xAxis->range().center());
            }
}

TEST(LossPlot, FiguresOfLongRunsStaySmallAndKeepTheirExtremes) {
    auto record = std::make_shared<RunRecord>("/synthetic/long");
    record->apply(SyntheticRun().started());
    for (int step = 1; step <= 300'000; ++step)
        record->apply(ScalarRecorded{step, "train/loss", step == 123'457 ? 9.0 : 2 + 0.3 * std::sin(step * 1.7)});
    FigureContent content;
    content.plot = PlotRegistry::find("loss");
    content.runs = drawn({record});
    FigureOptions options;
    options.state = {{"smoothing", 0}};
    FigureResult result;
    const QByteArray pdf = render_figure(content, options, FigureFormat::pdf, result);
    EXPECT_LT(pdf.size(), 400'000);
    const QImage image = QImage::fromData(render_figure(content, options, FigureFormat::png, result));
    int dark = 0;  // the one value of 9 stands alone in the upper half
    for (int y = image.height() / 8; y < image.height() / 2; ++y)
        for (int x = image.width() / 4; x < image.width() * 3 / 4; ++x)
            dark += image.pixelColor(x, y).blue() - image.pixelColor(x, y).red() > 60;
    EXPECT_GT(dark, 100);
}

TEST(AxisUnits, FitTheSizeOfWhatIsShown) {
    EXPECT_EQ(axis_unit(TrainingAxis::time, 100).label, "Training time (s)");
    EXPECT_EQ(axis_unit(TrainingAxis::time, 86400).label, "Training time (h)");
    EXPECT_EQ(axis_unit(TrainingAxis::flops, 3e18).label, "Training compute (EFLOP)");
    EXPECT_EQ(axis_unit(TrainingAxis::tokens, 3e9).size, 1e9);
    EXPECT_EQ(training_position_text(TrainingAxis::time, 3725), "1 h 02 min");
    EXPECT_EQ(training_position_text(TrainingAxis::time, 65), "1 min 05 s");
    EXPECT_EQ(training_position_text(TrainingAxis::tokens, 2.5e9), "2.5B tokens");
    EXPECT_EQ(training_position_text(TrainingAxis::flops, 1.5e15), "1.5 PFLOP");
    EXPECT_EQ(training_range_text(TrainingAxis::step, 3, 3), "step 3");
}

TEST(SpanRaster, CoversWhatALineCovers) {
    SpanRaster raster({100, 50});
    raster.move_to({10.5, 40});
    raster.line_to({90.5, 10});
    raster.stroke(Qt::red, 2);
    for (int column = 11; column < 90; ++column) {
        const double middle = 40 - 30 * (column + 0.5 - 10.5) / 80;
        EXPECT_GT(qAlpha(raster.image().pixel(column, int(middle))), 100) << column;
        EXPECT_EQ(qAlpha(raster.image().pixel(column, std::max(0, int(middle) - 5))), 0) << column;
    }
    EXPECT_EQ(qAlpha(raster.image().pixel(5, 42)), 0);
    raster.move_to({-1e5, 20});
    raster.line_to({1e5, 1e5});
    raster.stroke(Qt::red, 1);
}

}  // namespace
}  // namespace wavlab
