// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run_folder.h"

namespace wavlab {

/// What people say of a run, kept in `labels.toml` of its folder, so that it travels with the folder.
struct RunAnnotations {
    std::vector<std::string> tags;  ///< words without spaces and commas, sorted, each once
    std::string note;               ///< free text, may have several lines
    bool archived = false;          ///< kept, but out of sight

    bool empty() const { return tags.empty() && note.empty() && !archived; }
    friend bool operator==(const RunAnnotations&, const RunAnnotations&) = default;
};

/// The words of a text, at commas and white space; sorted, each once.
std::vector<std::string> parse_tags(std::string_view text);
/// "paper, wav-48": what `parse_tags` reads.
std::string tags_text(const std::vector<std::string>& tags);

/// Nothing when there is no such file. Throws InputError that names file, line and what is allowed when it is damaged.
RunAnnotations read_annotations(const RunFolder& run);

/// Replaces what was said; a file that cannot be read is kept beside it, whose name is returned. Throws InputError
/// when the folder cannot be written.
std::optional<std::filesystem::path> write_annotations(const RunFolder& run, const RunAnnotations& annotations);

}  // namespace wavlab
