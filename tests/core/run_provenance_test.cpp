// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_table.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/run_store.h"
#include "core/sha256.h"
#include "core/table_format.h"
#include "core/table_provenance.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const first_maker = "WAV Lab 0.1.0 (abc), torch 2.11.0, cpu, 2 threads";
const char* const second_maker = "WAV Lab 0.1.0 (def), torch 2.12.0, cuda:0 (NVIDIA H100), 1 thread";

RunStarted start_elsewhere(std::int64_t step) {
    RunStarted started = some_start(step);
    started.description.commit = "def";
    started.description.torch_version = "2.12.0";
    started.description.device = "cuda:0 (NVIDIA H100)";
    started.description.threads = 1;
    return started;
}

/// A run's starts, each with the steps after it up to the last one named.
struct Part {
    RunStarted started;
    std::int64_t last_step = 0;
};

std::string provenance_of(const RunRecord& record) {
    return run_provenance(record.experiment(), record.description(), record.earlier_starts());
}

/// The run from its events and from its store must be the same.
RunRecord record_of(const TemporaryFolder& folder, const std::vector<Part>& parts) {
    RunStoreWriter writer(RunFolder{folder.path()}.store());
    RunRecord live(folder.path());
    for (const Part& part : parts) {
        const std::int64_t first = part.started.first_step;
        if (&part != &parts.front()) writer.rewind(first > 0 ? first : -1);
        std::vector<RunEvent> events{part.started};
        for (const RunEvent& event : some_steps(first > 0 ? first + 1 : 0, part.last_step)) events.push_back(event);
        for (const RunEvent& event : events) {
            writer.write(event);
            live.apply(event);
        }
    }
    writer.write(RunEnded{RunState::finished, ExitCode::done, "", parts.back().last_step, false});
    writer.close();
    RunRecord read(folder.path());
    read.follow_store();
    EXPECT_EQ(provenance_of(read), provenance_of(live));
    EXPECT_EQ(read.first_description().started_at, live.first_description().started_at);
    return read;
}

TEST(RunProvenance, NamesWhatMadeTheStepsBeforeAResume) {
    const TemporaryFolder folder;
    const RunRecord record = record_of(folder, {{some_start(), 13}, {start_elsewhere(10), 20}});
    ASSERT_EQ(record.earlier_starts().size(), 1u);
    const EarlierStart& earlier = record.earlier_starts()[0];
    EXPECT_EQ(earlier.first_step, 0);
    EXPECT_EQ(earlier.last_step, 10);
    EXPECT_EQ(earlier.description.commit, "abc");
    EXPECT_EQ(record.description().commit, "def");
    EXPECT_EQ(record.first_description().started_at, some_start().description.started_at);
    EXPECT_EQ(provenance_of(record), "seed 1337, experiment sha256 " + sha256_hex(record.description().experiment) +
                                         ", data sha256 00ff, until step 10: " + first_maker + ", then " +
                                         second_maker + ", began with the weights of " +
                                         to_string(*record.description().origin));
}

TEST(RunProvenance, SaysNothingOfAResumeByTheSameProgram) {
    const TemporaryFolder folder;
    const RunRecord record = record_of(folder, {{some_start(), 13}, {some_start(10), 20}});
    EXPECT_EQ(record.earlier_starts().size(), 1u);
    EXPECT_NE(record.first_description().started_at, record.description().started_at);
    EXPECT_THAT(provenance_of(record), HasSubstr(std::string("data sha256 00ff, ") + first_maker + ", began with"));
    EXPECT_THAT(provenance_of(record), Not(HasSubstr("until step")));
}

TEST(RunProvenance, NamesEachMakerOnceInItsOrder) {
    const TemporaryFolder folder;
    const RunRecord record =
        record_of(folder, {{some_start(), 5}, {some_start(5), 12}, {start_elsewhere(10), 15}, {some_start(15), 20}});
    EXPECT_EQ(record.earlier_starts().size(), 3u);
    EXPECT_THAT(provenance_of(record),
                HasSubstr(std::string("00ff, until step 10: ") + first_maker + ", until step 15: " + second_maker +
                          ", then " + first_maker + ", began"));
}

TEST(RunProvenance, ForgetsStartsWhoseStepsAreWrittenAgain) {
    const TemporaryFolder folder, again, over;
    // From a checkpoint before the one from which it went on before; twice from the same one; from the beginning.
    EXPECT_THAT(provenance_of(record_of(folder, {{some_start(), 13}, {start_elsewhere(10), 20}, {some_start(5), 20}})),
                Not(HasSubstr("until step")));
    const RunRecord twice = record_of(again, {{some_start(), 13}, {some_start(10), 12}, {start_elsewhere(10), 20}});
    EXPECT_EQ(twice.earlier_starts().size(), 1u);
    EXPECT_THAT(provenance_of(twice), HasSubstr(std::string("until step 10: ") + first_maker + ", then"));
    const RunRecord anew = record_of(over, {{some_start(), 3}, {start_elsewhere(0), 20}});
    EXPECT_TRUE(anew.earlier_starts().empty());
    EXPECT_EQ(anew.first_description().commit, "def");
}

TEST(RunProvenance, OfATableIsThatOfItsRuns) {
    const TemporaryFolder folder;
    const RunRecord record = record_of(folder, {{some_start(), 13}, {start_elsewhere(10), 20}});
    const ResultTable table = result_table({read_table_run(record, {"val/loss"}, {})}, {});
    EXPECT_THAT(table_provenance(table).back(), HasSubstr(std::string("until step 10: ") + first_maker + ", then "));
    EXPECT_THAT(markdown_table(table, {}), HasSubstr("different devices (cpu with 2 threads; cuda:0 (NVIDIA H100))"));
}

}  // namespace
}  // namespace wavlab
