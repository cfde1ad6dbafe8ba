// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "datasets/data_progress.h"
#include "datasets/document_sink.h"
#include "datasets/manifest.h"

namespace wavlab {

/// How much an archive may become when neither its unpacked size nor a limit is known: so many times its own size, or
/// this many bytes.
inline constexpr std::int64_t highest_unpacking_ratio = 250;
inline constexpr std::int64_t always_allowed_unpacked = 64'000'000;

/// Hands over what a file holds, as its manifest entry says it is packed, member by member; nothing is written to disk.
/// Refuses archives with links, devices, paths that are absolute or hold "..", and what becomes larger than it may.
/// Throws WorkError that names the file for all of this, for damaged archives and for text that is not what the
/// manifest says (size, SHA-256), what the sink throws, and DataWorkStopped.
void unpack(const std::filesystem::path& path, const ManifestFile& file, DocumentSink& sink, DataWatch& watch);

}  // namespace wavlab
