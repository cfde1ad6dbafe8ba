// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/fake_model_library.h"

#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <thread>

#include "core/block_layout.h"
#include "core/method.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/safetensors.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

class FakeTrainer : public Trainer {
public:
    FakeTrainer(TrainRequest request, double step_seconds, std::int64_t diverges_at,
                std::function<void(const fs::path&)> before_folder)
        : request_(std::move(request)),
          before_folder_(std::move(before_folder)),
          step_seconds_(step_seconds),
          diverges_at_(diverges_at),
          thread_([this] { run(); }) {}
    ~FakeTrainer() override {
        control_.stop(StopRequest::keep);
        thread_.join();
    }

    RunControl& control() override { return control_; }
    EventQueue<RunEvent>& events() override { return events_; }
    RunProgress progress() const override { return progress_.get(); }

private:
    void tell(RunEvent event) {
        if (store_) store_->write(event);
        events_.push(std::move(event));
    }

    void run() {
        RunEnded end;
        try {
            prepare();
            end = train();
        } catch (const std::exception& error) {
            end.state = RunState::failed;
            end.exit_code = ExitCode::failed;
            end.reason = error.what();
        }
        if (store_) {
            store_->write(end);
            store_->close();
        }
        store_.reset();
        lock_.reset();
        if (end.discarded) fs::remove_all(request_.run_folder);
        events_.push(end);
    }

    void prepare() {
        RunFolder folder{request_.run_folder};
        if (request_.resume) {
            request_.experiment = load_experiment(folder.experiment());
            for (const CheckpointFolder& saved : list_checkpoints(folder)) step_ = saved.step;
        } else {
            if (before_folder_) before_folder_(folder.path);
            if (fs::exists(folder.path)) {
                if (!request_.next_free_name) throw InputError(folder.path.string() + ": the folder is not empty");
                folder.path = request_.run_folder = new_run_path(folder.path.parent_path(), request_.experiment.name);
            }
            fs::create_directories(folder.checkpoints());
            write_file_safely(folder.experiment(), to_toml(request_.experiment));
        }
        lock_.emplace(folder);
        store_ = std::make_unique<RunStoreWriter>(folder.store());
        layout_ = routing_layout(request_.experiment);
        RunStarted started;
        started.folder = request_.run_folder.string();
        started.first_step = step_;
        started.total_steps = request_.experiment.train.steps;
        RunDescription& about = started.description;
        about.experiment = to_toml(request_.experiment);
        about.device = "cpu";
        about.threads = 2;
        about.routing = layout_;
        about.validation_floor = 0.2;
        about.unigram_entropy = 2.8;
        about.started_at = "2026-01-01T00:00:00Z";
        if (!request_.from.empty()) {
            const fs::path checkpoint = request_.from.parent_path();  // RUN/checkpoints/step-00000020
            about.origin = RunOrigin{checkpoint.parent_path().parent_path().filename().string(),
                                     std::stoll(checkpoint.filename().string().substr(5)), std::string(64, '0')};
        }
        tell(started);
        if (step_ == 0) {
            evaluate();
            record();
        }
    }

    RunEnded train() {
        const TrainSettings& train = request_.experiment.train;
        RunEnded end;
        while (step_ < train.steps) {
            const RunControl::Orders orders = control_.next([this] {
                tell(StateChanged{RunState::paused});
                paused_ = true;
            });
            if (orders.stop == StopRequest::discard) {
                end.discarded = true;
                end.state = RunState::stopped;
                return end;
            }
            if (orders.stop != StopRequest::none) {
                checkpoint();
                end.state = orders.stop == StopRequest::interrupt ? RunState::interrupted : RunState::stopped;
                end.exit_code = orders.stop == StopRequest::interrupt ? ExitCode::interrupted : ExitCode::done;
                end.reason = "stopped by the user";
                end.step = step_;
                return end;
            }
            if (orders.evaluate) evaluate();
            if (orders.train) {
                if (paused_ && !control_.paused()) tell(StateChanged{RunState::running});
                paused_ = paused_ && control_.paused();
                update();
                if (step_ == diverges_at_) {
                    end.state = RunState::diverged;
                    end.exit_code = ExitCode::diverged;
                    end.reason = "the loss is not finite at step " + std::to_string(step_);
                    end.step = step_;
                    return end;
                }
            }
            if (orders.checkpoint ||
                (orders.train && train.checkpoint_every > 0 && step_ % train.checkpoint_every == 0))
                checkpoint();
        }
        checkpoint();
        end.step = step_;
        return end;
    }

