// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/queue_runner.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/experiment.h"
#include "core/method.h"

using json = nlohmann::json;

namespace wavlab {

struct QueueRunner::Active {
    std::string id;
    QueueDevice device;
    std::filesystem::path folder;
    std::unique_ptr<ChildRun> child;
    QueueProgress progress;
    std::string reason;       ///< the last line of stderr, or what `failed` said
    std::string ended_early;  ///< the rule's verdict, once it has one
    bool asked_to_stop = false;
    std::int64_t first_step = -1;
    std::chrono::steady_clock::time_point first_step_at{};
};

namespace {

double number(const json& value) {
    return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// What must agree for two losses to mean the same.
std::string comparable_part(const std::string& sweep, const Experiment& experiment) {
    const DataSettings& data = experiment.data;
    std::string tokenizer = data.tokenizer;
    for (const auto& [key, value] : data.tokenizer_options) tokenizer += " " + key + " " + to_text(value);
    return sweep + "\n" + data.dataset + "\n" + tokenizer + "\n" + data.validation + "\n" + std::to_string(data.size) +
           " " + std::to_string(data.seed) + " " + std::to_string(experiment.model.context) + " " +
           std::to_string(experiment.train.eval_windows);
}

}  // namespace

QueueRunner::QueueRunner(RunQueue& queue, Settings settings, Listener listener)
    : queue_(queue), settings_(std::move(settings)), listener_(std::move(listener)), index_(queue.folder()) {}

QueueRunner::~QueueRunner() {
    // All are asked first, so that they stop at the same time.
    for (const auto& active : active_) active->child->stop();
    for (const auto& active : active_) {
        active->child.reset();
        try {
            queue_.update(active->id, [](QueuedRun& run) { run.state = QueueState::waiting; });
        } catch (const std::exception&) {
            // It is found out from the run's folder at the next start.
        }
    }
    queue_.release();
}

void QueueRunner::start() {
    pausing_ = false;
    queue_.hold();
    exit_codes_.clear();
    find_what_is_there(true);
}

void QueueRunner::pause() {
    pausing_ = true;
    for (const auto& active : active_) {
        if (!active->asked_to_stop) active->child->stop();
        active->asked_to_stop = true;
    }
    step();
}

const QueueRunner::Facts& QueueRunner::facts(const QueuedRun& run) const {
    std::string text = run.sweep + "\n" + run.experiment;
    const auto known = facts_.find(run.id);
    if (known != facts_.end() && known->second.text == text) return known->second;
    const Experiment experiment = parse_recorded_experiment(run.experiment);
    Facts facts;
    facts.text = std::move(text);
    facts.identity = run_identity(experiment);
    facts.comparable = comparable_part(run.sweep, experiment);
    facts.device = experiment.train.device;
    facts.steps = std::max<std::int64_t>(experiment.train.steps, 1);
    if (MethodRegistry::find(experiment.model.method)) {
        constexpr std::int64_t some_vocabulary = 100;  // of characters; it hardly matters
        facts.work = estimate_cost(experiment, some_vocabulary).flops_per_token * double(experiment.train.steps) *
                     double(experiment.train.batch * experiment.train.accumulate * experiment.model.context);
    }
    if (known != facts_.end()) curves_.erase(run.id);  // another run's
    return facts_.insert_or_assign(run.id, std::move(facts)).first->second;
}

void QueueRunner::look_again() { find_what_is_there(false); }

/// What a run's folder says of it.
QueuedRun QueueRunner::as_found(QueuedRun run) {
    // What was seen to finish stays so as long as it is there.
    if (run.state == QueueState::finished && index_.is_at(run.folder, facts(run).identity)) return run;
    const std::optional<SweepRun> there = index_.find(facts(run).identity);
    run.folder = there ? there->folder : std::filesystem::path();
    curves_[run.id] = there ? there->evaluations : EvaluationCurve{};
    if (there && there->state == RunState::finished) {
        run.state = QueueState::finished;
        run.reason.clear();
    } else if (there && (there->ended_early || there->state == RunState::diverged)) {
        run.state = there->ended_early ? QueueState::ended_early : QueueState::diverged;
        run.reason = there->reason;
    } else {
        run.state = QueueState::waiting;  // also when it was over, but its folder is gone
    }
    return run;
}

void QueueRunner::find_what_is_there(bool try_again) {
    if (total_count() == 0) return;
    index_.refresh();
    std::map<std::string, QueuedRun> changed;
    for (const QueuedRun& run : queue_.runs()) {
        if (!is_mine(run) || run.state == QueueState::running) continue;
        if (run.state == QueueState::failed && !try_again) continue;
        QueuedRun found = as_found(run);
        if (found != run) changed.emplace(run.id, std::move(found));
    }
    if (changed.empty() || queue_.held_by_other()) return;
    queue_.change([&](std::vector<QueuedRun>& runs) {
        for (QueuedRun& run : runs)
            if (const auto found = changed.find(run.id); found != changed.end()) run = found->second;
    });
}

bool QueueRunner::settle_from_folder(const std::string& id) {
    const QueuedRun* run = queue_.find(id);
    if (!run || run->folder.empty()) return false;
    SweepRun there = read_sweep_run(run->folder);
    curves_[id] = there.evaluations;
    if (there.alive) return true;
    if (there.state == RunState::finished) {
        set_state(id, QueueState::finished, "");
        return true;
    }
    return false;
}

void QueueRunner::set_state(const std::string& id, QueueState state, const std::string& reason) {
    queue_.update(id, [&](QueuedRun& run) {
        run.state = state;
        run.reason = reason;
    });
    const QueuedRun* run = queue_.find(id);
    if (run && listener_.changed) listener_.changed(*run);
}

bool QueueRunner::is_done() const {
    return active_.empty() && std::none_of(queue_.runs().begin(), queue_.runs().end(),
                                           [&](const QueuedRun& run) { return is_mine(run) && !is_over(run.state); });
}

void QueueRunner::step() {
    if (!queue_.is_held()) return;
    for (const auto& active : active_) read(*active);
    for (std::size_t i = 0; i < active_.size();) {
        const std::optional<int> code = active_[i]->child->exit_code();
        if (!code) {
            ++i;
            continue;
        }
        read(*active_[i]);
        std::unique_ptr<Active> over = std::move(active_[i]);
        active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(i));
        try {
            end(*over, *code);
        } catch (...) {
            active_.push_back(std::move(over));  // how it ended could not be noted: that is tried again
            throw;
        }
    }
    if (!pausing_) launch_what_can_be();
    if (active_.empty() && (pausing_ || is_done())) {
        pausing_ = false;
        queue_.release();
    }
}

void QueueRunner::launch_what_can_be() {
    // What another process works on is looked at again now and then.
    const auto now = std::chrono::steady_clock::now();
    if (active_.size() >= settings_.devices.size()) return;
    if (something_busy_ && now - looked_at_ < std::chrono::milliseconds(500)) return;
    looked_at_ = now;
    something_busy_ = false;
    std::vector<std::string> waiting;
    for (const QueuedRun& run : queue_.runs())
        if (is_mine(run) && run.state == QueueState::waiting) waiting.push_back(run.id);
    bool is_fresh = false;  // the folder is looked at once, and only when something can be launched
    for (const std::string& id : waiting) {
        try {
            launch_if_possible(id, is_fresh);
        } catch (const InputError& problem) {
            set_state(id, QueueState::failed, problem.what());
        } catch (const WorkError& problem) {
            set_state(id, QueueState::failed, problem.what());
        }
        if (active_.size() >= settings_.devices.size()) return;
    }
}

void QueueRunner::launch_if_possible(const std::string& id, bool& is_fresh) {
    const QueuedRun* run = queue_.find(id);
    if (!run || is_made_elsewhere(*run)) return;
    const auto is_free = [&](const QueueDevice& device) {
        const auto places = std::count(settings_.devices.begin(), settings_.devices.end(), device);
        const auto taken = std::count_if(active_.begin(), active_.end(),
                                         [&](const auto& active) { return active->device.name == device.name; });
        return may_run_on(device, facts(*run).device, settings_.devices) && taken < places;
    };
    const auto device = std::find_if(settings_.devices.begin(), settings_.devices.end(), is_free);
    if (device == settings_.devices.end()) return;
    if (!std::exchange(is_fresh, true)) index_.refresh();
    if (settle_as_found(id)) return;
    run = queue_.find(id);
    if (settle_from_folder(id)) {
        run = queue_.find(id);
        something_busy_ = something_busy_ || (run && run->state == QueueState::waiting);
        return;
    }
    if (run) launch(*run, *device);
}

/// A run that two sweeps share is trained for one of them; the other finds it afterwards.
bool QueueRunner::is_made_elsewhere(const QueuedRun& run) const {
    return std::any_of(active_.begin(), active_.end(), [&](const auto& active) {
        const QueuedRun* other = queue_.find(active->id);
        return other && (other->id == run.id || facts(*other).identity == facts(run).identity);
    });
}

/// Takes what the folder holds by now of a waiting run, such as from another sweep. True when it is over.
bool QueueRunner::settle_as_found(const std::string& id) {
    const QueuedRun* run = queue_.find(id);
    if (!run) return true;
    const QueuedRun found = as_found(*run);
    if (found == *run) return false;
    queue_.update(id, [&](QueuedRun& changed) { changed = found; });
    run = queue_.find(id);
    if (run && is_over(run->state) && listener_.changed) listener_.changed(*run);
    return is_over(found.state);
}

/// Where a new run goes: a path that neither exists nor was given to a run that has just begun.
std::filesystem::path QueueRunner::free_folder(const std::string& name) const {
    std::filesystem::path path = queue_.folder() / name;
    const auto is_taken = [&] {
        std::error_code error;
        return std::filesystem::exists(std::filesystem::symlink_status(path, error)) ||
               std::any_of(active_.begin(), active_.end(), [&](const auto& active) { return active->folder == path; });
    };
    for (int number = 2; is_taken(); ++number) path = queue_.folder() / (name + "-" + std::to_string(number));
    return path;
}

void QueueRunner::launch(const QueuedRun& run, const QueueDevice& device) {
    auto active = std::make_unique<Active>();
    active->id = run.id;
    active->device = device;
    active->progress.device = device.name;
    active->progress.total_steps = facts(run).steps;
    ChildRequest request;
    request.program = settings_.program;
    request.visible_devices = visible_for(device, facts(run).device);
    if (run.folder.empty()) {
        request.experiment = run.experiment;
        request.folder = free_folder(run.name);
    } else {
        request.folder = run.folder;
    }
    active->folder = request.folder;
    // Noted first: a process that nothing is known of must not go.
    queue_.update(active->id, [](QueuedRun& changed) {
        changed.state = QueueState::running;
        changed.reason.clear();
    });
    active->child = std::make_unique<ChildRun>(request);
    active_.push_back(std::move(active));
    const QueuedRun* begun = queue_.find(active_.back()->id);
    if (begun && listener_.changed) listener_.changed(*begun);
}

void QueueRunner::read(Active& active) {
    active.child->read([&](const std::string& line) { take_line(active, line); },
                       [&](const std::string& line) {
                           constexpr std::string_view prefix = "wavlab: ";
                           const std::string text = line.starts_with(prefix) ? line.substr(prefix.size()) : line;
                           if (text.empty()) return;
                           active.reason = text;
                           if (const QueuedRun* run = queue_.find(active.id); run && listener_.message)
                               listener_.message(*run, text);
                       });
}

void QueueRunner::take_line(Active& active, const std::string& line) {
    json object = json::parse(line, nullptr, false);
    if (!object.is_object()) return;
    const std::string event = object.value("event", "");
    if (event == "started") {
        active.folder = object.value("run", active.folder.string());
        queue_.update(active.id, [&](QueuedRun& run) { run.folder = active.folder; });
    } else if (event == "scalar") {
        const auto step = object.value("step", std::int64_t{0});
        const std::string name = object.value("name", "");
        active.progress.step = std::max(active.progress.step, step);
        if (active.first_step < 0) {
            active.first_step = step;
            active.first_step_at = std::chrono::steady_clock::now();
        }
        if (name == "val/loss") note_evaluation(active, step, number(object["value"]));
    } else if (event == "failed") {
        active.reason = object.value("reason", active.reason);
    }
    // Every line says whose it is, as `started` does.
    object["run"] = active.folder.string();
    if (const QueuedRun* run = queue_.find(active.id); run && listener_.line) listener_.line(*run, object);
}

void QueueRunner::note_evaluation(Active& active, std::int64_t step, double loss) {
    const QueuedRun* run = queue_.find(active.id);
    if (run) facts(*run);  // drops the curve of another run that had this id
    EvaluationCurve& own = curves_[active.id];
    std::erase_if(own, [&](const auto& evaluation) { return evaluation.first >= step; });
    own.emplace_back(step, loss);
    if (!run || !run->stop_early_after || active.asked_to_stop || step >= active.progress.total_steps) return;
    if (double(step) < *run->stop_early_after * double(active.progress.total_steps)) return;
    const std::optional<MedianVerdict> verdict = median_verdict(own, others_of(active.id));
    if (!verdict) return;
    active.ended_early = to_string(*verdict);
    // The mark comes first: should this process die now, the run is not taken up again either.
    mark_ended_early({active.folder}, active.ended_early);
    active.asked_to_stop = true;
    active.child->stop();
}

std::vector<EvaluationCurve> QueueRunner::others_of(const std::string& id) {
    std::vector<EvaluationCurve> others;
    const QueuedRun* own = queue_.find(id);
    for (const QueuedRun& run : queue_.runs()) {
        if (!own || run.id == id || run.folder.empty() || facts(run).comparable != facts(*own).comparable) continue;
        if (!curves_.contains(run.id)) {
            try {
                curves_[run.id] = read_sweep_run(run.folder).evaluations;
            } catch (const InputError&) {
                continue;  // deleted meanwhile
            }
        }
        others.push_back(curves_[run.id]);
    }
    return others;
}

void QueueRunner::end(Active& active, int code) {
    exit_codes_[active.id] = code;
    constexpr int killed = 128;
    const bool finished = code == static_cast<int>(ExitCode::done);
    const double share = double(active.progress.step - active.first_step) / double(active.progress.total_steps);
    const QueuedRun* run = queue_.find(active.id);
    if (run && active.first_step >= 0 && share > 0 && facts(*run).work > 0) {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - active.first_step_at;
        seconds_per_work_ = taken.count() / (share * facts(*run).work);
    }
    if (finished)
        set_state(active.id, QueueState::finished, "");
    else if (!active.ended_early.empty())
        set_state(active.id, QueueState::ended_early, active.ended_early);
    else if (code == static_cast<int>(ExitCode::diverged))
        set_state(active.id, QueueState::diverged, active.reason);
    else if (active.asked_to_stop)
        set_state(active.id, QueueState::waiting, "");
    else if (code == static_cast<int>(ExitCode::interrupted))
        set_state(active.id, QueueState::failed, "it was stopped from outside of the queue; its state is saved");
    else if (code >= killed)
        set_state(active.id, QueueState::failed,
                  "its process was ended by signal " + std::to_string(code - killed) +
                      (code - killed == 9 ? " (is there enough memory?)" : ""));
    else
        set_state(active.id, QueueState::failed,
                  active.reason.empty() ? "its process ended with code " + std::to_string(code) : active.reason);
}

std::vector<int> QueueRunner::descriptors() const {
    std::vector<int> list;
    for (const auto& active : active_)
        for (const int descriptor : active->child->descriptors()) list.push_back(descriptor);
    return list;
}

std::optional<QueueProgress> QueueRunner::progress(const std::string& id) const {
    for (const auto& active : active_)
        if (active->id == id) return active->progress;
    return std::nullopt;
}

std::optional<int> QueueRunner::exit_code(const std::string& id) const {
    const auto code = exit_codes_.find(id);
    return code == exit_codes_.end() ? std::nullopt : std::optional(code->second);
}

double QueueRunner::work_left(const QueuedRun& run) const {
    const auto curve = curves_.find(run.id);
    const std::optional<QueueProgress> going = progress(run.id);
    std::int64_t done = curve == curves_.end() || curve->second.empty() ? 0 : curve->second.back().first;
    if (going) done = going->step;
    return facts(run).work * std::max(0.0, 1 - double(done) / double(facts(run).steps));
}

std::optional<double> QueueRunner::seconds_left() const {
    double left = 0;
    for (const QueuedRun& run : queue_.runs())
        if (is_mine(run) && !is_over(run.state)) left += work_left(run);
    double speed = seconds_per_work_;
    for (const auto& active : active_) {
        const QueuedRun* run = queue_.find(active->id);
        const double share = double(active->progress.step - active->first_step) / double(active->progress.total_steps);
        if (!run || active->first_step < 0 || share <= 0 || facts(*run).work <= 0) continue;
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - active->first_step_at;
        speed = taken.count() / (share * facts(*run).work);
    }
    if (speed <= 0) return std::nullopt;
    return left * speed / double(std::max<std::size_t>(active_.size(), 1));
}

std::optional<double> QueueRunner::last_loss(const std::string& id) const {
    const auto curve = curves_.find(id);
    if (curve == curves_.end() || curve->second.empty()) return std::nullopt;
    return curve->second.back().second;
}

std::size_t QueueRunner::total_count() const {
    return static_cast<std::size_t>(
        std::count_if(queue_.runs().begin(), queue_.runs().end(), [&](const QueuedRun& run) { return is_mine(run); }));
}

std::size_t QueueRunner::over_count() const {
    return static_cast<std::size_t>(
        std::count_if(queue_.runs().begin(), queue_.runs().end(),
                      [&](const QueuedRun& run) { return is_mine(run) && is_over(run.state); }));
}

}  // namespace wavlab
