// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/benchmark.h"
#include "core/event_queue.h"
#include "core/experiment.h"
#include "core/probe.h"
#include "core/run_control.h"
#include "core/run_event.h"
#include "core/token_routing.h"

namespace wavlab {

/// What a trainer is to do.
struct TrainRequest {
    Experiment experiment;             ///< of a new run; a resumed one reads its own
    std::filesystem::path run_folder;  ///< a new run's must not exist or be empty
    /// New run only: where another process takes the folder's name first, the next free one beside it is taken
    /// (new_run_path); RunStarted says which.
    bool next_free_name = false;
    bool resume = false;
    std::optional<std::int64_t> total_steps;  ///< resume only: a new number of steps (the record says so)
    /// New run only: the model file (model.safetensors) whose weights it begins with; empty: those of its seed.
    /// Optimizer and data begin anew. Method, layers, width, heads, mlp_hidden, tensors and vocabulary must be the
    /// experiment's. The run gets a checkpoint of step 0, so that it needs the file no more once its folder is there.
    std::filesystem::path from;
    std::filesystem::path dump_batches;  ///< debugging: writes every step's tokens here at the end; empty: no
};

/// A run on a thread of its own, which alone touches tensors and the GPU. All members may be called from any thread.
class Trainer {
public:
    /// Asks the run to stop (keeping it) and waits for the thread.
    virtual ~Trainer() = default;

    virtual RunControl& control() = 0;
    /// Lossless and in order; the last event is RunEnded. Errors arrive as RunEnded, nothing is thrown.
    virtual EventQueue<RunEvent>& events() = 0;
    virtual RunProgress progress() const = 0;
};

/// Which device an experiment runs on.
struct DeviceChoice {
    std::string name;    ///< "cpu", "cuda:0"
    std::string title;   ///< "CPU, 2 threads", "NVIDIA H100 80GB HBM3"
    std::string reason;  ///< why; a sentence for the user
};

/// What to evaluate, and on which text. It may be done on any thread, also while a run of this process trains: it
/// changes no bit of that run, and only takes time from it.
struct EvaluateRequest {
    std::filesystem::path checkpoint;   ///< the model.safetensors file
    std::filesystem::path text;         ///< empty: the validation part of the checkpoint's dataset
    std::filesystem::path base_folder;  ///< where relative dataset paths start
    std::optional<std::int64_t> windows;
    std::filesystem::path dump;  ///< safetensors as in design §5; empty: none
    bool gradients = false;      ///< debugging: the dump also holds gradient.{parameter}
    std::string device = "auto";
    std::stop_token stop;  ///< asked between batches; an evaluation that was stopped writes no dump
    /// Called on the same thread with the windows done and their number; may be null.
    std::function<void(std::int64_t done, std::int64_t total)> on_progress;
};

struct EvaluationResult {
    double loss = 0;  ///< nats per token
    std::int64_t windows = 0;
    std::int64_t tokens = 0;
    /// What the predicted tokens stand for, in characters and bytes of UTF-8; 0 where they do not give the text back.
    std::int64_t characters = 0, bytes = 0;
    std::int64_t step = 0;  ///< of the checkpoint
    std::string source;     ///< what text it was
    std::string device;
    bool cancelled = false;  ///< the request's `stop` came first: there is no loss
};

/// What text to draw. As with EvaluateRequest, on any thread and beside a run.
struct SampleRequest {
    std::filesystem::path checkpoint;
    std::string prompt;
    std::int64_t tokens = 200;
    std::uint64_t seed = 1;
    double temperature = 1.0;  ///< 0: always the likeliest token
    std::int64_t top_k = 0;    ///< draws among the so many likeliest tokens; 0: among all
    std::string device = "auto";
    std::stop_token stop;  ///< asked before each token
};

/// What to probe. As with EvaluateRequest, on any thread and beside a run.
struct ProbeRequest {
    std::filesystem::path checkpoint;     ///< the model.safetensors file
    std::filesystem::path text;           ///< empty: the validation part of the checkpoint's dataset
    std::filesystem::path base_folder;    ///< where relative dataset paths start
    std::optional<std::int64_t> windows;  ///< those of an evaluation; empty: the experiment's eval_windows
    bool cells = true;                    ///< every source at every router; else only the families
    std::int64_t bands = 3;               ///< of depth, for the families, beside all of it
    std::string device = "auto";
    std::stop_token stop;  ///< asked between forward passes
    /// Called on the same thread with the work done and all of it, in forward passes; may be null.
    std::function<void(std::int64_t done, std::int64_t total)> on_progress;
};

/// Which tokens to look at. As with EvaluateRequest, on any thread and beside a run.
struct InspectRequest {
    std::filesystem::path checkpoint;
    std::filesystem::path base_folder;
    std::string text;         ///< UTF-8, of at most `context` tokens; empty: a window of the validation part
    std::int64_t window = 0;  ///< which of an evaluation's windows, from 0
    std::int64_t next_tokens = 5;
    std::string device = "auto";
};

/// How long a step of an experiment takes here, measured by a few real steps.
struct StepTime {
    double seconds_per_step = 0;
    double seconds_per_evaluation = 0;
    int measured_steps = 0;
};

/// A model for `wavlab bench`, with weights of step 0 and made-up tokens.
struct BenchmarkRequest {
    Experiment experiment;  ///< valid, with a device that is there; its dataset does not matter
    std::int64_t vocabulary = 65;
    bool fused = true;  ///< by the fused pass, which must cover the model
};

class BenchmarkModel : public Contestant {
public:
    /// Writes the weights, as `wavlab init` does, and the tokens of the first `steps` steps, `tokens.N` and `targets.N`.
    /// To be called before the first step.
    virtual void write_start(const std::filesystem::path& model, const std::filesystem::path& batches,
                             std::int64_t steps) const = 0;
};

/// Everything the program wants of the model side, without LibTorch in any header. It lives in a shared module that is
/// loaded on first use (see app/model_loader.h). All functions throw InputError or WorkError.
class ModelLibrary {
public:
    virtual ~ModelLibrary() = default;

