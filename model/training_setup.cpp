// SPDX-License-Identifier: GPL-3.0-or-later
// How a run begins: new, or from its last checkpoint.
#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/build_info.h"
#include "core/error.h"
#include "core/method.h"
#include "core/safe_file.h"
#include "datasets/data_request.h"
#include "model/fused_check.h"
#include "model/fused_memory.h"
#include "model/initial_model.h"
#include "model/memory_check.h"
#include "model/run_history.h"
#include "model/sample_prompts.h"
#include "model/training_run.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

/// The checkpoint must be of this model, not only of the same shapes.
void require_same_model(const Experiment& run, const Experiment& checkpoint, const fs::path& file) {
    if (run.model == checkpoint.model && run.seed == checkpoint.seed &&
        resolved_method_options(run) == resolved_method_options(checkpoint))
        return;
    throw InputError("the checkpoint '" + file.string() +
                     "' is of another model than the run's experiment.toml describes: put back the file's [model], "
                     "[method] and seed, or start a new run");
}

}  // namespace

std::optional<RunEnded> TrainingRun::prepare() {
    show("preparing data");
    folder_.path = request_.run_folder;
    const auto stopped = [this](const std::string& reason) {
        const bool interrupted = control_->stop_requested() == StopRequest::interrupt;
        return ended(interrupted ? RunState::interrupted : RunState::stopped,
                     interrupted ? ExitCode::interrupted : ExitCode::done, reason);
    };
    bool is_stopped = false;
    try {
        if (request_.resume) {
            if (std::optional<RunEnded> over = prepare_resumed()) return over;
        } else {
            prepare_new();
            is_stopped = control_->stop_requested() != StopRequest::none;
        }
    } catch (const LoadingStopped&) {
        if (request_.resume) return stopped("stopped before the run went on; it is as it was");
        is_stopped = true;
    }
    if (is_stopped) {
        RunEnded over = stopped("stopped before the run began, so no run folder was made");
        over.discarded = true;
        return over;
    }
    open_files();
    return std::nullopt;
}

void TrainingRun::prepare_new() {
    experiment_ = request_.experiment;
    require_valid(experiment_, "");
    try {
        require_free_run_folder(folder_.path);
    } catch (const FolderTaken&) {
        if (!request_.next_free_name) throw;
        choose_next_folder();
    }
    if (request_.from.empty()) {
        prepare_model();
        return;
    }
    const InitialModel initial(request_.from);  // before the text is read, which may take long
    initial.require_architecture(experiment_);
    prepare_model();
    initial.require_vocabulary(*data_.tokenizer);
    load_parameters(initial.file(), *decoder_);
    origin_ = initial.origin();
}

/// The next free name beside one that was taken.
void TrainingRun::choose_next_folder() { folder_.path = new_run_path(folder_.path.parent_path(), experiment_.name); }

/// Makes the folder of a new run and locks it; returns its first record.
RunStarted TrainingRun::make_folder() {
    const auto fill = [this](const RunFolder& folder, RunStoreWriter& store) {
        if (origin_) save_initial_weights(folder, store);
    };
    while (true) {
        RunStarted started = started_event();
        try {
            lock_.emplace(make_run_folder(folder_, experiment_, started, fill));
            return started;
        } catch (const FolderTaken&) {
            if (!request_.next_free_name) throw;
            choose_next_folder();
        }
    }
}

