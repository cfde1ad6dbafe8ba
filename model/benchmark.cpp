// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/benchmark.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/method.h"
#include "datasets/char_tokenizer.h"
#include "model/batch_dump.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/failure.h"
#include "model/fused_memory.h"
#include "model/measured_model.h"
#include "model/memory_check.h"

namespace wavlab {

namespace {

using Clock = std::chrono::steady_clock;

/// As with_plain_errors, but what leaves a model out of a comparison stays what it is.
template <class Work>
auto with_benchmark_errors(Work work) {
    try {
        return work();
    } catch (const OutOfMemory&) {
        throw;
    } catch (const NoFusedImplementation&) {
        throw;
    } catch (const c10::OutOfMemoryError&) {
        throw OutOfMemory("the GPU's memory ran out");
    } catch (...) {
        const Failure failure = describe_failure();
        if (failure.code == ExitCode::bad_input) throw InputError(failure.sentence);
        throw WorkError(failure.sentence);
    }
}

/// Characters enough for a vocabulary, in the order of their code points.
CharTokenizer made_up_tokenizer(std::int64_t vocabulary) {
    constexpr std::int64_t first = 0x21;
    nlohmann::json points = nlohmann::json::array();
    for (std::int64_t token = 0; token < vocabulary; ++token) points.push_back(first + token);
    return CharTokenizer::from_vocabulary(points);
}

double memory_in_use(at::Device device) {
    if (device.is_cpu()) {
        restart_resident_peak();
        return resident_memory_bytes();
    }
    synchronize(device);
    forget_used_memory(device);  // the most is then what there is now
    return used_memory_bytes(device);
}

DecoderOptions options_of(const BenchmarkRequest& request, at::Device device) {
    DecoderOptions options = measured_options(request.experiment, device);
    options.fused = request.fused;
    return options;
}

class TimedModel : public BenchmarkModel {
public:
    TimedModel(const BenchmarkRequest& request, at::Device device)
        : device_(device),
          computation_(request.experiment.train, device),
          before_(memory_in_use(device)),
          model_(request.experiment, request.vocabulary, options_of(request, device)) {
        const std::string& obstacle = model_.decoder().fused_obstacle();
        if (request.fused && !obstacle.empty()) throw NoFusedImplementation(obstacle);
    }

    StepFinding check_step() override {
        return with_benchmark_errors([&] {
            const OwnStream stream(device_);
            const std::vector<double> numbers = HostCopy(model_.step().numbers()).wait();
            return StepFinding{numbers[0], numbers[1]};
        });
    }

    double time_steps(std::int64_t steps) override {
        return with_benchmark_errors([&] {
            const OwnStream stream(device_);  // the same every time: a graph is of one stream
            if (!device_.is_cpu())
                for (; warm_steps_ < model_.warm_up_steps(); ++warm_steps_) model_.train();
            synchronize(device_);
            const Clock::time_point start = Clock::now();
            for (std::int64_t step = 0; step < steps; ++step) model_.train();
            synchronize(device_);
            return std::chrono::duration<double>(Clock::now() - start).count();
        });
    }

    double step_memory() override {
        return with_benchmark_errors([&] {
            const OwnStream stream(device_);
            (void)memory_in_use(device_);
            (void)model_.step();
            synchronize(device_);
            return std::max(0.0, (device_.is_cpu() ? resident_peak_bytes() : used_memory_bytes(device_)) - before_);
        });
    }

    void relax() override {
        if (!device_.is_cpu()) release_unused_memory();
    }

    std::string remark() const override {
        if (device_.is_cpu()) return {};
        const std::string& lost = model_.lost_graph();
        return (model_.decoder().fused_obstacle().empty() ? model_.decoder().fused_description() : "plain operations") +
               (lost.empty() ? ", steps replayed from a CUDA graph" : ", no CUDA graph: " + lost);
    }

    void write_start(const std::filesystem::path& model, const std::filesystem::path& batches,
                     std::int64_t steps) const override {
        with_benchmark_errors([&] {
            write_model(model, model_.decoder(), made_up_tokenizer(model_.decoder().vocabulary()), 0);
            BatchDump dump;
            for (std::int64_t step = 1; step <= steps; ++step) dump.add(step, model_.batch(step));
            dump.write(batches);
        });
    }

private:
    /// What a model leaves with the allocator of a GPU, other processes can have: PyTorch's models are in one.
    struct Return {
        at::Device device;
        ~Return() {
            if (!device.is_cpu()) release_unused_memory();
        }
    };

    at::Device device_;
    Return return_{device_};  // after the model, so before it here
    ComputationHold computation_;
    double before_;
    MeasuredModel model_;
    std::int64_t warm_steps_ = 0;
};

double memory_needed(const BenchmarkRequest& request, at::Device device) {
    if (request.fused && device.is_cpu())
        return fused_memory_bytes(request.experiment, request.vocabulary,
                                  thread_count(request.experiment.train.threads));
    return training_memory_bytes(request.experiment, request.vocabulary, device, request.fused);
}

void require_room(const BenchmarkRequest& request, at::Device device) {
    const double needed = memory_needed(request, device);
    const std::optional<double> free = free_memory_bytes(device);
    if (free && needed > *free)
        throw OutOfMemory("it needs about " + memory_text(needed) + " of memory and " + memory_place(device) + " has " +
                          memory_text(*free) + " free");
}

}  // namespace

std::unique_ptr<BenchmarkModel> make_benchmark_model(const BenchmarkRequest& request) {
    return with_benchmark_errors([&]() -> std::unique_ptr<BenchmarkModel> {
        require_valid(request.experiment, "");
        const TrainSettings& train = request.experiment.train;
        const at::Device device = choose_device(train.device, train.threads).device;
        BenchmarkRequest one_layer = request;
        one_layer.experiment.model.layers = 1;
        require_room(one_layer, device);
        {
            TimedModel small(one_layer, device);  // that there is no fused pass is found before a large one is made
            require_room(request, device);
            (void)small.time_steps(1);
        }
        return std::make_unique<TimedModel>(request, device);
    });
}

}  // namespace wavlab
