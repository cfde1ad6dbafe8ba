// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/source.h"

namespace wavlab {

/// A token that may come next.
struct NextToken {
    std::int64_t id = 0;
    std::string text;
    double probability = 0;
};

/// A token of a text that was looked at.
struct InspectedToken {
    std::int64_t id = 0;
    std::string text;             ///< UTF-8; a token that is only a part of a character is "\uFFFD"
    std::optional<double> loss;   ///< nats, given the tokens before it; empty for the first
    std::vector<NextToken> next;  ///< what the model expects after it, likeliest first
};

/// The routing of every token of a text at one checkpoint: what the microscope shows.
struct TokenRouting {
    std::int64_t step = 0;  ///< of the checkpoint
    std::string source;     ///< what text it is
    std::string device;
    double loss = 0;  ///< mean over the tokens that have one, nats
    RoutingLayout layout;
    std::vector<InspectedToken> tokens;  ///< [T]
    // [cells · T]: the values of a cell lie together, token after token.
    std::vector<float> weight;        ///< α
    std::vector<float> contribution;  ///< ‖α v‖₂
    std::vector<float> attribution;   ///< −α v·G, G = dL/dh_l of the mean loss of the text (first-order Δloss)

    std::size_t index(std::size_t cell, std::size_t token) const { return cell * tokens.size() + token; }
};

}  // namespace wavlab