std::optional<RunEnded> TrainingRun::prepare_resumed() {
    if (!is_run_folder(folder_.path))
        throw InputError("'" + folder_.path.string() + "' is not a run folder: it holds no experiment.toml and run.db");
    // A finished run may lie where nothing can be written, not even its lock.
    read_resumed_experiment();
    if (std::optional<RunEnded> over = finished_before(); over && !RunLock::is_held(folder_)) return over;
    lock_.emplace(folder_);
    read_resumed_experiment();  // again, now that nobody else works on it
    remove_leftovers(folder_);
    if (std::optional<RunEnded> over = finished_before()) return over;
    const std::vector<CheckpointFolder> checkpoints = list_checkpoints(folder_);
    const RunHistory history = read_history(folder_);
    origin_ = history.origin;
    if (origin_ && checkpoints.empty())
        throw InputError("the run '" + folder_.path.string() + "' began with the weights of " + to_string(*origin_) +
                         ", and none of its checkpoints is left: it cannot go on; start a new run from a checkpoint");
    prepare_model();
    if (!checkpoints.empty()) restore(checkpoints.back());
    if (history.sampled_steps.contains(step_)) sampled_step_ = step_;
    for (const CheckpointFolder& checkpoint : checkpoints) {
        const auto loss = history.validation_losses.find(checkpoint.step);
        if (loss != history.validation_losses.end())
            saved_losses_[checkpoint.step] = loss->second;
        else
            saved_losses_[checkpoint.step] = std::nullopt;
    }
    return std::nullopt;
}

/// The experiment of a run that goes on, with the new number of steps where one is asked for.
void TrainingRun::read_resumed_experiment() {
    experiment_ = load_experiment(folder_.experiment());
    notes_.clear();
    if (request_.total_steps && *request_.total_steps != experiment_.train.steps) {
        notes_.push_back("the number of steps was changed from " + std::to_string(experiment_.train.steps) + " to " +
                         std::to_string(*request_.total_steps) + ", so the learning rate follows another schedule");
        experiment_.train.steps = *request_.total_steps;
    }
    require_valid(experiment_, folder_.experiment().string());
    progress_.total_steps = experiment_.train.steps;
}

/// How a run ends that has nothing left to do. Throws InputError where it has done more than it is asked to do.
std::optional<RunEnded> TrainingRun::finished_before() {
    const std::vector<CheckpointFolder> checkpoints = list_checkpoints(folder_);
    if (checkpoints.empty() || checkpoints.back().step < experiment_.train.steps) return std::nullopt;
    if (request_.total_steps && *request_.total_steps < checkpoints.back().step)
        throw InputError("the run '" + folder_.path.string() + "' has already done " +
                         std::to_string(checkpoints.back().step) + " steps: it cannot end at step " +
                         std::to_string(*request_.total_steps) + "; give at least as many");
    step_ = checkpoints.back().step;
    return ended(RunState::finished, ExitCode::done, "already finished");
}

void TrainingRun::load_data() {
    DataRequest request = data_request(experiment_);
    request.is_cancelled = [this] { return control_->stop_requested() != StopRequest::none; };
    int shown = -1;
    request.progress = [&](const std::string& activity, double fraction) {
        const int percent = static_cast<int>(100 * fraction);
        if (percent != std::exchange(shown, percent)) show(activity + ": " + std::to_string(percent) + " %");
    };
    data_ = load_token_data(request, experiment_.model.context);
}