    void update() {
        std::this_thread::sleep_for(std::chrono::duration<double>(step_seconds_));
        ++step_;
        const double loss =
            step_ == diverges_at_ ? std::numeric_limits<double>::quiet_NaN() : 0.5 + 3.5 / std::sqrt(double(step_));
        const double speed = 1024.0 / std::max(step_seconds_, 1e-4);
        for (const auto& [name, value] : {std::pair{"train/loss", loss},
                                          {"train/lr", 1e-3},
                                          {"train/grad_norm", 1.0},
                                          {"train/tokens_per_second", speed}})
            tell(ScalarRecorded{step_, name, value});
        const TrainSettings& train = request_.experiment.train;
        if (train.record_every > 0 && step_ % train.record_every == 0) record();
        if (train.eval_every > 0 && step_ % train.eval_every == 0) evaluate();
        progress_.set({step_, train.steps, speed, double(train.steps - step_) * step_seconds_, 4e8, "training"});
    }

    void evaluate() { tell(ScalarRecorded{step_, "val/loss", 0.6 + 3.5 / std::sqrt(double(step_ + 1))}); }

    void record() {
        if (layout_.empty()) return;
        const std::size_t routers = layout_.routers.size();
        RoutingFrame routing;
        routing.step = step_;
        for (const auto& sources : layout_.routers)
            for (std::size_t i = 0; i < sources.size(); ++i) {
                routing.weight.push_back(1.0f / float(sources.size()));
                routing.weight_spread.push_back(0.01f);
                routing.contribution.push_back(0.5f);
            }
        routing.entropy.assign(routers, 1.0f);
        routing.effective_sources.assign(routers, 2.7f);
        routing.query_norm.assign(routers, 0.1f);
        tell(routing);
        DetailFrame details;
        details.step = step_;
        constexpr std::size_t blocks = 4;
        for (auto* values : {&details.summary_rms, &details.phase_rms, &details.split_rms, &details.phase_matched_rms,
                             &details.split_matched_rms, &details.phase_scale, &details.split_scale,
                             &details.phase_cosine, &details.split_cosine})
            values->assign(blocks, 0.5f + 0.001f * float(step_));
        details.phase_bias.assign(routers, -2.0f);
        details.split_bias.assign(routers, -2.0f);
        tell(details);
        DepthFrame depth;
        depth.step = step_;
        depth.state_rms.assign(routers, 1.0f);
        depth.update_rms.assign(routers - 1, 0.3f);
        depth.gradient_norm.assign(routers - 1, 0.1f);
        tell(depth);
    }

    void checkpoint() {
        const fs::path folder = RunFolder{request_.run_folder}.checkpoints() / checkpoint_name(step_);
        store_->commit();
        fs::create_directories(folder);
        const std::array<float, 2> values = {3, static_cast<float>(step_)};
        for (const char* file : {"model.safetensors", "state.safetensors"})
            write_safetensors(folder / file, {{"a.weight", TensorType::f32, {2}, std::as_bytes(std::span(values))}},
                              {});
        tell(CheckpointSaved{step_, "checkpoints/" + checkpoint_name(step_)});
    }

