// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/training_run.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/checkpoint_list.h"
#include "core/error.h"
#include "core/safe_file.h"
#include "model/evaluator.h"
#include "model/random.h"
#include "model/sampler.h"
#include "model/schedule.h"

namespace wavlab {

namespace {

constexpr std::int64_t sample_tokens = 96;
/// Between the texts in a sample file.
constexpr const char* sample_separator = "\n\n----\n\n";
/// How much of the smoothed step time is kept at each step.
constexpr double time_smoothing = 0.9;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string at_step(std::int64_t step) { return " at step " + std::to_string(step); }

}  // namespace

TrainingRun::TrainingRun(TrainRequest request, RunControl& control, EventQueue<RunEvent>& events,
                         LatestValue<RunProgress>& progress)
    : request_(std::move(request)), control_(&control), events_(&events), latest_(&progress) {}

TrainingRun::~TrainingRun() = default;

RunEnded TrainingRun::run() {
    if (std::optional<RunEnded> over = prepare()) return *over;
    try {
        return train();
    } catch (const Diverged& diverged) {
        std::string reason =
            diverged.reason + ": try a lower learning rate (lr), a longer warm-up or clipping (grad_clip)";
        if (!saved_losses_.empty())
            reason += "; the checkpoint of step " + std::to_string(saved_losses_.rbegin()->first) + " is kept";
        return ended(RunState::diverged, ExitCode::diverged, std::move(reason));
    }
}

RunEnded TrainingRun::train() {
    progress_.total_steps = experiment_.train.steps;
    if (step_ == 0 && experiment_.train.record_every > 0) first_look();
    const bool work_left = (evaluation_due() && !validation_loss_) || (step_ > 0 && sample_due());
    if (step_ < experiment_.train.steps && work_left) work_after_update();
    while (step_ < experiment_.train.steps) {
        const RunControl::Orders orders = next_orders();
        if (orders.stop != StopRequest::none) return stopped(orders.stop);
        obey(orders);
        if (orders.train) train_step();
    }
    if (batch_dump_) batch_dump_->write(request_.dump_batches);
    return ended(RunState::finished, ExitCode::done, "");
}

/// Frames of the untrained model, so that uniform routing is seen at once. Windows of their own (step 0), no update.
void TrainingRun::first_look() {
    show("first look");
    const StepGradient gradient = steps_->gradient(0, recorder_.get());
    record_frames(recorder_->take(0, optimizer_->slots(), gradient.norms));
    optimizer_->clear_gradients();
}

RunControl::Orders TrainingRun::next_orders() {
    if (control_->paused()) settle();
    const RunControl::Orders orders = control_->next([this] { announce_pause(); });
    if (paused_ && !control_->paused()) {
        paused_ = false;
        emit(StateChanged{RunState::running});
    }
    return orders;
}

void TrainingRun::announce_pause() {
    settle();
    show("paused");
    if (!paused_) emit(StateChanged{RunState::paused});
    paused_ = true;
    store_->commit();
}

void TrainingRun::obey(const RunControl::Orders& orders) {
    if (orders.evaluate || orders.checkpoint) settle();
    if (orders.evaluate) {
        if (validation_loss_)
            say("the validation loss" + at_step(step_) + " is known already");
        else
            evaluate();
    }
    if (orders.checkpoint) {
        if (saved_step_ == step_)
            say("the checkpoint" + at_step(step_) + " is there already");
        else
            save();
    }
}

void TrainingRun::train_step() {
    show("training");
    const Clock::time_point started = Clock::now();
    const std::int64_t step = step_ + 1;
    const bool last = step == experiment_.train.steps;
    const std::int64_t record_every = experiment_.train.record_every;
    const bool framed = record_every > 0 && (last || step % record_every == 0);

    std::optional<StepFrames> frames;
    HostCopy numbers(framed ? make_framed_step(step, frames.emplace()) : steps_->make(step));
    settle();  // the step before this one: the device is never waited for while it has nothing to do
    step_ = step;
    validation_loss_.reset();
    pending_.emplace(PendingStep{step, started, std::move(numbers), std::move(frames)});

    const TrainSettings& train = experiment_.train;
    const bool more_to_do =
        framed || last || due(train.eval_every) || due(train.sample_every) || due(train.checkpoint_every);
    if (device_.device.is_cpu() || more_to_do) settle();
    if (more_to_do) work_after_update();
}

/// Makes a step that the recorder looks into. Returns its loss and gradient norm, on the device.
at::Tensor TrainingRun::make_framed_step(std::int64_t step, StepFrames& frames) {
    const StepGradient gradient = steps_->gradient(step, recorder_.get());
    frames = recorder_->take(step, optimizer_->slots(), gradient.norms);
    steps_->update(step, gradient);
    return gradient.numbers();
}

/// Records the step whose numbers were on their way.
void TrainingRun::settle() {
    if (!pending_) return;
    PendingStep settled = std::move(*pending_);
    pending_.reset();
    const std::vector<double> numbers = settled.numbers.wait();
    record_step(settled, numbers.at(0), numbers.at(1));
    if (settled.frames) record_frames(std::move(*settled.frames));
    if (std::isfinite(numbers[0]) && std::isfinite(numbers[1])) return;
    step_ = settled.step - 1;  // that update was blocked, and any after it
    const std::string what = std::isfinite(numbers[0]) ? "gradient" : "loss";
    throw Diverged{"the training diverged: the " + what + at_step(settled.step) + " is not a finite number"};
}

void TrainingRun::record_step(const PendingStep& settled, double loss, double norm) {
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - std::max(settled.started, last_settled_)).count();
    last_settled_ = now;
    const TrainSettings& train = experiment_.train;
    const auto tokens = static_cast<double>(train.batch * train.accumulate * experiment_.model.context);
    const double memory = used_memory_bytes(device_.device);
    step_seconds_ = step_seconds_ == 0 ? seconds : time_smoothing * step_seconds_ + (1 - time_smoothing) * seconds;
    progress_.tokens_per_second = tokens / step_seconds_;
    progress_.memory_bytes = memory;
    emit(ScalarRecorded{settled.step, "train/loss", loss});
    emit(ScalarRecorded{settled.step, "train/lr", learning_rate(settled.step, train)});
    emit(ScalarRecorded{settled.step, "train/grad_norm", norm});
    emit(ScalarRecorded{settled.step, "train/tokens_per_second", tokens / seconds});
    emit(ScalarRecorded{settled.step, "train/memory_bytes", memory});
    show("training");
}

