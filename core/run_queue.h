// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment.h"
#include "core/file_lock.h"
#include "core/sweep.h"

namespace wavlab {

/// Where a run of the queue stands.
enum class QueueState { waiting, running, finished, ended_early, diverged, failed };

/// "waiting", "running", "finished", "ended early", "diverged", "failed".
std::string to_string(QueueState state);
/// Neither waiting nor running.
bool is_over(QueueState state);

/// One run that is to be made.
struct QueuedRun {
    std::string id;                ///< its own in this queue
    std::string name;              ///< what its folder is called, if that is free
    std::string sweep;             ///< the name of its sweep; empty: a single run
    std::string base;              ///< tells sweeps of one name apart: what they have in common and what they vary
    SweepSettings settings;        ///< what its sweep varies
    std::string experiment;        ///< TOML
    std::filesystem::path folder;  ///< the run's; empty before it has begun
    QueueState state = QueueState::waiting;
    std::string reason;  ///< why it failed, diverged or was ended early; one sentence
    /// End it early by the median rule (core/median_rule.h), after this fraction of its steps; empty: never.
    std::optional<double> stop_early_after;

    friend bool operator==(const QueuedRun&, const QueuedRun&) = default;
};

/// The queue of a runs folder, kept in its file queue.json: what is to be trained, in which order, and what became of
/// it. Changes are on the disk when they return. Several processes may look at it; one at a time works through it.
class RunQueue {
public:
    /// Reads the file, if there is one. `who` names this process to others: "the window". Throws InputError when the
    /// file is damaged.
    RunQueue(std::filesystem::path runs, std::string who);

    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path file() const { return folder_ / "queue.json"; }
    const std::vector<QueuedRun>& runs() const { return runs_; }
    /// Null when there is none.
    const QueuedRun* find(const std::string& id) const;

    /// Reads the file again if another process has changed it. True when it had.
    bool reload();

    /// From here on this process works through the queue, and nobody else changes it. Throws InputError that says who
    /// does now.
    void hold();
    void release();
    bool is_held() const { return lock_.has_value(); }
    /// Who else works through the queue now, as in "wavlab sweep, process 123"; empty when nobody does.
    std::optional<std::string> held_by_other() const;

    /// Adds runs at the end and gives them ids. One that is there already and waits, or whose sweep has it, is not
    /// added again: its old entry is kept (a failed one waits again). A sweep that shares its name with a different one
    /// becomes "name 2". Returns the ids, in the order of `added`.
    std::vector<std::string> add(std::vector<QueuedRun> added);
    /// Puts a run at this place of the list.
    void move(const std::string& id, std::size_t place);
    /// Takes runs out; those of sweeps that are over and have a folder are `cleared` from then on.
    void remove(const std::vector<std::string>& ids);
    /// Takes everything out that is over.
    void clear_over();
    /// Runs of sweeps that were taken out after they were over: they are to be trained no more, but they are results
    /// as long as their folders are there. `add` puts them back.
    const std::vector<QueuedRun>& cleared() const { return cleared_; }
    /// Changes one run's state, reason and folder. No other process may hold the queue.
    void update(const std::string& id, const std::function<void(QueuedRun&)>& change);
    /// Several changes, written once. Throws InputError when another process holds the queue.
    void change(const std::function<void(std::vector<QueuedRun>&)>& work);

private:
    void read();
    void write();
    std::string stamp() const;
    void take_out(std::vector<QueuedRun>& runs, const std::function<bool(const QueuedRun&)>& is_meant);

    std::filesystem::path folder_;
    std::string who_;
    std::vector<QueuedRun> runs_;
    std::vector<QueuedRun> cleared_;
    std::int64_t next_id_ = 1;
    std::string read_stamp_;  ///< tells whether the file is still the one that was read
    std::optional<FileLock> lock_;
};

/// The runs of a sweep, ready to be added to a queue. Throws InputError (see expand).
std::vector<QueuedRun> queued_runs(const Sweep& sweep, std::optional<double> stop_early_after = {});

}  // namespace wavlab
