// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/validation_file.h"

#include "core/error.h"
#include "core/translatable.h"
#include "datasets/token_cache.h"

namespace wavlab {

namespace {

constexpr const char* examining = WAVLAB_TEXT("looking through the text");

}  // namespace

std::filesystem::path resolve_text_path(std::string_view name, const std::filesystem::path& base_folder) {
    if (name.starts_with(file_prefix)) name.remove_prefix(file_prefix.size());
    if (name.empty()) throw InputError("'file:' names no file; a text file is given as file:PATH");
    const std::filesystem::path path{std::string(name)};
    return path.is_absolute() || base_folder.empty() ? path : base_folder / path;
}

std::string describe_text_file(const std::filesystem::path& path, const FileTextFacts& facts) {
    std::string description = "text file '" + path.string() + "' (" + std::to_string(facts.file_bytes) +
                              (facts.file_bytes == 1 ? " byte" : " bytes");
    if (facts.replacements > 0)
        description += ", invalid bytes replaced by U+FFFD in " + std::to_string(facts.replacements) +
                       (facts.replacements == 1 ? " place" : " places");
    return description + ")";
}

FileTextFacts examine_for(const DataRequest& request, const std::filesystem::path& path) {
    const std::int64_t bytes = FileText(path).bytes();
    require_room_for_tokens(path, bytes);
    return examine_text_file(path, 9, 10, [&](std::int64_t done) { request.report(examining, done, bytes); });
}

void use_validation_file(const DataRequest& request, TextCorpus& corpus) {
    const std::filesystem::path path = resolve_text_path(request.validation, request.base_folder);
    corpus.source_description += ", validation: " + describe_text_file(path, examine_for(request, path));
    corpus.validation = std::make_shared<FileText>(path);
}

std::string validation_identity(const DataRequest& request) {
    if (request.validation.empty()) return "";
    return "\nvalidation " + file_identity(resolve_text_path(request.validation, request.base_folder));
}

}  // namespace wavlab
