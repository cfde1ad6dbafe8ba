// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/training_step.h"

#include <ATen/ATen.h>

#include "model/data_order.h"
#include "model/schedule.h"

namespace wavlab {

TrainingStep::TrainingStep(const Decoder& decoder, AdamW& optimizer, const TokenWindows& windows)
    : decoder_(&decoder),
      optimizer_(&optimizer),
      windows_(&windows),
      blocked_(at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(decoder.options().device))) {}

StepGradient TrainingStep::gradient(std::int64_t step, ForwardObserver* observer) {
    const Experiment& experiment = decoder_->experiment();
    const TrainSettings& train = experiment.train;
    const auto seed = static_cast<std::uint64_t>(experiment.seed);
    optimizer_->clear_gradients();
    StepGradient result;
    for (std::int64_t microbatch = 0; microbatch < train.accumulate; ++microbatch) {
        const TokenBatch batch = windows_->batch(
            window_starts(seed, step, microbatch, train.batch, windows_->size(), experiment.model.context));
        if (on_batch) on_batch(step, batch);
        ForwardContext context;
        context.training = true;
        context.seed = seed;
        context.step = step;
        context.microbatch = microbatch;
        context.observer = microbatch == 0 ? observer : nullptr;
        at::Tensor loss = decoder_->loss(batch.tokens, batch.targets, context);
        if (train.accumulate > 1) loss = loss / static_cast<double>(train.accumulate);
        loss.backward();
        const at::Tensor part = loss.detach().to(at::kFloat);
        result.loss = result.loss.defined() ? result.loss + part : part;
    }
    result.norms = optimizer_->gradient_norms();
    result.norm = at::linalg_vector_norm(result.norms);
    return result;
}

void TrainingStep::update(std::int64_t step, const StepGradient& gradient) {
    const at::NoGradGuard no_gradient;
    const at::Tensor finite = at::isfinite(gradient.loss).logical_and(at::isfinite(gradient.norm));
    blocked_ = at::maximum(blocked_, finite.logical_not().to(at::kFloat));
    optimizer_->step(step, learning_rate(step, decoder_->experiment().train), gradient.norm, blocked_);
}

}  // namespace wavlab
