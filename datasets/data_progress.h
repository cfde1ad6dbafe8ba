// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

namespace wavlab {

/// What is being done with a dataset.
enum class DataPhase { checking, downloading, unpacking, finishing };

/// "checking", "downloading", ...
const char* phase_name(DataPhase phase);

struct DataProgress {
    DataPhase phase = DataPhase::checking;
    std::string file;             ///< the file it is done with
    std::int64_t done = 0;        ///< bytes
    std::int64_t total = 0;       ///< bytes; 0: not known
    double bytes_per_second = 0;  ///< over the last seconds; 0: not known yet
    std::string note;             ///< what goes wrong and is tried again; empty while all is well
};

using ProgressCallback = std::function<void(const DataProgress&)>;

/// Thrown by DataWatch when its owner was asked to stop. Not an error: it never leaves DataLibrary.
struct DataWorkStopped {};

/// Long work tells here how far it is, and is told to stop.
class DataWatch {
public:
    DataWatch(ProgressCallback progress, std::stop_token stop)
        : progress_(std::move(progress)), stop_(std::move(stop)) {}

    /// A new piece of work; told at once.
    void begin(DataPhase phase, std::string file, std::int64_t total, std::int64_t done = 0);
    /// Bytes done so far, told ten times a second at most. Throws DataWorkStopped.
    void advance(std::int64_t done);
    /// Told at once, and with what follows until it is empty again.
    void note(std::string text);
    /// Throws DataWorkStopped when asked to stop.
    void check() const {
        if (stop_.stop_requested()) throw DataWorkStopped{};
    }
    const std::stop_token& stop() const { return stop_; }

private:
    using Clock = std::chrono::steady_clock;
    void tell(Clock::time_point now);

    ProgressCallback progress_;
    std::stop_token stop_;
    DataProgress state_;
    Clock::time_point told_{};
    std::deque<std::pair<Clock::time_point, std::int64_t>> recent_;  // the last seconds, for the speed
};

}  // namespace wavlab