void TrainingRun::prepare_model() {
    const TrainSettings& train = experiment_.train;
    device_ = choose_device(train.device, train.threads);
    computation_.emplace(train, device_.device);
    stream_.emplace(device_.device);
    forget_used_memory(device_.device);
    load_data();
    show("building the model");
    const std::int64_t vocabulary = data_.tokenizer->vocabulary_size();
    const bool on_gpu = !device_.device.is_cpu();
    const double text_bytes = on_gpu ? static_cast<double>(data_.train.bytes() + data_.validation.bytes()) : 0.0;
    const auto require_room = [&](bool fused) {
        require_memory(training_memory_bytes(experiment_, vocabulary, device_.device, fused) + text_bytes,
                       free_memory_bytes(device_.device), memory_place(device_.device));
    };
    require_room(on_gpu);
    DecoderOptions options;
    options.device = device_.device;
    options.compute_type = train.precision == "bf16" ? at::kBFloat16 : at::kFloat;
    decoder_ = std::make_unique<Decoder>(experiment_, vocabulary, options);
    if (on_gpu && !decoder_->fused_obstacle().empty()) require_room(false);
    if (on_gpu && decoder_->fused_obstacle().empty()) check_fused();
    optimizer_ = std::make_unique<AdamW>(decoder_->parameters(), train);
    prompts_ = sample_prompts(data_.validation, *data_.tokenizer);
    train_windows_ = std::make_unique<TokenWindows>(data_.train, experiment_.model.context, device_.device);
    validation_windows_ = std::make_unique<TokenWindows>(data_.validation, experiment_.model.context, device_.device);
    steps_ = std::make_unique<TrainingStep>(*decoder_, *optimizer_, *train_windows_);
    recorder_ = std::make_unique<Recorder>(*decoder_);
    if (!request_.dump_batches.empty()) {
        batch_dump_ = std::make_unique<BatchDump>();
        steps_->on_batch = [this](std::int64_t step, const TokenBatch& batch) { batch_dump_->add(step, batch); };
    }
    steps_->on_graph_lost = [this](const std::string& reason) {
        log_->line("steps are no longer replayed from a CUDA graph: " + reason);
    };
    if (steps_->graph_obstacle().empty()) steps_->replay_from(make_step_graph(device_.device));
    for (const std::string& note : ignored_method_options(experiment_)) notes_.push_back(note);
}

/// GPUs and their libraries differ: the fused pass is used where it is seen to be right.
void TrainingRun::check_fused() {
    show("checking the fused pass");
    const FusedCheck check = check_fused_pass(*decoder_);
    if (!check.obstacle.empty()) decoder_->refuse_fused(check.obstacle);
    std::ostringstream text;
    text << "; on one sequence it agrees with the plain one, the loss to " << check.loss << ", gradients to "
         << check.gradients;
    fused_agreement_ = text.str();
    forget_used_memory(device_.device);  // what the trials took is not the training's
}

void TrainingRun::restore(const CheckpointFolder& checkpoint) {
    {
        const SafetensorsFile file(checkpoint.model());
        const ModelHeader header = read_model_header(file);
        require_same_model(experiment_, header.experiment, checkpoint.model());
        if (header.tokenizer->vocabulary() != data_.tokenizer->vocabulary())
            throw InputError("the vocabulary of '" + checkpoint.model().string() +
                             "' is not that of the text: the text of '" + experiment_.data.dataset +
                             "' has changed since the run began");
        load_parameters(file, *decoder_);
    }
    const TrainingState state = load_training_state(checkpoint.state(), *optimizer_);
    if (state.data_sha256 != data_.sha256)
        throw InputError("the text of '" + experiment_.data.dataset +
                         "' has changed since the run began (its SHA-256 is another): put it back to resume this run");
    if (state.step != checkpoint.step)
        throw InputError("the files in '" + checkpoint.path.string() + "' are of step " + std::to_string(state.step) +
                         ", not of the step that the folder is named by");
    note_environment(state.environment);
    step_ = first_step_ = state.step;
    saved_step_ = state.step;
    if (step_ > 0) validation_loss_ = state.validation_loss;  // what belongs to step 0 is recorded anew
}

