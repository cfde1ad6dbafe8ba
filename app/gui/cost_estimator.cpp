// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/cost_estimator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <unistd.h>
#include <exception>
#include <utility>

#include "app/gui/session.h"
#include "core/method.h"
#include "views/cost_panel.h"
#include "views/experiment_form.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

constexpr int typing_pause_milliseconds = 700;
constexpr double measure_seconds = 1.5;
/// Before the data is known: about what English text has.
constexpr std::int64_t usual_vocabulary = 96;

/// A sweep is measured no longer than this in all; and nothing whose steps are expected to take longer than that.
constexpr double sweep_seconds = 20;
constexpr double longest_step_seconds = 1;

double run_seconds(const TrainSettings& train, const StepTime& time) {
    const double evaluations = train.eval_every > 0 ? 1 + double(train.steps) / double(train.eval_every) : 2;
    return double(train.steps) * time.seconds_per_step + evaluations * time.seconds_per_evaluation;
}

double machine_memory() {
    return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

CostEstimator::CostEstimator(ExperimentForm& form, Session& session, QObject* parent)
    : QObject(parent), form_(form), session_(session) {
    measure_timer_.setSingleShot(true);
    measure_timer_.setInterval(typing_pause_milliseconds);
    connect(&measure_timer_, &QTimer::timeout, this, &CostEstimator::measure);
    connect(&form_, &ExperimentForm::edited, this, &CostEstimator::refresh);
}

CostEstimator::~CostEstimator() { measurement_.request_stop(); }

bool CostEstimator::idle() const {
    return !measure_timer_.isActive() && measuring_.empty() && data_worker_.idle() && measure_worker_.idle();
}

void CostEstimator::refresh() {
    const Experiment experiment = form_.experiment();
    ask_data(experiment);
    ask_device(experiment);
    show_data(experiment);
    show_estimate(experiment);
    if (!measuring_.empty() && (is_busy() || !is_wanted(measuring_))) measurement_.request_stop();
    const std::optional<StepShape> next = next_shape();
    if (next && measuring_ != next->key)
        measure_timer_.start();
    else if (!next)
        measure_timer_.stop();
    show_time(experiment);
}

void CostEstimator::ask_data(const Experiment& experiment) {
    const std::string key = data_key(experiment);
    if (data_.contains(key) || data_asked_ == key) return;
    data_asked_ = key;
    const std::uint64_t request = ++data_request_;
    data_worker_.submit([this, experiment, key, request](std::stop_token) {
        // Typing a path asks for every letter: only what is still wanted is read.
        if (data_request_ != request) return;
        const DataFacts facts = find_data_facts(experiment);
        post(this, [this, key, facts] {
            // A file that was not there may be there the next time.
            if (facts.problem.empty()) data_[key] = facts;
            if (data_asked_ == key) data_asked_.clear();
            if (data_key(form_.experiment()) != key) return;
            for (const char* field : {"data.dataset", "data.validation"})
                form_.set_outside_problem(QString::fromLatin1(field), facts.problem_key == field
                                                                          ? QString::fromStdString(facts.problem)
                                                                          : QString());
            if (facts.problem.empty()) refresh();
            emit changed();
        });
    });
}

void CostEstimator::ask_device(const Experiment& experiment) {
    ModelLibrary* library = session_.library();
    if (!library) return;
    const std::string device = experiment.train.device;
    const std::int64_t threads = experiment.train.threads;
    const std::string key = device + '\n' + std::to_string(threads);
    if (device_asked_ == key) {
        // The form forgets problems when it is filled.
        form_.set_outside_problem(QStringLiteral("train.device"), device_problem_);
        return;
    }
    device_asked_ = key;
    device_problem_.clear();
    data_worker_.submit_first([this, library, device, threads, key](std::stop_token) {
        std::optional<DeviceChoice> choice;
        QString problem;
        try {
            choice = library->choose_device(device, threads);
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        post(this, [this, key, choice, problem] {
            if (device_asked_ != key) return;
            device_ = choice;
            device_problem_ = problem;
            form_.set_outside_problem(QStringLiteral("train.device"), problem);
            if (choice)
                form_.costs().set_device(
                    QString::fromStdString(choice->reason.empty() ? choice->title : choice->reason),
                    QString::fromStdString(choice->title));
            else
                form_.costs().set_device(QStringLiteral("–"), problem);
            show_time(form_.experiment());
            emit changed();
        });
    });
}

void CostEstimator::show_data(const Experiment& experiment) {
    const auto found = data_.find(data_key(experiment));
    if (found == data_.end()) {
        form_.costs().set_data(QStringLiteral("–"), {});
        return;
    }
    const DataFacts& facts = found->second;
    const double used = double(experiment.train.steps) * double(experiment.train.batch) *
                        double(experiment.train.accumulate) * double(experiment.model.context);
    const double passes = facts.train_tokens > 0 ? used / double(facts.train_tokens) : 0;
    form_.costs().set_data(
        tr("%1%2 tokens, the run reads %3")
            .arg(facts.exact ? QString() : tr("about "), short_count_text(double(facts.train_tokens)),
                 short_count_text(used)),
        tr("%1. %2 tokens to train on, %3 to validate on, %4 different ones. The run reads %5 tokens: "
           "%6 passes.")
            .arg(QString::fromStdString(facts.source), count_text(double(facts.train_tokens)),
                 count_text(double(facts.validation_tokens)), count_text(double(facts.vocabulary)), count_text(used),
                 QString::number(passes, 'g', 2)));
}

void CostEstimator::show_estimate(const Experiment& experiment) {
    if (!form_.is_valid()) {
        form_.costs().show_nothing(tr("The experiment has a problem: see above."));
        return;
    }
    form_.costs().show_estimate(experiment, estimate_cost(experiment, vocabulary_of(experiment)));
}

StepShape step_shape(const Experiment& experiment, std::int64_t vocabulary) {
    // Everything a step's time depends on.
    Experiment reduced = experiment;
    const Experiment standard;
    reduced.name = standard.name;
    reduced.seed = standard.seed;
    reduced.data = standard.data;
    reduced.train = standard.train;
    reduced.train.batch = experiment.train.batch;
    reduced.train.accumulate = experiment.train.accumulate;
    reduced.train.precision = experiment.train.precision;
    reduced.train.device = experiment.train.device;
    reduced.train.threads = experiment.train.threads;
    reduced.train.deterministic = experiment.train.deterministic;
    reduced.train.eval_windows = experiment.train.eval_windows;
    reduced.train.record_every = experiment.train.record_every;
    StepShape shape;
    shape.key = to_toml(reduced) + std::to_string(experiment.model.dropout);
    shape.experiment = experiment;
    if (problems(experiment).empty())
        shape.work = estimate_cost(experiment, vocabulary).flops_per_token * double(experiment.train.batch) *
                     double(experiment.train.accumulate) * double(experiment.model.context);
    return shape;
}

void CostEstimator::show_time(const Experiment& experiment) {
    CostPanel& costs = form_.costs();
    const QString help = tr("Measured by a few real steps of this experiment on this device, with made-up tokens.");
    if (!form_.is_valid()) return;
    const auto found = times_.find(step_shape(experiment, usual_vocabulary).key);
    if (found != times_.end() && found->second.problem.isEmpty()) {
        const StepTime& time = found->second.time;
        costs.set_time(tr("about %1 (%2 ms a step)")
                           .arg(duration_text(run_seconds(experiment.train, time)),
                                QString::number(1000 * time.seconds_per_step, 'g', 3)),
                       help);
    } else if (found != times_.end()) {
        costs.set_time(tr("not known: %1").arg(found->second.problem), help);
    } else if (is_busy()) {
        costs.set_time(tr("not measured while a run goes"), help);
    } else if (!session_.library()) {
        costs.set_time(tr("loading…"), help);
    } else {
        costs.set_time(tr("measuring…"), help);
    }
}

void CostEstimator::measure() {
    ModelLibrary* library = session_.library();
    const std::optional<StepShape> next = next_shape();
    if (!next || measuring_ == next->key) return;
    const Experiment& experiment = next->experiment;
    const std::string& key = next->key;
    const std::int64_t vocabulary = vocabulary_of(experiment);
    const double memory = estimate_cost(experiment, vocabulary).memory_bytes;
    const bool on_cpu = !device_ || device_->name == "cpu";
    if (on_cpu && memory > 0.8 * machine_memory()) {
        times_[key] = {{},
                       tr("it needs about %1 of memory, this machine has %2")
                           .arg(bytes_text(memory), bytes_text(machine_memory()))};
        show_time(form_.experiment());
        emit times_changed();
        refresh();
        return;
    }
    measurement_.request_stop();
    measurement_ = std::stop_source();
    measuring_ = key;
    measure_worker_.submit(
        [this, library, experiment, vocabulary, key, stop = measurement_.get_token()](std::stop_token) {
            Measured measured;
            const auto begin = std::chrono::steady_clock::now();
            try {
                if (!stop.stop_requested())
                    measured.time = library->measure_step(experiment, vocabulary, measure_seconds, stop);
            } catch (const std::exception& error) {
                measured.problem = QString::fromUtf8(error.what());
            }
            const bool cancelled = stop.stop_requested();
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
            post(this, [this, key, measured, cancelled, spent] {
                if (!cancelled) times_[key] = measured;
                if (measuring_ == key) measuring_.clear();
                spent_seconds_ += spent.count();
                refresh();
                emit times_changed();
                // Nobody is typing: the next shape of a sweep needs no pause.
                if (!cancelled && !shapes_.empty() && measure_timer_.isActive()) measure();
            });
        });
}

std::int64_t CostEstimator::vocabulary_of(const Experiment& experiment) const {
    const auto facts = data_.find(data_key(experiment));
    return facts == data_.end() ? usual_vocabulary : facts->second.vocabulary;
}

void CostEstimator::set_shapes(std::vector<StepShape> shapes) {
    // The smallest of every method first: the others can be scaled from it.
    std::sort(shapes.begin(), shapes.end(), [](const StepShape& a, const StepShape& b) { return a.work < b.work; });
    std::set<std::string> seen;
    std::stable_partition(shapes.begin(), shapes.end(), [&seen](const StepShape& shape) {
        return seen.insert(shape.experiment.model.method).second;
    });
    const auto same = [](const StepShape& a, const StepShape& b) { return a.key == b.key; };
    if (std::equal(shapes.begin(), shapes.end(), shapes_.begin(), shapes_.end(), same)) return;
    shapes_ = std::move(shapes);
    spent_seconds_ = 0;
    refresh();
}

bool CostEstimator::is_busy() const { return session_.is_running() || (busy_ && busy_()); }

bool CostEstimator::is_wanted(const std::string& key) const {
    if (!form_.has_several()) return form_.is_valid() && step_shape(form_.experiment(), usual_vocabulary).key == key;
    return std::any_of(shapes_.begin(), shapes_.end(), [&](const StepShape& shape) { return shape.key == key; });
}

std::optional<StepShape> CostEstimator::next_shape() const {
    if (!session_.library() || is_busy()) return std::nullopt;
    if (!form_.has_several()) {
        if (!form_.is_valid()) return std::nullopt;
        StepShape shape = step_shape(form_.experiment(), usual_vocabulary);
        return times_.contains(shape.key) ? std::nullopt : std::optional(std::move(shape));
    }
    if (spent_seconds_ >= sweep_seconds) return std::nullopt;
    for (const StepShape& shape : shapes_) {
        if (times_.contains(shape.key)) continue;
        double ratio = 1;
        const Measured* near = neighbour(shape, ratio);
        if (!near || near->time.seconds_per_step * ratio < longest_step_seconds) return shape;
    }
    return std::nullopt;
}

const CostEstimator::Measured* CostEstimator::neighbour(const StepShape& shape, double& ratio) const {
    const Measured* best = nullptr;
    double least = 0;
    for (const StepShape& other : shapes_) {
        const auto found = times_.find(other.key);
        if (found == times_.end() || !found->second.problem.isEmpty() || other.work <= 0 || shape.work <= 0) continue;
        // Another method costs more than any difference in size.
        const double away = std::abs(std::log(shape.work / other.work)) +
                            (other.experiment.model.method == shape.experiment.model.method ? 0 : 100);
        if (best && away >= least) continue;
        best = &found->second;
        least = away;
        ratio = shape.work / other.work;
    }
    return best;
}

RunTime CostEstimator::time_of(const StepShape& shape, const TrainSettings& train) const {
    const auto found = times_.find(shape.key);
    if (found != times_.end() && found->second.problem.isEmpty())
        return {run_seconds(train, found->second.time), false};
    double ratio = 1;
    const Measured* near = neighbour(shape, ratio);
    if (!near) return {};
    StepTime scaled = near->time;
    scaled.seconds_per_step *= ratio;
    scaled.seconds_per_evaluation *= ratio;
    return {run_seconds(train, scaled), true};
}

QString CostEstimator::shapes_status() const {
    if (!session_.library()) return tr("loading…");
    if (is_busy()) return tr("not measured while a run goes");
    if (next_shape() || !measuring_.empty()) return tr("measuring…");
    for (const StepShape& shape : shapes_) {
        const auto found = times_.find(shape.key);
        if (found != times_.end() && !found->second.problem.isEmpty())
            return tr("not known: %1").arg(found->second.problem);
    }
    return {};
}

}  // namespace wavlab
