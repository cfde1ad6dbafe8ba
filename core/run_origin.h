// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace wavlab {

/// The checkpoint from which a run took its initial weights.
struct RunOrigin {
    std::string run;           ///< the name of the run, or of the file where it lies outside of a run
    std::int64_t step = 0;     ///< of the checkpoint
    std::string model_sha256;  ///< of the model file

    friend bool operator==(const RunOrigin&, const RunOrigin&) = default;
};

/// {"run": ..., "step": ..., "sha256": ...}; null without an origin.
nlohmann::json origin_json(const std::optional<RunOrigin>& origin);

/// The inverse; empty for anything that is no origin.
std::optional<RunOrigin> parse_origin(const nlohmann::json& value);

/// "step 100 of wav-12".
std::string to_string(const RunOrigin& origin);

}  // namespace wavlab
