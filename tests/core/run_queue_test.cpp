// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/child_process.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Sweep seeds(const std::string& list) {
    return parse_sweep("name = \"s\"\n[sweep]\nseed = [" + list + "]\n", "s.toml", {});
}

std::vector<std::string> names(const RunQueue& queue) {
    std::vector<std::string> all;
    for (const QueuedRun& run : queue.runs()) all.push_back(run.name);
    return all;
}

TEST(RunQueue, IsKeptInAFile) {
    const TemporaryFolder folder;
    RunQueue queue(folder / "runs", "a test");
    EXPECT_TRUE(queue.runs().empty());
    const auto ids = queue.add(queued_runs(seeds("1, 2"), 0.5));
    queue.update(ids[1], [&](QueuedRun& run) {
        run.state = QueueState::failed;
        run.reason = "the disk is full";
        run.folder = queue.folder() / "s-seed2";
    });
    const RunQueue again(folder / "runs", "a test");
    ASSERT_EQ(again.runs().size(), 2u);
    EXPECT_EQ(again.runs()[0].settings, queue.runs()[0].settings);
    EXPECT_EQ(again.runs()[0].sweep, "s");
    EXPECT_EQ(again.runs()[0].stop_early_after, 0.5);
    EXPECT_EQ(again.runs()[1].state, QueueState::failed);
    EXPECT_EQ(again.runs()[1].reason, "the disk is full");
    EXPECT_EQ(again.runs()[1].folder, queue.folder() / "s-seed2");
    EXPECT_EQ(parse_recorded_experiment(again.runs()[1].experiment).seed, 2);
}

TEST(RunQueue, TakesEachRunOfASweepOnce) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    const auto first = queue.add(queued_runs(seeds("1, 2")));
    queue.update(first[0], [](QueuedRun& run) { run.state = QueueState::finished; });
    queue.update(first[1], [](QueuedRun& run) { run.state = QueueState::failed; });
    const auto second = queue.add(queued_runs(seeds("3, 2, 1")));
    EXPECT_THAT(names(queue), ElementsAre("s-seed1", "s-seed2", "s-seed3"));
    EXPECT_EQ(second[1], first[1]);
    EXPECT_EQ(second[2], first[0]);
    EXPECT_EQ(queue.find(first[0])->state, QueueState::finished);
    EXPECT_EQ(queue.find(first[1])->state, QueueState::waiting);  // it is tried again
}

TEST(RunQueue, TellsSweepsOfOneNameApart) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    queue.add(queued_runs(seeds("1")));
    Sweep other = seeds("1, 2");
    other.base.train.lr = 2e-3;
    const auto ids = queue.add(queued_runs(other));
    EXPECT_EQ(queue.runs().size(), 3u);
    EXPECT_EQ(queue.find(ids[0])->sweep, "s 2");
    EXPECT_EQ(queue.add(queued_runs(other)), ids);
    queue.add(queued_runs(seeds("1, 2, 3")));
    EXPECT_EQ(queue.runs().back().sweep, "s");
    EXPECT_EQ(queue.runs().size(), 5u);
}

TEST(RunQueue, CanBeReorderedAndCleared) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    const auto ids = queue.add(queued_runs(seeds("1, 2, 3")));
    queue.move(ids[2], 0);
    EXPECT_THAT(names(queue), ElementsAre("s-seed3", "s-seed1", "s-seed2"));
    queue.move(ids[2], 99);
    EXPECT_THAT(names(queue), ElementsAre("s-seed1", "s-seed2", "s-seed3"));
    queue.update(ids[1], [](QueuedRun& run) { run.state = QueueState::diverged; });
    queue.clear_over();
    EXPECT_THAT(names(queue), ElementsAre("s-seed1", "s-seed3"));
    queue.remove({ids[0], ids[2]});
    EXPECT_TRUE(queue.runs().empty());
    EXPECT_FALSE(std::filesystem::exists(queue.file()));
}

