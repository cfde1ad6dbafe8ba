// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/data_progress.h"

#include "core/translatable.h"

namespace wavlab {

const char* phase_name(DataPhase phase) {
    switch (phase) {
        case DataPhase::checking:
            return WAVLAB_TEXT("checking");
        case DataPhase::downloading:
            return WAVLAB_TEXT("downloading");
        case DataPhase::unpacking:
            return WAVLAB_TEXT("unpacking");
        case DataPhase::finishing:
            return WAVLAB_TEXT("finishing");
    }
    return "";
}

void DataWatch::begin(DataPhase phase, std::string file, std::int64_t total, std::int64_t done) {
    check();
    state_ = {phase, std::move(file), done, total, 0, {}};
    recent_.clear();
    tell(Clock::now());
}

void DataWatch::advance(std::int64_t done) {
    check();
    state_.done = done;
    constexpr std::chrono::milliseconds between(100);
    const Clock::time_point now = Clock::now();
    if (now - told_ >= between) tell(now);
}

void DataWatch::note(std::string text) {
    state_.note = std::move(text);
    tell(Clock::now());
}

void DataWatch::tell(Clock::time_point now) {
    constexpr std::chrono::seconds window(5);
    told_ = now;
    if (!recent_.empty() && recent_.back().second > state_.done) recent_.clear();  // it starts anew
    recent_.emplace_back(now, state_.done);
    while (recent_.size() > 2 && now - recent_.front().first > window) recent_.pop_front();
    const double seconds = std::chrono::duration<double>(now - recent_.front().first).count();
    const auto bytes = static_cast<double>(state_.done - recent_.front().second);
    state_.bytes_per_second = seconds > 0.2 ? bytes / seconds : 0;
    if (progress_) progress_(state_);
}

}  // namespace wavlab