void TrainingRun::record_frames(StepFrames frames) {
    if (frames.routing) emit(std::move(*frames.routing));
    if (frames.details) emit(std::move(*frames.details));
    emit(std::move(frames.depth));
}

/// What is due once the update of `step_` is recorded. What a stop cut short is made up for on resume.
void TrainingRun::work_after_update() {
    if (evaluation_due() && !validation_loss_) {
        evaluate();
        if (!validation_loss_) return;
    }
    if (step_ == 0) return;
    if (sample_due()) {
        draw_samples();
        if (sample_due()) return;
    }
    if (due(experiment_.train.checkpoint_every) || step_ == experiment_.train.steps) save();
}

bool TrainingRun::evaluation_due() const {
    return step_ == 0 || step_ == experiment_.train.steps || due(experiment_.train.eval_every);
}

bool TrainingRun::sample_due() const {
    return due(experiment_.train.sample_every) && !prompts_.empty() && sampled_step_ != step_;
}

/// Whether a stop wants the work at this step to end. At the last step only a run that is thrown away does: the others
/// are finished then.
bool TrainingRun::cut_short() const {
    const StopRequest request = control_->stop_requested();
    return request == StopRequest::discard || (request != StopRequest::none && step_ < experiment_.train.steps);
}

void TrainingRun::evaluate() {
    show("evaluating");
    const Clock::time_point start = Clock::now();
    const auto goes_on = [this](std::int64_t done, std::int64_t total) { return done == total || !cut_short(); };
    const std::optional<double> loss = evaluation_loss(*decoder_, *validation_windows_, experiment_.train.eval_windows,
                                                       experiment_.train.batch, goes_on);
    if (!loss) return;
    evaluation_seconds_ = seconds_since(start);
    validation_loss_ = loss;
    emit(ScalarRecorded{step_, "val/loss", *loss});
    log_->line("validation loss" + at_step(step_) + ": " + std::to_string(*loss) + " nats per token");
    if (saved_step_ == step_) saved_losses_[step_] = loss;
    if (!std::isfinite(*loss))
        throw Diverged{"the training diverged: the validation loss" + at_step(step_) + " is not a finite number"};
}

/// Text at every prompt, a function of (seed, step). Samples that a stop cut short are made up for on resume.
void TrainingRun::draw_samples() {
    show("drawing samples");
    SampleSettings settings;
    settings.tokens = sample_tokens;
    settings.seed = child_key(random_key(static_cast<std::uint64_t>(experiment_.seed), "samples"),
                              static_cast<std::uint64_t>(step_));
    settings.cancelled = [this] { return cut_short(); };
    const std::vector<std::string> texts = draw_texts(*decoder_, *data_.tokenizer, prompts_, settings, nullptr);
    if (cut_short()) return;
    std::string whole;
    for (std::size_t i = 0; i < texts.size(); ++i)
        whole += (whole.empty() ? "" : sample_separator) + prompts_[i] + texts[i];
    write_file_safely(folder_.samples() / sample_name(step_), whole);
    for (std::size_t i = 0; i < texts.size(); ++i) emit(SampleDrawn{step_, prompts_[i], texts[i]});
    sampled_step_ = step_;
}

