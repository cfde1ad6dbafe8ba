// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/sweep_console.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_lines.h"

namespace wavlab {

namespace {

std::string duration_text(double seconds) {
    const auto whole = static_cast<long>(std::lround(seconds));
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

/// A terminal that went away or a full disk behind stdout must not end the sweep; the command line says it in the end.
template <class Work>
void say(Work work) {
    try {
        work();
    } catch (const std::system_error&) {
    }
}

}  // namespace

QueueRunner::Listener SweepConsole::listener() {
    return {[this](const QueuedRun& run, const nlohmann::json& line) { say([&] { show_line(run, line); }); },
            [](const QueuedRun& run, const std::string& text) {
                say([&] { fmt::print(stderr, "wavlab: {}: {}\n", run.name, text); });
            },
            [this](const QueuedRun& run) { say([&] { show_state(run); }); }};
}

std::string SweepConsole::head(const QueuedRun& run) const {
    return fmt::format("[{}/{}] {}",
                       std::min(runner_->over_count() + (is_over(run.state) ? 0 : 1), runner_->total_count()),
                       runner_->total_count(), run.name);
}

void SweepConsole::show_line(const QueuedRun& run, const nlohmann::json& line) {
    if (json_) {
        fmt::print("{}\n", json_line(line));
    } else if (line.value("name", "") == "val/loss") {
        const nlohmann::json& value = line.at("value");
        const std::optional<double> left = runner_->seconds_left();
        fmt::print("{}: step {}/{}  validation {}{}\n", head(run), line.value("step", 0),
                   runner_->progress(run.id).value_or(QueueProgress{}).total_steps,
                   value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : value.get<std::string>(),
                   left ? "  " + duration_text(*left) + " left for all" : "");
    }
    std::fflush(stdout);
}

void SweepConsole::show_state(const QueuedRun& run) {
    if (json_) return;
    if (run.state == QueueState::running)
        fmt::print("{}: {}\n", head(run), run.folder.empty() ? "begins" : "goes on");
    else if (run.state == QueueState::waiting)
        fmt::print("{}: stopped, its state is saved\n", head(run));
    else
        fmt::print("{}: {}{}\n", head(run), to_string(run.state), run.reason.empty() ? "" : ": " + run.reason);
    std::fflush(stdout);
}

}  // namespace wavlab
