// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/run_store.h"
#include "core/sqlite.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

void write_steps(RunStoreWriter& writer, std::int64_t first, std::int64_t last) {
    for (const RunEvent& event : some_steps(first, last)) writer.write(event);
}

/// Says the same of a run as its record.
void expect_as_record(const std::filesystem::path& folder) {
    const RunDigest digest = read_digest(folder);
    RunRecord record(folder);
    record.follow_store();
    EXPECT_EQ(digest.name, record.name());
    EXPECT_EQ(digest.method, record.experiment().model.method);
    EXPECT_EQ(digest.layers, record.experiment().model.layers);
    EXPECT_EQ(digest.dataset, record.experiment().data.dataset);
    for (const ExperimentField& field : experiment_fields())
        if (!field.table.empty()) {
            EXPECT_EQ(digest.options.at(field.dotted_key()), field.get(record.experiment())) << field.dotted_key();
        }
    for (const auto& [key, value] : record.experiment().method) EXPECT_EQ(digest.options.at("method." + key), value);
    EXPECT_EQ(digest.state, record.state());
    EXPECT_EQ(digest.reason, record.reason());
    EXPECT_EQ(digest.step, record.step());
    EXPECT_EQ(digest.total_steps, record.total_steps());
    EXPECT_EQ(digest.description.started_at, record.description().started_at);
    EXPECT_EQ(digest.has_checkpoint, !record.checkpoints().empty());
    const auto last = [&](const char* name) {
        const ScalarSeries* series = record.scalars(name);
        return series ? series->last() : std::nullopt;
    };
    EXPECT_EQ(digest.train_loss, last("train/loss"));
    EXPECT_EQ(digest.validation_loss, last("val/loss"));
    EXPECT_EQ(digest.tokens_per_second, last("train/tokens_per_second"));
    const ScalarSeries* validation = record.scalars("val/loss");
    EXPECT_EQ(digest.best_validation_loss, validation ? validation->smallest_finite() : std::nullopt);
}

TEST(RunDigest, SaysWhatTheRecordSays) {
    const TemporaryFolder folder;
    RunStoreWriter writer(folder / "run.db");
    writer.write(some_start());
    writer.commit();
    expect_as_record(folder.path());  // it has only begun
    write_steps(writer, 0, 23);
    writer.write(ScalarRecorded{23, "train/tokens_per_second", 8100});
    writer.write(ScalarRecorded{23, "val/loss", 0.01});  // on demand
    writer.write(ScalarRecorded{24, "val/loss", std::numeric_limits<double>::infinity()});
    writer.write(StateChanged{RunState::paused});
    expect_as_record(folder.path());
    writer.write(StateChanged{RunState::running});
    writer.write(RunEnded{RunState::stopped, ExitCode::done, "stopped by the user", 23, false});
    expect_as_record(folder.path());
    writer.rewind(10);
    writer.write(some_start(10));
    write_steps(writer, 11, 30);
    writer.write(RunEnded{RunState::finished, ExitCode::done, "", 30, false});
    writer.close();
    expect_as_record(folder.path());
    EXPECT_EQ(read_digest(folder.path()).state, RunState::finished);
}

TEST(RunDigest, ARunThatIsLockedGoes) {
    const TemporaryFolder folder;
    RunStoreWriter writer(folder / "run.db");
    writer.write(some_start());
    writer.commit();
    EXPECT_EQ(read_digest(folder.path()).state, RunState::interrupted);
    const RunLock lock(RunFolder{folder.path()});
    EXPECT_EQ(read_digest(folder.path()).state, RunState::running);
    EXPECT_TRUE(read_digest(folder.path()).alive);
}

TEST(RunDigest, ReadsStoresWithoutTheIndexOfEvaluations) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        write_steps(writer, 0, 23);
        writer.close();
        SqliteDatabase(folder / "run.db", SqliteDatabase::Mode::write).execute("DROP INDEX evaluations");
    }
    expect_as_record(folder.path());
    RunStoreWriter(folder / "run.db").close();  // who goes on with it makes the index
    SqliteDatabase store(folder / "run.db", SqliteDatabase::Mode::read);
    EXPECT_EQ(store.query_number("SELECT count(*) FROM sqlite_master WHERE name = 'evaluations'"), 1);
    expect_as_record(folder.path());
}

TEST(RunDigest, AStoreThatLostItsRecordsIsDamagedNotFinished) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        writer.write(RunEnded{RunState::finished, ExitCode::done, "", 0, false});
        writer.close();
        SqliteDatabase(folder / "run.db", SqliteDatabase::Mode::write).execute("DELETE FROM records");
    }
    EXPECT_THAT(message_of<InputError>([&] { read_digest(folder.path()); }), HasSubstr("it holds no records of a run"));
    std::filesystem::resize_file(folder / "run.db", 0);
    EXPECT_THAT(message_of<InputError>([&] { read_digest(folder.path()); }), HasSubstr("no run store"));
    std::filesystem::remove(folder / "run.db");
    EXPECT_THAT(message_of<InputError>([&] { read_digest(folder.path()); }), HasSubstr("no such file"));
}

TEST(RunDigest, DoesNotDependOnTheLengthOfTheRun) {
    const TemporaryFolder folder;
    {
        RunStoreWriter writer(folder / "run.db");
        writer.write(some_start());
        for (std::int64_t step = 1; step <= 100'000; ++step) {
            for (const char* name : {"train/loss", "train/tokens_per_second"})
                writer.write(ScalarRecorded{step, name, 1.0 / double(step)});
            if (step % 1000 == 0) writer.write(ScalarRecorded{step, "val/loss", 1.0 / double(step)});
        }
        writer.close();
    }
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(read_digest(folder.path()).step, 100'000);
    const std::chrono::duration<double> read = std::chrono::steady_clock::now() - begin;
    RecordProperty("milliseconds", std::to_string(1e3 * read.count() / 20));
    EXPECT_LT(read.count() / 20, 0.25);  // about a millisecond in a release build
}

}  // namespace
}  // namespace wavlab
