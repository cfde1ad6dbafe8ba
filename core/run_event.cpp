// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_event.h"

namespace wavlab {

namespace {

constexpr std::array states{
    std::pair{RunState::running, "running"},         std::pair{RunState::paused, "paused"},
    std::pair{RunState::finished, "finished"},       std::pair{RunState::stopped, "stopped"},
    std::pair{RunState::interrupted, "interrupted"}, std::pair{RunState::diverged, "diverged"},
    std::pair{RunState::failed, "failed"},
};

}  // namespace

std::string to_string(RunState state) {
    for (const auto& [known, text] : states)
        if (known == state) return text;
    throw WorkError("a run is in a state that has no name");
}

RunState parse_run_state(const std::string& text) {
    for (const auto& [state, known] : states)
        if (text == known) return state;
    throw InputError("'" + text +
                     "' is no state of a run; allowed are running, paused, finished, stopped, interrupted, diverged, "
                     "failed");
}

}  // namespace wavlab
