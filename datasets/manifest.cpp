// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/manifest.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "core/embedded_resources.h"
#include "core/error.h"
#include "core/experiment_text.h"
#include "core/number_text.h"
#include "core/registry.h"
#include "core/safe_file.h"
#include "core/sha256.h"
#include "datasets/dataset.h"
#include "datasets/manifest_text.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::string_view shipped_folder = "datasets/manifests/";
constexpr std::size_t largest_manifest = std::size_t{1} << 24;  // those of a folder added by hand list every file

struct PackingName {
    const char* name;
    Packing packing;
};

constexpr PackingName packings[] = {
    {"none", Packing::none},     {"gzip", Packing::compressed},         {"bzip2", Packing::compressed},
    {"xz", Packing::compressed}, {"zstd", Packing::compressed},         {"zip", Packing::zip},
    {"tar", Packing::tar},       {"tar-of-tars", Packing::tar_of_tars},
};

std::string quoted(const std::string& text) { return toml_text(OptionValue(text)); }

std::string quoted_list(const std::vector<std::string>& texts) {
    std::string list = "[";
    for (std::size_t i = 0; i < texts.size(); ++i) list += (i == 0 ? "" : ", ") + quoted(texts[i]);
    return list + "]";
}

template <class Number>
std::string number_list(const std::vector<Number>& numbers) {
    std::string list = "[";
    for (std::size_t i = 0; i < numbers.size(); ++i)
        list += (i == 0 ? "" : ", ") + number_text(static_cast<double>(numbers[i]), 15);
    return list + "]";
}

void add(std::string& toml, const char* key, const std::string& value) {
    if (!value.empty()) toml += std::string(key) + " = " + quoted(value) + "\n";
}

void add(std::string& toml, const char* key, const std::optional<std::int64_t>& value) {
    if (value) toml += std::string(key) + " = " + std::to_string(*value) + "\n";
}

std::string file_toml(const ManifestFile& file) {
    std::string toml = "\n[[files]]\n";
    if (!file.addresses.empty()) toml += "address = " + quoted_list(file.addresses) + "\n";
    add(toml, "name", file.name);
    add(toml, "size", file.size);
    add(toml, "sha256", file.sha256);
    if (file.packing != Packing::none) add(toml, "unpack", packing_name(file.packing));
    if (!file.members.empty()) toml += "members = " + quoted_list(file.members) + "\n";
    add(toml, "json_field", file.json_field);
    add(toml, "unpacked_size", file.unpacked_size);
    add(toml, "unpacked_sha256", file.unpacked_sha256);
    add(toml, "unpacked_at_most", file.unpacked_at_most);
    if (file.members_at_most != ManifestFile{}.members_at_most)
        add(toml, "members_at_most", std::optional(file.members_at_most));
    return toml;
}

std::string splits_toml(const ManifestSplits& splits) {
    std::string toml = "\n[splits]\n";
    for (std::size_t i = 0; i < part_names.size(); ++i) add(toml, part_names[i], splits.names[i]);
    if (!splits.bytes.empty()) {
        toml += "bytes = [";
        for (std::size_t i = 0; i < splits.bytes.size(); ++i)
            toml += (i == 0 ? "" : ", ") + std::to_string(splits.bytes[i]);
        toml += "]\n";
    }
    if (!splits.fractions.empty()) toml += "fractions = " + number_list(splits.fractions) + "\n";
    if (splits.validation_every > 0) add(toml, "validation_every", std::optional(splits.validation_every));
    return toml;
}

/// The *.toml files of a folder by name; none where the folder is missing.
std::vector<fs::path> manifest_files(const fs::path& folder, std::vector<std::string>& problems) {
    std::vector<fs::path> files;
    std::error_code error;
    if (!fs::exists(folder, error) && !error) return files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".toml") files.push_back(entry->path());
    if (error) problems.push_back(folder.string() + ": this folder of manifests cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

void add_user_manifest(const fs::path& file, ManifestList& list) {
    try {
        DatasetManifest manifest = parse_manifest(read_file(file, largest_manifest), file.string());
        manifest.source = file.string();
        if (Registry<DatasetDescriptor>::find(manifest.id))
            throw InputError(file.string() + ": id = \"" + manifest.id +
                             "\": a dataset that is built in has this id; choose another one");
        const auto same = std::find_if(list.manifests.begin(), list.manifests.end(),
                                       [&](const DatasetManifest& other) { return other.id == manifest.id; });
        if (same == list.manifests.end()) {
            list.manifests.push_back(std::move(manifest));
            return;
        }
        if (!same->source.empty())
            throw InputError(file.string() + ": id = \"" + manifest.id + "\": " + same->source + " has the same id");
        manifest.replaces_shipped = true;
        *same = std::move(manifest);
    } catch (const InputError& error) {
        list.problems.emplace_back(error.what());
    }
}

}  // namespace

