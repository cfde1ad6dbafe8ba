// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <chrono>
#include <random>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/sqlite.h"
#include "tests/core/child_process.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write_all(RunStoreWriter& writer, const std::vector<RunEvent>& events) {
    for (const RunEvent& event : events) writer.write(event);
}

/// A finished run of so many steps.
void write_run(const fs::path& file, std::int64_t last) {
    RunStoreWriter writer(file);
    writer.write(some_start());
    write_all(writer, some_steps(0, last));
    writer.write(RunEnded{RunState::finished, ExitCode::done, "", last, false});
    writer.close();
}

TEST(RunStore, GivesBackEveryEventInOrder) {
    const TemporaryFolder folder;
    write_run(folder / "run.db", 20);
    EXPECT_EQ(folder.entries(), 1);  // no log is left
    RunStoreReader reader(folder / "run.db");
    const RunStoreReader::Update update = reader.poll();
    EXPECT_FALSE(update.rewound_to);

    std::vector<RunEvent> expected{some_start()};
    std::size_t frames = 0;
    for (const RunEvent& event : some_steps(0, 20)) {
        if (std::holds_alternative<RoutingFrame>(event) || std::holds_alternative<DetailFrame>(event) ||
            std::holds_alternative<DepthFrame>(event))
            ++frames;
        else
            expected.push_back(event);
    }
    expected.push_back(RunEnded{});
    ASSERT_EQ(update.events.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(update.events[i].index(), expected[i].index()) << i;
    EXPECT_EQ(update.frames.size(), frames);
    EXPECT_TRUE(reader.poll().events.empty());

    EXPECT_TRUE(same_frame(*reader.routing_frame(4), some_routing(4)));
    EXPECT_TRUE(same_frame(*reader.detail_frame(20), some_details(20)));
    EXPECT_TRUE(same_frame(*reader.depth_frame(0), some_depth(0)));
    EXPECT_FALSE(reader.routing_frame(5));
}

TEST(RunStore, KeepsTheDescription) {
    const TemporaryFolder folder;
    write_run(folder / "run.db", 0);
    RunStoreReader reader(folder / "run.db");
    const RunStoreReader::Update update = reader.poll();
    const RunStarted started = std::get<RunStarted>(update.events.front());
    const RunStarted expected = some_start();
    EXPECT_EQ(started.folder, expected.folder);
    EXPECT_EQ(started.total_steps, 300);
    const RunDescription &a = started.description, &b = expected.description;
    EXPECT_EQ(std::tie(a.experiment, a.wavlab_version, a.torch_version, a.commit, a.device, a.device_reason),
              std::tie(b.experiment, b.wavlab_version, b.torch_version, b.commit, b.device, b.device_reason));
    EXPECT_EQ(std::tie(a.cpu_capability, a.threads, a.data_sha256, a.data_source, a.vocabulary, a.train_tokens),
              std::tie(b.cpu_capability, b.threads, b.data_sha256, b.data_source, b.vocabulary, b.train_tokens));
    EXPECT_EQ(std::tie(a.validation_tokens, a.validation_floor, a.unigram_entropy, a.parameters, a.added_parameters),
              std::tie(b.validation_tokens, b.validation_floor, b.unigram_entropy, b.parameters, b.added_parameters));
    EXPECT_EQ(std::tie(a.flops_per_token, a.implementation, a.routing, a.started_at, a.notes, a.origin),
              std::tie(b.flops_per_token, b.implementation, b.routing, b.started_at, b.notes, b.origin));
}

TEST(RunStore, KeepsNonFiniteValues) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        RunStarted started = some_start();
        started.description.unigram_entropy = std::nan("");
        started.description.validation_floor.reset();
        writer.write(started);
        for (const double value : {std::nan(""), -std::nan(""), std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(), 5e-324, 1.7976931348623157e308})
            writer.write(ScalarRecorded{1, "value", value});
        writer.close();
    }
    RunStoreReader reader(folder / "run.db");
    const std::vector<RunEvent> events = reader.poll().events;
    ASSERT_EQ(events.size(), 7u);
    EXPECT_TRUE(std::isnan(std::get<RunStarted>(events[0]).description.unigram_entropy));
    EXPECT_FALSE(std::get<RunStarted>(events[0]).description.validation_floor);
    const auto value = [&](std::size_t i) { return std::get<ScalarRecorded>(events[i]).value; };
    EXPECT_TRUE(std::isnan(value(1)) && std::isnan(value(2)));
    EXPECT_EQ(value(3), std::numeric_limits<double>::infinity());
    EXPECT_EQ(value(4), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(value(5), 5e-324);
    EXPECT_EQ(value(6), 1.7976931348623157e308);
}