    /// Starts a run on its own thread and returns at once; problems arrive as RunEnded.
    virtual std::unique_ptr<Trainer> start_training(TrainRequest request) = 0;
    /// `device` as in the experiment file: auto, cpu, cuda, cuda:N. Throws InputError when there is no such device.
    virtual DeviceChoice choose_device(const std::string& device, std::int64_t threads) = 0;
    /// Devices that can be chosen: "auto", "cpu", "cuda:0", ...
    virtual std::vector<std::string> devices() = 0;
    /// Writes the model at step 0.
    virtual void write_initial_model(const Experiment& experiment, const std::filesystem::path& file) = 0;
    virtual EvaluationResult evaluate(const EvaluateRequest& request) = 0;
    /// Throws InputError for a model without routing.
    virtual ProbeResult probe(const ProbeRequest& request) = 0;
    /// Throws InputError for a model without routing and for a text that does not fit it.
    virtual TokenRouting inspect(const InspectRequest& request) = 0;
    /// The prompt and what the model makes of it, up to where `stop` came; `on_text` (may be null) gets each piece as
    /// it comes, on the same thread.
    virtual std::string sample(const SampleRequest& request,
                               const std::function<void(const std::string&)>& on_text) = 0;
    /// Times a few real steps on made-up tokens (at most about `limit_seconds`).
    virtual StepTime measure_step(const Experiment& experiment, std::int64_t vocabulary, double limit_seconds,
                                  std::stop_token stop) = 0;
    /// What the library itself needs at its first step has been made by then. Throws OutOfMemory and
    /// NoFusedImplementation.
    virtual std::unique_ptr<BenchmarkModel> make_benchmark_model(const BenchmarkRequest& request) = 0;
    /// "2.11.0+cu130".
    virtual std::string torch_version() = 0;
    virtual std::string cpu_capability() = 0;
};

}  // namespace wavlab

/// The one symbol that the program looks up in the module.
extern "C" wavlab::ModelLibrary* wavlab_model_library();
