// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/installed_dataset.h"

#include <algorithm>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safe_file.h"
#include "datasets/data_file.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

using nlohmann::json;

constexpr int newest_schema = 1;
constexpr const char* note_name = "installed.json";
constexpr std::size_t largest_note = std::size_t{1} << 24;

InstalledFile read_file_note(const json& note, const fs::path& folder) {
    InstalledFile file;
    file.part = note.at("part");
    const std::string name = note.at("file");
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
        throw InputError("it names a file outside of its folder");
    file.path = folder / name;
    file.bytes = note.at("bytes");
    file.sha256 = note.at("sha256");
    return file;
}

InstalledDataset read_note(const json& note, const fs::path& folder) {
    if (note.at("schema").get<int>() > newest_schema) throw InputError("it was made by a newer version of WAV Lab");
    InstalledDataset dataset;
    dataset.folder = folder;
    dataset.id = note.at("id");
    dataset.title = note.at("title");
    dataset.licence = note.at("licence");
    dataset.citation = note.at("citation");
    dataset.kind = note.at("kind") == "tokenizer" ? ManifestKind::tokenizer : ManifestKind::dataset;
    dataset.manifest_digest = note.at("manifest_sha256");
    dataset.installed_at = note.at("installed");
    dataset.normalisation = note.at("normalisation") == "none" ? Normalisation::none : Normalisation::text;
    dataset.document_separator = note.at("document_separator");
    dataset.documents = note.at("documents");
    dataset.replacements = note.at("replacements");
    for (const json& file : note.at("files")) dataset.files.push_back(read_file_note(file, folder));
    for (const json& source : note.at("sources"))
        dataset.sources.push_back({source.at("name"), source.at("address"), source.at("sha256"), source.at("bytes")});
    return dataset;
}

void require_files(const InstalledDataset& dataset) {
    const bool text = dataset.kind == ManifestKind::dataset;
    if (dataset.files.empty() || (text && (!dataset.part("train") || !dataset.part("validation"))))
        throw InputError(std::string(note_name) + " names no training and validation part");
    for (const InstalledFile& file : dataset.files) {
        std::error_code error;
        const auto size = fs::file_size(file.path, error);
        if (error) throw InputError(file.path.filename().string() + " is missing");
        if (static_cast<std::int64_t>(size) != file.bytes)
            throw InputError(file.path.filename().string() + " has " + std::to_string(size) + " bytes instead of " +
                             std::to_string(file.bytes));
    }
}

}  // namespace

const InstalledFile* InstalledDataset::part(std::string_view name) const {
    for (const InstalledFile& file : files)
        if (file.part == name) return &file;
    return nullptr;
}

std::int64_t InstalledDataset::bytes() const {
    std::int64_t sum = 0;
    for (const InstalledFile& file : files) sum += file.bytes;
    return sum;
}

std::optional<InstalledDataset> installed_dataset(const std::string& id, const DataFolder& folder) {
    std::error_code error;
    if (!is_dataset_id(id) || !fs::exists(folder.dataset(id), error)) return std::nullopt;
    const auto broken = [&](const std::string& why) {
        return InputError(folder.dataset(id).string() + ": the dataset '" + id + "' is damaged: " + why +
                          "; remove it (`wavlab data remove " + id + "`) and get it again");
    };
    try {
        InstalledDataset dataset =
            read_note(json::parse(read_file(folder.dataset(id) / note_name, largest_note)), folder.dataset(id));
        if (dataset.id != id) throw InputError(std::string(note_name) + " is that of '" + dataset.id + "'");
        require_files(dataset);
        return dataset;
    } catch (const json::exception&) {
        throw broken(std::string(note_name) + " cannot be understood");
    } catch (const InputError& problem) {
        throw broken(problem.what());
    }
}

std::vector<std::string> installed_ids(const DataFolder& folder) {
    std::vector<std::string> ids;
    std::error_code error;
    for (fs::directory_iterator entry(folder.path, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const std::string name = entry->path().filename().string();
        if (is_dataset_id(name) && fs::is_directory(entry->path(), ignored)) ids.push_back(name);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

void write_installed(const InstalledDataset& dataset, const fs::path& folder) {
    json files = json::array(), sources = json::array();
    for (const InstalledFile& file : dataset.files)
        files.push_back({{"part", file.part},
                         {"file", file.path.filename().string()},
                         {"bytes", file.bytes},
                         {"sha256", file.sha256}});
    for (const SourceFile& source : dataset.sources)
        sources.push_back(
            {{"name", source.name}, {"address", source.address}, {"bytes", source.bytes}, {"sha256", source.sha256}});
    const json note{{"schema", newest_schema},
                    {"id", dataset.id},
                    {"title", dataset.title},
                    {"kind", dataset.kind == ManifestKind::tokenizer ? "tokenizer" : "dataset"},
                    {"licence", dataset.licence},
                    {"citation", dataset.citation},
                    {"manifest_sha256", dataset.manifest_digest},
                    {"installed", dataset.installed_at},
                    {"normalisation", dataset.normalisation == Normalisation::none ? "none" : "text"},
                    {"document_separator", dataset.document_separator},
                    {"documents", dataset.documents},
                    {"replacements", dataset.replacements},
                    {"files", files},
                    {"sources", sources}};
    write_file_safely(folder / note_name, note.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

std::string verify_installed(const InstalledDataset& dataset, DataWatch& watch) {
    for (const InstalledFile& file : dataset.files) {
        watch.begin(DataPhase::checking, file.path.filename().string(), file.bytes);
        std::string sha256;
        try {
            sha256 = watched_sha256(file.path, [&](std::int64_t done) { watch.advance(done); });
        } catch (const InputError& problem) {
            return problem.what();
        }
        if (sha256 != file.sha256)
            return file.path.string() +
                   ": its SHA-256 is not the one noted when it was made: it was changed or is "
                   "damaged";
    }
    return {};
}

}  // namespace wavlab