TEST(RunStore, RewindsWhatAResumedRunWritesAgain) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        write_all(writer, some_steps(0, 14));
        writer.write(RunEnded{RunState::failed, ExitCode::failed, "power cut", 14, false});
    }
    RunStoreReader reader(folder / "run.db");
    EXPECT_FALSE(reader.poll().rewound_to);
    {
        RunStoreWriter writer(folder / "run.db");
        writer.rewind(10);
        writer.rewind(5);
        writer.write(some_start(5));
        write_all(writer, some_steps(6, 7));
        writer.close();
    }
    const RunStoreReader::Update update = reader.poll();
    EXPECT_EQ(update.rewound_to, 5);
    ASSERT_FALSE(update.events.empty());
    EXPECT_EQ(std::get<RunStarted>(update.events[0]).first_step, 5);
    EXPECT_EQ(std::get<ScalarRecorded>(update.events[1]).step, 6);
    EXPECT_FALSE(reader.routing_frame(8));

    // Someone who opens it now sees every step once, and the evaluation at the checkpoint's own step.
    RunStoreReader fresh(folder / "run.db");
    const RunStoreReader::Update all = fresh.poll();
    EXPECT_FALSE(all.rewound_to);
    std::vector<std::int64_t> losses, evaluations;
    for (const RunEvent& event : all.events) {
        EXPECT_FALSE(std::holds_alternative<RunEnded>(event));
        if (const auto* scalar = std::get_if<ScalarRecorded>(&event))
            (scalar->name == "val/loss" ? evaluations : losses).push_back(scalar->step);
    }
    EXPECT_EQ(losses, (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}));
    EXPECT_EQ(evaluations, (std::vector<std::int64_t>{0, 5}));
}

TEST(RunStore, RewindsToBeforeTheFirstStep) {
    const TemporaryFolder folder;
    write_run(folder / "run.db", 6);
    {
        RunStoreWriter writer(folder / "run.db");
        writer.rewind(-1);
        writer.write(some_start());
        writer.close();
    }
    RunStoreReader reader(folder / "run.db");
    const RunStoreReader::Update update = reader.poll();
    EXPECT_EQ(update.events.size(), 1u);
    EXPECT_TRUE(update.frames.empty());
}

TEST(RunStore, ARunIsSeenWhileItIsWritten) {
    const TemporaryFolder folder;
    RunStoreWriter writer(folder / "run.db");
    writer.write(some_start());  // seen at once
    RunStoreReader reader(folder / "run.db");
    EXPECT_EQ(reader.poll().events.size(), 1u);
    writer.write(ScalarRecorded{1, "train/loss", 1.0});
    EXPECT_TRUE(reader.poll().events.empty());  // commits are every half second
    writer.commit();
    EXPECT_EQ(reader.poll().events.size(), 1u);
    writer.write(ScalarRecorded{2, "a/new/name", 1.0});
    writer.write(StateChanged{RunState::paused});
    const auto update = reader.poll();
    ASSERT_EQ(update.events.size(), 2u);
    EXPECT_EQ(std::get<ScalarRecorded>(update.events[0]).name, "a/new/name");
    EXPECT_EQ(std::get<StateChanged>(update.events[1]).state, RunState::paused);
}

