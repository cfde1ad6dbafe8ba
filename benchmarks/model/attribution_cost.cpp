// SPDX-License-Identifier: GPL-3.0-or-later
// What recording costs a training step, with and without attributions.
//   attribution_cost [ROUNDS]      default 40; the default experiment and 48 layers, method wav
// Each round takes a step that records nothing, one that records all but attributions and one that records all, in
// turn; ratios are taken within a round and their medians printed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <ATen/Parallel.h>

#include "datasets/token_sequence.h"
#include "model/optimizer.h"
#include "model/random.h"
#include "model/recorder.h"
#include "model/token_windows.h"
#include "model/training_step.h"

namespace {

using namespace wavlab;

class WithoutAttributions : public Recorder {
public:
    using Recorder::Recorder;
    Attribution attribution() const override { return Attribution::none; }
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void measure(std::int64_t layers, int rounds) {
    Experiment experiment;
    experiment.model.method = "wav";
    experiment.model.layers = layers;
    experiment.train.device = "cpu";
    constexpr std::int64_t vocabulary = 65;
    const Decoder decoder(experiment, vocabulary, {});
    AdamW optimizer(decoder.parameters(), experiment.train);
    TokenSequence text(vocabulary);
    for (std::uint64_t i = 0; i < 10'000; ++i)
        text.push_back(static_cast<std::int32_t>(random_bits(0, i) % std::uint64_t{vocabulary}));
    const TokenWindows windows(text, experiment.model.context, at::kCPU);
    TrainingStep steps(decoder, optimizer, windows);
    std::int64_t step = 0;
    const auto seconds = [&](Recorder* recorder) {
        const auto start = std::chrono::steady_clock::now();
        const StepGradient gradient = steps.gradient(++step, recorder);
        if (recorder) (void)recorder->take(step, optimizer.slots(), gradient.norms);
        steps.update(step, gradient);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    WithoutAttributions without(decoder);
    Recorder with(decoder);
    std::vector<double> plain, recorded, attributed;
    for (int round = -2; round < rounds; ++round) {  // the first ones warm up
        const double nothing = seconds(nullptr), most = seconds(&without), all = seconds(&with);
        if (round < 0) continue;
        plain.push_back(nothing);
        recorded.push_back(most / nothing);
        attributed.push_back(all / most);
    }
    std::printf("%lld layers: %.3f s a step; recording it x %.3f; attributions on top x %.4f (every %lld steps)\n",
                static_cast<long long>(layers), median(plain), median(recorded), median(attributed),
                static_cast<long long>(experiment.train.record_every));
    std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
    const int rounds = argument_count > 1 ? std::atoi(arguments[1]) : 40;
    at::set_num_threads(2);
    for (const std::int64_t layers : {Experiment().model.layers, std::int64_t{48}})
        measure(layers, std::max(1, rounds));
}
