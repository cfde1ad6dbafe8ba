// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <csignal>
#include <exception>

#include "app/training_console.h"

namespace wavlab {

/// SIGINT, SIGTERM or SIGHUP came while something was measured.
class Interruption : public std::exception {
public:
    const char* what() const noexcept override { return "interrupted"; }
};

/// From here on these signals make require_no_interruption() throw. One of a terminal that closes is left ignored where
/// it is, as `nohup` does.
inline void stop_on_interruption() {
    stop_on_signals();
    if (std::signal(SIGHUP, [](int) { std::raise(SIGTERM); }) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

inline void require_no_interruption() {
    if (stop_was_asked()) throw Interruption();
}

}  // namespace wavlab
