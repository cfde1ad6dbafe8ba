// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/local_import.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/registry.h"
#include "datasets/data_file.h"
#include "datasets/dataset.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr const char* known_kinds =
    ".txt, .jsonl (each also compressed: .gz, .zst, .xz, .bz2), .zip, .tar, .tar.gz and the like";

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return text;
}

bool ends_with_one_of(std::string_view name, std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string_view without_compression(std::string_view name) {
    for (const std::string_view ending : {".gz", ".zst", ".xz", ".bz2"})
        if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
    return name;
}

Packing packing_of(std::string_view name) {
    const std::string_view inner = without_compression(name);
    if (name.ends_with(".zip")) return Packing::zip;
    if (inner.ends_with(".tar") || ends_with_one_of(name, {".tgz", ".txz", ".tbz2", ".tzst"})) return Packing::tar;
    return inner.size() < name.size() ? Packing::compressed : Packing::none;
}

bool holds_lines(std::string_view name) { return ends_with_one_of(without_compression(name), {".jsonl", ".ndjson"}); }

/// Whether a file of a folder is taken.
bool is_taken(std::string_view name, bool lines) {
    const Packing packing = packing_of(name);
    if (packing == Packing::zip || packing == Packing::tar) return true;
    if (holds_lines(name)) return lines;
    return !lines && (packing == Packing::compressed || name.ends_with(".txt"));
}

/// The files of a folder and those below it, by name.
std::vector<fs::path> files_of(const fs::path& folder, bool lines) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const std::string name = lower_case(entry->path().filename().string());
        if (name.starts_with('.')) {
            if (entry->is_directory(ignored)) entry.disable_recursion_pending();
            continue;
        }
        if (is_taken(name, lines) && fs::is_regular_file(entry->path(), ignored)) files.push_back(entry->path());
    }
    if (error) throw InputError(folder.string() + ": this folder cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    if (files.empty())
        throw InputError(folder.string() + ": this folder holds no files to take" +
                         (lines ? " with lines of JSON" : "") + "; those are " + known_kinds);
    return files;
}

/// A name that may stand in a manifest, of no other file in it.
std::string manifest_name(const fs::path& file, const std::string& prefix, std::set<std::string>& taken) {
    constexpr std::size_t longest = 180;
    std::string name = prefix + file.filename().string();
    for (char& c : name)
        if (c == '*' || c == '?' || c == '/' || static_cast<unsigned char>(c) < 32 || c == 127) c = '_';
    if (name.size() > longest) name = name.substr(name.size() - longest);
    if (name.starts_with('.')) name.front() = '_';
    std::string free = name;
    for (int number = 2; !taken.insert(free).second; ++number) free = std::to_string(number) + "-" + name;
    return free;
}

class ImportPlan {
public:
    ImportPlan(const LocalImport& request, DataWatch& watch) : request_(request), watch_(watch) {}

    LocalDataset make() {
        check_request();
        DatasetManifest& manifest = dataset_.manifest;
        std::error_code error;
        const fs::path path = fs::absolute(request_.path);
        manifest.id = manifest.title = request_.id;
        manifest.summary = "Made of " + path.string();
        manifest.licence = "that of the files";
        manifest.document_separator = request_.separator;
        if (fs::is_directory(path, error))
            add_folder(path);
        else
            add(path);
        if (request_.validation.empty()) {
            manifest.splits.fractions = {0.9, 0.1};
        } else {
            // No member of an archive to train on may have its name.
            manifest.splits.names = {"*", add(fs::absolute(request_.validation), "to-validate-on-"), ""};
        }
        return std::move(dataset_);
    }

private:
    void check_request() const {
        if (Registry<DatasetDescriptor>::find(request_.id))
            throw InputError("'" + request_.id + "' is the name of a dataset that is built in; choose another one");
        for (const fs::path& path : {request_.path, request_.validation}) {
            std::error_code error;
            if (!path.empty() && !fs::exists(path, error))
                throw InputError(path.string() + ": there is no such file or folder");
        }
        std::error_code error;
        if (!request_.validation.empty() && !fs::is_regular_file(request_.validation, error))
            throw InputError(request_.validation.string() + ": must be a file to validate on");
        if (is_for_validation(request_.path))
            throw InputError(request_.path.string() + ": cannot be the text to train on and to validate on; without " +
                             "--validation the last tenth validates");
    }

    /// Its files but for the one to validate on, which may lie in it.
    void add_folder(const fs::path& folder) {
        for (const fs::path& file : files_of(folder, !request_.json_field.empty()))
            if (!is_for_validation(file)) add(file);
        if (dataset_.manifest.files.empty())
            throw InputError(folder.string() + ": this folder holds no file to train on but the one to validate on");
    }

    bool is_for_validation(const fs::path& file) const {
        std::error_code error;
        return !request_.validation.empty() && fs::equivalent(file, request_.validation, error);
    }

    /// Returns its name in the manifest.
    std::string add(const fs::path& path, const std::string& prefix = {}) {
        std::error_code error;
        if (!fs::is_regular_file(path, error)) throw InputError(path.string() + ": this is not an ordinary file");
        const std::string name = lower_case(path.filename().string());
        ManifestFile file;
        file.name = manifest_name(path, prefix, names_);
        file.packing = packing_of(name);
        const bool archive = file.packing == Packing::zip || file.packing == Packing::tar;
        const bool lines = holds_lines(name) || (archive && !request_.json_field.empty());
        if (lines && request_.json_field.empty())
            throw InputError(path.string() + ": holds lines of JSON; name the field that holds the text with --field");
        if (!lines && !request_.json_field.empty())
            throw InputError(path.string() + ": has no fields; --field is for lines of JSON (.jsonl)");
        if (lines) file.json_field = request_.json_field;
        if (archive && lines) file.members = {"*.jsonl", "*.ndjson"};
        if (archive && !lines) file.members = {"*.txt"};
        const auto size = fs::file_size(path, error);
        if (error || size == 0) throw InputError(path.string() + ": is empty or cannot be read");
        file.size = static_cast<std::int64_t>(size);
        watch_.begin(DataPhase::checking, file.name, *file.size);
        file.sha256 = watched_sha256(path, [this](std::int64_t done) { watch_.advance(done); });
        dataset_.sources[file.name] = path;
        dataset_.manifest.files.push_back(file);
        return file.name;
    }

    const LocalImport& request_;
    DataWatch& watch_;
    LocalDataset dataset_;
    std::set<std::string> names_;
};

}  // namespace

LocalDataset plan_import(const LocalImport& request, DataWatch& watch) { return ImportPlan(request, watch).make(); }

}  // namespace wavlab
