// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "core/metrics_file.h"
#include "core/error.h"
#include "core/frame_index.h"
#include "core/json_lines.h"
#include "core/run_folder.h"
#include "core/sqlite.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

void expect_same_values(const std::vector<double>& a, const std::vector<double>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!std::isnan(a[i]) || !std::isnan(b[i])) {
            EXPECT_EQ(a[i], b[i]) << i;
        }
}

/// Everything that a view can see.
void expect_same(const RunRecord& a, const RunRecord& b) {
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.description().experiment, b.description().experiment);
    EXPECT_EQ(a.description().routing, b.description().routing);
    EXPECT_EQ(a.experiment(), b.experiment());
    EXPECT_EQ(a.state(), b.state());
    EXPECT_EQ(a.reason(), b.reason());
    EXPECT_EQ(a.step(), b.step());
    EXPECT_EQ(a.total_steps(), b.total_steps());
    EXPECT_EQ(a.scalar_names(), b.scalar_names());
    for (const std::string& name : a.scalar_names()) {
        expect_same_values(a.scalars(name)->steps, b.scalars(name)->steps);
        expect_same_values(a.scalars(name)->values, b.scalars(name)->values);
    }
    ASSERT_EQ(a.samples().size(), b.samples().size());
    ASSERT_EQ(a.checkpoints().size(), b.checkpoints().size());
    for (std::size_t i = 0; i < a.checkpoints().size(); ++i)
        EXPECT_EQ(a.checkpoints()[i].step, b.checkpoints()[i].step);
    EXPECT_EQ(a.messages(), b.messages());
    for (const FrameKind kind : {FrameKind::routing, FrameKind::details, FrameKind::depth})
        EXPECT_EQ(a.frame_steps(kind), b.frame_steps(kind));
    for (const std::int64_t step : a.frame_steps(FrameKind::routing)) {
        EXPECT_TRUE(same_frame(*a.routing_frame(step), *b.routing_frame(step))) << step;
        EXPECT_TRUE(same_frame(*a.detail_frame(step), *b.detail_frame(step))) << step;
        EXPECT_TRUE(same_frame(*a.depth_frame(step), *b.depth_frame(step))) << step;
    }
}

/// A run that goes both ways: into its store and, as events, into a record.
class LiveRun {
public:
    LiveRun() : lock(RunLock(run)) {}

    void send(const RunEvent& event) {
        writer.write(event);
        record.apply(event);
    }
    void send(const std::vector<RunEvent>& events) {
        for (const RunEvent& event : events) send(event);
    }

    TemporaryFolder folder;
    RunFolder run{folder.path()};
    std::optional<RunLock> lock;
    RunStoreWriter writer{run.store()};
    RunRecord record{folder.path()};
};

TEST(RunRecord, IsTheSameFromEventsAndFromTheStore) {
    LiveRun live;
    RunRecord follower(live.folder.path());
    live.send(some_start());
    live.send(StateChanged{RunState::paused});
    EXPECT_TRUE(follower.follow_store().state);
    EXPECT_EQ(follower.state(), RunState::paused);
    expect_same(live.record, follower);

    live.send(StateChanged{RunState::running});
    live.send(some_steps(0, 200));  // more frames than are kept in memory
    live.writer.commit();
    const RecordChanges changes = follower.follow_store();
    EXPECT_TRUE(changes.scalars && changes.routing && changes.details && changes.depth && changes.samples);
    EXPECT_FALSE(changes.description);
    EXPECT_FALSE(follower.follow_store().any());
    expect_same(live.record, follower);

    live.send(RunEnded{RunState::stopped, ExitCode::done, "stopped by the user", 200, false});
    live.writer.close();
    live.lock.reset();
    EXPECT_TRUE(follower.follow_store().state);
    expect_same(live.record, follower);
    RunRecord later(live.folder.path());
    later.follow_store();
    expect_same(live.record, later);
    EXPECT_EQ(later.state(), RunState::stopped);
}

TEST(RunRecord, ShowsEveryValue) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 20));
    const ScalarSeries* loss = live.record.scalars("train/loss");
    ASSERT_NE(loss, nullptr);
    EXPECT_EQ(loss->steps.size(), 21u);
    EXPECT_TRUE(std::isnan(loss->values[7]));
    EXPECT_EQ(loss->last(), 3.0 / 21);
    EXPECT_EQ(loss->smallest_finite(), 3.0 / 21);
    EXPECT_EQ(live.record.scalars("train/grad_norm")->smallest_finite(), std::nullopt);
    EXPECT_EQ(live.record.scalars("nothing"), nullptr);
    EXPECT_EQ(live.record.step(), 20);
    EXPECT_EQ(live.record.total_steps(), 300);
    EXPECT_EQ(live.record.experiment().model.method, "wav");
    EXPECT_EQ(live.record.routing_frame(3), nullptr);

    // Evaluated again on demand: one value a step, the newest.
    live.send(ScalarRecorded{20, "train/loss", 5.0});
    EXPECT_EQ(live.record.scalars("train/loss")->steps.size(), 21u);
    EXPECT_EQ(live.record.scalars("train/loss")->last(), 5.0);
}

