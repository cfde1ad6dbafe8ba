// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "tests/model/conformance_cases.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace wavlab::testing;

/// Stops a run when `step` is recorded.
void train_until(const Experiment& experiment, const fs::path& folder, std::int64_t step, bool resumed = false) {
    TrainRequest request;
    request.experiment = experiment;
    request.run_folder = folder;
    request.resume = resumed;
    WatchedRun run(request);
    run.wait_for_step(step);
    run.control().stop(StopRequest::keep);
    run.wait_for_end();
}

class ExactResume : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(ExactResume, GivesTheRunThatWasNeverStopped) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment(GetParam().experiment.model.method, 12);
    experiment.method = GetParam().experiment.method;
    experiment.model.dropout = 0.1;
    experiment.train.accumulate = 2;
    (void)train(experiment, folder / "whole");
    train_until(experiment, folder / "parts", 3);
    train_until(experiment, folder / "parts", 7, true);
    const RunEnded end = resume(folder / "parts").end();
    ASSERT_EQ(end.state, RunState::finished) << end.reason;
    expect_same_run(stored_run(folder / "whole"), stored_run(folder / "parts"));
    const SafetensorsFile whole(list_checkpoints(RunFolder{folder / "whole"}).back().model());
    const SafetensorsFile parts(list_checkpoints(RunFolder{folder / "parts"}).back().model());
    EXPECT_EQ(whole.metadata(), parts.metadata()) << "checksums among them";
}

INSTANTIATE_TEST_SUITE_P(Methods, ExactResume, ::testing::ValuesIn(default_cases()),
                         case_name<::testing::TestParamInfo<ConformanceCase>>);

TEST(Resume, SaysThatAFinishedRunIsFinished) {
    const TemporaryFolder folder;
    (void)train(training_experiment("standard", 4), folder / "run");
    const StoredRun before = stored_run(folder / "run");
    const RunEnded end = resume(folder / "run").end();
    EXPECT_EQ(end.state, RunState::finished);
    EXPECT_EQ(end.exit_code, ExitCode::done);
    EXPECT_EQ(end.reason, "already finished");
    expect_same_run(before, stored_run(folder / "run"));
}

TEST(Resume, GoesOnWithMoreStepsAndSaysSo) {
    const TemporaryFolder folder;
    (void)train(training_experiment("standard", 4), folder / "run");
    const Events events = resume(folder / "run", 7);
    EXPECT_EQ(events.end().state, RunState::finished);
    EXPECT_EQ(events.end().step, 7);
    ASSERT_FALSE(events.of<Message>().empty());
    EXPECT_THAT(events.of<Message>()[0].text, HasSubstr("from 4 to 7"));
    EXPECT_THAT(events.of<RunStarted>().at(0).description.notes.at(0), HasSubstr("from 4 to 7"));
    EXPECT_EQ(events.of<RunStarted>().at(0).first_step, 4);
    EXPECT_EQ(load_experiment(RunFolder{folder / "run"}.experiment()).train.steps, 7);
    EXPECT_EQ(resume(folder / "run").end().reason, "already finished");
}

TEST(Resume, RefusesFewerStepsThanAreDone) {
    const TemporaryFolder folder;
    (void)train(training_experiment("standard", 4), folder / "run");
    const StoredRun before = stored_run(folder / "run");
    const RunEnded end = resume(folder / "run", 3).end();
    EXPECT_EQ(end.exit_code, ExitCode::bad_input);
    EXPECT_THAT(end.reason, AllOf(HasSubstr("already done 4 steps"), HasSubstr("step 3")));
    expect_same_run(before, stored_run(folder / "run"));
    EXPECT_EQ(load_experiment(RunFolder{folder / "run"}.experiment()).train.steps, 4);
}

TEST(Resume, StartsAtStepZeroWithoutACheckpoint) {
    const TemporaryFolder folder;
    const Experiment experiment = training_experiment("wav", 6);
    (void)train(experiment, folder / "whole");
    (void)train(experiment, folder / "run");
    fs::remove_all(RunFolder{folder / "run"}.checkpoints());
    EXPECT_EQ(resume(folder / "run").end().state, RunState::finished);
    expect_same_run(stored_run(folder / "whole"), stored_run(folder / "run"));
}

TEST(Resume, ReplacesRecordsAfterTheCheckpoint) {
    const TemporaryFolder folder;
    const Experiment experiment = training_experiment("wav", 8);
    (void)train(experiment, folder / "run");
    const StoredRun before = stored_run(folder / "run");
    fs::remove_all(list_checkpoints(RunFolder{folder / "run"}).back().path);
    EXPECT_EQ(resume(folder / "run").end().state, RunState::finished);
    expect_same_run(before, stored_run(folder / "run"));
}

