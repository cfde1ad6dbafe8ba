// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/data_install.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>

#include <fmt/chrono.h>

#include "core/error.h"
#include "core/safe_file.h"
#include "datasets/data_file.h"
#include "datasets/document_sink.h"
#include "datasets/installed_dataset.h"
#include "datasets/part_writer.h"
#include "datasets/unpack.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::int64_t usual_packing = 4;  // how many times its size the text of an archive has, where nothing is known

std::string utc_now() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::int64_t size_of(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

/// A folder for what is being made; it goes away unless it was put in its place.
class WorkFolder {
public:
    explicit WorkFolder(fs::path path) : path_(std::move(path)) {
        std::error_code ignored;
        fs::remove_all(path_, ignored);  // of a process that was killed
        make_data_folder(path_);
    }
    ~WorkFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

InstalledDataset describe(const DatasetManifest& manifest, const SourcePaths& sources) {
    InstalledDataset dataset;
    dataset.id = manifest.id;
    dataset.title = manifest.title;
    dataset.licence = manifest.licence;
    dataset.citation = manifest.citation;
    dataset.kind = manifest.kind;
    dataset.manifest_digest = manifest.digest();
    dataset.installed_at = utc_now();
    dataset.normalisation = manifest.normalisation;
    dataset.document_separator = manifest.document_separator;
    for (const ManifestFile& file : manifest.files)
        dataset.sources.push_back({file.name, file.addresses.empty() ? "" : file.addresses.front(), file.sha256,
                                   size_of(sources.at(file.name))});
    return dataset;
}

/// What text goes through on its way from a file to the parts, outermost last.
struct Pipeline {
    std::unique_ptr<TidyingSink> tidying;
    std::unique_ptr<NormalisingSink> normalising, normalising_lines;
    std::unique_ptr<JsonLinesSink> lines;
    DocumentSink* entry = nullptr;

    Pipeline(const DatasetManifest& manifest, const ManifestFile& file, PartWriter& writer) : entry(&writer) {
        if (manifest.tidy_documents) entry = (tidying = std::make_unique<TidyingSink>(*entry)).get();
        if (manifest.normalisation == Normalisation::text)
            entry = (normalising = std::make_unique<NormalisingSink>(*entry)).get();
        if (file.json_field.empty()) return;
        entry = (lines = std::make_unique<JsonLinesSink>(file.json_field, *entry)).get();
        // Lines are JSON and so UTF-8, whatever the text in them becomes.
        entry = (normalising_lines = std::make_unique<NormalisingSink>(*entry)).get();
    }

    std::int64_t replacements() const {
        return (normalising ? normalising->replacements() : 0) +
               (normalising_lines ? normalising_lines->replacements() : 0);
    }
};

void make_text(const DatasetManifest& manifest, const SourcePaths& sources, const fs::path& folder, DataWatch& watch,
               InstalledDataset& dataset) {
    PartWriter writer(manifest, folder, watch);
    bool documents = false;
    for (const ManifestFile& file : manifest.files) {
        Pipeline pipeline(manifest, file, writer);
        writer.begin_file(file.name);
        unpack(sources.at(file.name), file, *pipeline.entry, watch);
        dataset.replacements += pipeline.replacements();
        documents = documents || pipeline.lines || file.packing == Packing::zip || file.packing == Packing::tar ||
                    file.packing == Packing::tar_of_tars;
    }
    dataset.files = writer.finish();
    dataset.documents = documents ? writer.documents() : 0;
}

void copy_files(const DatasetManifest& manifest, const SourcePaths& sources, const fs::path& folder, DataWatch& watch,
                InstalledDataset& dataset) {
    for (const ManifestFile& file : manifest.files) {
        const std::int64_t size = size_of(sources.at(file.name));
        watch.begin(DataPhase::finishing, file.name, size);
        DataFile copy(folder / file.name);
        read_in_pieces(sources.at(file.name), 0, size, [&](std::string_view piece) {
            copy.append(piece);
            watch.advance(copy.size());
        });
        copy.sync();
        dataset.files.push_back({file.name, copy.path(), copy.size(), copy.finish_sha256()});
        if (dataset.files.back().sha256 != file.sha256)
            throw WorkError(sources.at(file.name).string() + ": was changed while it was read");
    }
}

/// Copies a file that must have this checksum. False when it has another one; then nothing is left.
bool copy_checked(const fs::path& from, const fs::path& to, const std::string& sha256, DataWatch& watch) {
    const std::int64_t size = size_of(from);
    watch.begin(DataPhase::checking, from.filename().string(), size);
    const fs::path unfinished = to.parent_path() / ".adding";
    {
        DataFile copy(unfinished);
        read_in_pieces(from, 0, size, [&](std::string_view piece) {
            copy.append(piece);
            watch.advance(copy.size());
        });
        copy.sync();
        if (copy.finish_sha256() == sha256) {
            fs::rename(unfinished, to);
            sync_path(to.parent_path());
            return true;
        }
    }
    fs::remove(unfinished);
    return false;
}

/// The files at `path` that may be one of the manifest's, with the names of those.
std::vector<std::pair<fs::path, const ManifestFile*>> candidates(const DatasetManifest& manifest, const fs::path& path,
                                                                 const std::vector<std::string>& missing) {
    std::vector<std::pair<fs::path, const ManifestFile*>> found;
    std::error_code error;
    const bool folder = fs::is_directory(path, error);
    for (const ManifestFile& file : manifest.files) {
        if (std::find(missing.begin(), missing.end(), file.name) == missing.end()) continue;
        const fs::path candidate = folder ? path / file.name : path;
        if (!fs::is_regular_file(candidate, error)) continue;
        if (!file.size || size_of(candidate) == *file.size) found.emplace_back(candidate, &file);
    }
    return found;
}

}  // namespace

void take_files(const DatasetManifest& manifest, const fs::path& path, std::vector<std::string>& missing,
                const DataFolder& folder, DataWatch& watch) {
    std::error_code error;
    if (!fs::exists(path, error)) throw InputError(path.string() + ": there is no such file or folder");
    if (missing.empty()) return;
    const std::size_t before = missing.size();
    for (const auto& [from, file] : candidates(manifest, path, missing))
        if (copy_checked(from, folder.partial(manifest.id) / file->name, file->sha256, watch))
            std::erase(missing, file->name);
    if (missing.size() < before) return;
    std::string wanted;
    for (const ManifestFile& file : manifest.files)
        if (std::find(missing.begin(), missing.end(), file.name) != missing.end())
            wanted += (wanted.empty() ? "" : ", or ") + file.name +
                      (file.size ? ", " + std::to_string(*file.size) + " bytes" : "") + ", SHA-256 " + file.sha256;
    throw InputError(path.string() + ": is none of the files that '" + manifest.id + "' lacks, unchanged: " + wanted);
}

std::vector<std::string> missing_files(const DatasetManifest& manifest, const DataFolder& folder, DataWatch& watch) {
    std::vector<std::string> missing;
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = folder.partial(manifest.id) / file.name;
        std::error_code error;
        bool sound = fs::is_regular_file(path, error) && (!file.size || size_of(path) == *file.size);
        if (sound) {
            watch.begin(DataPhase::checking, file.name, size_of(path));
            sound = watched_sha256(path, [&](std::int64_t done) { watch.advance(done); }) == file.sha256;
        }
        if (!sound) missing.push_back(file.name);
    }
    return missing;
}