/// Stops after step 13, with a checkpoint at 10, and goes on from there.
void interrupt_and_resume(LiveRun& live) {
    live.send(some_start());
    live.send(some_steps(0, 13));
    live.writer.rewind(10);
    live.send(some_start(10));
    live.send(some_steps(11, 16));
    live.writer.commit();
}

/// Bytes of the process's memory that are in use.
double resident_bytes() {
    std::ifstream status("/proc/self/statm");
    double all = 0, resident = 0;
    status >> all >> resident;
    return resident * double(::sysconf(_SC_PAGESIZE));
}

TEST(RunRecord, ReadsWhatIsDrawnAndTheRestOnDemand) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 20));
    live.writer.commit();
    RunRecord follower(live.folder.path());
    follower.follow_store();
    ASSERT_TRUE(follower.scalars("train/grad_norm"));
    EXPECT_EQ(follower.scalars("train/grad_norm")->values, live.record.scalars("train/grad_norm")->values);
    EXPECT_EQ(follower.scalars("train/none"), nullptr);
    // What was asked for is followed from then on, what was not is read as far as it is there.
    EXPECT_EQ(follower.scalar_names(), live.record.scalar_names());
    live.send(some_steps(20, 30));
    live.writer.commit();
    EXPECT_TRUE(follower.follow_store().scalars);
    expect_same(live.record, follower);
}

TEST(RunRecord, KnowsTheNamesOfWhatItHasNotRead) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 20));
    live.send(ScalarRecorded{20, "late", 1});
    live.writer.commit();
    RunRecord follower(live.folder.path());
    follower.follow_store();
    const std::vector<std::string> names{"late", "train/grad_norm", "train/loss", "val/loss"};
    EXPECT_EQ(follower.scalar_names(), names);
    EXPECT_TRUE(follower.is_read("train/loss"));
    EXPECT_FALSE(follower.is_read("train/grad_norm"));
    const auto store = [&] { return SqliteDatabase(live.run.store(), SqliteDatabase::Mode::write); };
    store().execute("UPDATE scalars SET value = 5 WHERE name = (SELECT id FROM names WHERE name = 'train/grad_norm')");
    EXPECT_EQ(follower.scalars("train/grad_norm")->last(), 5.0) << "read now, not with the names";
    EXPECT_TRUE(follower.is_read("train/grad_norm"));

    // What a rewind has taken back has no values any more.
    live.writer.rewind(10);
    live.send(some_start(10));
    RunRecord fresh(live.folder.path());
    for (RunRecord* record : {&follower, &fresh}) {
        record->follow_store();
        EXPECT_EQ(record->scalar_names(), (std::vector<std::string>{names.begin() + 1, names.end()}));
    }
    EXPECT_FALSE(fresh.is_read("train/grad_norm"));
}

TEST(RunRecord, ARunThatGoesOnInThisProcessHasAllOfItsPast) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 20));
    live.writer.commit();
    RunRecord read(live.folder.path());
    read.follow_store();  // as the window reads a run before it is resumed
    RunStarted again = some_start(10);
    live.writer.rewind(10);
    std::vector<RunEvent> events{again};
    for (const RunEvent& event : some_steps(10, 20)) events.push_back(event);
    for (const RunEvent& event : events) {
        live.send(event);
        read.apply(event);
    }
    for (const std::string& name : live.record.scalar_names()) {
        ASSERT_TRUE(read.scalars(name)) << name;
        expect_same_values(read.scalars(name)->steps, live.record.scalars(name)->steps);
        expect_same_values(read.scalars(name)->values, live.record.scalars(name)->values);
    }
}

TEST(RunRecord, ALongRunTakesTheMemoryOfItsLosses) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the address sanitizer keeps what was freed";
#endif
    const TemporaryFolder folder;
    constexpr std::int64_t steps = 100'000;
    {
        RunStoreWriter writer(RunFolder{folder.path()}.store());
        writer.write(some_start());
        for (std::int64_t step = 1; step <= steps; ++step)
            for (const char* name : {"train/loss", "train/lr", "train/grad_norm", "train/tokens_per_second"})
                writer.write(ScalarRecorded{step, name, double(step)});
        writer.write(RunEnded{RunState::finished, ExitCode::done, "", steps, false});
        writer.close();
    }
    constexpr int copies = 4;
    std::vector<std::unique_ptr<RunRecord>> records;
    const double before = resident_bytes();
    for (int i = 0; i < copies; ++i) {
        records.push_back(std::make_unique<RunRecord>(folder.path()));
        records.back()->follow_store();
    }
    const double each = (resident_bytes() - before) / copies;
    EXPECT_LT(each, 4e6) << "1.6 MB are its training loss";
    EXPECT_EQ(records[0]->scalars("train/lr")->steps.size(), std::size_t(steps));
}

