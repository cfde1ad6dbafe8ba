// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/step_timer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/method.h"
#include "model/decoder.h"
#include "model/device.h"
#include "model/fused_memory.h"
#include "model/measured_model.h"
#include "model/memory_check.h"
#include "model/token_windows.h"

namespace wavlab {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t most_steps = 10;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One batch through the model without gradient, scaled up to all windows of an evaluation.
double time_evaluation(const Decoder& decoder, const TokenWindows& windows) {
    const at::NoGradGuard no_gradient;
    const TrainSettings& train = decoder.experiment().train;
    const std::vector<std::int64_t> starts(static_cast<std::size_t>(train.batch), 0);
    const TokenBatch batch = windows.batch(starts);
    const Clock::time_point start = Clock::now();
    ForwardContext context;
    (void)HostCopy(decoder.loss(batch.tokens, batch.targets, context).to(at::kFloat)).wait();
    return seconds_since(start) * static_cast<double>(train.eval_windows) / static_cast<double>(train.batch);
}

}  // namespace

StepTime time_steps(const Experiment& experiment, std::int64_t vocabulary, double limit_seconds, std::stop_token stop) {
    require_valid(experiment, "");
    const Clock::time_point begin = Clock::now();
    const at::Device device = choose_device(experiment.train.device, experiment.train.threads).device;
    at::set_num_threads(thread_count(experiment.train.threads));  // and nothing that a run beside would notice
    const auto require_room = [&](bool fused) {
        require_memory(training_memory_bytes(experiment, vocabulary, device, fused), free_memory_bytes(device),
                       memory_place(device));
    };
    require_room(!device.is_cpu());
    StepTime result;
    if (stop.stop_requested()) return result;
    const OwnStream stream(device);
    MeasuredModel model(experiment, vocabulary, measured_options(experiment, device));
    if (!device.is_cpu() && !model.decoder().fused_obstacle().empty()) require_room(false);
    const std::int64_t warm_up_steps = model.warm_up_steps();
    double total = 0;
    for (std::int64_t step = 0; step < warm_up_steps + most_steps && !stop.stop_requested(); ++step) {
        const Clock::time_point start = Clock::now();
        model.train();
        synchronize(device);
        const double seconds = seconds_since(start);
        const bool warm_up = step < warm_up_steps && seconds_since(begin) + seconds < limit_seconds;
        if (!warm_up) {
            total += seconds;
            ++result.measured_steps;
        }
        if (seconds_since(begin) + seconds > limit_seconds) break;
    }
    if (result.measured_steps == 0) return result;
    result.seconds_per_step = total / result.measured_steps;
    if (!stop.stop_requested()) result.seconds_per_evaluation = time_evaluation(model.decoder(), model.windows());
    return result;
}

}  // namespace wavlab