void require_space_for(const DatasetManifest& manifest, const std::vector<std::string>& missing,
                       const DataFolder& folder) {
    std::int64_t bytes = 0;
    for (const ManifestFile& file : manifest.files) {
        const std::int64_t size = file.size.value_or(size_of(folder.partial(manifest.id) / file.name));
        bytes += file.text_bytes().value_or(usual_packing * size);
        if (std::find(missing.begin(), missing.end(), file.name) == missing.end()) continue;
        const std::int64_t there = size_of(folder.partial(manifest.id) / (file.name + ".part"));
        bytes += std::max<std::int64_t>(0, size - there);
    }
    require_disk_space(folder.path, bytes, "'" + manifest.id + "' (its files and its text)");
}

std::string by_hand(const DatasetManifest& manifest, const ManifestFile& file, const DataFolder& folder) {
    return "put " + file.name + " (SHA-256 " + file.sha256 + ") into " + folder.partial(manifest.id).string() +
           " or run `wavlab data add " + manifest.id + " FILE`";
}

void download_file(const DatasetManifest& manifest, const ManifestFile& file, const DataFolder& folder,
                   const DownloadLimits& limits, DataWatch& watch) {
    if (file.addresses.empty())
        throw InputError(manifest.id + ": " + file.name + " cannot be downloaded; " + by_hand(manifest, file, folder));
    const DownloadTarget target{file.addresses, folder.partial(manifest.id), file.name, file.size, file.sha256};
    try {
        download(target, limits, watch);
    } catch (const DownloadError& error) {
        throw DownloadError(std::string(error.what()) + "; to do without: get " + file.addresses.front() +
                            " in another way, and " + by_hand(manifest, file, folder));
    }
}

void make_dataset(const DatasetManifest& manifest, const SourcePaths& sources, const DataFolder& folder,
                  DataWatch& watch) {
    const WorkFolder work(folder.partial(manifest.id) / ".installing");
    InstalledDataset dataset = describe(manifest, sources);
    if (manifest.kind == ManifestKind::tokenizer)
        copy_files(manifest, sources, work.path(), watch, dataset);
    else
        make_text(manifest, sources, work.path(), watch, dataset);
    write_file_safely(work.path() / "manifest.toml", to_toml(manifest));
    write_installed(dataset, work.path());
    watch.check();
    commit_folder(work.path(), folder.dataset(manifest.id));
}

SourcePaths partial_sources(const DatasetManifest& manifest, const DataFolder& folder) {
    SourcePaths sources;
    for (const ManifestFile& file : manifest.files) sources[file.name] = folder.partial(manifest.id) / file.name;
    return sources;
}

}  // namespace wavlab