TEST(RunRecord, AResumedRunReplacesWhatCameAfterItsCheckpoint) {
    LiveRun live;
    RunRecord follower(live.folder.path());
    live.send(some_start());
    live.send(some_steps(0, 13));
    live.writer.commit();
    follower.follow_store();
    EXPECT_EQ(follower.step(), 13);

    live.writer.rewind(10);
    live.send(some_start(10));
    EXPECT_TRUE(follower.follow_store().scalars);
    EXPECT_EQ(follower.step(), 10);
    EXPECT_EQ(follower.scalars("train/loss")->steps.back(), 10);
    EXPECT_EQ(follower.scalars("val/loss")->steps.back(), 10);  // the evaluation at the checkpoint's own step
    live.send(some_steps(11, 16));
    live.writer.commit();
    follower.follow_store();
    expect_same(live.record, follower);
    EXPECT_EQ(follower.frame_steps(FrameKind::routing), (std::vector<std::int64_t>{0, 2, 4, 6, 8, 10, 12, 14, 16}));
}

TEST(RunRecord, AResumedRunOfThisProcessBringsItsHistory) {
    LiveRun live;
    interrupt_and_resume(live);
    RunRecord fresh(live.folder.path());
    fresh.apply(some_start(10));  // its first event; the store may hold more already
    EXPECT_EQ(fresh.step(), 10);
    EXPECT_EQ(fresh.messages(), std::vector<std::string>({"message at 0", "message at 8"}));
    for (const RunEvent& event : some_steps(11, 16)) fresh.apply(event);
    expect_same(live.record, fresh);

    RunRecord opened(live.folder.path());  // one that was looked at before it was resumed
    opened.follow_store();
    opened.apply(some_start(10));
    for (const RunEvent& event : some_steps(11, 16)) opened.apply(event);
    expect_same(live.record, opened);
}

TEST(RunRecord, ARunThatStartsOverForgetsAll) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 4));
    live.writer.rewind(-1);
    live.send(some_start());
    EXPECT_TRUE(live.record.scalar_names().empty());
    EXPECT_TRUE(live.record.messages().empty());
    RunRecord follower(live.folder.path());
    follower.follow_store();
    expect_same(live.record, follower);
}

TEST(RunRecord, FollowingTheStoreAfterEventsCountsNothingTwice) {
    LiveRun live;
    live.send(some_start());
    live.send(some_steps(0, 20));
    live.send(RunEnded{RunState::finished, ExitCode::done, "", 20, false});
    RunRecord followed = live.record;
    followed.follow_store();
    expect_same(live.record, followed);
    EXPECT_FALSE(followed.follow_store().any());
}

TEST(RunRecord, ARunWithoutAProcessIsInterrupted) {
    LiveRun live;
    live.send(some_start());
    live.writer.commit();
    RunRecord follower(live.folder.path());
    follower.follow_store();
    EXPECT_EQ(follower.state(), RunState::running);
    live.lock.reset();
    EXPECT_TRUE(follower.follow_store().state);
    EXPECT_EQ(follower.state(), RunState::interrupted);
    EXPECT_FALSE(follower.reason().empty());
    EXPECT_FALSE(follower.follow_store().any());
    live.lock.emplace(live.run);
    live.send(some_start(0));
    follower.follow_store();
    EXPECT_EQ(follower.state(), RunState::running);
    EXPECT_TRUE(follower.reason().empty());
}

TEST(RunRecord, MissingAndDamagedStoresAreErrors) {
    const TemporaryFolder folder;
    RunRecord record(folder.path());
    EXPECT_THROW(record.follow_store(), InputError);
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        writer.write(some_routing(2));
        writer.close();
    }
    { SqliteDatabase(folder / "run.db", SqliteDatabase::Mode::write).execute("UPDATE frames SET data = x'01'"); }
    record.follow_store();
    EXPECT_EQ(record.frame_problem(), "");
    EXPECT_EQ(record.routing_frame(2), nullptr);
    EXPECT_THAT(record.frame_problem(), ::testing::HasSubstr("step 2"));
    EXPECT_THAT(record.frame_problem(), ::testing::HasSubstr("damaged"));
}

TEST(RunRecord, OpensLongRunsQuickly) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        for (std::int64_t step = 1; step <= 100'000; ++step) writer.write(ScalarRecorded{step, "train/loss", 1.0});
        writer.close();
    }
    const auto begin = std::chrono::steady_clock::now();
    RunRecord record(folder.path());
    record.follow_store();
    const std::chrono::duration<double> opened = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(record.scalars("train/loss")->values.size(), 100'000u);
    RecordProperty("milliseconds", std::to_string(1e3 * opened.count()));
    EXPECT_LT(opened.count(), 5.0);  // well under a second in a release build; sanitizers are slower
}

