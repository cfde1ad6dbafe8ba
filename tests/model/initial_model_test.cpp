// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that begin with the weights of a checkpoint (TrainRequest::from).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "tests/model/training_support.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace wavlab::testing;

TrainRequest request_from(const Experiment& experiment, const fs::path& folder, const fs::path& model) {
    TrainRequest request;
    request.experiment = experiment;
    request.run_folder = folder;
    request.from = model;
    return request;
}

Events train_from(const Experiment& experiment, const fs::path& folder, const fs::path& model) {
    return WatchedRun(request_from(experiment, folder, model)).wait_for_end();
}

fs::path last_model(const fs::path& run) { return list_checkpoints(RunFolder{run}).back().model(); }

bool same_tensors(const SafetensorsFile& a, const SafetensorsFile& b) {
    return std::ranges::equal(a.tensors(), b.tensors(), [](const TensorView& one, const TensorView& other) {
        return one.name == other.name && std::ranges::equal(one.bytes, other.bytes);
    });
}

/// One finished run to start from.
class FromCheckpoint : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new TemporaryFolder;
        (void)train(training_experiment("wav", 5), *folder_ / "origin");
        model_ = new fs::path(last_model(*folder_ / "origin"));
    }
    static void TearDownTestSuite() {
        delete model_;
        delete folder_;
    }
    static inline TemporaryFolder* folder_ = nullptr;
    static inline fs::path* model_ = nullptr;
};

TEST_F(FromCheckpoint, BeginsWithItsWeightsAndSaysSo) {
    Experiment experiment = training_experiment("wav", 7);
    experiment.train.lr = 2e-4;
    experiment.train.min_lr = 1e-4;
    experiment.train.checkpoint_keep = 0;
    const fs::path run = *folder_ / "begins";
    const Events events = train_from(experiment, run, *model_);
    ASSERT_EQ(events.end().state, RunState::finished) << events.end().reason;
    const RunStarted started = events.of<RunStarted>().at(0);
    EXPECT_EQ(started.first_step, 0);
    const RunOrigin expected{"origin", 5, sha256_of_file(*model_)};
    EXPECT_EQ(started.description.origin, expected);
    EXPECT_EQ(events.of<CheckpointSaved>().at(0).step, 0);

    const CheckpointFolder first = list_checkpoints(RunFolder{run}).front();
    EXPECT_EQ(first.step, 0);
    const SafetensorsFile initial(first.model());
    EXPECT_TRUE(same_tensors(SafetensorsFile(*model_), initial));
    EXPECT_EQ(parse_origin(nlohmann::json::parse(initial.metadata("origin"))), expected);

    EvaluateRequest asked;
    asked.checkpoint = *model_;
    asked.device = "cpu";
    EXPECT_EQ(events.scalar("val/loss").at(0), wavlab_model_library()->evaluate(asked).loss);

    RunRecord record(run);
    record.follow_store();
    EXPECT_EQ(record.description().origin, expected);
    EXPECT_EQ(record.checkpoints().front().step, 0);
    EXPECT_EQ(load_experiment(RunFolder{run}.experiment()).train.lr, 2e-4) << "the experiment is the request's own";
}

TEST_F(FromCheckpoint, ResumesBitForBitWithoutTheFile) {
    Experiment experiment = training_experiment("wav", 9);
    experiment.model.dropout = 0.1;
    experiment.train.checkpoint_keep = 1;
    const fs::path model = *folder_ / "copy.safetensors";
    fs::copy_file(*model_, model);
    const Events whole = train_from(experiment, *folder_ / "whole", model);
    ASSERT_EQ(whole.end().state, RunState::finished) << whole.end().reason;

    const fs::path parts = *folder_ / "parts";
    {
        WatchedRun run(request_from(experiment, parts, model));
        run.wait_for_step(2);
        run.control().stop(StopRequest::keep);
        run.wait_for_end();
    }
    fs::remove(model);
    // As if it had been killed before its first own checkpoint.
    for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{parts}))
        if (checkpoint.step > 0) fs::remove_all(checkpoint.path);
    for (const int step : {1, 6}) {
        TrainRequest request;
        request.run_folder = parts;
        request.resume = true;
        WatchedRun run(request);
        run.wait_for_step(step);
        run.control().stop(StopRequest::keep);
        run.wait_for_end();
    }
    const Events events = resume(parts);
    ASSERT_EQ(events.end().state, RunState::finished) << events.end().reason;
    EXPECT_EQ(events.of<RunStarted>().at(0).description.origin, whole.of<RunStarted>().at(0).description.origin);
    expect_same_run(stored_run(*folder_ / "whole"), stored_run(parts));
    EXPECT_EQ(SafetensorsFile(last_model(*folder_ / "whole")).metadata(),
              SafetensorsFile(last_model(parts)).metadata());
}

