// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model_library.h"

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/error.h"
#include "core/method.h"
#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "model/benchmark.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/evaluator.h"
#include "model/failure.h"
#include "model/inspector.h"
#include "model/memory_check.h"
#include "model/probe.h"
#include "model/sampler.h"
#include "model/step_timer.h"
#include "model/trainer.h"

namespace wavlab {

namespace {

class TorchLibrary : public ModelLibrary {
public:
    std::unique_ptr<Trainer> start_training(TrainRequest request) override {
        return std::make_unique<TrainerThread>(std::move(request));
    }

    DeviceChoice choose_device(const std::string& device, std::int64_t threads) override {
        return with_plain_errors([&] { return wavlab::choose_device(device, threads).choice; });
    }

    std::vector<std::string> devices() override {
        return with_plain_errors([] { return device_names(); });
    }

    void write_initial_model(const Experiment& experiment, const std::filesystem::path& file) override {
        with_plain_errors([&] {
            require_valid(experiment, "");
            const TokenData data = load_token_data(data_request(experiment), 0);
            const std::int64_t vocabulary = data.tokenizer->vocabulary_size();
            require_memory(estimate_cost(experiment, vocabulary).memory_bytes, available_memory_bytes(),
                           "this machine");
            const Decoder decoder(experiment, vocabulary, DecoderOptions{});
            write_model(file, decoder, *data.tokenizer, 0);
        });
    }

    EvaluationResult evaluate(const EvaluateRequest& request) override {
        return with_plain_errors([&] { return evaluate_checkpoint(request); });
    }

    ProbeResult probe(const ProbeRequest& request) override {
        return with_plain_errors([&] { return probe_checkpoint(request); });
    }

    TokenRouting inspect(const InspectRequest& request) override {
        return with_plain_errors([&] { return inspect_checkpoint(request); });
    }

    std::string sample(const SampleRequest& request, const std::function<void(const std::string&)>& on_text) override {
        return with_plain_errors([&] { return sample_checkpoint(request, on_text); });
    }

    StepTime measure_step(const Experiment& experiment, std::int64_t vocabulary, double limit_seconds,
                          std::stop_token stop) override {
        return with_plain_errors([&] { return time_steps(experiment, vocabulary, limit_seconds, stop); });
    }

    std::unique_ptr<BenchmarkModel> make_benchmark_model(const BenchmarkRequest& request) override {
        return wavlab::make_benchmark_model(request);
    }

    std::string torch_version() override { return TORCH_VERSION; }
    std::string cpu_capability() override { return at::get_cpu_capability(); }
};

}  // namespace

}  // namespace wavlab

extern "C" wavlab::ModelLibrary* wavlab_model_library() {
    static wavlab::TorchLibrary library;
    return &library;
}
