// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datasets/manifest.h"

namespace wavlab {

// The words of manifest files.

/// "none", "zip", "tar", ...; several names (gzip, xz, ...) mean Packing::compressed.
std::optional<Packing> parse_packing(std::string_view name);

/// "none, gzip, bzip2, ..."
std::string packing_names();

/// The name that to_toml writes.
std::string packing_name(Packing packing);

}  // namespace wavlab
