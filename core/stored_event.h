// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/run_event.h"

namespace wavlab {

/// An event that is neither a scalar nor a frame, as the run store keeps it: whole, to be read back. What `--json`
/// prints of events is core/json_lines.h.
struct StoredEvent {
    std::string type;  ///< "started", "checkpoint", "sample", "message", "state", "ended"
    std::string json;  ///< without its step
};

/// Texts that are not UTF-8 are made so. Throws WorkError for scalars and frames.
StoredEvent to_stored(const RunEvent& event);

/// The inverse. Throws InputError on damaged text. Types of later versions become a Message that says so.
RunEvent parse_stored_event(const std::string& type, std::int64_t step, const std::string& json);

}  // namespace wavlab
