// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/run_event.h"

namespace wavlab {

/// A number as `--json` writes it: non-finite values are the strings "NaN", "Infinity", "-Infinity".
nlohmann::json json_number(double value);

/// The inverse. Throws InputError for anything else.
double parse_json_number(const nlohmann::json& value);

/// An object as `--json` prints it: one line, always valid JSON. Bytes of paths that are not UTF-8 become U+FFFD.
std::string json_line(const nlohmann::json& object);

/// One event as one JSON object on one line (design §5, contract): `started`, `scalar`, `checkpoint`, `finished`,
/// `failed`. Empty for events that have no line (frames, messages, samples). How the store keeps events is
/// core/stored_event.h.
std::optional<std::string> event_json_line(const RunEvent& event);

}  // namespace wavlab
