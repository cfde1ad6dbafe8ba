// SPDX-License-Identifier: GPL-3.0-or-later
// The window's queue with real processes behind it, and what the queue's runner does without a window.
#include <QComboBox>
#include <QPushButton>
#include <QTableView>

#include "app/gui/features/queue.h"
#include "app/queue/queue_devices.h"
#include "app/queue/queue_runner.h"
#include "core/run_folder.h"
#include "core/run_queue.h"
#include "core/safe_file.h"
#include "core/sweep_runs.h"
#include "tests/app/window_fixture.h"
#include "views/dock_desk.h"
#include "views/queue_model.h"
#include "views/queue_panel.h"
#include "views/sweep_table_model.h"
#include "views/sweep_table_panel.h"

namespace wavlab {
namespace {

Sweep tiny_sweep(const std::string& seeds, int steps) {
    return parse_sweep(
        "name = \"tiny\"\n[model]\nmethod = \"wav\"\nlayers = 2\nwidth = 16\nheads = 2\ncontext = 32\n[data]\nsize = "
        "100000\n[train]\nbatch = 2\neval_windows = 4\neval_every = 10\ncheckpoint_every = 10\nthreads = 1\ndevice = "
        "\"cpu\"\nsteps = " +
            std::to_string(steps) + "\n[sweep]\nseed = [" + seeds + "]\n",
        "tiny.toml", {});
}

class QueueWindow : public WindowTest {
protected:
    QueueFeature& queue() { return *window->feature<QueueFeature>(); }
    QueueModel& model() { return *window->findChild<QueueModel*>(); }
    QueuePanel& panel() { return *window->findChild<QueuePanel*>("queue_panel"); }
    int count(QueueState state) {
        int found = 0;
        for (const QueueRow& row : model().rows()) found += row.state == state;
        return found;
    }
    /// At work on a run that has made some steps.
    bool is_training() {
        for (const QueueRow& row : model().rows())
            if (row.state == QueueState::running && row.step > 2) return true;
        return false;
    }
};

TEST_F(QueueWindow, TrainsASweepAndShowsItsTable) {
    open_with_fake();
    EXPECT_FALSE(enabled("queue.work")) << "nothing waits";
    EXPECT_EQ(queue().enqueue(tiny_sweep("1, 2, 3", 20)), 3);
    EXPECT_EQ(queue().enqueue(tiny_sweep("1, 2", 20)), 0) << "they are there already";
    EXPECT_EQ(queue().enqueue(tiny_sweep("1, 2, 3, 4", 20)), 1);
    ASSERT_EQ(model().rowCount(), 4);

    panel().select(model().rows()[3].id);
    ASSERT_TRUE(enabled("queue.up"));
    action("queue.up").trigger();
    EXPECT_EQ(model().rows()[2].name, "tiny-seed4");
    EXPECT_EQ(panel().selected(), QStringList(model().rows()[2].id)) << "the run stays selected";
    action("queue.remove").trigger();
    ASSERT_EQ(model().rowCount(), 3);

    action("queue.work").trigger();
    EXPECT_TRUE(queue().is_working());
    EXPECT_FALSE(enabled("run.start")) << "one thing at a time computes";
    EXPECT_TRUE(action("run.start").toolTip().contains("The queue is at work"));
    ASSERT_TRUE(wait([&] { return !queue().is_working(); }, 120));
    EXPECT_EQ(count(QueueState::finished), 3);
    EXPECT_TRUE(wait([&] { return enabled("run.start"); }));

    auto* results = window->findChild<SweepTablePanel*>("sweep_table_panel");
    ASSERT_TRUE(results);
    EXPECT_EQ(results->sweep(), "tiny");
    ASSERT_EQ(results->model().rowCount(), 1);
    EXPECT_EQ(results->model().table()[0].loss.n, 3u);
    const auto loss = read_sweep_run(folder / "runs" / "tiny-seed2").last_loss();
    EXPECT_EQ(results->model().table()[0].by_seed.at(2), loss);

    action("queue.clear").trigger();
    EXPECT_EQ(model().rowCount(), 0);
    EXPECT_TRUE(is_run_folder(folder / "runs" / "tiny-seed1")) << "folders are kept";
    EXPECT_EQ(results->sweep(), "tiny");
    ASSERT_EQ(results->model().rowCount(), 1) << "and so are the results";
    EXPECT_EQ(results->model().table()[0].by_seed.at(2), loss);

    window.reset();
    open_with_fake();
    results = window->findChild<SweepTablePanel*>("sweep_table_panel");
    ASSERT_TRUE(wait([&] { return results->model().rowCount() == 1 && results->model().table()[0].loss.n == 3; }));
    std::filesystem::remove_all(folder / "runs" / "tiny-seed2");
    EXPECT_TRUE(wait([&] { return results->model().table()[0].loss.n == 2; })) << "what is gone is no result";
}

TEST_F(QueueWindow, TrainsARunThatTwoSweepsShareOnce) {
    open_with_fake();
    const Sweep one = tiny_sweep("1", 20);
    Sweep other = tiny_sweep("1", 20);
    apply_setting(other, "data.seed=[" + std::to_string(other.base.data.seed) + "]");
    queue().enqueue(one);
    queue().enqueue(other);
    ASSERT_EQ(model().rowCount(), 2);
    action("queue.work").trigger();
    ASSERT_TRUE(wait([&] { return !queue().is_working(); }, 120));
    EXPECT_EQ(count(QueueState::finished), 2);
    const RunQueue after(folder / "runs", "a test");
    EXPECT_EQ(after.runs()[0].folder, after.runs()[1].folder);
}

TEST_F(QueueWindow, ForgetsWhatAnotherRunOfTheSameIdWas) {
    open_with_fake();
    RunQueue queue(folder / "other", "a test");
    const QueueRunner runner(queue, {}, {});
    queue.add(queued_runs(tiny_sweep("1", 20)));
    const std::string id = queue.runs()[0].id;
    EXPECT_EQ(runner.total_steps(queue.runs()[0]), 20);
    std::filesystem::remove(queue.file());
    RunQueue(folder / "other", "another").add(queued_runs(tiny_sweep("1", 300)));
    ASSERT_TRUE(queue.reload());
    ASSERT_EQ(queue.runs()[0].id, id);
    EXPECT_EQ(runner.total_steps(queue.runs()[0]), 300);
}

TEST_F(QueueWindow, PausesAndGoesOnInAnotherWindow) {
    open_with_fake();
    queue().enqueue(tiny_sweep("1, 2", 4000));
    action("queue.work").trigger();
    ASSERT_TRUE(wait([&] { return is_training(); }, 60));
    action("queue.work").trigger();  // pauses
    ASSERT_TRUE(wait([&] { return !queue().is_working(); }, 60));
    EXPECT_EQ(count(QueueState::waiting), 2);
    EXPECT_EQ(queue_state_text(model().rows()[0]), "interrupted");
    ASSERT_FALSE(list_checkpoints({folder / "runs" / "tiny-seed1"}).empty());
    const std::int64_t saved = list_checkpoints({folder / "runs" / "tiny-seed1"}).back().step;
    window.reset();

    open_with_fake();
    EXPECT_TRUE(wait([&] { return message().find("The queue is not finished: 2 runs") == 0; })) << message();
    EXPECT_FALSE(queue().is_working()) << "it goes on when the user says so";
    action("queue.work").trigger();
    ASSERT_TRUE(wait([&] { return model().rows()[0].step > saved; }, 60));
    EXPECT_EQ(RunLock::is_held({folder / "runs" / "tiny-seed1"}), true);

    // Closing asks, and loses nothing.
    window->close();
    EXPECT_TRUE(window->isVisible());
    answer("close_queue_question", "Pause the queue and close");
    ASSERT_TRUE(wait([&] { return !window->isVisible(); }, 60));
    EXPECT_FALSE(RunLock::is_held({folder / "runs" / "tiny-seed1"}));
    EXPECT_GT(list_checkpoints({folder / "runs" / "tiny-seed1"}).back().step, saved);
}

TEST_F(QueueWindow, ShowsTheQueueOfAnotherProcess) {
    RunQueue other(folder / "runs", "wavlab sweep");
    open_with_fake();
    other.hold();
    const auto ids = other.add(queued_runs(tiny_sweep("1, 2", 20)));
    ASSERT_TRUE(wait([&] { return model().rowCount() == 2; }));
    EXPECT_TRUE(panel().notice().contains("wavlab sweep, process"));
    EXPECT_FALSE(enabled("queue.work"));
    EXPECT_THROW(queue().enqueue(tiny_sweep("5", 20)), std::exception);
    other.release();
    ASSERT_TRUE(wait([&] { return enabled("queue.work"); }));
    EXPECT_TRUE(panel().notice().isEmpty());
}

TEST_F(QueueWindow, ADamagedQueueIsNamedAndLeftAlone) {
    std::filesystem::create_directories(folder / "runs");
    write_text(folder / "runs" / "queue.json", "{");
    open_with_fake();
    EXPECT_TRUE(wait([&] { return message().find("queue.json") != std::string::npos; }));
    EXPECT_FALSE(enabled("queue.work"));
    window.reset();
    EXPECT_EQ(read_file(folder / "runs" / "queue.json"), "{");
}

TEST(QueueDevices, OneForTheCpuAndOneForEachGpu) {
    const auto cpu = queue_devices({"auto", "cpu"}, "");
    EXPECT_EQ(cpu, (std::vector<QueueDevice>{{"cpu", ""}}));
    const auto two = queue_devices({"auto", "cpu", "cuda:0", "cuda:1"}, "4,GPU-abc");
    EXPECT_EQ(two, (std::vector<QueueDevice>{{"cpu", ""}, {"cuda:0", "4"}, {"cuda:1", "GPU-abc"}}));
    EXPECT_EQ(queue_devices({"cuda:0"}, "")[1].visible, "0");
    EXPECT_TRUE(may_run_on(cpu[0], "auto", cpu));
    EXPECT_TRUE(may_run_on(cpu[0], "cuda:3", cpu)) << "the run itself says that there is none";
    const std::vector<QueueDevice> places(2, cpu[0]);
    EXPECT_TRUE(may_run_on(places[1], "auto", places)) << "several places on the CPU are still no GPU";
    EXPECT_FALSE(may_run_on(two[0], "auto", two));
    EXPECT_TRUE(may_run_on(two[1], "auto", two));
    EXPECT_TRUE(may_run_on(two[2], "cuda", two));
    EXPECT_FALSE(may_run_on(two[1], "cuda:1", two));
    EXPECT_TRUE(may_run_on(two[0], "cpu", two));
    EXPECT_EQ(visible_for(two[2], "auto"), "GPU-abc");
    EXPECT_EQ(visible_for(two[2], "cuda:1"), "") << "it names its GPU itself";
}

}  // namespace
}  // namespace wavlab