    TrainRequest request_;
    std::function<void(const fs::path&)> before_folder_;
    double step_seconds_;
    std::int64_t diverges_at_;
    RunControl control_;
    EventQueue<RunEvent> events_;
    LatestValue<RunProgress> progress_;
    std::unique_ptr<RunStoreWriter> store_;
    std::optional<RunLock> lock_;
    RoutingLayout layout_;
    std::int64_t step_ = 0;
    bool paused_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Trainer> FakeModelLibrary::start_training(TrainRequest request) {
    return std::make_unique<FakeTrainer>(std::move(request), step_seconds, diverges_at, before_folder);
}

DeviceChoice FakeModelLibrary::choose_device(const std::string& device, std::int64_t) {
    if (device != "auto" && device != "cpu") throw InputError("there is no device '" + device + "'");
    return {"cpu", "CPU, 2 threads", device == "auto" ? "no GPU was found" : "as chosen"};
}

void FakeModelLibrary::write_initial_model(const Experiment&, const fs::path& file) { write_file_safely(file, ""); }

EvaluationResult FakeModelLibrary::evaluate(const EvaluateRequest& request) {
    EvaluationResult result;
    result.windows = request.windows.value_or(4);
    for (std::int64_t done = 1; done <= result.windows && !result.cancelled; ++done) {
        std::this_thread::sleep_for(std::chrono::duration<double>(step_seconds));
        result.cancelled = request.stop.stop_requested();
        if (!result.cancelled && request.on_progress) request.on_progress(done, result.windows);
    }
    result.loss = result.cancelled ? std::numeric_limits<double>::quiet_NaN() : 1.25;
    result.source = "validation part of a made-up text";
    result.device = "cpu";
    return result;
}

namespace {

/// Routers before two layers and the final norm, over the embedding, a block and the running sum.
RoutingLayout some_layout() {
    const Source embedding{SourceKind::embedding, 0}, block{SourceKind::block, 1}, phase{SourceKind::phase, 1},
        partial{SourceKind::partial, 0};
    return {{{embedding},
             {embedding, partial},
             {embedding, block, phase},
             {embedding, block, phase, partial},
             {embedding, block, phase, {SourceKind::block, 2}}}};
}

}  // namespace

ProbeResult FakeModelLibrary::probe(const ProbeRequest& request) {
    ProbeResult result;
    for (const CheckpointFolder& saved :
         list_checkpoints({request.checkpoint.parent_path().parent_path().parent_path()}))
        if (saved.model() == request.checkpoint) result.step = saved.step;
    result.layout = some_layout();
    result.windows = request.windows.value_or(4);
    result.tokens = result.windows * 16;
    result.source = "validation part of a made-up text";
    result.device = "cpu";
    result.loss = 1.25;
    const auto cells = static_cast<std::int64_t>(result.layout.cell_count());
    for (std::int64_t cell = 0; cell < cells; ++cell) {
        std::this_thread::sleep_for(std::chrono::duration<double>(step_seconds));
        result.cancelled = request.stop.stop_requested();
        if (result.cancelled) return result;
        if (request.on_progress) request.on_progress(cell + 1, cells);
        const double value = double(cell) / double(cells);
        result.alpha.push_back(1 - value);
        result.contribution.push_back(2 * value);
        result.zero.push_back({0.1 * value - 0.02, 0.09 * value - 0.02});
        result.renormalise.push_back(
            {cell == 0 ? std::nan("") : 0.05 * value, cell == 0 ? std::nan("") : 0.04 * value});
    }
    result.families.push_back({SourceKind::phase, {3, 4, 5}, Removal::zero, 0.1, 0.4, {0.03, 0.02}});
    return result;
}

TokenRouting FakeModelLibrary::inspect(const InspectRequest& request) {
    ++inspected;
    std::this_thread::sleep_for(std::chrono::duration<double>(inspect_seconds));
    if (request.text.find('#') != std::string::npos)
        throw InputError("the text does not fit the model: '#' is not in its vocabulary");
    TokenRouting routing;
    routing.layout = some_layout();
    routing.source = request.text.empty() ? "window " + std::to_string(request.window) : "a text";
    routing.device = "cpu";
    routing.loss = 1.5;
    for (const char letter : request.text.empty() ? std::string("once upon a time") : request.text) {
        InspectedToken token{letter, std::string(1, letter), std::nullopt, {}};
        if (!routing.tokens.empty()) token.loss = 1.5;
        token.next = {{'a', "a", 0.5}, {' ', " ", 0.25}};
        routing.tokens.push_back(token);
    }
    for (std::size_t i = 0; i < routing.layout.cell_count() * routing.tokens.size(); ++i) {
        const float value = float(i % 17) / 17;
        routing.weight.push_back(value);
        routing.contribution.push_back(3 * value);
        routing.attribution.push_back(value - 0.5f);
    }
    return routing;
}

std::string FakeModelLibrary::sample(const SampleRequest& request,
                                     const std::function<void(const std::string&)>& on_text) {
    std::string text = request.prompt;
    if (on_text) on_text(text);
    for (std::int64_t i = 0; i < request.tokens && !request.stop.stop_requested(); ++i) {
        std::this_thread::sleep_for(std::chrono::duration<double>(step_seconds));
        const std::string piece(1, static_cast<char>('a' + i % 26));
        if (on_text) on_text(piece);
        text += piece;
    }
    return text;
}

StepTime FakeModelLibrary::measure_step(const Experiment&, std::int64_t, double, std::stop_token stop) {
    ++measured;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(measure_seconds);
    while (std::chrono::steady_clock::now() < end) {
        if (stop.stop_requested()) {
            ++cancelled;
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {0.1, 1.0, 3};
}

}  // namespace wavlab