std::optional<Packing> parse_packing(std::string_view name) {
    for (const PackingName& packing : packings)
        if (packing.name == name) return packing.packing;
    return std::nullopt;
}

std::string packing_names() {
    std::vector<std::string> names;
    for (const PackingName& packing : packings) names.emplace_back(packing.name);
    return list_text(names);
}

std::string packing_name(Packing packing) {
    for (const PackingName& known : packings)
        if (known.packing == packing) return known.name;
    return "none";
}

std::optional<std::int64_t> ManifestFile::text_bytes() const {
    if (packing == Packing::none) return size;
    return unpacked_size ? unpacked_size : unpacked_at_most;
}

std::int64_t DatasetManifest::download_size() const {
    std::int64_t bytes = 0;
    for (const ManifestFile& file : files) bytes += file.size.value_or(0);
    return bytes;
}

std::string DatasetManifest::digest() const { return sha256_hex(to_toml(*this)); }

bool is_dataset_id(std::string_view id) {
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !id.empty() && id.size() <= 64 && is_plain(id.front()) &&
           std::all_of(id.begin(), id.end(), [&](char c) { return is_plain(c) || c == '-' || c == '_' || c == '.'; });
}

bool fits_pattern(std::string_view text, std::string_view pattern) {
    // The last * is tried at later and later places: linear in practice, quadratic at worst.
    std::size_t t = 0, p = 0, star = std::string_view::npos, tried = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            tried = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++tried;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::string to_toml(const DatasetManifest& manifest) {
    std::string toml;
    add(toml, "id", manifest.id);
    if (manifest.kind == ManifestKind::tokenizer) add(toml, "kind", std::string("tokenizer"));
    add(toml, "title", manifest.title);
    add(toml, "summary", manifest.summary);
    add(toml, "licence", manifest.licence);
    add(toml, "licence_address", manifest.licence_address);
    add(toml, "citation", manifest.citation);
    add(toml, "homepage", manifest.homepage);
    add(toml, "document_separator", manifest.document_separator);
    if (manifest.normalisation == Normalisation::none) add(toml, "normalisation", std::string("none"));
    if (manifest.tidy_documents) toml += "tidy_documents = true\n";
    for (const ManifestFile& file : manifest.files) toml += file_toml(file);
    return manifest.kind == ManifestKind::tokenizer ? toml : toml + splits_toml(manifest.splits);
}

const DatasetManifest* ManifestList::find(std::string_view id) const {
    for (const DatasetManifest& manifest : manifests)
        if (manifest.id == id) return &manifest;
    return nullptr;
}

std::vector<fs::path> user_manifest_folders() {
    if (const char* folders = std::getenv("WAVLAB_MANIFESTS"); folders && *folders) {
        std::vector<fs::path> list;
        std::string_view rest(folders);
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(':'), rest.size());
            if (end > 0) list.emplace_back(std::string(rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return list;
    }
    const char* config = std::getenv("XDG_CONFIG_HOME");
    // The specification asks for relative paths to be ignored.
    if (config && fs::path(config).is_absolute()) return {fs::path(config) / "wavlab" / "datasets"};
    const char* home = std::getenv("HOME");
    return {fs::path(home && *home ? home : "/") / ".config" / "wavlab" / "datasets"};
}

ManifestList load_manifests(const std::vector<fs::path>& user_folders) {
    ManifestList list;
    for (const EmbeddedResource& resource : embedded_resources())
        if (resource.name.starts_with(shipped_folder))
            list.manifests.push_back(parse_manifest(resource.text, std::string(resource.name)));
    for (const fs::path& folder : user_folders)
        for (const fs::path& file : manifest_files(folder, list.problems)) add_user_manifest(file, list);
    std::sort(list.manifests.begin(), list.manifests.end(),
              [](const DatasetManifest& a, const DatasetManifest& b) { return a.id < b.id; });
    return list;
}

}  // namespace wavlab