TEST(RunQueue, WhatWasClearedAfterItWasOverIsStillAResult) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    const auto ids = queue.add(queued_runs(seeds("1, 2, 3")));
    const auto run = folder / "s-seed1";
    std::filesystem::create_directories(run);
    write_text(run / "experiment.toml", "");
    write_text(run / "run.db", "");
    queue.update(ids[0], [&](QueuedRun& changed) {
        changed.state = QueueState::finished;
        changed.folder = run;
    });
    queue.update(ids[1], [](QueuedRun& changed) { changed.state = QueueState::failed; });  // without a folder
    const QueuedRun finished = *queue.find(ids[0]);
    queue.clear_over();
    EXPECT_THAT(names(queue), ElementsAre("s-seed3"));
    EXPECT_EQ(queue.cleared(), std::vector{finished});
    queue.remove({ids[2]});

    RunQueue later(folder.path(), "another");
    EXPECT_TRUE(later.runs().empty());
    EXPECT_EQ(later.cleared(), std::vector{finished});
    Sweep other = seeds("1");
    other.base.train.lr = 2e-3;
    later.add(queued_runs(other));
    EXPECT_EQ(later.runs()[0].sweep, "s 2") << "the name stands for results of another sweep";
    EXPECT_EQ(later.add(queued_runs(seeds("1, 2")))[0], ids[0]) << "the sweep goes on where it was";
    EXPECT_TRUE(later.cleared().empty());
    EXPECT_EQ(later.find(ids[0])->state, QueueState::finished);

    later.clear_over();
    EXPECT_EQ(later.cleared().size(), 1u);
    std::filesystem::remove_all(run);
    later.clear_over();
    EXPECT_TRUE(later.cleared().empty()) << "nothing is left of it";
}

TEST(RunQueue, OneProcessWorksThroughIt) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "the window");
    queue.add(queued_runs(seeds("1")));
    queue.hold();
    RunQueue other(folder.path(), "another");
    EXPECT_EQ(other.held_by_other(), "the window, process " + std::to_string(::getpid()));
    EXPECT_THAT(message_of<InputError>([&] { other.add(queued_runs(seeds("2"))); }),
                HasSubstr("is being worked through by the window, process"));
    queue.add(queued_runs(seeds("3")));
    EXPECT_TRUE(other.reload());
    EXPECT_EQ(other.runs().size(), 2u);
    EXPECT_FALSE(other.reload());
    queue.release();
    EXPECT_EQ(other.held_by_other(), std::nullopt);
    other.add(queued_runs(seeds("2")));
    EXPECT_TRUE(queue.reload());
    EXPECT_EQ(queue.runs().size(), 3u);
}

TEST(RunQueue, WhatRanWhenAProcessDiedWaitsAgain) {
    const TemporaryFolder folder;
    const int code = run_in_child([&] {
        RunQueue queue(folder.path(), "a test");
        queue.hold();
        const auto ids = queue.add(queued_runs(seeds("1")));
        queue.update(ids[0], [](QueuedRun& run) { run.state = QueueState::running; });
        return 0;  // leaves at once, holding the lock
    });
    ASSERT_EQ(code, 0);
    RunQueue queue(folder.path(), "a test");
    EXPECT_EQ(queue.held_by_other(), std::nullopt);
    EXPECT_EQ(queue.runs()[0].state, QueueState::running);
    queue.hold();
    EXPECT_EQ(queue.runs()[0].state, QueueState::waiting);
}

TEST(RunQueue, ADamagedFileIsNamedAndKept) {
    const TemporaryFolder folder;
    for (const char* text : {"", "{", "[]", "{\"runs\": [{}]}", "{\"runs\": 3, \"next_id\": 1}"}) {
        write_text(folder / "queue.json", text);
        EXPECT_THAT(message_of<InputError>([&] { RunQueue(folder.path(), "a test"); }),
                    HasSubstr("queue.json: this is no queue of runs"));
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "queue.json"));
}

TEST(RunQueue, StaysAsItWasWhenItsFileIsDamagedLater) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    queue.add(queued_runs(seeds("1, 2")));
    const std::vector<QueuedRun> before = queue.runs();
    write_text(queue.file(), "{\"runs\": [{}]}");
    EXPECT_THROW(queue.reload(), InputError);
    EXPECT_EQ(queue.runs(), before);
    EXPECT_THROW(queue.add(queued_runs(seeds("3"))), InputError) << "the damaged file is not written over";
    EXPECT_EQ(queue.runs(), before);
}

TEST(RunQueue, StaysAsItWasWhenItCannotBeWritten) {
    const TemporaryFolder folder;
    const int code = run_in_child([&] {
        RunQueue queue(folder.path(), "a test");
        queue.add(queued_runs(seeds("1")));
        const std::vector<QueuedRun> before = queue.runs();
        limit_file_size(1000);
        try {
            queue.add(queued_runs(seeds("2, 3")));
        } catch (const WorkError&) {
            return queue.runs() == before && RunQueue(folder.path(), "a test").runs() == before ? 0 : 1;
        }
        return 2;
    });
    EXPECT_EQ(code, 0);
}

TEST(RunQueue, GivesNoIdTwice) {
    const TemporaryFolder folder;
    RunQueue queue(folder.path(), "a test");
    const auto first = queue.add(queued_runs(seeds("1")));
    queue.remove(first);
    EXPECT_TRUE(queue.runs().empty());
    EXPECT_NE(queue.add(queued_runs(seeds("2"))), first);
}

}  // namespace
}  // namespace wavlab
