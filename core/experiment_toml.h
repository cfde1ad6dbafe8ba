// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "core/experiment.h"

namespace wavlab {

// What the readers of experiment and sweep files share.

inline constexpr std::size_t largest_experiment_file = 1 << 20;  // bytes

/// Throws InputError that names file and line.
toml::table parse_document(std::string_view text, const std::string& file_name);

/// parse_experiment of a document that was read.
Experiment read_experiment_document(const toml::table& document, const std::string& file_name,
                                    const std::filesystem::path& folder);

/// A value as it stands in the file, for messages.
std::string shown(const toml::node& node);

/// Empty for what no option can hold: dates, lists, tables.
std::optional<OptionValue> option_value(const toml::node& node);

}  // namespace wavlab
