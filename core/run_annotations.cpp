// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_annotations.h"

#include <algorithm>
#include <cstdint>
#include <system_error>

#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/safe_file.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::int64_t annotations_schema = 1;
constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr std::string_view tag_ends = ", \t\r\n\f\v;";

fs::path file_of(const RunFolder& run) { return run.path / "labels.toml"; }

void tidy(std::vector<std::string>& tags) {
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
}

[[noreturn]] void refuse(const fs::path& file, const toml::node* node, const std::string& what) {
    const std::string line = node && node->source().begin ? ":" + std::to_string(node->source().begin.line) : "";
    throw InputError(file.string() + line + ": " + what);
}

std::vector<std::string> read_tags(const fs::path& file, const toml::node& node) {
    std::vector<std::string> tags;
    const toml::array* list = node.as_array();
    if (!list) refuse(file, &node, "tags must be a list of words, such as [\"paper\"]");
    for (const toml::node& entry : *list) {
        const toml::value<std::string>* text = entry.as_string();
        if (!text || text->get().empty() || text->get().find_first_of(tag_ends) != std::string::npos)
            refuse(file, &entry, "each of the tags must be a word in quotes, without spaces and commas");
        tags.push_back(text->get());
    }
    tidy(tags);
    return tags;
}

RunAnnotations parse(const fs::path& file, const std::string& text) {
    toml::table table;
    try {
        table = toml::parse(text);
    } catch (const toml::parse_error& error) {
        throw InputError(file.string() + ":" + std::to_string(error.source().begin.line) +
                         ": the run's tags and note cannot be read: " + std::string(error.description()));
    }
    RunAnnotations annotations;
    for (const auto& [key, node] : table) {
        if (key == "schema") {
            const std::optional<std::int64_t> schema = node.value_exact<std::int64_t>();
            if (schema != annotations_schema) refuse(file, &node, "schema must be 1");
        } else if (key == "tags") {
            annotations.tags = read_tags(file, node);
        } else if (key == "note") {
            const toml::value<std::string>* note = node.as_string();
            if (!note) refuse(file, &node, "note must be a text in quotes");
            annotations.note = note->get();
        } else if (key == "archived") {
            const toml::value<bool>* archived = node.as_boolean();
            if (!archived) refuse(file, &node, "archived must be true or false");
            annotations.archived = archived->get();
        } else {
            refuse(file, &node, "there is no key '" + std::string(key.str()) + "' (known: tags, note, archived)");
        }
    }
    return annotations;
}

/// A name beside the file that is free.
fs::path kept_name(const fs::path& file) {
    fs::path kept = file.parent_path() / "labels.damaged.toml";
    std::error_code error;
    for (int number = 2; fs::exists(fs::symlink_status(kept, error)); ++number)
        kept = file.parent_path() / ("labels.damaged-" + std::to_string(number) + ".toml");
    return kept;
}

}  // namespace

std::vector<std::string> parse_tags(std::string_view text) {
    std::vector<std::string> tags;
    while (true) {
        const std::size_t start = text.find_first_not_of(tag_ends);
        if (start == std::string_view::npos) break;
        text.remove_prefix(start);
        const std::size_t end = std::min(text.find_first_of(tag_ends), text.size());
        tags.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    tidy(tags);
    return tags;
}

std::string tags_text(const std::vector<std::string>& tags) {
    std::string text;
    for (const std::string& tag : tags) text += (text.empty() ? "" : ", ") + tag;
    return text;
}

RunAnnotations read_annotations(const RunFolder& run) {
    const fs::path file = file_of(run);
    std::error_code error;
    if (!fs::exists(fs::symlink_status(file, error))) return {};
    return parse(file, read_file(file, largest_file));
}

std::optional<fs::path> write_annotations(const RunFolder& run, const RunAnnotations& annotations) {
    const fs::path file = file_of(run);
    std::string text = "# What people say of this run: tags, a note, and whether it is archived.\nschema = 1\ntags = [";
    for (const std::string& tag : annotations.tags) text += (text.back() == '[' ? "" : ", ") + toml_text(tag);
    text += "]\nnote = " + toml_text(annotations.note);
    text += std::string("\narchived = ") + (annotations.archived ? "true" : "false") + "\n";

    std::optional<fs::path> kept;
    try {
        read_annotations(run);
    } catch (const InputError&) {
        kept = kept_name(file);
        std::error_code error;
        fs::rename(file, *kept, error);
        if (error)
            throw InputError(file.string() +
                             ": it cannot be read, and it cannot be kept under another name: " + error.message());
    }
    write_file_safely(file, text);
    return kept;
}

}  // namespace wavlab
