// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/earlier_start.h"
#include "core/experiment.h"
#include "core/run_event.h"
#include "core/run_store.h"

namespace wavlab {

/// The values of one scalar over the run, by step (ascending).
struct ScalarSeries {
    std::vector<double> steps;
    std::vector<double> values;

    std::optional<double> last() const;
    std::optional<double> smallest_finite() const;
};

/// Of a run that its store calls running, while no process works on it.
inline constexpr const char* interrupted_reason =
    "The program that trained this run ended without finishing it. Resume goes on from its last checkpoint.";

/// What changed by an event: views repaint only what they show of it.
struct RecordChanges {
    bool description = false;
    bool scalars = false;
    bool routing = false;
    bool details = false;
    bool depth = false;
    bool state = false;
    bool samples = false;
    bool probes = false;  ///< kept in its folder, not by an event
    bool any() const { return description || scalars || routing || details || depth || state || samples || probes; }
    RecordChanges& operator|=(const RecordChanges& other);
};

/// Everything the views show of one run, live or past. Live runs apply the trainer's events, past runs and live runs of
/// other processes apply what their store gives: the same record either way. Used by one thread.
class RunRecord {
public:
    explicit RunRecord(std::filesystem::path folder);

    /// Applies one event of a run of this process. A resumed run brings its history along: what the store holds up to
    /// the step from which it goes on.
    RecordChanges apply(const RunEvent& event);
    /// Reads what is new in the store (past runs, and live ones of another process). A run that the store calls running
    /// while no process works on it is shown as interrupted. Throws InputError.
    RecordChanges follow_store();

    const std::filesystem::path& folder() const { return folder_; }
    std::string name() const;  ///< the folder's name
    /// Of the last start.
    const RunDescription& description() const { return description_; }
    /// The starts before it of which steps remain, in their order; empty unless the run was resumed.
    const std::vector<EarlierStart>& earlier_starts() const { return earlier_starts_; }
    /// Of the start with which the run began.
    const RunDescription& first_description() const {
        return earlier_starts_.empty() ? description_ : earlier_starts_.front().description;
    }
    const Experiment& experiment() const { return experiment_; }
    RunState state() const { return state_; }
    const std::string& reason() const { return reason_; }
    std::int64_t step() const { return step_; }
    std::int64_t total_steps() const { return total_steps_; }
    const ScalarSeries* scalars(const std::string& name) const;
    /// Whether `scalars` gives it from memory: the store's values of most names are read when they are asked for first.
    bool is_read(const std::string& name) const;
    /// Of all that have values, sorted. Reads none; the first of a live run may follow with the next `follow_store`.
    std::vector<std::string> scalar_names() const;
    const std::vector<SampleDrawn>& samples() const { return samples_; }
    const std::vector<CheckpointSaved>& checkpoints() const { return checkpoints_; }
    const std::vector<std::string>& messages() const { return messages_; }

    /// Steps at which there is a frame, ascending.
    const std::vector<std::int64_t>& frame_steps(FrameKind kind) const;
    /// The frame at this step, from the cache or the store; null when there is none or when it cannot be read.
    std::shared_ptr<const RoutingFrame> routing_frame(std::int64_t step) const;
    std::shared_ptr<const DetailFrame> detail_frame(std::int64_t step) const;
    std::shared_ptr<const DepthFrame> depth_frame(std::int64_t step) const;
    /// Why the last frame that could not be read could not: a sentence to show where the frame would be. Empty while
    /// all could.
    const std::string& frame_problem() const;

private:
    struct Frames;  // index and bounded caches: the newest and the last used frames
    class StoreSink;

    void load_history(const RunStarted& started);
    void drop_after(std::int64_t step);
    void keep_start_before(std::int64_t first_step);
    RecordChanges on(const RunStarted& started);
    RecordChanges on(const ScalarRecorded& scalar);
    RecordChanges on(const RoutingFrame& frame);
    RecordChanges on(const DetailFrame& frame);
    RecordChanges on(const DepthFrame& frame);
    RecordChanges on(const CheckpointSaved& saved);
    RecordChanges on(const SampleDrawn& sample);
    RecordChanges on(const Message& message);
    RecordChanges on(const StateChanged& changed);
    RecordChanges on(const RunEnded& ended);
    RecordChanges on_stored_frame(FrameKind kind, std::int64_t step);
    void add_scalar(ScalarSeries& series, std::int64_t step, double value);

    std::filesystem::path folder_;
    RunDescription description_;
    std::int64_t first_step_ = 0;  ///< of the last start
    std::vector<EarlierStart> earlier_starts_;
    Experiment experiment_;
    RunState state_ = RunState::running;
    std::string reason_;
    std::int64_t step_ = 0;
    std::int64_t total_steps_ = 0;
    std::map<std::string, ScalarSeries> scalars_;
    std::vector<SampleDrawn> samples_;
    std::vector<CheckpointSaved> checkpoints_;
    std::vector<std::string> messages_;
    std::vector<std::int64_t> message_steps_;  ///< where the run was at each message
    std::shared_ptr<Frames> frames_;
    bool has_applied_ = false;  ///< events came in directly since the store was followed last
};

}  // namespace wavlab
