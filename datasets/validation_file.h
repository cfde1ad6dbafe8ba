// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "datasets/dataset.h"
#include "datasets/text_source.h"

namespace wavlab {

/// What the name of a text file starts with where a dataset id could stand as well.
inline constexpr std::string_view file_prefix = "file:";

/// The path of "file:PATH" or "PATH", relative ones from `base_folder`. Throws InputError for an empty path.
std::filesystem::path resolve_text_path(std::string_view name, const std::filesystem::path& base_folder);

/// "text file 'x.txt' (1024 bytes)", with the number of replacements where there are any.
std::string describe_text_file(const std::filesystem::path& path, const FileTextFacts& facts);

/// Reads a text file once for `request`, which is told so and may stop it: see examine_text_file(). Throws WorkError
/// where the file is so large that there is no room to keep its tokens.
FileTextFacts examine_for(const DataRequest& request, const std::filesystem::path& path);

/// Makes the validation file that the request names the corpus's validation part, and adds it to the description.
void use_validation_file(const DataRequest& request, TextCorpus& corpus);

/// For DatasetDescriptor::identity: "validation" and the identity of the request's validation file; empty without one.
std::string validation_identity(const DataRequest& request);

}  // namespace wavlab
