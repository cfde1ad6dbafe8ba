// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_queue.h"
#include "core/run_control.h"
#include "core/run_event.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "datasets/token_data.h"
#include "model/batch_dump.h"
#include "model/checkpoint.h"
#include "model/decoder.h"
#include "model/device.h"
#include "model/model_library.h"
#include "model/optimizer.h"
#include "model/recorder.h"
#include "model/run_files.h"
#include "model/token_windows.h"
#include "model/training_step.h"

namespace wavlab {

/// One run from preparation to its last event, on the thread of its caller, which alone touches tensors.
/// At one step the order is: update, record, evaluation, sample, checkpoint.
class TrainingRun {
public:
    /// The other three are shared with other threads and must outlive this object.
    TrainingRun(TrainRequest request, RunControl& control, EventQueue<RunEvent>& events,
                LatestValue<RunProgress>& progress);
    ~TrainingRun();

    /// Does everything but the last event. Throws InputError, WorkError and whatever LibTorch throws.
    RunEnded run();
    /// Records how the run ended, closes its files, and pushes the last event. Throws nothing.
    void end(RunEnded ended) noexcept;

    std::int64_t steps_done() const { return step_; }

private:
    using Clock = std::chrono::steady_clock;

    /// A step whose numbers are still on their way from the device.
    struct PendingStep {
        std::int64_t step = 0;
        Clock::time_point started;
        HostCopy numbers;  ///< loss, gradient norm
        std::optional<StepFrames> frames;
    };
    /// A loss, gradient norm or parameter that is not finite.
    struct Diverged {
        std::string reason;
    };

    // training_setup.cpp
    std::optional<RunEnded> prepare();
    void prepare_new();
    void choose_next_folder();
    RunStarted make_folder();
    std::optional<RunEnded> prepare_resumed();
    void load_data();
    void prepare_model();
    void check_fused();
    void restore(const CheckpointFolder& checkpoint);
    void save_initial_weights(const RunFolder& folder, RunStoreWriter& store);
    void open_files();
    RunStarted started_event() const;
    ComputeEnvironment environment() const;
    void note_environment(const ComputeEnvironment& before);
    void read_resumed_experiment();
    std::optional<RunEnded> finished_before();

    // training_run.cpp
    RunEnded train();
    void first_look();
    RunControl::Orders next_orders();
    void announce_pause();
    void obey(const RunControl::Orders& orders);
    void train_step();
    at::Tensor make_framed_step(std::int64_t step, StepFrames& frames);
    void settle();
    void record_step(const PendingStep& settled, double loss, double norm);
    void record_frames(StepFrames frames);
    void work_after_update();
    void evaluate();
    void draw_samples();
    void save();
    void prune_checkpoints();
    bool evaluation_due() const;
    bool sample_due() const;
    bool cut_short() const;
    bool due(std::int64_t every) const { return every > 0 && step_ % every == 0; }
    RunEnded stopped(StopRequest request);
    RunEnded ended(RunState state, ExitCode code, std::string reason) const;

    void emit(RunEvent event);
    void say(const std::string& text);
    void show(const std::string& activity);
    void require_finite_parameters();

    TrainRequest request_;
    RunControl* control_;
    EventQueue<RunEvent>* events_;
    LatestValue<RunProgress>* latest_;

    RunFolder folder_;
    Experiment experiment_;
    TokenData data_;
    std::vector<std::string> prompts_;
    ChosenDevice device_;
    std::unique_ptr<Decoder> decoder_;
    std::unique_ptr<AdamW> optimizer_;
    std::unique_ptr<TokenWindows> train_windows_;
    std::unique_ptr<TokenWindows> validation_windows_;
    std::unique_ptr<TrainingStep> steps_;
    std::unique_ptr<Recorder> recorder_;
    std::unique_ptr<BatchDump> batch_dump_;

    std::optional<RunLock> lock_;
    std::unique_ptr<RunStoreWriter> store_;
    std::unique_ptr<RunLog> log_;
    std::vector<std::string> notes_;
    std::string fused_agreement_;  ///< for the log
    std::optional<RunOrigin> origin_;
    std::optional<ComputationHold> computation_;
    std::optional<OwnStream> stream_;

    std::int64_t first_step_ = 0;
    std::int64_t step_ = 0;  ///< updates done
    bool paused_ = false;
    std::optional<PendingStep> pending_;
    std::optional<double> validation_loss_;  ///< of the model as it is now
    std::optional<std::int64_t> saved_step_;
    std::optional<std::int64_t> sampled_step_;
    std::map<std::int64_t, std::optional<double>> saved_losses_;  ///< of the checkpoints in the folder
    RunProgress progress_;
    Clock::time_point last_settled_;
    double step_seconds_ = 0;        ///< smoothed
    double evaluation_seconds_ = 0;  ///< the last one took
};

}  // namespace wavlab
