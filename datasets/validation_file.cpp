// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/validation_file.h"

#include "core/error.h"

namespace wavlab {

std::filesystem::path resolve_text_path(std::string_view name, const std::filesystem::path& base_folder) {
    if (name.starts_with(file_prefix)) name.remove_prefix(file_prefix.size());
    if (name.empty()) throw InputError("'file:' names no file; a text file is given as file:PATH");
    const std::filesystem::path path{std::string(name)};
    return path.is_absolute() || base_folder.empty() ? path : base_folder / path;
}

std::string describe_text_file(const std::filesystem::path& path, const FileText& file) {
    std::string description = "text file '" + path.string() + "' (" + std::to_string(file.file_bytes) +
                              (file.file_bytes == 1 ? " byte" : " bytes");
    if (file.replacements > 0)
        description += ", invalid bytes replaced by U+FFFD in " + std::to_string(file.replacements) +
                       (file.replacements == 1 ? " place" : " places");
    return description + ")";
}

void use_validation_file(const DataRequest& request, TextCorpus& corpus) {
    const std::filesystem::path path = resolve_text_path(request.validation, request.base_folder);
    FileText file = read_text_file(path);
    corpus.source_description += ", validation: " + describe_text_file(path, file);
    corpus.validation_text = std::move(file.text);
}

}  // namespace wavlab
