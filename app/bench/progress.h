// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace wavlab {

/// What a long measurement is at, on stderr: one line that is kept up to date on a terminal, else a line for each
/// phase.
class Progress {
public:
    ~Progress() { end(); }

    void phase(const std::string& text) {
        text_ = text;
        start_ = std::chrono::steady_clock::now();
        shown_seconds_ = 0;
        show(text);
    }

    /// Called now and then while a phase lasts: says how long, on a terminal.
    void tick() {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_).count();
        if (!terminal_ || seconds == shown_seconds_) return;
        shown_seconds_ = seconds;
        show(fmt::format("{} ({} s)", text_, seconds));
    }

    /// Clears the line of the terminal.
    void end() {
        if (terminal_ && !text_.empty()) write("\r\033[K");
        text_.clear();
    }

private:
    void show(const std::string& text) const {
        write(fmt::format("{}{}{}", terminal_ ? "\r\033[K" : "", text, terminal_ ? "" : "\n"));
    }
    /// A terminal that went away is no error: what is measured then ends by a signal.
    static void write(const std::string& text) {
        std::fputs(text.c_str(), stderr);
        std::fflush(stderr);
    }

    const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    std::string text_;
    std::chrono::steady_clock::time_point start_{};
    long shown_seconds_ = 0;
};

}  // namespace wavlab
