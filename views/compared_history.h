// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/run_record.h"
#include "views/comparison_picker.h"
#include "views/frame_history.h"
#include "views/time_cursor.h"

namespace wavlab {

/// What a plot over time keeps of a run's frames (side 0), and beside it of what the run is compared with (side 1):
/// another run's frames, at each step its last one up to it, or one frame of the run itself.
template <class Value>
class ComparedHistory {
public:
    /// Other runs, or something else of their frames: what was read serves no longer.
    void forget() { read_from_[0] = read_from_[1] = nullptr; }

    /// From now on at most `most` steps of this run. `make_read(side, record)` gives what reads a frame of that side
    /// (FrameHistory::Read); it is asked when the side shows another run than before.
    template <class MakeRead>
    void show(const RunRecord& run, const Comparison& comparison, FrameKind kind, std::size_t most,
              MakeRead make_read) {
        comparison_ = comparison;
        kind_ = kind;
        std::vector<std::int64_t> steps = thinned_steps(run.frame_steps(kind), most);
        start(0, run, steps, make_read);
        if (comparison.kind == Comparison::Kind::run) {
            for (std::int64_t& step : steps) step = recorded_step(comparison.run->frame_steps(kind), step).value_or(0);
            steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
            start(1, *comparison.run, std::move(steps), make_read);
        } else if (comparison.kind == Comparison::Kind::step) {
            if (const auto step = recorded_step(run.frame_steps(kind), comparison.step))
                start(1, run, {*step}, make_read);
        }
    }

    bool compares() const { return comparison_.kind != Comparison::Kind::none; }
    int sides() const { return compares() ? 2 : 1; }

    /// Reads each side for about this long; true when everything is read.
    bool advance(std::chrono::milliseconds time) {
        for (int side = 0; side < sides(); ++side) histories_[side].advance(time);
        return complete();
    }
    bool complete() const { return histories_[0].complete() && (!compares() || histories_[1].complete()); }

    /// The steps of the run that are shown.
    const std::vector<std::int64_t>& steps() const { return histories_[0].wanted(); }
    const FrameHistory<Value>& side(int side) const { return histories_[side]; }
    const RunRecord* run(int side) const { return read_from_[side]; }
    /// Where a side is when the run is at this step.
    std::int64_t step_of(int side, std::int64_t step) const {
        if (side == 0 || !compares()) return step;
        if (comparison_.kind == Comparison::Kind::run)
            return recorded_step(comparison_.run->frame_steps(kind_), step).value_or(0);
        return histories_[1].wanted().empty() ? 0 : histories_[1].wanted().front();
    }
    /// The last step of each side of this run that is known.
    std::vector<std::int64_t> last_steps(const RunRecord& run) const {
        std::vector<std::int64_t> steps;
        for (int side = 0; side < sides(); ++side)
            if (read_from_[side] == &run && !histories_[side].known().empty())
                steps.push_back(histories_[side].known().rbegin()->first);
        return steps;
    }
    /// What is known of a side there; null when it is not read yet, or cannot be.
    const Value* at(int side, std::int64_t step) const { return histories_[side].up_to(step_of(side, step)); }
    /// The side whose frame there cannot be read, or -1.
    int unreadable_side(std::int64_t step) const {
        for (int side = 0; side < sides(); ++side)
            if (histories_[side].is_unreadable(step_of(side, step))) return side;
        return -1;
    }

private:
    template <class MakeRead>
    void start(int side, const RunRecord& run, std::vector<std::int64_t> steps, MakeRead& make_read) {
        if (read_from_[side] != &run) histories_[side].restart(make_read(side, run));
        read_from_[side] = &run;
        histories_[side].want(std::move(steps));
    }

    FrameHistory<Value> histories_[2];
    const RunRecord* read_from_[2] = {nullptr, nullptr};
    Comparison comparison_;
    FrameKind kind_ = FrameKind::depth;
};

}  // namespace wavlab