TEST(Resume, MakesUpForAnEvaluationThatAStopCutShort) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 7);
    experiment.train.eval_windows = 600;
    (void)train(experiment, folder / "whole");
    train_until(experiment, folder / "parts", 5);
    EXPECT_EQ(resume(folder / "parts").end().state, RunState::finished);
    expect_same_run(stored_run(folder / "whole"), stored_run(folder / "parts"));
}

TEST(Resume, MakesUpForSamplesThatAStopCutShort) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 4);
    experiment.train.sample_every = 3;
    const auto samples = [&](const char* name) {
        RunStoreReader reader(RunFolder{folder / name}.store());
        std::vector<std::string> texts;
        for (const RunEvent& event : reader.poll().events)
            if (const auto* sample = std::get_if<SampleDrawn>(&event)) texts.push_back(sample->prompt + sample->text);
        return texts;
    };
    (void)train(experiment, folder / "whole");
    train_until(experiment, folder / "parts", 3);
    EXPECT_EQ(resume(folder / "parts").end().state, RunState::finished);
    EXPECT_EQ(samples("whole").size(), 3U);
    EXPECT_EQ(samples("parts"), samples("whole"));
}

TEST(Resume, SaysThatThreadsChanged) {
    const TemporaryFolder folder;
    Experiment experiment = training_experiment("standard", 4);
    (void)train(experiment, folder / "run");
    experiment.train.threads = 1;
    write_file_safely(RunFolder{folder / "run"}.experiment(), to_toml(experiment));
    const Events events = resume(folder / "run", 5);
    EXPECT_EQ(events.end().state, RunState::finished);
    EXPECT_THAT(events.of<Message>().at(1).text, HasSubstr("1 thread,"));
}

TEST(Resume, RefusesARunThatIsLocked) {
    const TemporaryFolder folder;
    (void)train(training_experiment("standard", 2), folder / "run");
    const RunLock lock{RunFolder{folder / "run"}};
    const RunEnded end = resume(folder / "run", 5).end();
    EXPECT_EQ(end.exit_code, ExitCode::bad_input);
    EXPECT_EQ(end.state, RunState::failed);
}

TEST(Resume, RefusesWhatIsNoRun) {
    const TemporaryFolder folder;
    EXPECT_EQ(resume(folder / "nothing").end().exit_code, ExitCode::bad_input);
    EXPECT_EQ(resume(folder.path()).end().exit_code, ExitCode::bad_input);
}

TEST(Resume, RefusesAnotherTextAndAnotherModel) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 400; ++i) text += "the cat sat on mat number " + std::to_string(i) + ".\n";
    write_file_safely(folder / "text.txt", text);
    Experiment experiment = training_experiment("standard", 4);
    experiment.data.dataset = "file:" + (folder / "text.txt").string();
    (void)train(experiment, folder / "run");
    write_file_safely(folder / "text.txt", text + "the dog.\n");
    EXPECT_THAT(resume(folder / "run", 8).end().reason, HasSubstr("has changed since the run began"));
    write_file_safely(folder / "text.txt", text);
    experiment.train.lr *= 2;  // allowed, it is the same model
    experiment.model.method = "rezero";
    write_file_safely(RunFolder{folder / "run"}.experiment(), to_toml(experiment));
    const RunEnded end = resume(folder / "run", 8).end();
    EXPECT_EQ(end.exit_code, ExitCode::bad_input);
    EXPECT_THAT(end.reason, HasSubstr("another model"));
}

TEST(Resume, NamesADamagedCheckpoint) {
    const TemporaryFolder folder;
    (void)train(training_experiment("standard", 4), folder / "run");
    const CheckpointFolder checkpoint = list_checkpoints(RunFolder{folder / "run"}).back();
    std::string bytes = read_file(checkpoint.state());
    bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 1);
    write_file_safely(checkpoint.state(), bytes);
    const RunEnded end = resume(folder / "run", 8).end();
    EXPECT_EQ(end.exit_code, ExitCode::bad_input);
    EXPECT_THAT(end.reason, HasSubstr("state.safetensors"));
    EXPECT_EQ(stored_run(folder / "run").scalars.count({4, "train/loss"}), 1U) << "nothing was rewound";
}

}  // namespace
}  // namespace wavlab
