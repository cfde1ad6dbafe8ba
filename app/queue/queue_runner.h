// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "app/queue/child_run.h"
#include "app/queue/queue_devices.h"
#include "core/median_rule.h"
#include "core/run_queue.h"
#include "core/sweep_runs.h"

namespace wavlab {

/// How far a run of the queue is.
struct QueueProgress {
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    std::string device;
};

/// Works through a queue with processes of this program, one for each device. Finished runs are never made again,
/// interrupted ones go on from their last checkpoint. Everything is done by `step`, which does not wait, on one thread
/// that lives as long as the process (see ChildRun). Knows no Qt: the window and `wavlab sweep` use it alike.
class QueueRunner {
public:
    struct Settings {
        std::filesystem::path program = own_program();
        std::vector<QueueDevice> devices{{"cpu", ""}};
        std::optional<std::set<std::string>> only;  ///< ids; without: all of the queue
    };
    struct Listener {
        /// A line of a run's `--json`, as an object.
        std::function<void(const QueuedRun&, const nlohmann::json&)> line = {};
        /// What a run has to say.
        std::function<void(const QueuedRun&, const std::string&)> message = {};
        /// A run has another state now.
        std::function<void(const QueuedRun&)> changed = {};
    };

    /// `queue` must outlive the runner.
    QueueRunner(RunQueue& queue, Settings settings, Listener listener);
    ~QueueRunner();

    /// Takes the queue and finds out what is there already. Throws InputError when another process works through it.
    void start();
    /// Asks the runs that go to stop with their state saved; they wait again. The queue is let go once they have ended.
    void pause();
    /// Between `start` and the end of the last run: runs go or will.
    bool is_working() const { return queue_.is_held(); }
    bool is_pausing() const { return pausing_; }
    /// Finds out what the runs folder holds already of the queue's runs. May be called at any time.
    void look_again();
    /// Reads what the runs have printed, notes what has ended, starts what can be. Never waits.
    void step();
    /// Nothing of what it is to do waits or runs any more.
    bool is_done() const;
    /// For poll(): they become readable when `step` has something to do. It is also to be called every 100 ms or so.
    std::vector<int> descriptors() const;

    /// Empty for a run that does not go.
    std::optional<QueueProgress> progress(const std::string& id) const;
    /// By the speed of what has run so far; empty before that is known.
    std::optional<double> seconds_left() const;
    /// What is to be done, and by now.
    std::size_t over_count() const;
    std::size_t total_count() const;
    /// The last validation loss that is known of a run.
    std::optional<double> last_loss(const std::string& id) const;
    std::int64_t total_steps(const QueuedRun& run) const { return facts(run).steps; }
    /// How the run's process ended the last time, if it did since `start`.
    std::optional<int> exit_code(const std::string& id) const;

private:
    struct Active;
    bool is_mine(const QueuedRun& run) const { return !settings_.only || settings_.only->contains(run.id); }
    /// What follows from a run's experiment.
    struct Facts {
        std::string text;  ///< what they follow from: ids may be given again once the queue's file was removed
        std::string identity;
        std::string comparable;  ///< losses of runs with the same text here can be compared
        std::string device;
        std::int64_t steps = 1;
        double work = 0;  ///< operations in all; 0: not known
    };
    const Facts& facts(const QueuedRun& run) const;
    QueuedRun as_found(QueuedRun run);
    void find_what_is_there(bool try_again);
    std::vector<EvaluationCurve> others_of(const std::string& id);
    bool settle_from_folder(const std::string& id);
    void launch(const QueuedRun& run, const QueueDevice& device);
    std::filesystem::path free_folder(const std::string& name) const;
    bool is_made_elsewhere(const QueuedRun& run) const;
    bool settle_as_found(const std::string& id);
    void launch_what_can_be();
    void launch_if_possible(const std::string& id, bool& is_fresh);
    void read(Active& active);
    void take_line(Active& active, const std::string& line);
    void note_evaluation(Active& active, std::int64_t step, double loss);
    void end(Active& active, int code);
    void set_state(const std::string& id, QueueState state, const std::string& reason);
    double work_left(const QueuedRun& run) const;

    RunQueue& queue_;
    Settings settings_;
    Listener listener_;
    RunIndex index_;
    std::vector<std::unique_ptr<Active>> active_;
    mutable std::map<std::string, EvaluationCurve> curves_;  ///< by id, of every run that was evaluated
    std::map<std::string, int> exit_codes_;                  ///< by id
    mutable std::map<std::string, Facts> facts_;             ///< by id
    bool pausing_ = false;
    double seconds_per_work_ = 0;
    std::chrono::steady_clock::time_point looked_at_{};
    bool something_busy_ = false;
};

}  // namespace wavlab
