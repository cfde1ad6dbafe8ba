// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment.h"
#include "core/run_event.h"
#include "model/model_library.h"

namespace wavlab::testing {

/// A folder that is removed with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// An experiment whose steps take milliseconds: 2 layers, width 16, context 16, on the CPU.
Experiment training_experiment(const std::string& method, std::int64_t steps);

/// What a run said.
struct Events {
    std::vector<RunEvent> all;

    /// The last event; fails the test when it is none.
    RunEnded end() const;
    /// All values of a scalar, by step. A step with two values fails the test.
    std::map<std::int64_t, double> scalar(const std::string& name) const;
    template <class Event>
    std::vector<Event> of() const {
        std::vector<Event> found;
        for (const RunEvent& event : all)
            if (const Event* value = std::get_if<Event>(&event)) found.push_back(*value);
        return found;
    }
};

/// A run on its thread, watched.
class WatchedRun {
public:
    explicit WatchedRun(TrainRequest request);
    RunControl& control() { return trainer_->control(); }
    Trainer& trainer() { return *trainer_; }
    /// Waits for an event that `wanted` accepts, and returns all events so far. Fails the test after a minute.
    const Events& wait_for(const std::function<bool(const RunEvent&)>& wanted);
    const Events& wait_for_end();
    /// Waits until the update `step` is recorded.
    const Events& wait_for_step(std::int64_t step);
    const Events& wait_for_state(RunState state);

private:
    std::unique_ptr<Trainer> trainer_;
    Events events_;
    std::size_t searched_ = 0;
};

/// Runs to the end.
Events train(const Experiment& experiment, const std::filesystem::path& folder);
Events resume(const std::filesystem::path& folder, std::optional<std::int64_t> total_steps = std::nullopt);

/// What the store of a run holds: scalars by (step, name), and the numbers of all frames.
struct StoredRun {
    std::map<std::pair<std::int64_t, std::string>, double> scalars;
    std::map<std::pair<std::string, std::int64_t>, std::vector<float>> frames;
};
/// Leaves out what depends on time: tokens/s and memory. A scalar that is there twice fails the test.
StoredRun stored_run(const std::filesystem::path& folder);

/// Whether two runs are the same, bit for bit; says in the test's output where they differ.
void expect_same_run(const StoredRun& expected, const StoredRun& actual);

/// Starts this test program again as a process that only trains: a new run, or the resumed one where the folder is
/// there. It writes a line "step N" to its output for every recorded step, and exits with the run's exit code after a
/// line "end REASON". `limits` are set in the child: "fsize=4096", "readonly".
class ChildTraining {
public:
    ChildTraining(const std::filesystem::path& experiment, const std::filesystem::path& folder,
                  const std::string& limits = "", std::int64_t total_steps = 0);
    ~ChildTraining();
    /// The next line of its output; empty at the end.
    std::string next_line();
    void kill();
    /// The exit code, or minus the signal. Reads the rest of the output.
    int wait();
    const std::string& last_line() const { return last_line_; }

private:
    int process_ = -1;
    int output_ = -1;
    std::string buffer_;
    std::string last_line_;
};

}  // namespace wavlab::testing