void TrainingRun::save() {
    if (saved_step_ == step_) return;
    show("saving a checkpoint");
    require_finite_parameters();
    TrainingState state{step_, validation_loss_, data_.sha256, environment(), origin_};
    const CheckpointSaved saved{step_, "checkpoints/" + checkpoint_name(step_)};
    save_checkpoint(folder_, *decoder_, *optimizer_, *data_.tokenizer, state, [&] {
        store_->write(saved);
        store_->commit();  // what the store lacks a resumed run would never write again
    });
    saved_step_ = step_;
    saved_losses_[step_] = validation_loss_;
    events_->push(saved);
    log_->line("checkpoint" + at_step(step_));
    prune_checkpoints();
}

void TrainingRun::prune_checkpoints() {
    std::vector<RatedCheckpoint> rated;
    for (const CheckpointFolder& checkpoint : list_checkpoints(folder_))
        rated.push_back({checkpoint, saved_losses_[checkpoint.step]});
    for (const CheckpointFolder& checkpoint : superfluous_checkpoints(rated, experiment_.train.checkpoint_keep)) {
        try {
            remove_checkpoint(checkpoint);
        } catch (const InputError& error) {  // one too many harms nothing
            log_->line(error.what());
        }
        saved_losses_.erase(checkpoint.step);
    }
}

void TrainingRun::require_finite_parameters() {
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> values;
    for (const Parameter& parameter : decoder_->parameters()) values.push_back(parameter.value.detach());
    if (std::isfinite(at::stack(at::_foreach_norm(values, 1)).sum().item<double>())) return;
    throw Diverged{"the training diverged: the parameters" + at_step(step_) + " are not finite numbers"};
}

RunEnded TrainingRun::stopped(StopRequest request) {
    settle();
    if (request == StopRequest::discard) {
        store_.reset();
        log_.reset();
        discard_run_folder(folder_);
        RunEnded over = ended(RunState::stopped, ExitCode::done, "the run was discarded" + at_step(step_));
        over.discarded = true;
        return over;
    }
    save();
    if (batch_dump_) batch_dump_->write(request_.dump_batches);
    if (request == StopRequest::interrupt)
        return ended(RunState::interrupted, ExitCode::interrupted,
                     "interrupted" + at_step(step_) + "; the checkpoint of this step is saved");
    return ended(RunState::stopped, ExitCode::done,
                 "stopped" + at_step(step_) + "; the checkpoint of this step is saved");
}

RunEnded TrainingRun::ended(RunState state, ExitCode code, std::string reason) const {
    RunEnded over;
    over.state = state;
    over.exit_code = code;
    over.reason = std::move(reason);
    over.step = step_;
    return over;
}

void TrainingRun::end(RunEnded over) noexcept {
    try {
        if (log_) log_->line(to_string(over.state) + (over.reason.empty() ? "" : ": " + over.reason));
        if (store_) {
            store_->write(over);
            store_->close();
        }
    } catch (const std::exception& error) {
        if (over.exit_code == ExitCode::done) {
            over.state = RunState::failed;
            over.exit_code = ExitCode::failed;
            over.reason = error.what();
        }
    }
    store_.reset();
    lock_.reset();
    steps_.reset();  // its graph is of this stream
    stream_.reset();
    computation_.reset();
    progress_.activity = to_string(over.state);
    progress_.seconds_left = 0;
    latest_->set(progress_);
    events_->push(std::move(over));
}

void TrainingRun::emit(RunEvent event) {
    store_->write(event);
    events_->push(std::move(event));
}

void TrainingRun::say(const std::string& text) {
    log_->line(text);
    emit(Message{text});
}

void TrainingRun::show(const std::string& activity) {
    const std::int64_t left = std::max<std::int64_t>(0, progress_.total_steps - step_);
    const std::int64_t every = experiment_.train.eval_every;
    progress_.step = step_;
    progress_.seconds_left = static_cast<double>(left) * step_seconds_;
    if (every > 0) progress_.seconds_left += static_cast<double>(left / every) * evaluation_seconds_;
    progress_.activity = activity;
    latest_->set(progress_);
}

}  // namespace wavlab
