// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/measured_model.h"

#include <ATen/ATen.h>

#include "model/data_order.h"
#include "model/random.h"

namespace wavlab {

namespace {

TokenSequence made_up_text(std::int64_t vocabulary, std::int64_t context) {
    TokenSequence text(vocabulary);
    for (std::int64_t i = 0; i < 4 * (context + 1); ++i)
        text.push_back(static_cast<std::int32_t>(random_bits(0, static_cast<std::uint64_t>(i)) %
                                                 static_cast<std::uint64_t>(vocabulary)));
    return text;
}

}  // namespace

MeasuredModel::MeasuredModel(const Experiment& experiment, std::int64_t vocabulary, const DecoderOptions& options)
    : decoder_(experiment, vocabulary, options),
      optimizer_(decoder_.parameters(), experiment.train),
      text_(made_up_text(vocabulary, experiment.model.context)),
      windows_(text_, experiment.model.context, options.device),
      steps_(decoder_, optimizer_, windows_) {
    steps_.on_graph_lost = [this](const std::string& reason) { lost_graph_ = reason; };
    if (steps_.graph_obstacle().empty()) steps_.replay_from(make_step_graph(options.device));
}

void MeasuredModel::train() { (void)steps_.make(++done_); }

std::int64_t MeasuredModel::warm_up_steps() const {
    return steps_.graph_obstacle().empty() ? TrainingStep::warm_up_steps + 1 : 1;  // and the one that is captured
}

StepGradient MeasuredModel::step() {
    StepGradient gradient = steps_.gradient(++done_, nullptr);
    steps_.update(done_, gradient);
    return gradient;
}

TokenBatch MeasuredModel::batch(std::int64_t step) const {
    const Experiment& experiment = decoder_.experiment();
    return windows_.batch(window_starts(static_cast<std::uint64_t>(experiment.seed), step, 0, experiment.train.batch,
                                        windows_.size(), experiment.model.context));
}

DecoderOptions measured_options(const Experiment& experiment, at::Device device) {
    DecoderOptions options;
    options.device = device;
    options.compute_type = experiment.train.precision == "bf16" ? at::kBFloat16 : at::kFloat;
    return options;
}

}  // namespace wavlab
