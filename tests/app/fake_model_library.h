// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "model/model_library.h"

namespace wavlab {

/// A model library without a model: its runs make plausible numbers at a pace the test sets, write a real run folder,
/// and obey pause, step, checkpoint, evaluate and stop.
class FakeModelLibrary : public ModelLibrary {
public:
    /// Seconds that a step takes.
    double step_seconds = 0.002;
    /// Not zero: the loss is not a number at this step.
    std::int64_t diverges_at = 0;
    /// Called right before a new run's folder is made: what another process does in that moment.
    std::function<void(const std::filesystem::path& folder)> before_folder;
    /// Experiments that were timed, and those whose timing was cancelled.
    std::atomic<int> measured{0};
    std::atomic<int> cancelled{0};
    /// Seconds that a measurement takes.
    double measure_seconds = 0.01;
    /// Texts that were looked at, and the seconds that each takes. A text with a # does not fit.
    std::atomic<int> inspected{0};
    std::atomic<double> inspect_seconds{0};

    std::unique_ptr<Trainer> start_training(TrainRequest request) override;
    DeviceChoice choose_device(const std::string& device, std::int64_t threads) override;
    std::vector<std::string> devices() override { return {"auto", "cpu"}; }
    void write_initial_model(const Experiment& experiment, const std::filesystem::path& file) override;
    EvaluationResult evaluate(const EvaluateRequest& request) override;
    ProbeResult probe(const ProbeRequest& request) override;
    TokenRouting inspect(const InspectRequest& request) override;
    std::string sample(const SampleRequest& request, const std::function<void(const std::string&)>& on_text) override;
    StepTime measure_step(const Experiment& experiment, std::int64_t vocabulary, double limit_seconds,
                          std::stop_token stop) override;
    std::unique_ptr<BenchmarkModel> make_benchmark_model(const BenchmarkRequest&) override { return nullptr; }
    std::string torch_version() override { return "none"; }
    std::string cpu_capability() override { return "none"; }
};

}  // namespace wavlab