TEST(RunRecord, NamesFoldersWithATrailingSlash) {
    const TemporaryFolder folder;
    EXPECT_EQ(RunRecord(folder.path() / "").name(), folder.path().filename().string());
}

TEST(FrameIndex, KeepsTheNewestAndTheLastUsed) {
    FrameIndex<DepthFrame> index;
    for (std::int64_t step = 0; step < 200; ++step) index.add(some_depth(step));
    EXPECT_EQ(index.cached(), FrameIndex<DepthFrame>::most_cached + 1);
    int loads = 0;
    const auto load = [&](std::int64_t step) {
        ++loads;
        return std::optional(some_depth(step));
    };
    for (int again = 0; again < 3; ++again)
        for (std::int64_t step = 0; step < 100; ++step) EXPECT_EQ(index.find(step, load)->step, step);
    EXPECT_EQ(loads, 300);  // a walk longer than the cache always loads
    loads = 0;
    EXPECT_EQ(index.find(99, load)->step, 99);
    EXPECT_EQ(index.find(199, load)->step, 199);  // the newest stayed
    EXPECT_EQ(loads, 0);
    EXPECT_EQ(index.find(200, load), nullptr);
    index.drop_after(98);
    EXPECT_EQ(index.find(99, load), nullptr);
    EXPECT_EQ(index.steps().size(), 99u);
}

TEST(MetricsFile, HasOneLinePerValueInEitherForm) {
    RunRecord record("/nowhere/run");
    record.apply(ScalarRecorded{2, "train/loss", -std::nan("")});
    record.apply(ScalarRecorded{1, "val/loss", 1.0 / 3});
    record.apply(ScalarRecorded{1, "train/loss", 1e-7});
    record.apply(ScalarRecorded{2, "val/loss", -std::numeric_limits<double>::infinity()});
    EXPECT_EQ(metrics_csv(record),
              "step,name,value\n1,train/loss,1e-07\n1,val/loss,0.333333333\n2,train/loss,nan\n2,val/loss,-inf\n");
    EXPECT_EQ(metrics_json_lines(record),
              "{\"name\":\"train/loss\",\"step\":1,\"value\":1e-07}\n"
              "{\"name\":\"val/loss\",\"step\":1,\"value\":0.3333333333333333}\n"
              "{\"name\":\"train/loss\",\"step\":2,\"value\":\"NaN\"}\n"
              "{\"name\":\"val/loss\",\"step\":2,\"value\":\"-Infinity\"}\n");
}

TEST(MetricsFile, LeavesOutWhatCannotBeRead) {
    const TemporaryFolder folder;
    const std::filesystem::path store = RunFolder{folder.path()}.store();
    {
        RunStoreWriter writer(store);
        writer.write(some_start());
        for (const char* name : {"a", "b"}) writer.write(ScalarRecorded{1, name, 2});
        writer.write(RunEnded{RunState::finished, ExitCode::done, "", 1, false});
        writer.close();
    }
    RunRecord record(folder.path());
    record.follow_store();
    SqliteDatabase(store, SqliteDatabase::Mode::write).execute("UPDATE scalars SET step = -1 WHERE name = 1");
    EXPECT_EQ(metrics_csv(record), "step,name,value\n1,b,2\n");
}

TEST(JsonLines, FollowTheContract) {
    EXPECT_EQ(event_json_line(ScalarRecorded{3, "train/loss", std::nan("")}),
              R"({"event":"scalar","name":"train/loss","step":3,"value":"NaN"})");
    EXPECT_THAT(*event_json_line(ScalarRecorded{3, "a", -std::numeric_limits<double>::infinity()}),
                testing::HasSubstr("\"-Infinity\""));
    EXPECT_THAT(*event_json_line(some_start()), testing::AllOf(testing::HasSubstr(R"("event":"started")"),
                                                               testing::HasSubstr(R"("run":"/runs/wav-12")")));
    EXPECT_THAT(*event_json_line(CheckpointSaved{3, "c"}), testing::HasSubstr(R"("event":"checkpoint")"));
    EXPECT_THAT(*event_json_line(RunEnded{}), testing::HasSubstr(R"("event":"finished")"));
    const auto failed =
        event_json_line(RunEnded{RunState::diverged, ExitCode::diverged, "the \xff loss is NaN", 3, false});
    EXPECT_THAT(*failed, testing::AllOf(testing::HasSubstr(R"("event":"failed")"), testing::HasSubstr("loss is NaN")));
    EXPECT_FALSE(event_json_line(some_routing(1)));
}

}  // namespace
}  // namespace wavlab
