// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

namespace wavlab {

/// What the trainer is asked to do at the end of the current step.
enum class StopRequest { none, keep, discard, interrupt };

/// Commands from any thread to the trainer, which reads them between steps.
class RunControl {
public:
    void pause();
    void resume();
    void step_once();  ///< one update, then paused
    void evaluate_now();
    void checkpoint_now();
    /// keep: a checkpoint, then ended; discard: the run folder is removed; interrupt: as keep, exit code 130.
    void stop(StopRequest request);

    bool paused() const;
    StopRequest stop_requested() const;

    /// What the trainer does next. Blocks while paused and nothing is asked for.
    struct Orders {
        StopRequest stop = StopRequest::none;
        bool evaluate = false;
        bool checkpoint = false;
        bool train = false;  ///< make one update
    };
    /// For the trainer: takes what has been asked for since the last call. `on_wait` is called once before it blocks
    /// (pause), from the caller's thread.
    template <class OnWait>
    Orders next(OnWait on_wait) {
        std::unique_lock lock(mutex_);
        if (must_wait()) {
            lock.unlock();
            on_wait();
            lock.lock();
            changed_.wait(lock, [this] { return !must_wait(); });
        }
        return take();
    }

private:
    bool must_wait() const {
        return paused_ && !single_steps_ && !evaluate_ && !checkpoint_ && stop_ == StopRequest::none;
    }
    Orders take();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool paused_ = false;
    int single_steps_ = 0;
    bool evaluate_ = false;
    bool checkpoint_ = false;
    StopRequest stop_ = StopRequest::none;
};

}  // namespace wavlab
