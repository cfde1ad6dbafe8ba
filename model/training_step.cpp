// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/training_step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "model/data_order.h"
#include "model/failure.h"
#include "model/schedule.h"

namespace wavlab {

at::Tensor StepGradient::numbers() const { return at::stack({loss, norm}); }

TrainingStep::TrainingStep(const Decoder& decoder, AdamW& optimizer, const TokenWindows& windows)
    : decoder_(&decoder), optimizer_(&optimizer), windows_(&windows) {
    const TrainSettings& train = decoder.experiment().train;
    const at::TensorOptions there(decoder.options().device);
    starts_ = at::zeros({train.accumulate, train.batch}, there.dtype(at::kLong));
    blocked_ = at::zeros({}, there.dtype(at::kFloat));
}

std::string TrainingStep::graph_obstacle() const {
    const Experiment& experiment = decoder_->experiment();
    if (experiment.train.deterministic) return "the run is deterministic";
    if (experiment.model.dropout > 0) return "dropout draws other numbers at every step";
    if (experiment.train.record_every == 1) return "every step is recorded";
    if (on_batch) return "the batches are written to a file";
    if (!decoder_->options().device.is_cuda()) return "only GPUs have such graphs";
    return "";
}

void TrainingStep::replay_from(std::unique_ptr<StepGraph> graph) {
    graph_ = std::move(graph);
    captured_ = false;
    warm_up_left_ = warm_up_steps;
}

at::Tensor TrainingStep::make(std::int64_t step) {
    choose_windows(step);
    optimizer_->prepare(step, learning_rate(step, decoder_->experiment().train));
    if (!replay()) make_prepared(step);
    return numbers_;
}

StepGradient TrainingStep::gradient(std::int64_t step, ForwardObserver* observer) {
    choose_windows(step);
    return gradient_of_windows(step, observer);
}

void TrainingStep::update(std::int64_t step, const StepGradient& gradient) {
    optimizer_->prepare(step, learning_rate(step, decoder_->experiment().train));
    update_prepared(gradient);
}

void TrainingStep::choose_windows(std::int64_t step) {
    const Experiment& experiment = decoder_->experiment();
    const TrainSettings& train = experiment.train;
    const auto wanted = at::TensorOptions().dtype(at::kLong).pinned_memory(!starts_.is_cpu());
    at::Tensor host = at::empty(starts_.sizes(), wanted);
    std::int64_t* next = host.mutable_data_ptr<std::int64_t>();
    for (std::int64_t microbatch = 0; microbatch < train.accumulate; ++microbatch) {
        const std::vector<std::int64_t> starts =
            window_starts(static_cast<std::uint64_t>(experiment.seed), step, microbatch, train.batch, windows_->size(),
                          experiment.model.context);
        next = std::copy(starts.begin(), starts.end(), next);
    }
    starts_.copy_(host, /*non_blocking=*/true);
}

StepGradient TrainingStep::gradient_of_windows(std::int64_t step, ForwardObserver* observer) {
    const Experiment& experiment = decoder_->experiment();
    const std::int64_t microbatches = experiment.train.accumulate;
    optimizer_->clear_gradients();
    StepGradient result;
    for (std::int64_t microbatch = 0; microbatch < microbatches; ++microbatch) {
        const TokenBatch batch = windows_->batch(starts_.select(0, microbatch));
        if (on_batch) on_batch(step, batch);
        ForwardContext context;
        context.training = true;
        context.seed = static_cast<std::uint64_t>(experiment.seed);
        context.step = step;
        context.microbatch = microbatch;
        context.observer = microbatch == 0 ? observer : nullptr;
        at::Tensor loss = decoder_->loss(batch.tokens, batch.targets, context);
        if (microbatches > 1) loss = loss / static_cast<double>(microbatches);
        loss.backward();
        const at::Tensor part = loss.detach().to(at::kFloat);
        result.loss = result.loss.defined() ? result.loss + part : part;
    }
    result.norms = optimizer_->gradient_norms();
    result.norm = at::linalg_vector_norm(result.norms);
    return result;
}

void TrainingStep::update_prepared(const StepGradient& gradient) {
    const at::NoGradGuard no_gradient;
    const at::Tensor finite = at::isfinite(gradient.loss).logical_and(at::isfinite(gradient.norm));
    blocked_.copy_(at::maximum(blocked_, finite.logical_not().to(at::kFloat)));
    optimizer_->step(gradient.norm, blocked_);
}

/// The step of the windows and the update that were prepared: what a graph captures.
void TrainingStep::make_prepared(std::int64_t step) {
    const StepGradient gradient = gradient_of_windows(step, nullptr);
    numbers_ = gradient.numbers();
    update_prepared(gradient);
}

/// Makes the prepared step from the graph, where there is one. False: it is still to be made.
bool TrainingStep::replay() {
    if (!graph_ || warm_up_left_-- > 0) return false;
    warm_up_left_ = 0;
    try {
        if (!captured_) capture();
        graph_->replay();
        return true;
    } catch (...) {
        const std::string reason = describe_failure().sentence;
        numbers_.reset();
        optimizer_->clear_gradients();
        graph_.reset();
        if (on_graph_lost) on_graph_lost(reason);
        return false;
    }
}

/// What the step leaves in the graph's memory is of no use to ordinary steps.
void TrainingStep::capture() {
    numbers_.reset();
    optimizer_->clear_gradients();
    graph_->capture([this] { make_prepared(0); });  // nothing in it depends on the step's number: see graph_obstacle
    optimizer_->clear_gradients();
    captured_ = true;
}

}  // namespace wavlab
