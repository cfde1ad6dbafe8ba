// SPDX-License-Identifier: GPL-3.0-or-later
// How quickly the loss plot draws many long runs: frame times of moving, zooming and hovering, and how long it takes to
// set the runs, to smooth them anew and to group them.
//   QT_QPA_PLATFORM=offscreen many_runs [RUNS [STEPS [WIDTH HEIGHT]]]        default: 200 100000 1000 640
// A frame is everything from the changed range or the moved mouse to the pixels of the widget.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <QApplication>
#include <QImage>

#include <fmt/format.h>
#include <qcustomplot.h>

#include "views/canvas_plot.h"

namespace {

using namespace wavlab;

/// A learning curve with noise and a validation every hundredth of it; no training is needed to draw it.
std::shared_ptr<RunRecord> make_run(std::int64_t number, std::int64_t steps) {
    auto record = std::make_shared<RunRecord>("/generated/run-" + std::to_string(number));
    const char* methods[] = {"standard", "attnres_block", "wav", "haares"};
    RunStarted started;
    started.description.experiment =
        fmt::format("name = \"run-{}\"\nseed = {}\n[model]\nmethod = \"{}\"\n[train]\nsteps = {}\n", number, number / 4,
                    methods[number % 4], steps);
    started.description.flops_per_token = 5e6;
    started.description.validation_floor = 0.6;
    started.total_steps = steps;
    record->apply(started);
    std::uint64_t state = std::uint64_t(number) * 0x9e3779b97f4a7c15ULL + 1;
    const double level = 1.2 + 0.003 * double(number % 100);
    for (std::int64_t step = 1; step <= steps; ++step) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        const double noise = double(state >> 40) / double(1 << 24) - 0.5;
        const double curve = level + 3 * std::exp(-8.0 * double(step) / double(steps)) + 2 / std::sqrt(double(step));
        record->apply(ScalarRecorded{step, "train/loss", curve + 0.4 * noise});
        if (step % std::max<std::int64_t>(1, steps / 100) == 0) record->apply(ScalarRecorded{step, "val/loss", curve});
    }
    return record;
}

double now(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return double(time.tv_sec) * 1e3 + double(time.tv_nsec) * 1e-6;
}

struct Times {
    std::vector<double> wall, processor;

    void measure(const std::function<void()>& work) {
        const double wall_before = now(CLOCK_MONOTONIC), processor_before = now(CLOCK_PROCESS_CPUTIME_ID);
        work();
        wall.push_back(now(CLOCK_MONOTONIC) - wall_before);
        processor.push_back(now(CLOCK_PROCESS_CPUTIME_ID) - processor_before);
    }
    void print(const char* what) {
        std::sort(wall.begin(), wall.end());
        std::sort(processor.begin(), processor.end());
        const auto at = [](const std::vector<double>& times, double share) {
            return times[std::min(times.size() - 1, std::size_t(double(times.size()) * share))];
        };
        fmt::print("{:<28} median {:7.1f} ms   p95 {:7.1f} ms   processor {:7.1f} ms\n", what, at(wall, 0.5),
                   at(wall, 0.95), at(processor, 0.5));
        std::fflush(stdout);
    }
};

constexpr int frames = 120;

void measure_view(CanvasPlot& plot, const char* name) {
    QCustomPlot& canvas = plot.canvas();
    QImage screen(canvas.size(), QImage::Format_RGB32);
    const auto show = [&] {
        canvas.replot(QCustomPlot::rpImmediateRefresh);
        canvas.render(&screen);
    };
    show();
    Times pan, zoom, hover;
    const QCPRange whole = canvas.xAxis->range();
    canvas.setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    canvas.xAxis->setRange(whole.lower + 0.2 * whole.size(), whole.upper - 0.2 * whole.size());
    for (int i = 0; i < frames; ++i)
        pan.measure([&] {
            // By whole pixels, as a mouse does.
            const double pixel = canvas.xAxis->range().size() / canvas.axisRect()->width();
            canvas.xAxis->moveRange(pixel * 5 * (i < frames / 2 ? 1 : -1));
            show();
        });
    pan.print((std::string(name) + ", moving").c_str());
    canvas.xAxis->setRange(whole);
    for (int i = 0; i < frames; ++i)
        zoom.measure([&] {
            canvas.xAxis->scaleRange(i < frames / 2 ? 0.93 : 1 / 0.93);
            show();
        });
    zoom.print((std::string(name) + ", zooming").c_str());
    canvas.xAxis->setRange(whole);
    show();
    for (int i = 0; i < frames; ++i)
        hover.measure([&] {
            plot.hover_at({canvas.axisRect()->left() + canvas.axisRect()->width() * (i + 0.5) / frames, 200.0});
            canvas.render(&screen);
        });
    hover.print((std::string(name) + ", hovering").c_str());
    plot.hover_at({-1, -1});
}

void measure_change(CanvasPlot& plot, const char* name, const QJsonObject& state) {
    Times times;
    times.measure([&] {
        plot.set_state(state);
        plot.canvas().replot(QCustomPlot::rpImmediateRefresh);
    });
    times.print(name);
}

}  // namespace

int main(int argument_count, char** arguments) {
    const auto argument = [&](int index, int otherwise) {
        return argument_count > index ? std::atoi(arguments[index]) : otherwise;
    };
    const int run_count = argument(1, 200), steps = argument(2, 100'000);
    const QSize size(argument(3, 1000), argument(4, 640));
    QApplication application(argument_count, arguments);
    std::vector<DrawnRun> runs;
    for (int i = 0; i < run_count; ++i) runs.push_back({make_run(i, steps), i, i == 0});
    const PlotDescriptor* loss = PlotRegistry::find("loss");
    const std::unique_ptr<CanvasPlot> plot(static_cast<CanvasPlot*>(loss->make(nullptr)));
    plot->show_controls(false);
    plot->resize(size);
    plot->show();
    QCoreApplication::processEvents();
    fmt::print("{} runs of {} steps at {} x {} pixels\n", run_count, steps, size.width(), size.height());

    Times setting;
    setting.measure([&] {
        plot->set_runs(runs);
        plot->canvas().replot(QCustomPlot::rpImmediateRefresh);
    });
    setting.print("setting the runs");
    measure_change(*plot, "another smoothing", {{"smoothing", 0.99}});
    measure_view(*plot, "smoothed");
    measure_change(*plot, "no smoothing", {{"smoothing", 0}});
    measure_view(*plot, "not smoothed");
    measure_change(*plot, "grouping by method", {{"group", "model.method"}});
    measure_view(*plot, "groups");
    measure_change(*plot, "with single runs", {{"group", "model.method"}, {"single_runs", true}});
    measure_view(*plot, "groups and single runs");
    return 0;
}
