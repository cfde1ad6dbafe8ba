// SPDX-License-Identifier: GPL-3.0-or-later
// The channels between trainer and window. Also run under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/event_queue.h"
#include "core/run_control.h"
#include "core/run_event.h"

namespace wavlab {
namespace {

TEST(EventQueue, LosesNothingAndKeepsTheOrder) {
    EventQueue<RunEvent> queue;
    constexpr std::int64_t count = 20'000;
    std::jthread writer([&] {
        for (std::int64_t step = 1; step <= count; ++step) queue.push(ScalarRecorded{step, "train/loss", double(step)});
        queue.push(RunEnded{});
    });
    std::int64_t last = 0;
    bool ended = false;
    while (!ended) {
        for (const RunEvent& event : queue.wait_and_drain(std::chrono::seconds(10))) {
            if (const auto* scalar = std::get_if<ScalarRecorded>(&event)) {
                EXPECT_EQ(scalar->step, ++last);
            }
            ended = std::holds_alternative<RunEnded>(event);
        }
    }
    EXPECT_EQ(last, count);
    EXPECT_TRUE(queue.drain().empty());
}

TEST(EventQueue, KeepsTheOrderOfEachOfSeveralWriters) {
    EventQueue<std::pair<int, int>> queue;
    constexpr int writers = 4, count = 5'000;
    {
        std::vector<std::jthread> threads;
        for (int writer = 0; writer < writers; ++writer)
            threads.emplace_back([&, writer] {
                for (int i = 0; i < count; ++i) queue.push({writer, i});
            });
    }
    int next[writers] = {};
    for (const auto& [writer, i] : queue.drain()) EXPECT_EQ(i, next[writer]++);
    for (const int reached : next) EXPECT_EQ(reached, count);
}

TEST(EventQueue, WaitsNoLongerThanAsked) {
    EventQueue<int> queue;
    EXPECT_TRUE(queue.wait_and_drain(std::chrono::milliseconds(1)).empty());
}

TEST(LatestValue, IsNeverTorn) {
    LatestValue<RunProgress> slot;
    std::atomic<bool> done = false;
    std::jthread writer([&] {
        for (std::int64_t step = 1; step <= 20'000; ++step)
            slot.set({step, 2 * step, 0, 0, 0, std::string(30, char('a' + step % 26))});
        done = true;
    });
    while (!done) {
        const RunProgress progress = slot.get();
        EXPECT_EQ(progress.total_steps, 2 * progress.step);
        if (progress.step > 0) {
            EXPECT_EQ(progress.activity, std::string(30, char('a' + progress.step % 26)));
        }
    }
    writer.join();
    EXPECT_EQ(slot.get().step, 20'000);
}

/// The orders that are waiting; fails the test instead of blocking.
RunControl::Orders take(RunControl& control) {
    return control.next([] { FAIL() << "the trainer would wait"; });
}

TEST(RunControl, TrainsUntilToldOtherwise) {
    RunControl control;
    EXPECT_TRUE(take(control).train);
    control.evaluate_now();
    control.checkpoint_now();
    RunControl::Orders orders = take(control);
    EXPECT_TRUE(orders.train && orders.evaluate && orders.checkpoint);
    orders = take(control);
    EXPECT_TRUE(orders.train && !orders.evaluate && !orders.checkpoint);
    control.stop(StopRequest::keep);
    EXPECT_EQ(take(control).stop, StopRequest::keep);
    EXPECT_FALSE(take(control).train);
    EXPECT_EQ(control.stop_requested(), StopRequest::keep);
}

TEST(RunControl, WorksWhilePaused) {
    RunControl control;
    control.pause();
    EXPECT_TRUE(control.paused());
    control.evaluate_now();
    RunControl::Orders orders = take(control);
    EXPECT_TRUE(orders.evaluate && !orders.train);
    control.step_once();
    control.step_once();
    EXPECT_TRUE(take(control).train);
    EXPECT_TRUE(take(control).train);
    EXPECT_TRUE(control.paused());
    control.resume();
    EXPECT_TRUE(take(control).train);
    EXPECT_FALSE(control.paused());
}

TEST(RunControl, OneStepOfARunningRunPausesIt) {
    RunControl control;
    control.step_once();
    EXPECT_TRUE(take(control).train);
    EXPECT_TRUE(control.paused());
    bool waited = false;
    std::jthread other;
    const RunControl::Orders orders = control.next([&] {
        waited = true;
        other = std::jthread([&] { control.resume(); });
    });
    EXPECT_TRUE(waited && orders.train);
}

TEST(RunControl, DiscardStays) {
    RunControl control;
    control.stop(StopRequest::discard);
    control.stop(StopRequest::interrupt);
    EXPECT_EQ(control.stop_requested(), StopRequest::discard);
}

TEST(RunControl, WakesAWaitingTrainer) {
    for (int round = 0; round < 200; ++round) {
        RunControl control;
        control.pause();
        std::atomic<bool> waiting = false;
        RunControl::Orders orders;
        std::jthread trainer([&] { orders = control.next([&] { waiting = true; }); });
        while (!waiting) std::this_thread::yield();
        switch (round % 4) {
            case 0:
                control.resume();
                break;
            case 1:
                control.step_once();
                break;
            case 2:
                control.checkpoint_now();
                break;
            default:
                control.stop(StopRequest::keep);
        }
        trainer.join();
        EXPECT_EQ(orders.train, round % 4 < 2);
    }
}

TEST(RunControl, TakesCommandsFromManyThreads) {
    RunControl control;
    std::atomic<bool> has_trained = false;
    std::jthread trainer([&] {
        while (true) {
            const RunControl::Orders orders = control.next([] {});
            if (orders.stop != StopRequest::none) return;
            if (!orders.train) continue;
            has_trained = true;
            has_trained.notify_one();
        }
    });
    {
        std::vector<std::jthread> users;
        for (int user = 0; user < 3; ++user)
            users.emplace_back([&] {
                for (int i = 0; i < 300; ++i) {
                    control.pause();
                    control.step_once();
                    control.evaluate_now();
                    control.resume();
                }
            });
    }
    has_trained.wait(false);  // whoever spoke last resumed, so it goes on training
    control.stop(StopRequest::keep);
    trainer.join();
}

TEST(RunState, HasAName) {
    for (const RunState state : {RunState::running, RunState::paused, RunState::finished, RunState::stopped,
                                 RunState::interrupted, RunState::diverged, RunState::failed})
        EXPECT_EQ(parse_run_state(to_string(state)), state);
    EXPECT_THROW(parse_run_state("asleep"), InputError);
}

}  // namespace
}  // namespace wavlab
