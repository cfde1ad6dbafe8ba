// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/json_lines.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace wavlab {
namespace {

using nlohmann::json;

template <class Event>
json object_of(const Event&) {
    return {};
}

json object_of(const RunStarted& started) {
    return {{"event", "started"},
            {"run", started.folder},
            {"step", started.first_step},
            {"steps", started.total_steps},
            {"device", started.description.device},
            {"parameters", started.description.parameters}};
}

json object_of(const ScalarRecorded& scalar) {
    return {{"event", "scalar"}, {"step", scalar.step}, {"name", scalar.name}, {"value", json_number(scalar.value)}};
}

json object_of(const CheckpointSaved& saved) {
    return {{"event", "checkpoint"}, {"step", saved.step}, {"folder", saved.folder}};
}

/// A run that was stopped with its state kept has finished as it was told to; the state says how.
json object_of(const RunEnded& ended) {
    const bool failed = ended.state == RunState::failed || ended.state == RunState::diverged;
    return {{"event", failed ? "failed" : "finished"},
            {"state", to_string(ended.state)},
            {"step", ended.step},
            {"reason", ended.reason}};
}

}  // namespace

json json_number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
}

double parse_json_number(const json& value) {
    if (value.is_number()) return value.get<double>();
    if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (value == "Infinity") return std::numeric_limits<double>::infinity();
    if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
    throw InputError("a number was expected, not " + json_line(value));
}

std::string json_line(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

std::optional<std::string> event_json_line(const RunEvent& event) {
    const json object = std::visit([](const auto& one) { return object_of(one); }, event);
    return object.is_null() ? std::nullopt : std::optional(json_line(object));
}

}  // namespace wavlab
