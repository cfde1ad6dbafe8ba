// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

namespace wavlab {

/// A text file of resources/ (*.toml, *.json) or datasets/manifests/ (*.toml) that is part of the program.
struct EmbeddedResource {
    /// Relative to resources/, such as "experiments/default.toml"; "datasets/manifests/text8.toml".
    std::string_view name;
    std::string_view text;
};

/// All of them, ordered by name.
const std::vector<EmbeddedResource>& embedded_resources();

/// The text of one; empty when there is none of this name.
std::string_view embedded_resource(std::string_view name);

}  // namespace wavlab