TEST(RunStore, FollowsAWriterInAnotherProcessThatIsKilled) {
    const TemporaryFolder folder;
    const RunFolder run{folder.path()};
    { RunStoreWriter make(run.store()); }
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const RunLock lock(run);
        RunStoreWriter writer(run.store());
        writer.write(some_start());
        for (std::int64_t step = 1;; ++step) {
            writer.write(ScalarRecorded{step, "train/loss", double(step)});
            if (step % 50 == 0) writer.commit();
            if (step == 50) [[maybe_unused]]
                const ssize_t written = ::write(ready[1], "x", 1);
        }
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    RunStoreReader reader(run.store());
    std::int64_t last = 0;
    const auto poll = [&] {
        for (const RunEvent& event : reader.poll().events)
            if (const auto* scalar = std::get_if<ScalarRecorded>(&event)) {
                EXPECT_EQ(scalar->step, ++last);
            }
    };
    while (last < 2000) poll();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    poll();
    EXPECT_GE(last, 2000);

    RunStoreWriter again(run.store());  // the log that the killed process left is taken in
    again.rewind(100);
    again.write(some_start(100));
    again.close();
    EXPECT_EQ(reader.poll().rewound_to, 100);
    EXPECT_FALSE(fs::exists(run.store().string() + "-wal"));
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST(RunStore, OneFileHoldsAllAfterClosingThoughSomeoneReads) {
    const TemporaryFolder folder, copy;
    const RunFolder run{folder.path()};
    const RunLock lock(run);
    RunStoreWriter writer(run.store());
    writer.write(some_start());
    RunStoreReader reader(run.store());
    reader.poll();
    write_all(writer, some_steps(0, 20));
    writer.close();
    EXPECT_FALSE(fs::exists(run.store().string() + "-wal"));
    fs::copy_file(run.store(), copy / "run.db");
    RunStoreReader copied(copy / "run.db");
    EXPECT_EQ(copied.poll().frames.size(), 33u);
    EXPECT_EQ(reader.poll().frames.size(), 33u);
}

TEST(RunStore, OpensInAReadOnlyFolder) {
    const TemporaryFolder folder;
    fs::create_directories(folder / "mount");
    if (::mount("none", (folder / "mount").c_str(), "tmpfs", 0, nullptr) != 0)
        GTEST_SKIP() << "mounting is not allowed here";
    write_run(folder / "mount/run.db", 5);
    {  // closed as by a program that could not switch the mode: the header says WAL, the log is gone
        RunStoreWriter writer(folder / "mount/interrupted.db");
        writer.write(some_start());
    }
    ::mount("none", (folder / "mount").c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr);
    std::size_t events = 0, interrupted_events = 0;
    std::string message;
    try {
        events = RunStoreReader(folder / "mount/run.db").poll().events.size();
        interrupted_events = RunStoreReader(folder / "mount/interrupted.db").poll().events.size();
        message = message_of<InputError>([&] { RunStoreWriter writer(folder / "mount/new.db"); });
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
    ::umount((folder / "mount").c_str());
    EXPECT_GT(events, 10u);
    EXPECT_EQ(interrupted_events, 1u);
    EXPECT_THAT(message, HasSubstr("cannot be written"));
}

TEST(RunStore, AFullDiskIsAnErrorThatKeepsWhatWasCommitted) {
    const TemporaryFolder folder;
    const int code = run_in_child([&] {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        writer.write(ScalarRecorded{1, "train/loss", 1.0});
        writer.commit();
        limit_file_size(200'000);
        const std::string message = message_of<WorkError>([&] {
            for (std::int64_t step = 2; step < 1'000'000; ++step) writer.write(ScalarRecorded{step, "train/loss", 1.0});
        });
        if (message.find("run.db: the run cannot be recorded: the ") != std::string::npos) return 0;
        std::fprintf(stderr, "%s\n", message.c_str());
        return 1;
    });
    EXPECT_EQ(code, 0);
    RunStoreReader reader(folder / "run.db");
    EXPECT_GE(reader.poll().events.size(), 2u);
}

TEST(RunStore, SaysThatTheDiskIsFull) {
    const TemporaryFolder folder;
    fs::create_directories(folder / "mount");
    if (::mount("none", (folder / "mount").c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "mounting is not allowed here";
    std::string message, message_at_start;
    std::size_t kept = 0;
    try {
        {
            RunStoreWriter writer(folder / "mount/run.db");
            writer.write(some_start());
            message = message_of<WorkError>([&] {
                for (std::int64_t step = 1; step < 1'000'000; ++step) writer.write(ScalarRecorded{step, "a", 1.0});
            });
        }
        kept = RunStoreReader(folder / "mount/run.db").poll().events.size();
        std::ofstream(folder / "mount/rest") << std::string(1 << 20, 'x');
        message_at_start = message_of<WorkError>([&] { RunStoreWriter writer(folder / "mount/new.db"); });
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
    ::umount((folder / "mount").c_str());
    EXPECT_THAT(message, HasSubstr("run.db: the run cannot be recorded: the disk is full"));
    EXPECT_THAT(message_at_start, HasSubstr("new.db: the run cannot be recorded: the disk is full"));
    EXPECT_GE(kept, 1u);
}

TEST(RunStore, RefusesWhatIsNone) {
    const TemporaryFolder folder;
    const auto message = [](const fs::path& file) {
        return message_of<InputError>([&] { RunStoreReader reader(file); });
    };
    EXPECT_THAT(message(folder / "none"), HasSubstr("there is no such file"));
    EXPECT_THAT(message(folder.path()), HasSubstr("not an ordinary file"));
    write_text(folder / "text", std::string(5000, 'x'));
    EXPECT_THAT(message(folder / "text"), HasSubstr("cannot be read"));
    EXPECT_THAT(message_of<InputError>([&] { RunStoreWriter writer(folder / "text"); }), HasSubstr("no run store"));
    write_text(folder / "empty", "");
    EXPECT_THAT(message(folder / "empty"), HasSubstr("no run store"));
    { SqliteDatabase(folder / "other", SqliteDatabase::Mode::write).execute("CREATE TABLE t(a)"); }
    EXPECT_THAT(message(folder / "other"), HasSubstr("no run store"));
    EXPECT_THAT(message_of<InputError>([&] { RunStoreWriter writer(folder / "other"); }), HasSubstr("no run store"));
    EXPECT_THROW(RunStoreWriter(folder / "missing/run.db"), InputError);
}

/// What a reader makes of a store after this change to it.
std::string message_after(const char* sql) {
    const TemporaryFolder folder;
    write_run(folder / "run.db", 4);
    { SqliteDatabase(folder / "run.db", SqliteDatabase::Mode::write).execute(sql); }
    return message_of<InputError>([&] {
        RunStoreReader reader(folder / "run.db");
        reader.poll();
        reader.routing_frame(2);
    });
}

TEST(RunStore, RefusesHostileContents) {
    EXPECT_EQ(message_after("SELECT 1"), "");
    EXPECT_THAT(message_after("PRAGMA user_version = 2"), HasSubstr("a later version"));
    EXPECT_THAT(message_after("CREATE VIEW v AS SELECT 1"), HasSubstr("not those of WAV Lab"));
    EXPECT_THAT(message_after("DROP TABLE scalars"), HasSubstr("no such table"));
    EXPECT_THAT(message_after("UPDATE scalars SET name = 77"), HasSubstr("without a name"));
    EXPECT_THAT(message_after("UPDATE scalars SET step = -1"), HasSubstr("impossible step"));
    EXPECT_THAT(message_after("UPDATE frames SET data = x'01'"), HasSubstr("damaged"));
    EXPECT_THAT(message_after("UPDATE frames SET data = zeroblob(1000)"), HasSubstr("does not know"));
    EXPECT_THAT(message_after("UPDATE records SET data = '{}'"), HasSubstr("damaged"));
    EXPECT_THAT(message_after("UPDATE records SET data = substr(replace(hex(zeroblob(90000)), '0', '['), 1)"),
                HasSubstr("nested too deeply"));
    EXPECT_EQ(message_after("UPDATE records SET type = 'from the future'"), "");
    EXPECT_EQ(message_after("UPDATE frames SET kind = 'from the future'"), "");
}

TEST(RunStore, DamagedBytesAreNeverACrash) {
    const TemporaryFolder folder;
    write_run(folder / "run.db", 10);
    const std::string whole = read_file(folder / "run.db");
    std::mt19937 random(5);
    for (int round = 0; round < 150; ++round) {
        std::string text = whole;
        for (int i = 0; i < 20; ++i) text[random() % text.size()] = char(random());
        if (round % 5 == 0) text.resize(random() % text.size());
        if (round % 3 == 0) text.replace(0, 100, whole, 0, 100);
        write_text(folder / "bad.db", text);
        try {
            RunStoreReader reader(folder / "bad.db");
            reader.poll();
            for (std::int64_t step = 0; step <= 10; ++step) reader.routing_frame(step);
        } catch (const InputError&) {
        }
    }
}

TEST(RunStore, IsCheapToWriteAndToOpen) {
    const TemporaryFolder folder;
    constexpr std::int64_t steps = 17'000;
    RunStoreWriter writer(folder / "run.db");
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t step = 1; step <= steps; ++step)
        for (const char* name :
             {"train/loss", "train/lr", "train/grad_norm", "train/tokens_per_second", "train/memory_bytes", "val/loss"})
            writer.write(ScalarRecorded{step, name, double(step)});
    const std::chrono::duration<double> written = std::chrono::steady_clock::now() - begin;
    writer.close();
    RecordProperty("microseconds_per_step", std::to_string(1e6 * written.count() / steps));
    // 50 microseconds a step are the goal in a release build on an idle machine; this only notices a gross loss.
    EXPECT_LT(written.count() / steps, 500e-6);
}

}  // namespace
}  // namespace wavlab
