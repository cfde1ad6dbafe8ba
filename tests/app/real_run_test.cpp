// SPDX-License-Identifier: GPL-3.0-or-later
// The window with a real model behind it: a run from start to exports, and whether the window stays awake meanwhile.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QScrollArea>
#include <QSlider>
#include <QTableView>

#include <qcustomplot.h>

#include "app/gui/run_library.h"
#include "app/run_export.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "tests/app/window_fixture.h"
#include "views/dock_desk.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

/// A picture of the window for whoever looks at the test: $WAVLAB_TEST_PICTURES/NAME.png.
void keep_picture(MainWindow& window, const char* name) {
    if (const char* folder = std::getenv("WAVLAB_TEST_PICTURES"))
        window.grab().save(QStringLiteral("%1/%2.png").arg(QLatin1String(folder), QLatin1String(name)));
}

class RealRun : public WindowTest {
protected:
    void tiny() {
        set("model.layers", std::int64_t{2});
        set("model.width", std::int64_t{16});
        set("model.heads", std::int64_t{2});
        set("model.context", std::int64_t{32});
        set("data.size", std::int64_t{100000});
        set("train.batch", std::int64_t{2});
        set("train.eval_windows", std::int64_t{4});
    }
};

TEST_F(RealRun, TrainsPausesStopsAndExports) {
    open_with(load_model_library);
    tiny();
    set("train.steps", std::int64_t{100000});
    ASSERT_TRUE(wait([&] { return window->form()->is_valid() && enabled("run.start"); }));
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 3; }, 60)) << message();
    EXPECT_FALSE(window->session().record()->frame_steps(FrameKind::routing).empty()) << "the first frame is at step 0";
    press("run.pause");
    ASSERT_TRUE(wait([&] { return window->session().record()->state() == RunState::paused; }));
    const std::int64_t at = step();
    press("run.step");
    ASSERT_TRUE(wait([&] { return step() >= at + 1; }));
    press("run.checkpoint");
    ASSERT_TRUE(wait([&] { return !window->session().record()->checkpoints().empty(); }));
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }, 60));
    EXPECT_EQ(window->session().end()->state, RunState::stopped);
    const RunFolder run{window->session().record()->folder()};
    export_metrics(run, folder / "metrics.csv");
    export_checkpoint(run, "last", folder / "last.safetensors");
    EXPECT_GT(std::filesystem::file_size(folder / "last.safetensors"), 1000u);
}

TEST_F(RealRun, AnExperimentTheTrainerRefusesIsAMessageAndLeavesNothing) {
    open_with(load_model_library);
    tiny();
    set("train.device", std::string("cuda:77"));
    ASSERT_TRUE(wait([&] { return !enabled("run.start"); }));
    EXPECT_FALSE(window->form()->editor("train.device")->problem().isEmpty());
    EXPECT_FALSE(std::filesystem::exists(folder / "runs" / "wav-12"));
}

/// How long the window's thread was away, by a timer that should ring every 10 ms.
class Heartbeat {
public:
    Heartbeat() {
        QObject::connect(&timer_, &QTimer::timeout, [this] {
            gaps_.push_back(double(since_.nsecsElapsed()) / 1e6);
            since_.restart();
        });
        timer_.setTimerType(Qt::PreciseTimer);
        since_.start();
        timer_.start(10);
    }
    double quantile(double share) {
        std::sort(gaps_.begin(), gaps_.end());
        return gaps_.at(std::size_t(share * double(gaps_.size() - 1)));
    }
    std::size_t beats() const { return gaps_.size(); }

private:
    QTimer timer_;
    QElapsedTimer since_;
    std::vector<double> gaps_;
};

TEST_F(RealRun, SlowTheWindowStaysAwakeWhileTheUserDragsHoversAndSwitches) {
    open_with(load_model_library);
    window->resize(1600, 1000);
    window->desk().reset();
    set("train.steps", std::int64_t{100000});
    set("data.size", std::int64_t{100000});
    set("train.record_every", std::int64_t{1});
    ASSERT_TRUE(wait([&] { return window->form()->is_valid() && enabled("run.start"); }));
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() >= 2; }, 120)) << message();
    {
        Heartbeat heartbeat;
        QElapsedTimer time;
        time.start();
        int round = 0;
        while (time.elapsed() < 12000) {
            PlotPane* pane = window->panes()[std::size_t(round) % window->panes().size()];
            QDockWidget* dock = window->desk().docks()[1 + round % int(window->panes().size())];
            dock->raise();
            QCustomPlot& canvas = pane->plot().canvas();
            const QPoint center = canvas.rect().center();
            QTest::mousePress(&canvas, Qt::LeftButton, {}, center);
            for (int i = 0; i < 20; ++i) QTest::mouseMove(&canvas, center + QPoint(i, i / 2), 10);  // drag
            QTest::mouseRelease(&canvas, Qt::LeftButton, {}, center + QPoint(20, 10));
            for (int i = 0; i < 20; ++i) QTest::mouseMove(&canvas, QPoint(60 + 8 * i, 60 + 4 * i), 10);  // hover
            QTest::mouseDClick(&canvas, Qt::LeftButton, {}, center);
            if (round % 4 == 3) {  // fill the window and give it back
                window->desk().toggle_maximised(*dock);
                QTest::qWait(100);
                window->desk().toggle_maximised(*dock);
            }
            for (QSlider* slider : pane->findChildren<QSlider*>())
                if (slider->isVisible())
                    for (int i = 0; i < 10; ++i) QTest::keyClick(slider, i < 5 ? Qt::Key_Left : Qt::Key_Right, {}, 10);
            if (round == 2) keep_picture(*window, "training");
            ++round;
        }
        const double typical = heartbeat.quantile(0.95);
        RecordProperty("gap_95_ms", std::to_string(typical));
        std::printf("heartbeat: %zu beats, median %.1f ms, 95%% %.1f ms, longest %.1f ms, %d rounds, step %lld\n",
                    heartbeat.beats(), heartbeat.quantile(0.5), typical, heartbeat.quantile(1), round,
                    static_cast<long long>(step()));
        EXPECT_LT(typical, 50);
    }
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }, 60));
}

}  // namespace
}  // namespace wavlab
