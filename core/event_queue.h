// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace wavlab {

/// Lossless, ordered queue from one thread to another. Never blocks the writer for longer than a push.
template <class Event>
class EventQueue {
public:
    void push(Event event) {
        {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
        }
        arrived_.notify_one();
    }

    /// Everything that has arrived, in order; empty when there is nothing.
    std::vector<Event> drain() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

    /// Like drain(), but waits up to `limit` for something to arrive.
    template <class Rep, class Period>
    std::vector<Event> wait_and_drain(std::chrono::duration<Rep, Period> limit) {
        std::unique_lock lock(mutex_);
        arrived_.wait_for(lock, limit, [this] { return !events_.empty(); });
        return std::exchange(events_, {});
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Event> events_;
};

/// A slot that holds the newest value only.
template <class Value>
class LatestValue {
public:
    void set(Value value) {
        const std::lock_guard lock(mutex_);
        value_ = std::move(value);
    }

    Value get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

private:
    mutable std::mutex mutex_;
    Value value_{};
};

}  // namespace wavlab