void TrainingRun::open_files() {
    RunStarted started;
    if (request_.resume) {
        started = started_event();
        if (request_.total_steps) write_file_safely(folder_.experiment(), to_toml(experiment_));
        std::error_code ignored;
        fs::create_directories(folder_.checkpoints(), ignored);
        fs::create_directories(folder_.samples(), ignored);
        store_ = std::make_unique<RunStoreWriter>(folder_.store());
        store_->rewind(step_ > 0 ? step_ : -1);
        store_->write(started);
        if (saved_step_ == 0) store_->write(CheckpointSaved{0, "checkpoints/" + checkpoint_name(0)});
        store_->commit();
    } else {
        started = make_folder();
        store_ = std::make_unique<RunStoreWriter>(folder_.store());
    }
    log_ = std::make_unique<RunLog>(folder_.log());
    log_->line((request_.resume ? "resumed at step " + std::to_string(step_) : "started") + " on " +
               device_.choice.name + ": " + device_.choice.reason);
    const std::string& obstacle = decoder_->fused_obstacle();
    log_->line(obstacle.empty() ? "training uses the fused pass: " + decoder_->fused_description() + fused_agreement_
                                : "training uses the plain pass: " + obstacle);
    if (!device_.device.is_cpu()) {
        const std::string ordinary = steps_->graph_obstacle();
        log_->line(ordinary.empty() ? "steps are replayed from a CUDA graph"
                                    : "steps are not captured in a CUDA graph: " + ordinary);
    }
    events_->push(started);
    if (saved_step_ == 0) events_->push(CheckpointSaved{0, "checkpoints/" + checkpoint_name(0)});
    for (const std::string& note : notes_) say(note);
}

/// A run that began elsewhere keeps what it began with, so that it can always be resumed.
void TrainingRun::save_initial_weights(const RunFolder& folder, RunStoreWriter& store) {
    const TrainingState state{0, std::nullopt, data_.sha256, environment(), origin_};
    save_checkpoint(folder, *decoder_, *optimizer_, *data_.tokenizer, state, [&] {
        store.write(CheckpointSaved{0, "checkpoints/" + checkpoint_name(0)});
    });
    saved_step_ = 0;
    saved_losses_[0] = std::nullopt;
}

RunStarted TrainingRun::started_event() const {
    const CostEstimate cost = estimate_cost(experiment_, data_.tokenizer->vocabulary_size());
    const ComputeEnvironment here = environment();
    RunDescription description;
    description.experiment = to_toml(experiment_);
    description.wavlab_version = version();
    description.commit = commit();
    description.torch_version = here.torch_version;
    description.device = here.device;
    description.device_reason = device_.choice.reason;
    description.cpu_capability = here.cpu_capability;
    description.threads = here.threads;
    description.data_sha256 = data_.sha256;
    description.data_source = data_.source_description;
    description.vocabulary = data_.tokenizer->vocabulary_size();
    description.train_tokens = data_.train.size();
    description.validation_tokens = data_.validation.size();
    description.validation_floor = data_.validation_floor;
    description.unigram_entropy = data_.unigram_entropy;
    description.bigram_entropy = data_.bigram_entropy;
    description.validation_characters = data_.validation_characters;
    description.validation_bytes = data_.validation_bytes;
    description.added_parameters = cost.added_parameters;
    description.flops_per_token = cost.flops_per_token;
    description.implementation = here.implementation;
    description.routing = decoder_->routing_layout();
    description.started_at = utc_now();
    description.notes = notes_;
    description.origin = origin_;
    for (const Parameter& parameter : decoder_->parameters()) description.parameters += parameter.value.numel();
    return {std::move(description), fs::absolute(folder_.path).string(), first_step_, experiment_.train.steps};
}

ComputeEnvironment TrainingRun::environment() const {
    ComputeEnvironment here;
    here.device = device_.choice.name;
    if (!device_.device.is_cpu()) here.device += " (" + device_.choice.title + ")";
    here.cpu_capability = at::get_cpu_capability();
    here.torch_version = TORCH_VERSION;
    here.implementation = decoder_->routing_implementation();
    here.threads = thread_count(experiment_.train.threads);
    return here;
}

void TrainingRun::note_environment(const ComputeEnvironment& before) {
    const ComputeEnvironment now = environment();
    if (now == before) return;
    const auto text = [](const ComputeEnvironment& e) {
        return e.device + ", " + std::to_string(e.threads) + (e.threads == 1 ? " thread, " : " threads, ") +
               e.cpu_capability + ", LibTorch " + e.torch_version + ", " + e.implementation + " routing";
    };
    notes_.push_back("the run goes on where its numbers may differ in the last bits: before " + text(before) +
                     "; now " + text(now));
}

}  // namespace wavlab