TEST_F(FromCheckpoint, IsNotResumedWithoutAnyCheckpoint) {
    const fs::path run = *folder_ / "bare";
    (void)train_from(training_experiment("wav", 2), run, *model_);
    for (const CheckpointFolder& checkpoint : list_checkpoints(RunFolder{run})) fs::remove_all(checkpoint.path);
    const RunEnded end = resume(run).end();
    EXPECT_EQ(end.exit_code, ExitCode::bad_input);
    EXPECT_THAT(end.reason, AllOf(HasSubstr("step 5 of origin"), HasSubstr("none of its checkpoints")));
}

TEST_F(FromCheckpoint, KeepsTheBestWhereThatIsWhatItBeganWith) {
    Experiment experiment = training_experiment("wav", 8);
    experiment.train.lr = 0.5;  // spoils the model, so that step 0 stays the best
    experiment.train.min_lr = 0.5;
    experiment.train.warmup = 0;
    experiment.train.checkpoint_every = 2;
    experiment.train.eval_every = 2;
    experiment.train.checkpoint_keep = 1;
    const fs::path run = *folder_ / "spoiled";
    ASSERT_EQ(train_from(experiment, run, *model_).end().state, RunState::finished);
    const std::vector<CheckpointFolder> kept = list_checkpoints(RunFolder{run});
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].step, 0);
    EXPECT_EQ(kept[1].step, 8);
}

TEST_F(FromCheckpoint, RefusesAnotherArchitecture) {
    const auto refusal = [&](const Experiment& experiment) {
        const RunEnded end = train_from(experiment, *folder_ / "refused", *model_).end();
        EXPECT_EQ(end.exit_code, ExitCode::bad_input);
        EXPECT_FALSE(fs::exists(*folder_ / "refused"));
        return end.reason;
    };
    EXPECT_THAT(refusal(training_experiment("standard", 5)), HasSubstr("model.method = \"wav\""));
    Experiment experiment = training_experiment("wav", 5);
    experiment.model.layers = 4;
    EXPECT_THAT(refusal(experiment), HasSubstr("model.layers = 2"));
    experiment = training_experiment("wav", 5);
    experiment.model.heads = 1;
    EXPECT_THAT(refusal(experiment), HasSubstr("model.heads"));
    experiment = training_experiment("wav", 5);
    experiment.method["key_gain"] = false;
    EXPECT_THAT(refusal(experiment), HasSubstr("routing.key_gain"));
    experiment = training_experiment("wav", 5);
    write_file_safely(*folder_ / "text.txt", std::string(4000, 'a') + "\xC3\xA9" + std::string(4000, 'b'));
    experiment.data.dataset = "file:" + (*folder_ / "text.txt").string();
    EXPECT_THAT(refusal(experiment), HasSubstr("\xC3\xA9"));
}

TEST_F(FromCheckpoint, RefusesAFileThatIsNoModel) {
    write_file_safely(*folder_ / "broken.safetensors", "nonsense");
    for (const char* name : {"broken.safetensors", "missing.safetensors"}) {
        const RunEnded end = train_from(training_experiment("wav", 5), *folder_ / "none", *folder_ / name).end();
        EXPECT_EQ(end.exit_code, ExitCode::bad_input);
        EXPECT_THAT(end.reason, HasSubstr(name));
    }
    EXPECT_FALSE(fs::exists(*folder_ / "none"));
}

}  // namespace
}  // namespace wavlab
