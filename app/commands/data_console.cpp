// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/data_console.h"

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/training_console.h"
#include "core/json_lines.h"
#include "datasets/data_folder.h"

namespace wavlab {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t worth_a_line = 1'000'000;  // bytes; of many small files a line now and then is enough

std::string time_text(double seconds) {
    const long whole = std::lround(seconds);
    return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                         : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string progress_text(const DataProgress& progress) {
    std::string text = fmt::format("{} {}", phase_name(progress.phase), progress.file);
    if (progress.done == 0) return progress.total > 0 ? text + " (" + size_text(progress.total) + ")" : text;
    text += ": " + size_text(progress.done);
    if (progress.total > 0)
        text += fmt::format(" of {} ({:.0f} %)", size_text(progress.total),
                            100.0 * static_cast<double>(progress.done) / static_cast<double>(progress.total));
    if (progress.bytes_per_second > 0) {
        text += fmt::format(", {}/s", size_text(static_cast<std::int64_t>(progress.bytes_per_second)));
        if (progress.total > progress.done)
            text += ", " + time_text(static_cast<double>(progress.total - progress.done) / progress.bytes_per_second) +
                    " left";
    }
    return text;
}

}  // namespace

DataConsole::DataConsole(bool json) : json_(json), terminal_(!json && ::isatty(STDERR_FILENO)) {
    stop_on_signals();
    // A handler of signals may not wake anybody; this looks at what it noted.
    signals_ = std::jthread([this](const std::stop_token& ended) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any never;
        while (!ended.stop_requested() && !stop_was_asked()) never.wait_for(lock, ended, 100ms, [] { return false; });
        if (stop_was_asked()) stop_.request_stop();
    });
}

ProgressCallback DataConsole::progress() {
    return [this](const DataProgress& progress) { json_ ? show_json(progress) : show(progress); };
}

void DataConsole::end() {
    if (line_open_) fmt::print(stderr, "\n");
    line_open_ = false;
}

void DataConsole::show_json(const DataProgress& progress) const {
    nlohmann::json line{{"event", "progress"},     {"phase", phase_name(progress.phase)},
                        {"file", progress.file},   {"done", progress.done},
                        {"total", progress.total}, {"bytes_per_second", progress.bytes_per_second}};
    if (!progress.note.empty()) line["note"] = progress.note;
    fmt::print("{}\n", json_line(line));
    std::fflush(stdout);
}

void DataConsole::show(const DataProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!progress.note.empty() && progress.note != shown_note_) {
        end();
        fmt::print(stderr, "wavlab: {}\n", progress.note);
    }
    shown_note_ = progress.note;
    const std::string work = phase_name(progress.phase) + progress.file;
    if (terminal_) {
        fmt::print(stderr, "\r\033[K{}", progress_text(progress));
        std::fflush(stderr);
        line_open_ = true;
        shown_work_ = work;
        return;
    }
    const bool worth_saying =
        progress.phase == DataPhase::downloading || progress.total >= worth_a_line || now - shown_ >= 1s;
    if ((work != shown_work_ && worth_saying) || now - shown_ >= 10s) {
        fmt::print(stderr, "{}\n", progress_text(progress));
        shown_ = now;
    }
    shown_work_ = work;
}

}  // namespace wavlab
