// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/queue/queue_runner.h"

namespace wavlab {

/// Says on the terminal how the runs of a queue go: a line for each evaluation and each change of state, or, with
/// `json`, the lines of the runs as they are.
class SweepConsole {
public:
    explicit SweepConsole(bool json) : json_(json) {}

    QueueRunner::Listener listener();
    /// Whose runs they are; must outlive the console's use.
    void watch(const QueueRunner& runner) { runner_ = &runner; }

private:
    std::string head(const QueuedRun& run) const;
    void show_line(const QueuedRun& run, const nlohmann::json& line);
    void show_state(const QueuedRun& run);

    bool json_;
    const QueueRunner* runner_ = nullptr;
};

}  // namespace wavlab
