// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_origin.h"

namespace wavlab {

nlohmann::json origin_json(const std::optional<RunOrigin>& origin) {
    if (!origin) return nullptr;
    return {{"run", origin->run}, {"step", origin->step}, {"sha256", origin->model_sha256}};
}

std::optional<RunOrigin> parse_origin(const nlohmann::json& value) {
    const auto has = [&](const char* key, auto is_wanted) { return value.contains(key) && is_wanted(value.at(key)); };
    const auto is_text = [](const nlohmann::json& entry) { return entry.is_string(); };
    const auto is_whole = [](const nlohmann::json& entry) { return entry.is_number_integer(); };
    if (!value.is_object() || !has("run", is_text) || !has("step", is_whole) || !has("sha256", is_text))
        return std::nullopt;
    return RunOrigin{value.at("run"), value.at("step"), value.at("sha256")};
}

std::string to_string(const RunOrigin& origin) { return "step " + std::to_string(origin.step) + " of " + origin.run; }

}  // namespace wavlab
