// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_control.h"

#include <utility>

namespace wavlab {

void RunControl::pause() {
    const std::lock_guard lock(mutex_);
    paused_ = true;
}

void RunControl::resume() {
    {
        const std::lock_guard lock(mutex_);
        paused_ = false;
        single_steps_ = 0;
    }
    changed_.notify_all();
}

void RunControl::step_once() {
    {
        const std::lock_guard lock(mutex_);
        // A run that goes on makes the step that is due anyway, and pauses after it.
        paused_ = true;
        ++single_steps_;
    }
    changed_.notify_all();
}

void RunControl::evaluate_now() {
    {
        const std::lock_guard lock(mutex_);
        evaluate_ = true;
    }
    changed_.notify_all();
}

void RunControl::checkpoint_now() {
    {
        const std::lock_guard lock(mutex_);
        checkpoint_ = true;
    }
    changed_.notify_all();
}

void RunControl::stop(StopRequest request) {
    {
        const std::lock_guard lock(mutex_);
        // Discarding was asked for knowingly; a later signal or a closing window must not undo it.
        if (stop_ != StopRequest::discard) stop_ = request;
    }
    changed_.notify_all();
}

bool RunControl::paused() const {
    const std::lock_guard lock(mutex_);
    return paused_;
}

StopRequest RunControl::stop_requested() const {
    const std::lock_guard lock(mutex_);
    return stop_;
}

RunControl::Orders RunControl::take() {
    Orders orders;
    orders.stop = stop_;
    orders.evaluate = std::exchange(evaluate_, false);
    orders.checkpoint = std::exchange(checkpoint_, false);
    if (stop_ != StopRequest::none) return orders;
    orders.train = !paused_ || single_steps_ > 0;
    if (paused_ && single_steps_ > 0) --single_steps_;
    return orders;
}

}  // namespace wavlab
