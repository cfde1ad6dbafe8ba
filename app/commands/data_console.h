// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "datasets/data_progress.h"

namespace wavlab {

/// Shows on a terminal how far work with a dataset is, and stops it on SIGINT and SIGTERM. On a terminal one line of
/// stderr is kept up to date, elsewhere a line is printed now and then; `--json` prints objects on stdout instead.
class DataConsole {
public:
    explicit DataConsole(bool json);
    ~DataConsole() { end(); }
    DataConsole(const DataConsole&) = delete;
    DataConsole& operator=(const DataConsole&) = delete;

    ProgressCallback progress();
    std::stop_token stop() const { return stop_.get_token(); }
    /// Leaves the line that was kept up to date.
    void end();

private:
    void show(const DataProgress& progress);
    void show_json(const DataProgress& progress) const;

    const bool json_, terminal_;
    bool line_open_ = false;
    std::string shown_work_, shown_note_;
    std::chrono::steady_clock::time_point shown_{};
    std::stop_source stop_;
    std::jthread signals_;
};

}  // namespace wavlab
